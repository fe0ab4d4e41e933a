"""Becomes another program that the kernel ends when the parent dies.

Run as a script, with the standard library alone: ``leash.py <parent pid> <signal> <program> <argument>...``.
A script of its own, and not ``preexec_fn``: Python code between fork and exec may deadlock in a program that
has threads, and the parent has (Temporal's client brings its own). It stands last in the line of ``unshare``
or ``setpriv``, since a change of user clears the parent-death signal.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the program; does not return when all is well."""
    parent, orphan_signal, *command = arguments
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0) != 0:
            sys.exit(f"The parent-death signal is refused: {os.strerror(ctypes.get_errno())}.")
    if os.getppid() != int(parent):
        sys.exit("The parent died before this program could start.")
    # An ignored signal stays ignored through exec: Python ignores SIGPIPE, a shell's `&` ignores SIGINT.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
