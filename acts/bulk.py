"""One step for many nominations: taken one by one, with what came of each kept, and undone where that is possible.

Whom it concerns is fixed when it begins. It is then taken a portion at a time, so that no request lasts long, and
goes on from what is kept after any interruption. Each nomination's Update has an id made of the step and the
nomination, so one that was told and not yet kept is not done twice.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import uuid4

from sqlalchemy import literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from acts.desk import Desk, cohort_row, nomination_subject, require
from acts.errors import NotKnownError, NotReachedError, RefusedError
from models.enums import SteerReason
from models.ids import CohortId, NominationId, nomination_workflow
from models.messages import By, Extend, Message, NominationState, Pause, Resume
from models.tables import BulkStep
from rules.calendar import in_words
from rules.permissions import Act, Subject
from storage import audit
from storage.steps import table_of

DONE, WAITING = "done", ""
"""What stands in a step's lines beside the sentences of refusals: done, and not yet taken."""
MOST = 500
"""Nominations in one step: as many as somebody can look through beforehand."""
AT_ONCE = 8
"""Nominations told at the same time."""
_UNDOES = "-u"
_STEP = table_of(BulkStep)


class BulkAct(StrEnum):
    """What can be done to many at once."""

    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"


OPPOSITE: Mapping[BulkAct, BulkAct] = MappingProxyType({BulkAct.PAUSE: BulkAct.RESUME, BulkAct.RESUME: BulkAct.PAUSE})
"""What undoes a step; a deadline only moves later, so nothing undoes an extension."""


@dataclass(frozen=True)
class Progress:
    """How far a step is."""

    done: int
    refused: int
    left: int


def progress_of(step: BulkStep) -> Progress:
    """How far a step is, by its lines."""
    lines = list(step.lines.values())
    done, left = lines.count(DONE), lines.count(WAITING)
    return Progress(done, len(lines) - done - left, left)


def undoing_step(step: str) -> str:
    """The id of the step that undoes a step."""
    return f"{step}{_UNDOES}"


def undone_step(step: str) -> str | None:
    """The id of the step that this one undoes, or None if it undoes none."""
    return step.removesuffix(_UNDOES) if step.endswith(_UNDOES) else None


class BulkActs:
    """Steps for many, each taken as one by one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def begin(
        self,
        cohort: CohortId,
        act: BulkAct,
        nominations: Sequence[NominationId],
        by: By,
        *,
        reason: SteerReason,
        until: datetime | None = None,
    ) -> str:
        """Fixes whom a step concerns; the id under which it then goes on.

        Args:
            cohort: Whose nominations they are.
            act: What is done to each.
            nominations: All of them; at most `MOST`.
            by: Who takes the step.
            reason: Why.
            until: The new deadline, for extending.

        Raises:
            RefusedError: This person may not, nobody or too many were chosen, or the deadline lies in the past.
        """
        now = self._desk.clock()
        if not 0 < len(nominations) <= MOST:
            raise RefusedError(f"Choose from 1 to {MOST} nominations.")
        if (act is BulkAct.EXTEND) != (until is not None):
            raise RefusedError("Give a new deadline to extend, and only then.")
        if until is not None and until <= now:
            raise RefusedError(f"The new deadline, {in_words(until)}, lies in the past.")
        step = BulkStep(
            id=f"b-{uuid4().hex[:16]}",
            cohort_id=cohort,
            act=act.value,
            reason=reason.value,
            until=until,
            person_id=by.person,
            taken_at=now,
            lines=dict.fromkeys(nominations, WAITING),
        )
        await self._save(step, by)
        return step.id

    async def go_on(self, step: str, by: By, *, within: timedelta = timedelta(seconds=2)) -> Progress:
        """Takes the step for the nominations that wait, for about ``within``; how far it is then.

        Raises:
            NotKnownError: There is no such step.
            RefusedError: This person may not.
            NotReachedError: A workflow could not be told now; what was done is kept, and going on again is safe.
        """
        row = await self._row(step)
        async with self._desk.sessions() as session:
            await require(session, by, Act(row.act), Subject())
        waiting = sorted(one for one, line in row.lines.items() if line == WAITING)
        ends = time.monotonic() + within.total_seconds()
        while waiting and time.monotonic() < ends:
            portion, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            lines = await asyncio.gather(*(self._take(row, NominationId(one), by) for one in portion))
            settled = {one: line for one, line in zip(portion, lines, strict=True) if line != WAITING}
            await self._keep(step, settled)
            if len(settled) < len(portion):
                raise NotReachedError(
                    "Some workflows could not be told now. What was done is kept: go on in a minute."
                )
        row = await self._row(step)
        progress = progress_of(row)
        if not progress.left:
            await self._mark_undone(row, by)
        return progress

    async def undo(self, step: str, by: By, reason: SteerReason) -> str:
        """Begins the opposite step for all for whom this one was done; its id, the same however often it is asked.

        Raises:
            NotKnownError: There is no such step.
            RefusedError: It cannot be undone, or is not finished.
        """
        row = await self._row(step)
        refusal = why_not_undone(row)
        async with self._desk.sessions() as session:
            if await session.get(BulkStep, undoing_step(step)) is not None:
                return undoing_step(step)
        if refusal:
            raise RefusedError(refusal)
        opposite = BulkStep(
            id=undoing_step(step),
            cohort_id=row.cohort_id,
            act=OPPOSITE[BulkAct(row.act)].value,
            reason=reason.value,
            person_id=by.person,
            taken_at=self._desk.clock(),
            lines={one: WAITING for one, line in row.lines.items() if line == DONE},
        )
        await self._save(opposite, by)
        return opposite.id

    async def _save(self, step: BulkStep, by: By) -> None:
        async with self._desk.transaction() as session:
            await require(session, by, Act(step.act), Subject())
            await cohort_row(session, step.cohort_id)
            session.add(step)
            await audit.append(
                session,
                at=step.taken_at,
                actor=by.person,
                role=by.role,
                what="began a step for many",
                subject=step.id,
                after={"act": step.act, "nominations": len(step.lines)},
                reason=step.reason,
            )

    async def _take(self, row: BulkStep, nomination: NominationId, by: By) -> str:
        """Takes the step for one nomination; the line to keep, `WAITING` if it could not be told now."""
        told = f"act:{row.id}.{nomination}"
        try:
            async with self._desk.sessions() as session:
                await require(session, by, Act(row.act), await nomination_subject(session, nomination))
            workflow = nomination_workflow(nomination)
            await self._desk.teller.update(workflow, row.act, _message(row, by), NominationState, told)
        except (RefusedError, NotKnownError) as error:
            return str(error)
        except (NotReachedError, IntegrityError):
            # Told and not answered, it is owed by now under the same id: a second time it is known already.
            return WAITING
        return DONE

    async def _keep(self, step: str, settled: Mapping[str, str]) -> None:
        """Keeps what came of some nominations, beside what others keep at the same time."""
        if settled:
            merged = _STEP.c.lines.op("||")(literal(dict(settled), JSONB))
            async with self._desk.transaction() as session:
                await (await session.connection()).execute(
                    update(_STEP).where(_STEP.c.id == step).values(lines=merged)
                )

    async def _mark_undone(self, row: BulkStep, by: By) -> None:
        first = undone_step(row.id)
        if first is not None:
            async with self._desk.transaction() as session:
                await (await session.connection()).execute(
                    update(_STEP)
                    .where(_STEP.c.id == first, _STEP.c.undone_at.is_(None))
                    .values(undone_at=self._desk.clock(), undone_by=by.person)
                )

    async def _row(self, step: str) -> BulkStep:
        async with self._desk.sessions() as session:
            row = await session.get(BulkStep, step)
        if row is None:
            raise NotKnownError(f"There is no step '{step}'.")
        return row


def why_not_undone(step: BulkStep) -> str | None:
    """Why a step cannot be undone, as a sentence; None if it can."""
    progress = progress_of(step)
    if BulkAct(step.act) not in OPPOSITE:
        return "A deadline only moves later: this cannot be undone."
    if undone_step(step.id) is not None:
        return "This undid a step: take the step again instead."
    if step.undone_at is not None:
        return "This has been undone already."
    if progress.left:
        return "This is not finished: go on first."
    return None if progress.done else "Nothing was done, so nothing can be undone."


def _message(row: BulkStep, by: By) -> Message:
    reason = SteerReason(row.reason)
    if row.act == BulkAct.PAUSE:
        return Pause(by=by, reason=reason)
    if row.until is not None:
        return Extend(by=by, until=row.until, reason=reason)
    return Resume(by=by)
