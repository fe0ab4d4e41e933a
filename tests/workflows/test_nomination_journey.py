"""The usual path as a whole: what it costs, what it survives, and that no personal value is left on the way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from temporalio.client import WorkflowUpdateFailedError

from models.enums import AssessmentStage, ConflictKind, Outcome, Stage, SteerReason, WayOut, WithdrawReason
from models.ids import assessment_workflow
from models.messages import SubmitApplication
from tests.workflows.rig import Case, CohortRig, Rig, eventually

MOST_EVENTS = 150
"""The issue's bound on the usual path: the nomination's own history and its three assessments' together."""


async def _submit_all(case: Case) -> None:
    for row in await case.panel(AssessmentStage.ACCEPTED):
        await case.save_scores(row.id)  # type: ignore[arg-type]
        await case.submit_scores(row.id)  # type: ignore[arg-type]


async def _accept_all(case: Case) -> None:
    for one in await case.offered():
        await case.accept(one)


USUAL_PATH: tuple[tuple[Callable[[Case], Awaitable[object]], Stage], ...] = (
    (lambda case: case.consent(), Stage.APPLYING),
    (lambda case: case.save_application(), Stage.APPLYING),
    (lambda case: case.apply(), Stage.AWAITING_PANEL),
    (lambda case: case.seat(), Stage.SCORING),
    (_accept_all, Stage.SCORING),
    (_submit_all, Stage.AWAITING_DECISION),
    (lambda case: case.decide(), Stage.DECIDED),
    (lambda case: case.release(), Stage.IN_POOL),
)


async def _histories(case: Case) -> list[str]:
    return [case.workflow, *(assessment_workflow(row.id) for row in await case.panel())]  # type: ignore[arg-type]


async def test_usual_path_stays_within_its_events(cohort: CohortRig) -> None:
    case = await cohort.nominate()

    for act, stage in USUAL_PATH:
        await act(case)
        await case.until(stage)
    await case.end()
    await case.until_closed()

    events = {name: await cohort.rig.history_length(name) for name in await _histories(case)}
    assert len(events) == 4
    assert sum(events.values()) <= MOST_EVENTS, events


async def test_new_worker_between_every_two_steps_changes_nothing(rig: Rig, cohort: CohortRig) -> None:
    case = await cohort.nominate()

    for act, stage in USUAL_PATH:
        await rig.restart_worker()
        await act(case)
        await case.until(stage)
    await rig.restart_worker()

    state = await case.state()
    assert (state.stage, state.outcome, len(state.panel)) == (Stage.IN_POOL, Outcome.ADMITTED, 3)
    steps = await case.events()
    assert [event.step for event in steps] == list(range(1, state.steps + 1))
    assert [event.what for event in steps] == [
        "nominated",
        "consent",
        "submit",
        "screened",
        "pass_screening",
        "seat_panel",
        "complete_scores",
        "checked",
        "confirm_quality",
        "decide",
        "release_admitted",
    ]


@pytest.mark.parametrize("stage", [Stage.NOMINATED, Stage.APPLYING, Stage.SCORING])
async def test_deadline_that_passes_without_a_worker_is_kept_by_the_next(
    rig: Rig, cohort: CohortRig, stage: Stage
) -> None:
    case = await (await cohort.nominate()).reach(stage)
    await rig.restart_worker()

    if stage is Stage.SCORING:
        one = (await case.offered())[0]
        await case.skip_assessment(one, days=30)
        await eventually(lambda: case.panel(AssessmentStage.EXPIRED))
    else:
        await case.skip(days=100)
        await case.until(Stage.LAPSED)


PERSONAL = {
    "name": "Zephyrine Quillfeather",
    "email": "zephyrine.quillfeather@example.nhs.test",
    "endorsement": "Xanthippe commends the quokka programme",
    "application": "Wolverhampton obelisk refurbishment of 1987",
    "evidence": "Ptarmigan evidence of some length, fifteen words or more, so that the rules of quality let it pass.",
    "note": "Bumbershoot remark of the board",
}
"""Values that stand in no code and no other row: where one is found, it has leaked."""
PIECES = tuple(value.split()[0].split("@")[0] for value in PERSONAL.values())


async def _raw_histories(case: Case) -> dict[str, bytes]:
    """Every history of the nomination, its assessments and its allocation, as bytes."""
    names = [*(await _histories(case)), f"allocation/{case.cohort.id}"]
    client = case.rig.client
    raw = {}
    for name in names:
        events = [event async for event in client.get_workflow_handle(name).fetch_history_events()]
        raw[name] = b"".join(event.SerializeToString() for event in events)
    return raw


def _found(haystack: bytes | str) -> list[str]:
    text = haystack.encode() if isinstance(haystack, str) else haystack
    return [piece for piece in PIECES if piece.lower().encode() in text.lower()]


async def test_no_personal_value_is_in_histories_or_logs(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    from acts.assessments import Scoring
    from models.enums import DecisionReason

    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    cohort = await rig.cohort()
    case = await cohort.nominate(
        full_name=PERSONAL["name"], email=PERSONAL["email"], statement=PERSONAL["endorsement"]
    )
    await case.consent()
    await case.save_application(words=PERSONAL["application"])
    await rig.acts.nominations.submit_application(case.id, case.nominee)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await case.update("submit", SubmitApplication(by=case.nominee))
    said.append(repr(refused.value.cause))
    offered = await case.seat()
    await rig.acts.assessments.decline(
        offered[0], await case.assessor(offered[0]), reason_of_conflict(), ConflictKind.FAMILY
    )
    await eventually(case.panel, lambda found: len(found) == 4)
    for one in await case.offered(3):
        by = await case.assessor(one)
        await case.accept(one)
        scores = [Scoring(criterion.code, 5, PERSONAL["evidence"]) for criterion in cohort.policy.scoring.criteria]
        await rig.acts.assessments.save_scores(one, by, scores)
        await case.submit_scores(one)
    await case.until(Stage.AWAITING_DECISION)
    await rig.acts.board.draft_decision(
        case.id, rig.member, Outcome.ADMITTED, DecisionReason.BOARD_JUDGEMENT, note=PERSONAL["note"]
    )
    await rig.acts.board.approve_decision(case.id, rig.chair)
    await case.release()
    await case.until(Stage.IN_POOL)
    await rig.acts.nominations.withdraw(case.id, case.nominee, WithdrawReason.NEW_POST)
    await case.until_closed()

    histories = await _raw_histories(case)
    stored = await rig.all(_stored_words(case))
    assert any(PERSONAL["application"] in str(row) for row in stored)  # there is something that could have leaked
    assert all(case.id.encode() in raw for name, raw in histories.items() if not name.startswith("allocation"))
    assert {name: _found(raw) for name, raw in histories.items() if _found(raw)} == {}
    assert _found("\n".join([*said, caplog.text])) == []


def reason_of_conflict():
    from models.enums import AssessorDeclineReason

    return AssessorDeclineReason.CONFLICT


def _stored_words(case: Case):
    from sqlmodel import col, select

    from models.tables import Application

    return select(Application).where(col(Application.nomination_id) == case.id)


async def test_refusal_by_the_database_says_its_constraint_and_no_value(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """A person let back in, who has been nominated anew: the database refuses, and its own text quotes the row."""
    caplog.set_level(logging.DEBUG)
    cohort = await rig.cohort()
    email = "quibblesworth@example.nhs.test"
    first = await (await cohort.nominate(full_name="Ottoline Quibblesworth", email=email)).reach(Stage.LAPSED)
    await cohort.nominate(full_name="Ottoline Quibblesworth", email=email)

    await rig.acts.nominations.readmit(first.id, rig.operations, cohort.closes_at, SteerReason.ILLNESS)

    await eventually(
        lambda: asyncio.sleep(0.05, "stored state refused a step" in caplog.text or "uq_nomination" in caplog.text)
    )
    raw = (await _raw_histories(first))[first.workflow]
    assert b"StoredStateRefused" in raw
    assert b"uq_nomination_live_person_cohort" in raw
    for value in (b"quibblesworth", first.nominee.person.encode() + b", " + cohort.id.encode(), b"Key ("):
        assert value.lower() not in raw.lower()
        assert value.decode().lower() not in caplog.text.lower()
    await rig.acts.nominations.unblock(first.id, rig.operations, WayOut.SKIP, SteerReason.OTHER)
    await first.until_closed()
    assert (await first.row()).stage is Stage.LAPSED
