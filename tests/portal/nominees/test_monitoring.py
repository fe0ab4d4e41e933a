"""Equality monitoring stays apart: whose it is, who can read it, and that deleting leaves nothing."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from acts.equality import EqualityActs
from acts.errors import NotKnownError, RefusedError
from models.enums import Stage
from models.equality import PREFER_NOT_TO_SAY, QUESTIONS
from models.ids import CohortId
from models.tables import AuditEvent
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig

ROOT = Path(__file__).resolve().parents[3]
MAY_NAME_THE_TABLE = {"models/tables/equality.py", "models/tables/__init__.py", "storage/equality.py"}

ROOMS = ("acts", "activities", "allocation", "cli", "notify", "portal", "rules", "scoring", "storage", "workflows")


async def answers_of(case: Case) -> list[tuple[str, list[str]]]:
    async with case.rig.sessions() as session:
        rows = await (await session.connection()).execute(
            text("SELECT question, answers FROM equalityanswer WHERE person_id = :person ORDER BY question"),
            {"person": case.nominee.person},
        )
        return [(row.question, row.answers) for row in rows]


async def test_answers_are_kept_changed_and_deleted_without_a_trace(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)
    events = await cohort.rig.all(select(AuditEvent.position))
    page = await visit.get("/my-nomination/equality")

    saved = await page.submit("/equality", {"ethnicity": "N", "disability": ["02", "10"], "age": "40_49"})
    first = await answers_of(case)
    untrue = await visit.get("/my-nomination/equality?done=deleted")
    changed = await saved.submit("/equality", {"ethnicity": "Z"})
    second = await answers_of(case)
    deleted = await changed.submit("/delete")
    empty = await deleted.submit("/equality")

    assert "Your answers are saved" in saved.words
    assert first == [("age", ["40_49"]), ("disability", ["02", "10"]), ("ethnicity", ["N"])]
    assert second == [("age", ["40_49"]), ("disability", ["02", "10"]), ("ethnicity", ["Z"])]
    assert "Your answers are deleted" in deleted.words
    assert "Your answers are deleted" not in untrue.words
    assert "You have given no answers" in empty.words
    assert await answers_of(case) == []
    assert len(await cohort.rig.all(select(AuditEvent.position))) == len(events)


async def test_answers_that_exclude_each_other_are_refused_and_kept_in_the_form(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/equality")

    again = await page.submit("/equality", {"disability": ["02", "NN"], "religion": "B"})

    assert (again.status, "#disability" in again.links) == (422, True)
    assert again.form("/equality").fields["religion"] == ["B"]
    assert again.form("/equality").fields["disability"] == ["02", "NN"]
    assert await answers_of(case) == []


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"shoe_size": ["9"]}, "There is no such question"),
        ({"religion": ["ZZZ"]}, "Choose one of the answers on the page"),
        ({"religion": ["A", "B"]}, "Choose one answer"),
        ({"disability": ["02", "ZZ"]}, "“Prefer not to say” alone"),
    ],
)
async def test_answer_that_no_question_has_is_refused(
    cohort: CohortRig, given: dict[str, list[str]], refusal: str
) -> None:
    case = await cohort.nominate()

    with pytest.raises(RefusedError, match=refusal):
        await EqualityActs(cohort.rig.acts.desk).record(cohort.id, case.nominee, given)


async def test_answers_belong_to_a_cohort_one_was_nominated_in(cohort: CohortRig) -> None:
    case = await cohort.nominate()

    with pytest.raises(NotKnownError):
        await EqualityActs(cohort.rig.acts.desk).record(CohortId("another"), case.nominee, {"religion": ["B"]})
    with pytest.raises(RefusedError):
        await EqualityActs(cohort.rig.acts.desk).record(cohort.id, cohort.rig.operations, {"religion": ["B"]})


async def test_answers_can_be_deleted_after_the_nomination_is_over(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)
    page = await (await visit.get("/my-nomination/equality")).submit("/equality", {"gender": "3"})
    await case.reach(Stage.WITHDRAWN)

    await page.submit("/delete")

    assert await answers_of(case) == []


async def test_page_says_who_never_sees_the_answers(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()

    page = await (await a_visit(case.nominee)).get("/my-nomination/equality")

    assert "Who never sees your answers" in page.words
    assert page.words.count(PREFER_NOT_TO_SAY) == len(QUESTIONS)


def test_every_question_has_a_source_and_a_way_not_to_say() -> None:
    for question in QUESTIONS:
        codes = [one.code for one in question.answers]

        assert question.source
        assert codes[-1] == question.declined
        assert question.answers[-1].text == PREFER_NOT_TO_SAY
        assert len(set(codes)) == len(codes)
        assert question.alone <= set(codes)
        assert (question.declined in question.alone) == question.several


def test_only_one_module_reads_the_answers() -> None:
    programs = [
        path
        for path in ROOT.rglob("*.py")
        if not {".venv", "tests", "migrations"} & set(path.relative_to(ROOT).parts)
    ]
    naming = {
        str(path.relative_to(ROOT))
        for path in programs
        if re.search(r"\bEqualityAnswer\b|equalityanswer", path.read_text(encoding="utf-8"))
    }

    assert naming == MAY_NAME_THE_TABLE
    assert len(programs) > 100


def test_who_decides_or_allocates_never_imports_the_answers() -> None:
    importing = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"storage\.equality|acts\.equality", path.read_text(encoding="utf-8"))
    }

    assert importing == {
        "acts/equality.py",
        "portal/nominees/held.py",
        "portal/nominees/holdings.py",
        "portal/nominees/monitoring.py",
    }
