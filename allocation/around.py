"""What panels outside a programme already use, and which assessors meet on a panel."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from allocation.model import Ints, Model

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Around:
    """What panels outside a programme already use.

    Attributes:
        loads: New seats of each assessor.
        in_weeks: The same by week: assessors down, weeks across.
        met: On how many panels two assessors meet there.
    """

    loads: Ints
    in_weeks: Ints
    met: Mapping[Pair, int]


def nobody_around(model: Model) -> Around:
    """No other panels use anything."""
    nobody = len(model.assessors)
    return Around(np.zeros(nobody, dtype=np.int64), np.zeros((nobody, model.weeks), dtype=np.int64), {})


def pairs_met(model: Model, panels: Mapping[int, list[int]]) -> Counter[Pair]:
    """On how many of the panels two assessors meet, a kept member and a new one included, two kept ones not."""
    seated = any(model.nominations[panel].seated for panel in panels)
    place = {one.id: at for at, one in enumerate(model.assessors)} if seated else {}
    meetings: Counter[Pair] = Counter()
    for panel, new in panels.items():
        kept = [place[name] for name in model.nominations[panel].seated]
        meetings.update((min(pair), max(pair)) for pair in combinations(new, 2))
        meetings.update((min(a, b), max(a, b)) for a in new for b in kept)
    return meetings
