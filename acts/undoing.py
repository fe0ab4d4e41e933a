"""Undoing a released allocation run: first what it would take back, then doing it."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from acts.desk import Desk, cohort_row, require
from acts.errors import NotKnownError
from models.enums import SteerReason
from models.ids import CohortId, allocation_workflow
from models.messages import By, RunUndone, UndoRun
from models.tables import AllocationRun
from rules.permissions import Act, Subject
from storage.lists import Asker, kept_from
from storage.run_pages import assessor_names
from storage.undoing import AskedSeat, ReleasedPanel, refusal_to_undo, released_panels, too_late_to_undo


@dataclass(frozen=True)
class UndoPreview:
    """What undoing a run would do as things stand.

    Attributes:
        run: Its number.
        taken_back: The panels that would be taken back, those that whoever asks may see.
        stay: The panels that stay, since somebody has answered, those that whoever asks may see.
        panels: How many would be taken back in all.
        kept: How many stay in all.
        names: The names of the assessors of the panels shown, by reference.
        refusal: Why nothing can be undone, as a sentence; None if something can.
    """

    run: int
    taken_back: tuple[ReleasedPanel, ...]
    stay: tuple[ReleasedPanel, ...]
    panels: int
    kept: int
    names: dict[str, str]
    refusal: str | None

    @property
    def people(self) -> tuple[str, ...]:
        """Who is told that the request is taken back: those of the panels shown who were asked already."""
        return tuple(sorted({seat.assessor for panel in self.taken_back for seat in panel.seats if seat.offered}))

    def answers(self, panel: ReleasedPanel) -> str:
        """Who has answered on a panel that stays, and what."""
        said = [f"{self.named(seat)} {seat.answer}" for seat in panel.seats if seat.answered]
        return ", ".join(said) or "the panel is at work"

    def named(self, seat: AskedSeat) -> str:
        """An assessor with their reference."""
        name = self.names.get(seat.assessor)
        return f"{name} ({seat.assessor})" if name else seat.assessor


class UndoActs:
    """Undoing is asked of the cohort's allocation, which does one thing at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def preview(self, cohort: CohortId, by: By, run: int) -> UndoPreview:
        """What undoing the run would take back as things stand, and what not; nothing is changed.

        Raises:
            NotKnownError: There is no such cohort, or no such run in it.
            RefusedError: This person may not undo a run.
        """
        async with self._desk.sessions() as session:
            row = await _run(session, cohort, by, run)
            panels = await released_panels(session, cohort, run)
            asker = Asker(by.person, by.role)
            hidden = await kept_from(session, asker)
            shown = [panel for panel in panels if panel.nomination not in hidden]
            people = sorted({seat.assessor for panel in shown for seat in panel.seats})
            names = await assessor_names(session, asker, cohort, people)
        free = sum(panel.free for panel in panels)
        refusal = refusal_to_undo(row) or (None if free else too_late_to_undo(run, len(panels)))
        return UndoPreview(
            run,
            tuple(panel for panel in shown if panel.free),
            tuple(panel for panel in shown if not panel.free),
            free,
            len(panels) - free,
            names,
            refusal,
        )

    async def undo(self, cohort: CohortId, by: By, run: int, reason: SteerReason) -> RunUndone:
        """Takes back the panels of a released run on which nobody has answered; how many, and how many stay.

        Raises:
            NotKnownError: There is no such cohort, or no such run in it.
            RefusedError: This person may not undo a run, it is not released, or somebody has answered on every panel.
            NotReachedError: The allocation does not answer, such as while it solves; it is asked again by itself.
        """
        async with self._desk.sessions() as session:
            await _run(session, cohort, by, run)
        message = UndoRun(by=by, run=run, reason=reason)
        return await self._desk.update(allocation_workflow(cohort), "undo_run", message, RunUndone)


async def _run(session: AsyncSession, cohort: CohortId, by: By, run: int) -> AllocationRun:
    await cohort_row(session, cohort)
    await require(session, by, Act.UNDO_RUN, Subject())
    row = await session.get(AllocationRun, (cohort, run))
    if row is None:
        raise NotKnownError(f"There is no run {run} in {cohort}: look at 'python starter.py run list'.")
    return row
