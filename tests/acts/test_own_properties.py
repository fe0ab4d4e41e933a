"""What assessors say of themselves: kept while they agree, used to mix panels, read by nobody else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from acts import Acts
from acts.errors import NotKnownError, RefusedError
from acts.own_properties import OwnPropertyActs
from allocation.answer import answered
from models.enums import AssessorProperty, Role, RunKind
from models.ids import PersonId
from models.messages import By
from models.tables import AllocationRun, AuditEvent, OwnProperty, ProposedSeat
from proof.panels import run_faults
from storage.allocations import PROBLEM, RESULT, problem_of
from storage.kept_runs import kept_runs
from storage.lists import Asker
from storage.own_properties import as_agreed, own_properties
from tests.activities.cohort import CLOSED_ON, PILOT, CohortInRows, Sessions, assessing

ROOT = Path(__file__).resolve().parents[2]
WOMAN, DISABLED = AssessorProperty.WOMAN, AssessorProperty.DISABLED
FIRST, SECOND = (By(person=assessing(number), role=Role.ASSESSOR) for number in (1, 2))
MAY_NAME_THE_TABLE = {"models/tables/__init__.py", "models/tables/own_properties.py", "storage/own_properties.py"}
MAY_READ = {"acts/own_properties.py", "activities/allocation.py", "storage/allocations.py"}
"""Beside these, only pages that show assessors their own."""


@pytest.fixture
def own(acts: Acts) -> OwnPropertyActs:
    """The acts."""
    return OwnPropertyActs(acts.desk)


async def kept(sessions: Sessions) -> list[tuple[str, AssessorProperty, str]]:
    async with sessions() as session:
        rows = await session.exec(
            select(OwnProperty).order_by(col(OwnProperty.assessor_id), col(OwnProperty.property))
        )
        return [(row.assessor_id, row.property, row.agreed_by) for row in rows]


async def add_run(rows: CohortInRows) -> None:
    """A run of all that wait, as the activity keeps one."""
    async with rows.sessions.begin() as session:
        problem = await problem_of(session, rows.id, RunKind.BATCH)
        answer = answered(problem)
        run = rows.run_row().model_copy(
            update={
                "problem": PROBLEM.dump_python(problem, mode="json"),
                "result": RESULT.dump_python(answer, mode="json"),
            }
        )
        session.add(AllocationRun(**run.model_dump()))
        await session.flush()
        for seat in answer.seats:
            session.add(
                ProposedSeat(
                    cohort_id=rows.id, run=1, nomination_id=seat.nomination, assessor_id=seat.assessor, cost=seat.cost
                )
            )


async def test_what_is_agreed_is_kept_with_who_and_when_and_reaches_the_allocation_alone(
    own: OwnPropertyActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin()

    await own.agree(rows.id, FIRST, [WOMAN])
    await own.agree(rows.id, FIRST, [WOMAN])

    async with sessions() as session:
        problem = await problem_of(session, rows.id, RunKind.BATCH)
        mine = await own_properties(session, Asker(FIRST.person, FIRST.role))
        others = await own_properties(session, Asker(SECOND.person, SECOND.role))
        events = (await session.exec(select(AuditEvent))).all()
    assert await kept(sessions) == [("A-001", WOMAN, FIRST.person)]
    assert [(one.cohort, one.property, one.agreed_at) for one in mine] == [(rows.id, WOMAN, CLOSED_ON)]
    assert others == ()
    assert {one.id: set(one.properties) for one in problem.assessors if one.properties} == {"A-001": {"woman"}}
    assert problem.rules.mixed_properties == {"woman"}
    assert events == []


async def test_cohort_in_which_nobody_agreed_is_mixed_by_nothing(rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin()

    async with sessions() as session:
        problem = await problem_of(session, rows.id, RunKind.BATCH)

    assert problem.rules.mixed_properties == frozenset()


async def test_panels_are_mixed_and_what_is_withdrawn_is_deleted_from_kept_runs_that_still_verify(
    own: OwnPropertyActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(nominations=2)
    await own.agree(rows.id, FIRST, [WOMAN])
    await own.agree(rows.id, SECOND, [WOMAN])
    await add_run(rows)

    async with sessions() as session:
        (before,) = [one async for one in kept_runs(session, rows.id)]
    await own.withdraw(rows.id, FIRST)
    async with sessions() as session:
        (after,) = [one async for one in kept_runs(session, rows.id)]
        stored = (await session.exec(select(AllocationRun.problem))).one()

    assert before.answer is not None
    assert after.answer is not None
    assert after.problem is not None
    assert before.answer.certificate.mixed == 2
    assert run_faults(before) == ()
    assert await kept(sessions) == [("A-002", WOMAN, SECOND.person)]
    assert all(one.properties == frozenset() for one in after.problem.assessors)
    assert "'woman'" not in str(stored["assessors"])
    assert after.problem.withheld
    assert after.answer == before.answer
    assert run_faults(after) == ()
    # What is left is still checked: another total is not what the panels are worth.
    worse = replace(after.answer.certificate, total=after.answer.certificate.total - 1)
    spoilt = replace(after.answer, proposal=replace(after.answer.proposal, certificate=worse))
    assert run_faults(replace(after, answer=spoilt)) != ()


async def test_run_that_was_solved_before_somebody_withdrew_keeps_nothing_of_it(
    own: OwnPropertyActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin()
    await own.agree(rows.id, FIRST, [WOMAN])
    async with sessions() as session:
        problem = await problem_of(session, rows.id, RunKind.BATCH)
        agreed = await as_agreed(session, rows.id, problem)
    await own.withdraw(rows.id, FIRST)

    async with sessions() as session:
        since = await as_agreed(session, rows.id, problem)

    assert agreed == problem
    assert since.withheld
    assert all(one.properties == frozenset() for one in since.assessors)


async def test_property_that_is_no_longer_named_is_withdrawn(acts: Acts, sessions: Sessions) -> None:
    allocation = PILOT.allocation.model_copy(update={"mixed_properties": frozenset({WOMAN, DISABLED})})
    rows = CohortInRows(sessions, policy=PILOT.model_copy(update={"allocation": allocation}))
    await rows.begin()
    own = OwnPropertyActs(acts.desk)

    await own.agree(rows.id, FIRST, [WOMAN, DISABLED])
    await own.agree(rows.id, FIRST, [DISABLED])
    await own.withdraw(rows.id, SECOND)

    assert await kept(sessions) == [("A-001", DISABLED, FIRST.person)]


async def test_what_cannot_be_agreed_to_is_refused(
    own: OwnPropertyActs, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin()
    stranger = By(person=PersonId("p-000000009999"), role=Role.ASSESSOR)

    with pytest.raises(RefusedError, match="or withdraw"):
        await own.agree(rows.id, FIRST, [])
    with pytest.raises(RefusedError, match="mixed by nothing else"):
        await own.agree(rows.id, FIRST, [DISABLED])
    for act in (own.agree(rows.id, stranger, [WOMAN]), own.withdraw(rows.id, stranger)):
        with pytest.raises((NotKnownError, RefusedError)):
            await act

    assert await kept(sessions) == []


def test_only_the_allocation_and_their_own_pages_read_what_assessors_say_of_themselves() -> None:
    naming, importing = set(), set()
    programs = [
        path
        for path in ROOT.rglob("*.py")
        if not {".venv", "tests", "migrations"} & set(path.relative_to(ROOT).parts)
    ]

    for path in programs:
        words, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if re.search(r"\bOwnProperty\b|ownproperty", words):
            naming.add(name)
        if re.search(r"storage\.own_properties|storage import own_properties", words):
            importing.add(name)

    assert naming == MAY_NAME_THE_TABLE
    assert {one for one in importing if not one.startswith("portal/assessors/")} == MAY_READ
    assert len(programs) > 100
