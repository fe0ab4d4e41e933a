"""Allocation runs: solved, kept as proposals, released or discarded, and told to the nominations."""

import asyncio
from collections import Counter
from functools import partial

from sqlalchemy import func
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.client import Client

from activities.beating import beating
from activities.errors import missing, refused
from activities.outdated import outdated_words
from activities.telling import Owed, signal_each
from allocation.answer import RunAnswer, answered_now
from allocation.check import violations
from allocation.problem import AllocationProblem
from models.enums import AssessmentStage, RunKind, RunStatus, Stage
from models.ids import AssessorId, NominationId, assessment_id
from models.messages import (
    BatchTold,
    PanelNotFound,
    PanelReleased,
    PanelsAsked,
    RunAsked,
    RunMade,
    RunSettled,
    SeatRequest,
)
from models.tables import AllocationRun, Assessment, Nomination, ProposedSeat, UnstaffedNomination
from storage.allocations import PROBLEM, RESULT, problem_of, seats_of
from storage.own_properties import as_agreed
from storage.policies import policy_of
from storage.steps import Change, take_step


class AllocationActivities:
    """Each may run more than once: a run is made, released and told once."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], client: Client) -> None:
        self._sessions = sessions
        self._client = client

    @activity.defn(name="solve_panels")
    async def solve_panels(self, asked: RunAsked) -> RunMade:
        """Solves what is asked and keeps the run, with its problem, its result and its reasons, as a proposal.

        A second run of the same step finds the run made, and only reads it. Where no nomination waits for a panel,
        there is nothing to solve, and no run is kept. The solver computes in a thread, so
        that the worker goes on with its other work.
        """
        async with self._sessions() as session:
            made = await _made(session, asked)
            if made is not None:
                return made
            problem = await problem_of(session, asked.cohort, asked.kind, asked.requests, beside=True)
            if not problem.nominations:
                return RunMade(run=asked.run, seats=0, unstaffed=0, kept=False)
            aim = (await policy_of(session, asked.cohort)).allocation.aim
        problem, result = await beating(asyncio.to_thread(partial(answered_now, problem, aim=aim)))

        async def write(session: AsyncSession) -> Change:
            await _keep(session, asked, problem, result)
            return Change(None, {"run": asked.run, "seats": len(result.seats), "unstaffed": len(result.unstaffed)})

        await take_step(self._sessions, asked.step, asked.cohort, write)
        async with self._sessions() as session:
            # As it is kept: where the same step was solved twice side by side, one of the two results is.
            made = await _made(session, asked)
        if made is None:
            raise missing("AllocationRun", f"{asked.run} of {asked.cohort}")
        return made

    @activity.defn(name="release_run")
    async def release_run(self, asked: RunSettled) -> None:
        """Gives a proposal's seats to their assessors; every other proposal is discarded, since it no longer holds.

        Raises:
            ApplicationError: ``Refused`` when, since the run was made, a conflict, a capacity or another rule has
                come to stand against one of its seats. Nothing is released then.
        """

        async def write(session: AsyncSession) -> Change:
            run = await session.get(AllocationRun, (asked.cohort, asked.run), with_for_update=True)
            if run is None:
                raise missing("AllocationRun", f"{asked.run} of {asked.cohort}")
            seats = await _seats_that_hold(session, run)
            await _seat(session, asked, seats)
            await _settle(session, asked, RunStatus.RELEASED)
            if run.kind is not RunKind.REPLACEMENT:
                await _discard_others(session, asked)
            return Change({"status": "proposed"}, {"run": asked.run, "status": "released", "seats": len(seats)})

        await beating(take_step(self._sessions, asked.step, asked.cohort, write))

    @activity.defn(name="discard_run")
    async def discard_run(self, asked: RunSettled) -> None:
        """Marks a proposal as discarded. The step's key makes a second run do nothing."""

        async def write(session: AsyncSession) -> Change:
            await _settle(session, asked, RunStatus.DISCARDED)
            return Change({"status": "proposed"}, {"run": asked.run, "status": "discarded"})

        await take_step(self._sessions, asked.step, asked.cohort, write)

    @activity.defn(name="tell_panels")
    async def tell_panels(self, asked: PanelsAsked) -> BatchTold:
        """Tells one batch of nominations their assessors, or that none were found, resuming where it stopped."""
        return await signal_each(self._client, "panel_released", asked.most, self._next_panels, asked)

    async def _next_panels(
        self, asked: PanelsAsked, after: str, most: int
    ) -> list[Owed[PanelReleased | PanelNotFound]]:
        async with self._sessions() as session:
            seats = await session.exec(
                select(Assessment.nomination_id, func.array_agg(col(Assessment.assessor_id)))
                .where(
                    col(Assessment.cohort_id) == asked.cohort,
                    col(Assessment.run) == asked.run,
                    col(Assessment.stage) != AssessmentStage.TAKEN_BACK,
                    col(Assessment.nomination_id) > after,
                )
                .group_by(col(Assessment.nomination_id))
                .order_by(col(Assessment.nomination_id))
                .limit(most)
            )
            left_out = await session.exec(
                select(UnstaffedNomination.nomination_id, UnstaffedNomination.missing)
                .where(
                    col(UnstaffedNomination.cohort_id) == asked.cohort,
                    col(UnstaffedNomination.run) == asked.run,
                    col(UnstaffedNomination.nomination_id) > after,
                )
                .order_by(col(UnstaffedNomination.nomination_id))
                .limit(most)
            )
            owed: list[Owed[PanelReleased | PanelNotFound]] = [
                Owed(NominationId(nomination), PanelReleased(run=asked.run, assessors=tuple(sorted(assessors))))
                for nomination, assessors in seats
            ]
            owed += [
                Owed(
                    NominationId(nomination), PanelNotFound(run=asked.run, missing=lacking), signal="panel_not_found"
                )
                for nomination, lacking in left_out
            ]
            # A nomination may be told two things, of which neither is left to a batch that begins after it.
            told = frozenset(sorted({one.nomination for one in owed})[:most])
            return sorted((one for one in owed if one.nomination in told), key=lambda one: one.nomination)


async def _made(session: AsyncSession, asked: RunAsked) -> RunMade | None:
    run = await session.get(AllocationRun, (asked.cohort, asked.run))
    if run is None:
        return None
    result = RESULT.validate_python(run.result, strict=False)
    return RunMade(run=asked.run, seats=len(result.seats), unstaffed=len(result.unstaffed))


async def _keep(session: AsyncSession, asked: RunAsked, problem: AllocationProblem, result: RunAnswer) -> None:
    kept = await as_agreed(session, asked.cohort, problem)
    session.add(
        AllocationRun(
            cohort_id=asked.cohort,
            number=asked.run,
            kind=asked.kind,
            status=RunStatus.PROPOSED,
            problem=PROBLEM.dump_python(kept, mode="json"),
            result=RESULT.dump_python(result, mode="json"),
            made_at=asked.step.at,
        )
    )
    await session.flush()
    for seat in result.seats:
        session.add(
            ProposedSeat(
                cohort_id=asked.cohort,
                run=asked.run,
                nomination_id=seat.nomination,
                assessor_id=seat.assessor,
                cost=seat.cost,
                reasons=list(seat.reasons),
            )
        )
    for left_out in result.unstaffed:
        session.add(
            UnstaffedNomination(
                cohort_id=asked.cohort,
                run=asked.run,
                nomination_id=left_out.nomination,
                missing=max(1, left_out.seats_missing),
                reasons=list(left_out.reasons),
            )
        )


async def _seats_that_hold(session: AsyncSession, run: AllocationRun) -> list[tuple[str, str]]:
    """The run's seats whose nominations still want them; refuses if a rule has come to stand against one.

    A nomination that has left in the meantime simply gets no panel.
    """
    proposed = await seats_of(session, run.cohort_id, run.number)
    wanting = Counter(seat.nomination for seat in proposed)
    stages = dict(
        (
            await session.exec(
                select(Nomination.id, Nomination.stage)
                .where(col(Nomination.id).in_(list(wanting)))
                .order_by(col(Nomination.id))
                .with_for_update(read=True)
            )
        ).all()
    )
    replacement = run.kind is RunKind.REPLACEMENT
    still = {Stage.AWAITING_PANEL, Stage.SCORING, Stage.QUALITY_ASSURANCE} if replacement else {Stage.AWAITING_PANEL}
    kept = [seat for seat in proposed if stages.get(seat.nomination) in still]
    requests = [SeatRequest(nomination=NominationId(seat.nomination)) for seat in kept]
    problem = await problem_of(session, run.cohort_id, run.kind, requests, beside=True)
    chosen = {seat.nomination for seat in kept}
    others = [demand.id for demand in problem.nominations if demand.id not in chosen]
    known = {demand.id for demand in problem.nominations}
    kept = [seat for seat in kept if seat.nomination in known]
    broken = violations(problem, kept, others)
    if broken:
        raise refused(f"Run {run.number} no longer holds ({outdated_words(broken)}). Discard it and solve again.")
    return [(seat.nomination, seat.assessor) for seat in kept]


async def _seat(session: AsyncSession, asked: RunSettled, seats: list[tuple[str, str]]) -> None:
    """Gives the seats out; whoever was asked by a run that was undone keeps the row, and is asked anew."""
    ids = [assessment_id(NominationId(nomination), AssessorId(assessor)) for nomination, assessor in seats]
    taken_back = await session.exec(
        select(Assessment)
        .where(col(Assessment.id).in_(ids), col(Assessment.stage) == AssessmentStage.TAKEN_BACK)
        .order_by(col(Assessment.id))
        .with_for_update(key_share=True)
    )
    before = {one.id: one for one in taken_back}
    # In the order of assessors, so that two runs never wait for each other's.
    for nomination, assessor in sorted(seats, key=lambda seat: (seat[1], seat[0])):
        named = assessment_id(NominationId(nomination), AssessorId(assessor))
        row = before.get(named) or Assessment(
            id=named,
            cohort_id=asked.cohort,
            nomination_id=nomination,
            assessor_id=assessor,
            run=asked.run,
            seated_at=asked.step.at,
            stage_since=asked.step.at,
        )
        row.run, row.stage, row.offered_at = asked.run, AssessmentStage.SEATED, None
        row.seated_at = row.stage_since = asked.step.at
        session.add(row)


async def _settle(session: AsyncSession, asked: RunSettled, status: RunStatus) -> None:
    run = await session.get(AllocationRun, (asked.cohort, asked.run))
    if run is None:
        raise missing("AllocationRun", f"{asked.run} of {asked.cohort}")
    run.status = status
    run.settled_at = asked.step.at
    run.settled_by = asked.step.by.person
    session.add(run)


async def _discard_others(session: AsyncSession, asked: RunSettled) -> None:
    others = await session.exec(
        select(AllocationRun).where(
            col(AllocationRun.cohort_id) == asked.cohort,
            col(AllocationRun.status) == RunStatus.PROPOSED,
            col(AllocationRun.number) != asked.run,
        )
    )
    for other in others.all():
        other.status = RunStatus.DISCARDED
        other.settled_at = asked.step.at
        other.settled_by = asked.step.by.person
        session.add(other)
