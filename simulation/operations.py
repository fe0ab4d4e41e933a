"""Operations: extending, letting back in, pausing; looking at proposals, comparing and releasing; unblocking."""

from collections.abc import Collection, Iterator

from allocation.problem import Seat
from models.enums import CohortPhase, Role, RunStatus, Stage, SteerReason, WayOut
from models.ids import CohortId, NominationId
from models.messages import By
from models.tables import Nomination
from simulation.cast import declare_conflicts
from simulation.errands import Errand, World
from simulation.inbox import Inbox
from simulation.people import Temper
from storage.allocations import seats_of

MOST_TRIES = 3
CONTENT_TO_LAPSE = frozenset(
    {Temper.NEVER_CONSENTS, Temper.NEVER_APPLIES, Temper.DECLINES, Temper.WITHDRAWS_NOMINATED}
)
"""Everybody else who lapsed asks to be let back in: they meant to go on, and the machine was too slow for them."""


class Operations:
    """The operations team."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._conflicts_known = False
        self._extensions = 0
        self._tries: dict[str, int] = {}

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """What the team does about conflicts, deadlines, proposals and what needs attention."""
        yield from self._declare(inbox)
        yield from self._keep_open(inbox)
        for row in inbox.nominations:
            errand = self._steer(inbox, row)
            if errand is not None:
                yield errand
        yield from self._allocate(inbox)

    def _declare(self, inbox: Inbox) -> Iterator[Errand]:
        """Once everybody is nominated, the conflicts that assessors declared beforehand are kept."""
        if self._conflicts_known or not self._world.cast.named <= set(inbox.references.values()):
            return

        async def declare() -> None:
            desk = self._world.acts.desk
            await declare_conflicts(desk.sessions, self._world.cast, inbox.cohort.id, desk.clock(), self._by(0))
            self._conflicts_known = True

        yield Errand("declare conflicts", declare)

    def _keep_open(self, inbox: Inbox) -> Iterator[Errand]:
        """A window about to close before every nomination is in is extended, as it would be after a fault."""
        cohort = inbox.cohort
        there = set(inbox.references.values())
        missing = [one for one, plan in self._world.people.nominees.items() if not plan.is_late and one not in there]
        window = cohort.closes_at - cohort.opens_at
        if cohort.phase is not CohortPhase.OPEN or not missing or inbox.at < cohort.closes_at - 0.15 * window:
            return
        until, id_ = cohort.closes_at + 0.25 * window, CohortId(cohort.id)

        async def extend() -> None:
            acts = self._world.acts.cohorts
            await acts.move_window(id_, self._by(0), SteerReason.TECHNICAL_FAULT, closes_at=until)
            self._extensions += 1

        if self._extensions < MOST_TRIES:
            yield Errand(f"extend the window to {until}", extend, due=inbox.at)

    def _steer(self, inbox: Inbox, row: Nomination) -> Errand | None:
        if row.attention_code is not None:
            return self._unblock(inbox, row)
        if row.paused:
            return self._resume(inbox, row)
        plan = self._world.people.nominees.get(row.reference)
        temper = plan.temper if plan else Temper.USUAL
        match temper, row.stage:
            case Temper.ASKS_FOR_LONGER, Stage.APPLYING:
                return self._extend(inbox, row)
            case _, Stage.LAPSED if temper not in CONTENT_TO_LAPSE:
                return self._readmit(inbox, row, temper)
            case Temper.IS_PAUSED, Stage.SCORING:
                return self._pause(inbox, row)
        return None

    def _extend(self, inbox: Inbox, row: Nomination) -> Errand | None:
        cohort = inbox.cohort
        window = cohort.closes_at - cohort.opens_at
        if row.due_at is None or row.due_at > cohort.closes_at or inbox.at < cohort.opens_at + 0.7 * window:
            return None
        until, number = cohort.closes_at + 0.25 * window, NominationId(row.id)
        return Errand(
            f"extend {row.id}",
            lambda: self._world.acts.nominations.extend(number, self._by(1), until, SteerReason.WORKLOAD),
        )

    def _readmit(self, inbox: Inbox, row: Nomination, temper: Temper) -> Errand | None:
        cohort = inbox.cohort
        if cohort.phase in (CohortPhase.RELEASED, CohortPhase.ENDED):
            return None
        until = inbox.at + 0.6 * (cohort.closes_at - cohort.opens_at)
        reason = SteerReason.ILLNESS if temper is Temper.APPLIES_TOO_LATE else SteerReason.TECHNICAL_FAULT
        number = NominationId(row.id)
        return Errand(
            f"readmit {row.id}",
            lambda: self._world.acts.nominations.readmit(number, self._by(1), until, reason),
        )

    def _pause(self, inbox: Inbox, row: Nomination) -> Errand | None:
        if ("paused", row.id) in inbox.happened or inbox.at < row.stage_since + self._world.moment(inbox):
            return None
        number = NominationId(row.id)
        return Errand(
            f"pause {row.id}", lambda: self._world.acts.nominations.pause(number, self._by(2), SteerReason.ILLNESS)
        )

    def _resume(self, inbox: Inbox, row: Nomination) -> Errand | None:
        since = inbox.happened.get(("paused", row.id))
        if since is not None and inbox.at < since + 8 * self._world.moment(inbox):
            return None
        number = NominationId(row.id)
        return Errand(f"resume {row.id}", lambda: self._world.acts.nominations.resume(number, self._by(2)))

    def _unblock(self, inbox: Inbox, row: Nomination) -> Errand | None:
        """Tries again a few times, and then goes on without."""
        if row.attention_since is None or inbox.at < row.attention_since + 2 * self._world.moment(inbox):
            return None
        tries = self._tries.get(row.id, 0)
        way = WayOut.RETRY if tries < MOST_TRIES else WayOut.SKIP
        number = NominationId(row.id)

        async def unblock() -> None:
            await self._world.acts.nominations.unblock(number, self._by(0), way, SteerReason.TECHNICAL_FAULT)
            self._tries[row.id] = tries + 1

        return Errand(f"unblock {row.id} {row.steps}", unblock)

    def _allocate(self, inbox: Inbox) -> Iterator[Errand]:
        """Looks at the first proposal, asks for a second, compares them, discards one and releases the other.

        A panel waits for each of these, so they come before what others have until a deadline to do.
        """
        proposals = sorted(run for run, (status, _) in inbox.runs.items() if status is RunStatus.PROPOSED)
        if not proposals:
            return
        acts, cohort = self._world.acts.cohorts, CohortId(inbox.cohort.id)
        looked_at = inbox.at >= inbox.runs[proposals[-1]][1] + self._world.moment(inbox)
        patience = inbox.at >= inbox.runs[proposals[-1]][1] + 8 * self._world.moment(inbox)
        if len(inbox.runs) == 1 and not patience:
            if looked_at:
                yield Errand("solve again", lambda: acts.solve(cohort, self._by(0)), inbox.at)
        elif len(proposals) > 1:
            yield Errand(
                f"compare {proposals[:2]}", lambda: self._compare(cohort, proposals[0], proposals[1]), inbox.at
            )
        elif looked_at:
            yield Errand(f"release run {proposals[0]}", lambda: self._release(cohort, proposals[0]), inbox.at)

    async def _compare(self, cohort: CohortId, earlier: int, later: int) -> None:
        async with self._world.acts.desk.sessions() as session:
            before, after = [await seats_of(session, cohort, run) for run in (earlier, later)]
        worse = _filled_and_fit(after) < _filled_and_fit(before)
        await self._world.acts.cohorts.discard_run(
            cohort, self._by(0), later if worse else earlier, SteerReason.OTHER
        )

    async def _release(self, cohort: CohortId, run: int) -> None:
        await self._world.acts.cohorts.release_run(cohort, self._by(0), run)

    def _by(self, number: int) -> By:
        return self._world.offices.by(Role.OPERATIONS, number)


def _filled_and_fit(seats: Collection[Seat]) -> tuple[int, int]:
    """How many seats a run fills, and how well: costs are what fits lack of the best."""
    return len(seats), -sum(seat.cost for seat in seats)
