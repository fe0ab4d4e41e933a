"""A whole round without waiting: every nomination through all its stages, acted by people as fast as they can."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import func
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts import Acts
from acts.assessments import Scoring
from bench.cast import Cast, bring_assessors
from models.enums import AssessmentStage, CohortPhase, DecisionReason, Outcome, Role, Stage, SteerReason
from models.ids import AssessmentId, NominationId, PersonId, cohort_workflow
from models.messages import By, CohortState
from models.tables import Assessment, Cohort, Nomination

AT_ONCE = 16
"""How many people act at once."""
_LOOK_SECONDS = 0.02
_LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Round:
    """A cohort that is driven through its life.

    Attributes:
        acts: How people act.
        sessions: The database, to see what waits for whom.
        cast: Who acts.
    """

    acts: Acts
    sessions: async_sessionmaker[AsyncSession]
    cast: Cast

    async def open(self, assessors: int = 30) -> None:
        """Opens the cohort and brings its assessors."""
        await self.acts.cohorts.open(self.cast.policy, self.cast.operations)
        await bring_assessors(self.sessions, self.cast, assessors)
        await self._until(lambda: self._in_phase(CohortPhase.OPEN))

    async def run(self, nominations: int, *, first: int = 0) -> float:
        """Carries that many nominations from their first day to the pool's end; the seconds it took."""
        begun = time.perf_counter()
        numbers = range(first, first + nominations)
        await together(partial(self._nominate_and_apply, number) for number in numbers)
        await self.close()
        await self.score(nominations)
        await self.decide()
        await self.release()
        await self.end()
        return time.perf_counter() - begun

    async def nominate(self, number: int) -> NominationId:
        """Somebody new is nominated."""
        said, by = self.cast.nominating(number)
        return await self.acts.nominations.nominate(said, by)

    async def consent(self, nomination: NominationId) -> None:
        """The nominee agrees."""
        await self.acts.nominations.consent(nomination, await self._nominee(nomination))

    async def apply(self, nomination: NominationId, number: int) -> None:
        """The nominee fills in the application and sends it."""
        nominee = await self._nominee(nomination)
        await self.acts.nominations.save_draft(nomination, nominee, self.cast.application(number))
        await self.acts.nominations.submit_application(nomination, nominee)

    async def close(self) -> None:
        """The window closes; panels are solved and released."""
        await self.acts.cohorts.close_now(self.cast.cohort, self.cast.operations, SteerReason.OTHER)
        await self._pass(CohortPhase.CLOSED)

    async def score(self, nominations: int) -> None:
        """Every assessor accepts, scores and submits, as soon as asked."""
        done: set[str] = set()
        wanted = nominations * self.cast.policy.panel.size
        limit = time.monotonic() + _LONGEST_SECONDS
        while len(done) < wanted:
            offered = [one for one in await self._offered() if one not in done]
            await together(partial(self._assess, one) for one in offered)
            done.update(offered)
            if time.monotonic() > limit:
                raise TimeoutError(f"{len(done)} of {wanted} assessments were offered in time.")
            await asyncio.sleep(0 if offered else _LOOK_SECONDS)

    async def decide(self, outcome: Outcome = Outcome.ADMITTED) -> None:
        """The board decides each nomination: one member drafts, another approves."""
        await self._until(lambda: self._nobody_before(Stage.AWAITING_DECISION))
        waiting = await self._standing(Stage.AWAITING_DECISION)
        await together(partial(self._decide, one, outcome) for one in waiting)

    async def release(self) -> None:
        """All decisions are released together, and every nomination has its outcome."""
        for phase in (CohortPhase.ALLOCATING, CohortPhase.SCORING, CohortPhase.QUALITY_ASSURANCE):
            await self._pass(phase)
        await self.acts.board.release(self.cast.cohort, self.cast.drafter)
        await self._until(self._nobody_undecided)

    async def end(self) -> None:
        """The cohort has ended, and with it every nomination's workflow."""
        client = self.acts.desk.client
        await client.get_workflow_handle(cohort_workflow(self.cast.cohort), result_type=CohortState).result()
        ids = await self._standing(*Stage)
        await asyncio.gather(*(client.get_workflow_handle(f"nomination/{id_}").result() for id_ in ids))

    # What one person does

    async def _nominate_and_apply(self, number: int) -> None:
        nomination = await self.nominate(number)
        await self.consent(nomination)
        await self.apply(nomination, number)

    async def _assess(self, id_: str) -> None:
        nomination, assessor = id_.split(".", 1)
        assessment, by = AssessmentId(id_), self.cast.assessors[assessor]
        evidence = self.cast.evidence(nomination, assessor)
        scores = [Scoring(criterion.code, 5, evidence) for criterion in self.cast.policy.scoring.criteria]
        await self.acts.assessments.accept(assessment, by)
        await self.acts.assessments.save_scores(assessment, by, scores)
        await self.acts.assessments.submit_scores(assessment, by)

    async def _decide(self, id_: str, outcome: Outcome) -> None:
        nomination, board = NominationId(id_), self.acts.board
        await board.draft_decision(nomination, self.cast.drafter, outcome, DecisionReason.PROPOSED_ORDER)
        await board.approve_decision(nomination, self.cast.approver)

    # What is waited for

    async def _pass(self, phase: CohortPhase) -> None:
        """Asks the cohort to look at once, until it has left ``phase``."""
        limit = time.monotonic() + _LONGEST_SECONDS
        while await self._in_phase(phase):
            await self.acts.cohorts.roll_call(self.cast.cohort, self.cast.operations)
            if time.monotonic() > limit:
                raise TimeoutError(f"The cohort is still {phase.value}.")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _until(self, done: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(_LONGEST_SECONDS):
            while not await done():  # noqa: ASYNC110 -- the database is what is looked at
                await asyncio.sleep(_LOOK_SECONDS)

    async def _in_phase(self, phase: CohortPhase) -> bool:
        async with self.sessions() as session:
            row = await session.get(Cohort, self.cast.cohort)
        return row is not None and row.phase is phase

    async def _nobody_before(self, stage: Stage) -> bool:
        earlier = list(Stage)[: list(Stage).index(stage)]
        return await self._count(earlier) == 0

    async def _nobody_undecided(self) -> bool:
        return await self._count([Stage.AWAITING_DECISION, Stage.DECIDED]) == 0

    async def _count(self, stages: Iterable[Stage]) -> int:
        query = (
            select(func.count())
            .select_from(Nomination)
            .where(col(Nomination.cohort_id) == self.cast.cohort, col(Nomination.stage).in_(list(stages)))
        )
        async with self.sessions() as session:
            return (await session.exec(query)).one()

    async def _standing(self, *stages: Stage) -> list[str]:
        query = (
            select(Nomination.id)
            .where(col(Nomination.cohort_id) == self.cast.cohort, col(Nomination.stage).in_(stages))
            .order_by(col(Nomination.id))
        )
        async with self.sessions() as session:
            return list((await session.exec(query)).all())

    async def _offered(self) -> list[str]:
        query = (
            select(Assessment.id)
            .where(col(Assessment.cohort_id) == self.cast.cohort, col(Assessment.stage) == AssessmentStage.OFFERED)
            .order_by(col(Assessment.id))
        )
        async with self.sessions() as session:
            return list((await session.exec(query)).all())

    async def _nominee(self, nomination: NominationId) -> By:
        async with self.sessions() as session:
            row = await session.get(Nomination, nomination)
        if row is None:
            raise LookupError(f"{nomination} is not there.")
        return By(person=PersonId(row.person_id), role=Role.NOMINEE)


async def together(doing: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Does them all, as many at once as there are people."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(do: Callable[[], Awaitable[object]]) -> None:
        async with gate:
            await do()

    await asyncio.gather(*(one(do) for do in doing))
