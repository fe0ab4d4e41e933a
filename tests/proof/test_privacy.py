"""Nothing personal in histories, logs and pages: true of a clean cohort, and every planted value is found."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from models.tables import Application, Person, Score
from proof.privacy import Finding, search_histories, search_pages, search_text
from proof.search import Sought
from proof.values import PersonalValue, personal_values, vocabulary, words
from tests.proof.conftest import Proven
from workflows.attributes import COHORT, STAGE


async def test_values_of_a_cohort_hold_everything_people_typed(proven: Proven) -> None:
    values = await personal_values(proven.sessions)

    columns = {value.column for value in values}
    assert columns == {
        "person.full_name",
        "person.email",
        "person.post",
        "endorsement.statement",
        "applicationdraft.content",
        "application.content",
        "score.evidence",
    }
    assert not {value.text for value in values} & {"yes", "ready_now", "chief_executive"}
    assert all(value.text not in repr(value) for value in values)


@pytest.mark.parametrize("cohort", ["ended", "open"])
async def test_histories_of_a_clean_cohort_hold_nothing_personal(proven: Proven, cohort: str) -> None:
    verdict = await search_histories(proven.sessions, proven.client, cohort)

    assert verdict.found == ()
    assert verdict.histories >= 6
    assert verdict.values > 100


async def _email(proven: Proven) -> str:
    return (await _one_person(proven)).email


async def _name_in_capitals(proven: Proven) -> str:
    return (await _one_person(proven)).full_name.upper()


async def _rare_part_of_a_name(proven: Proven) -> str:
    rare = [
        word for word in words((await _one_person(proven)).full_name) if len(word) > 3 and word not in vocabulary()
    ]
    return f"asked by {rare[-1]}, again"


async def _quotation_from_an_application(proven: Proven) -> str:
    async with proven.sessions() as session:
        content = (await session.exec(select(Application.content).limit(1))).one()
    return f"… {content['partnerships'][:45]} …"


async def _evidence(proven: Proven) -> str:
    async with proven.sessions() as session:
        return (await session.exec(select(Score.evidence).order_by(col(Score.assessment_id)).limit(1))).one()


async def _one_person(proven: Proven) -> Person:
    async with proven.sessions() as session:
        return (await session.exec(select(Person).order_by(col(Person.email)).limit(1))).one()


PLANTED = (
    (_email, ("email", "person.email")),
    (_name_in_capitals, ("name", "person.full_name")),
    (_rare_part_of_a_name, ("part of a name", "person.full_name")),
    (_quotation_from_an_application, ("statement", "application.content")),
    (_evidence, ("evidence", "score.evidence")),
)


@pytest.mark.parametrize("place", ["payload", "memo", "id", "attribute", "failure"])
async def test_planted_values_are_found_wherever_they_stand(proven: Proven, place: str) -> None:
    planted = [(await value(proven), finding) for value, finding in PLANTED]
    ids = [await _plant(proven, place, number, text) for number, (text, _) in enumerate(planted)]
    await _until_listed(proven, f"planted-{place}", len(planted))

    verdict = await search_histories(proven.sessions, proven.client, f"planted-{place}")

    assert {Finding(id_, *finding) for id_, (_, finding) in zip(ids, planted, strict=True)} <= set(verdict.found)


async def _plant(proven: Proven, place: str, number: int, planted: str) -> str:
    """A workflow that nobody runs, with a personal value in one place; its id."""
    attributes = [SearchAttributePair(COHORT, f"planted-{place}")]
    if place == "attribute":
        attributes.append(SearchAttributePair(STAGE, planted))
    stray = await proven.client.start_workflow(
        "allocation",
        {"note": planted} if place == "payload" else None,
        id=f"allocation/{planted if place == 'id' else f'{place}-{number}'}",
        task_queue="nobody-listens",
        memo={"asked": planted} if place == "memo" else None,
        search_attributes=TypedSearchAttributes(attributes),
    )
    await stray.terminate(reason=planted if place == "failure" else None)
    return stray.id


@pytest.mark.parametrize("text", ["Siân Æther", 'the "last"\nword of it', "O'Hara-Zwaan", "Zoë"])
def test_value_that_json_escapes_is_found(text: str) -> None:
    value = PersonalValue("name", "person.full_name", text)
    written = [text.encode(), json.dumps({"who": text}).encode(), json.dumps([text], ensure_ascii=False).encode()]

    found = [search_pages({"page": content}, [value]) for content in written]

    assert found == [(Finding("page", "name", "person.full_name"),)] * 3


@pytest.mark.parametrize(
    ("text", "found"), [("to ross.", True), ("ross", True), ("across", False), ("rosson", False), ("r oss", False)]
)
def test_short_word_is_found_only_as_a_word_of_its_own(text: str, found: bool) -> None:
    value = PersonalValue("part of a name", "person.full_name", "ross")

    findings = search_pages({"page": text.encode()}, [value])

    assert bool(findings) is found


def test_long_text_is_found_by_its_beginning_middle_and_end() -> None:
    text = "".join(f"sentence {number} of a long statement. " for number in range(40))
    value = PersonalValue("evidence", "score.evidence", text)
    middle = len(text) // 2

    found = [
        search_pages({"page": part.encode()}, [value])
        for part in (text[:60], text[middle - 50 : middle + 50], text[-60:])
    ]
    short = search_pages({"page": text[:30].encode()}, [value])

    assert [len(one) for one in found] == [1, 1, 1]
    assert short == ()


async def test_logs_and_metrics_of_a_clean_cohort_hold_nothing_personal(proven: Proven) -> None:
    pages = {"metrics": proven.metrics, **proven.logs}

    found = search_pages(pages, await personal_values(proven.sessions))

    assert found == ()
    assert proven.logs["worker-1.log"]
    assert b"temporal_" in proven.metrics


async def test_value_in_a_log_is_found(proven: Proven, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text(f'{{"event": "told", "to": "{await _email(proven)}"}}\n', encoding="utf-8")

    found = search_text([log], await personal_values(proven.sessions))

    assert [(one.kind, one.column) for one in found if one.kind == "email"] == [("email", "person.email")]


def test_search_of_many_values_in_many_bytes_is_quick() -> None:
    values = [
        PersonalValue(
            "evidence", "score.evidence", f"evidence {number * 7919} of what person {number} has done, at length"
        )
        for number in range(4000)
    ]
    line = b'{"step":{"workflow":"nomination/pilot-%06d","number":%d},"stage":"scoring"}'
    text = b"\x00".join(line % (number, number) for number in range(200_000))
    planted = text + values[1234].text.encode()
    sought = Sought(values)

    begun = time.perf_counter()
    clean, found = sought.standing_in(text), sought.standing_in(planted)
    seconds = time.perf_counter() - begun

    assert clean == []
    assert {value for _, value in found} == {values[1234]}
    # 30 MB in all; one search for each value takes some 40 s.
    assert seconds < 10


async def _until_listed(proven: Proven, cohort: str, count: int) -> None:
    query = f"Cohort = '{cohort}'"
    async with asyncio.timeout(20):
        while (await proven.client.count_workflows(query)).count < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_row_that_postgresql_refuses_leaves_nothing_personal_in_its_log(proven: Proven) -> None:
    person = await _one_person(proven)
    with pytest.raises(IntegrityError):
        async with proven.sessions.begin() as session:
            session.add(Person(full_name=person.full_name, email=person.email.upper()))

    log = proven.stack.folder.logs / "postgres.log"
    found = search_text([log], await personal_values(proven.sessions))

    assert found == ()
    assert "uq_person_email_lower" in await asyncio.to_thread(log.read_text, encoding="utf-8")
