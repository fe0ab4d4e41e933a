"""A second opinion on the assignment of a matrix: everything recomputed, sharing no code with the solver."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from allocation.affinities import Affinities


@dataclass(frozen=True)
class MatrixVerdict:
    """What an assignment is worth and what is wrong with it; `faults` are sentences, empty for a sound one."""

    floor: float
    total: float
    load_min: int
    load_max: int
    shortfall: int
    faults: tuple[str, ...]


def check_matrix(
    affinities: Affinities, pairs: Collection[tuple[int, int]], *, demand: int, most: int, least: int = 0
) -> MatrixVerdict:
    """Judges pairs of positions: no conflict, nobody twice, every item's demand, every assessor's loads."""
    faults, sums = [], [0.0] * len(affinities.items)
    for (item, assessor), times in sorted(Counter(pairs).items()):
        where = f"{affinities.items[item]} and {affinities.assessors[assessor]}"
        fit = float(affinities.fits[item][assessor])
        if math.isnan(fit):
            faults.append(f"{where} have a conflict")
            continue
        if times > 1:
            faults.append(f"{where} are paired {times} times")
        sums[item] += fit * times
    seats = Counter(item for item, _ in pairs)
    loads = Counter(assessor for _, assessor in pairs)
    for at, name in enumerate(affinities.items):
        if seats[at] != demand:
            faults.append(f"{name} has {_counted(seats[at], 'assessor')}; {demand} {_are(demand)} asked for")
    for at, name in enumerate(affinities.assessors):
        if not least <= loads[at] <= most:
            faults.append(f"{name} has {_counted(loads[at], 'item')}; {least} to {most} are allowed")
    every = [loads[at] for at in range(len(affinities.assessors))]
    missing = sum(max(demand - seats[at], 0) for at in range(len(affinities.items)))
    return MatrixVerdict(min(sums), math.fsum(sums), min(every), max(every), missing, tuple(faults))


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
