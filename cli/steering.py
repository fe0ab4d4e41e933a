"""What commands that act on one thing share: who acts, doing it, and saying where it stands now."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cli.failures import FailedError, WrongUseError, run
from cli.reach import at_desk
from cli.showing import in_cell, say, show_json
from cli.who import acting
from models.enums import Role

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from acts import Acts
    from models.ids import AssessmentId, CohortId, NominationId
    from models.messages import AllocationState, AssessmentState, By, CohortState, NominationState
    from models.tables import Cohort

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once


def on_nomination(
    nomination: str,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, NominationId, By], Awaitable[NominationState]]",
    *,
    as_json: bool,
) -> None:
    """Do an act on a nomination and print its new state."""
    run(_on_nomination(nomination, who, role, act, do, as_json=as_json))


async def _on_nomination(
    nomination: str,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, NominationId, By], Awaitable[NominationState]]",
    *,
    as_json: bool,
) -> None:
    from models.ids import NominationId

    async with at_desk() as acts:
        by = await actor_on(acts, nomination, who, role, act)
        tell_nomination(await do(acts, NominationId(nomination), by), as_json=as_json)


async def actor_on(acts: "Acts", nomination: str, who: str | None, role: Role | None, act: str) -> "By":
    """Who acts on this nomination."""
    from acts.desk import nomination_row, subject_of

    async with acts.desk.sessions() as session:
        subject = subject_of(await nomination_row(session, nomination))
        return await acting(session, who, role, act, subject=subject)


def tell_nomination(state: "NominationState", *, as_json: bool) -> None:
    """Print a nomination's new state."""
    if as_json:
        show_json(state.model_dump())
    else:
        say(f"{state.nomination}: {state.waits_for}.")


def on_assessment(
    assessment: str,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, AssessmentId, By], Awaitable[AssessmentState]]",
    *,
    as_json: bool,
) -> None:
    """Do an act on an assessment and print its new state."""
    run(_on_assessment(assessment, who, role, act, do, as_json=as_json))


async def _on_assessment(
    assessment: str,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, AssessmentId, By], Awaitable[AssessmentState]]",
    *,
    as_json: bool,
) -> None:
    from models.ids import AssessmentId
    from rules.assessments import WORDS

    async with at_desk() as acts:
        by = await assessor_on(acts, assessment, who, role, act)
        state = await do(acts, AssessmentId(assessment), by)
    if as_json:
        show_json(state.model_dump())
    else:
        until = f", until {in_cell(state.due_at)}" if state.due_at else ""
        say(f"{state.assessment}: the assessment is {WORDS[state.stage]}{until}.")


async def assessor_on(acts: "Acts", assessment: str, who: str | None, role: Role | None, act: str) -> "By":
    """Who acts on this assessment."""
    from acts.desk import assessment_row, nomination_row, subject_of

    async with acts.desk.sessions() as session:
        row = await assessment_row(session, assessment)
        subject = subject_of(await nomination_row(session, row.nomination_id), row.assessor_id)
        return await acting(session, who, role, act, subject=subject)


def on_cohort(
    cohort: str | None,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, CohortId, By], Awaitable[CohortState | AllocationState]]",
    *,
    as_json: bool,
) -> None:
    """Do an act on a cohort or its allocation and print its new state."""
    run(_on_cohort(cohort, who, role, act, do, as_json=as_json))


async def _on_cohort(
    cohort: str | None,
    who: str | None,
    role: Role | None,
    act: str,
    do: "Callable[[Acts, CohortId, By], Awaitable[CohortState | AllocationState]]",
    *,
    as_json: bool,
) -> None:
    from models.ids import CohortId

    async with at_desk() as acts:
        async with acts.desk.sessions() as session:
            found = await the_cohort(session, cohort)
            by = await acting(session, who, role, act)
        state = await do(acts, CohortId(found.id), by)
    if as_json:
        show_json(state.model_dump())
    else:
        say(f"{state.cohort}: {state.waits_for}.")


async def the_cohort(session: "AsyncSession", cohort: str | None) -> "Cohort":
    """The cohort that was named, or the only one.

    Raises:
        WrongUseError: None was named and there are several.
        FailedError: There is none yet.
        NotKnownError: There is none of this name.
    """
    from acts.desk import cohort_row
    from storage.lists import cohorts

    if cohort is not None:
        return await cohort_row(session, cohort)
    there = await cohorts(session)
    if not there:
        raise FailedError("There is no cohort yet: open one with 'python starter.py cohort open --policy FILE'.")
    if len(there) > 1:
        raise WrongUseError(f"Which cohort? Give --cohort with one of {', '.join(row.id for row in there)}.")
    return there[0]
