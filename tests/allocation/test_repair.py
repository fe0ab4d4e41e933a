"""Repair gives up no more seats than any answer must, of all answers tried."""

import random
from dataclasses import replace

from by_trying import Search
from random_problems import seeded

from allocation.check import violations
from allocation.problem import Seat
from allocation.propose import propose
from allocation.repair import repaired


class _Keeping(Search):
    """The most seats of those held that an answer keeps in which every panel is staffed; None where none is."""

    def __init__(self, one, held):
        self.held, self.most_kept = held, None
        super().__init__(one, by_floor=False)

    def _judge(self, taken):
        if len(taken) == len(self.lacking):
            kept = sum((way.nomination, name) in self.held for way in taken for name in way.new)
            self.most_kept = kept if self.most_kept is None else max(self.most_kept, kept)


def declined(seed):
    """A small problem whose panels were seated and some of whose members then declined: open, and as it stands.

    Weeks, pins and least loads are left out: a panel that stands says nothing of them.
    """
    one = seeded(seed, nominations=(2, 4), assessors=(4, 7), size=2)
    rules = replace(one.rules, together=False, week_most=None, pinned=frozenset(), off=one.rules.off | {"least"})
    people = tuple(replace(who, least=0) for who in one.assessors)
    bare = tuple(replace(ask, seated=(), begun=False) for ask in one.nominations)
    one = replace(one, nominations=bare, assessors=people, rules=rules)
    seats = {(seat.nomination, seat.assessor) for seat in propose(one).seats}
    gone = set(random.Random(seed).sample(sorted(seats), min(len(seats), 1 + seed % 2)))
    asks = tuple(
        replace(ask, barred=ask.barred | {name for panel, name in gone if panel == ask.id})
        for ask in one.nominations
        if any(panel == ask.id for panel, _ in seats)
    )
    held, opened = seats - gone, replace(one, nominations=asks)
    stands = replace(
        opened,
        nominations=tuple(
            replace(ask, seated=tuple(sorted(name for panel, name in held if panel == ask.id))) for ask in asks
        ),
        assessors=tuple(
            replace(who, load=who.load + sum(name == who.id for _, name in held)) for who in one.assessors
        ),
    )
    return opened, stands, held


def test_repair_gives_up_no_more_seats_than_every_answer_must():
    wrong, given_up, beyond = {}, 0, 0

    for seed in range(6_000, 6_400):
        opened, stands, held = declined(seed)
        best = _Keeping(opened, held).most_kept
        repair = repaired(stands)
        beyond += best is None
        if (best is None) != bool(repair.unstaffed):
            wrong[seed] = best, repair
            continue
        if best is None:
            continue
        given_up += len(held) - best
        after = held - set(repair.go) | {(seat.nomination, seat.assessor) for seat in repair.come}
        broken = violations(opened, [Seat(*pair, 0, ()) for pair in sorted(after)], ())
        if (len(repair.go), repair.fewest) != (len(held) - best,) * 2 or broken:
            wrong[seed] = best, repair, broken

    assert wrong == {}
    assert min(given_up, beyond) > 5
