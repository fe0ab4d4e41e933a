"""Short pauses: what the collector of unused objects has looked through once, it does not look through again.

A full collection goes over every object there is: the portal's templates, models and statements take it 150 ms, in
which nobody is answered. They stay for as long as the portal runs, so they are set aside after the first look, and
each later look goes over what has come since. Objects of a request that is under way at such a moment are set aside
with them, at most a few for each look.
"""

import gc
from collections.abc import Mapping

_FULL = 2


def keep_pauses_short() -> None:
    """Sets aside what is there now, and what each full collection leaves from now on."""
    gc.collect()
    gc.freeze()
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)


def _set_aside(phase: str, told: Mapping[str, int]) -> None:
    if phase == "stop" and told["generation"] == _FULL:
        gc.freeze()
