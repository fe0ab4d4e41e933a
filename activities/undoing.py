"""Undoing a released run: its unanswered panels are taken back, and their nominations told."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.client import Client

from activities.beating import beating
from activities.errors import missing, refused
from activities.telling import Owed, signal_each
from models.enums import AssessmentStage, RunStatus
from models.ids import NominationId
from models.messages import BatchTold, PanelsTakenBack, PanelTakenBack, RunSettled, RunUndone
from models.tables import AllocationRun, Assessment
from storage.steps import Change, take_step
from storage.undoing import ReleasedPanel, refusal_to_undo, released_panels, too_late_to_undo


class UndoActivities:
    """Each may run more than once: a run is undone once, and hearing of it twice changes nothing."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], client: Client) -> None:
        self._sessions = sessions
        self._client = client

    @activity.defn(name="undo_run")
    async def undo_run(self, asked: RunSettled) -> RunUndone:
        """Takes back every panel of a released run on which nobody has answered; the others stay as they are.

        The seats are free from this transaction on, and whoever answers after it is refused. The step's key makes a
        second run do nothing, and read what the first one did.

        Raises:
            ApplicationError: ``Refused`` when the run is not released, or somebody has answered on every panel.
        """

        async def write(session: AsyncSession) -> Change:
            run = await session.get(AllocationRun, (asked.cohort, asked.run), with_for_update=True)
            if run is None:
                raise missing("AllocationRun", f"{asked.run} of {asked.cohort}")
            sentence = refusal_to_undo(run)
            if sentence:
                raise refused(sentence)
            panels = await released_panels(session, asked.cohort, asked.run, lock=True)
            free = [panel for panel in panels if panel.free]
            if not free:
                raise refused(too_late_to_undo(asked.run, len(panels)))
            await _take_back(session, asked, free)
            run.status = RunStatus.UNDONE
            run.undone_at, run.undone_by, run.undone_reason = asked.step.at, asked.step.by.person, asked.reason
            run.undone_panels, run.kept_panels = len(free), len(panels) - len(free)
            session.add(run)
            after = {"run": asked.run, "status": "undone", "panels": len(free), "kept": len(panels) - len(free)}
            return Change({"status": "released"}, after)

        await beating(take_step(self._sessions, asked.step, asked.cohort, write))
        async with self._sessions() as session:
            run = await session.get(AllocationRun, (asked.cohort, asked.run))
        if run is None or run.undone_panels is None or run.kept_panels is None:
            raise missing("AllocationRun", f"{asked.run} of {asked.cohort}")
        return RunUndone(run=asked.run, panels=run.undone_panels, kept=run.kept_panels)

    @activity.defn(name="tell_taken_back")
    async def tell_taken_back(self, asked: PanelsTakenBack) -> BatchTold:
        """Tells one batch of nominations that their panels were taken back, resuming where it stopped."""
        return await signal_each(self._client, "panel_taken_back", asked.most, self._next_taken_back, asked)

    async def _next_taken_back(self, asked: PanelsTakenBack, after: str, most: int) -> list[Owed[PanelTakenBack]]:
        async with self._sessions() as session:
            rows = await session.exec(
                select(Assessment.nomination_id)
                .distinct()
                .where(
                    col(Assessment.cohort_id) == asked.cohort,
                    col(Assessment.run) == asked.run,
                    col(Assessment.stage) == AssessmentStage.TAKEN_BACK,
                    col(Assessment.nomination_id) > after,
                )
                .order_by(col(Assessment.nomination_id))
                .limit(most)
            )
            return [Owed(NominationId(one), PanelTakenBack(run=asked.run, by=asked.by)) for one in rows]


async def _take_back(session: AsyncSession, asked: RunSettled, panels: list[ReleasedPanel]) -> None:
    """Frees the seats; each assessment's own step, which follows, says to its reader what was done."""
    seats = [seat.assessment for panel in panels for seat in panel.seats]
    await session.exec(
        update(Assessment)
        .where(col(Assessment.id).in_(seats))
        .values(stage=AssessmentStage.TAKEN_BACK, stage_since=asked.step.at)
    )
