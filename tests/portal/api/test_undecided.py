"""A program without the scope for decisions learns that the board has decided, and by nothing what."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from models.enums import Outcome, Stage
from models.programs import EventKind, Scope
from models.tables import Decision, Nomination, WebhookDelivery, WebhookEndpoint
from notify.events import owe_events
from tests.portal.api.conftest import A_Program, Caller, problem
from tests.workflows.rig import CohortRig, Rig

LISTS = ("/nominations", "/applications", "/assessments", "/status", "/exports/nominations.ndjson")
FILTERED = (*LISTS[:3], *LISTS[4:], "/exports/nominations.csv")
OUTCOMES = ("in_pool", "reserved", "not_admitted", "lapsed", "withdrawn")
URL = "https://hr.example.org/undecided"


@pytest.fixture
async def knowing(a_program: A_Program) -> Caller:
    return await a_program()


@pytest.fixture
async def program(a_program: A_Program) -> Caller:
    """A token with every scope but the one for decisions."""
    return await a_program(*(scope for scope in Scope if scope is not Scope.DECISIONS_READ))


async def plant(rig: Rig, cohort: CohortRig) -> dict[str, Stage]:
    """One nomination for each thing that can follow a decision, by its number; only what is stored is set."""
    follows = {
        Stage.IN_POOL: Outcome.ADMITTED,
        Stage.RESERVED: Outcome.RESERVED,
        Stage.NOT_ADMITTED: Outcome.NOT_ADMITTED,
        Stage.LAPSED: Outcome.RESERVED,
        Stage.WITHDRAWN: Outcome.ADMITTED,
    }
    planted: dict[str, Stage] = {}
    now = rig.acts.desk.clock()
    for stage, outcome in follows.items():
        case = await cohort.nominate()
        planted[case.id] = stage
        async with rig.sessions.begin() as session:
            row = await session.get_one(Nomination, case.id)
            row.stage, row.outcome = stage, outcome
            row.stage_since = now + timedelta(days=7, minutes=len(planted))
            row.due_at = now + timedelta(days=40) if stage is Stage.RESERVED else None
            session.add(row)
            session.add(
                Decision(
                    nomination_id=case.id,
                    outcome=outcome,
                    reason="board_judgement",
                    drafted_by=rig.member.person,
                    drafted_at=now,
                    approved_by=rig.chair.person,
                    approved_at=now,
                    released_at=now + timedelta(days=7),
                )
            )
    return planted


async def test_every_outcome_is_answered_alike_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller
) -> None:
    planted = await plant(rig, cohort)

    answers = [await program.get(path, cohort=cohort.id) for path in (*LISTS, "/exports/nominations.csv")]
    answers += [await program.get(f"/nominations/{one}{end}") for one in planted for end in ("", "/status")]
    listed = [one for path in LISTS[:3] for one in (await program.get(path, cohort=cohort.id)).json()["items"]]
    known = (await knowing.get("/nominations", cohort=cohort.id)).json()["items"]

    assert [(word, str(answer.url)) for answer in answers for word in OUTCOMES if word in answer.text] == []
    assert {one["id"]: one["stage"] for one in known} == planted
    assert {one["stage"] for one in listed if "stage" in one} == {"decided"}
    assert len({one["stage_since"] for one in listed if "stage_since" in one}) == 1
    assert {one["due_at"] for one in listed if "due_at" in one} == {None}
    assert {one["state"] for one in listed if "state" in one} == {"complete", "none"}


async def test_counts_merge_every_outcome_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller
) -> None:
    planted = await plant(rig, cohort)

    unknown = (await program.get("/status", cohort=cohort.id)).json()
    known = (await knowing.get("/status", cohort=cohort.id)).json()

    assert unknown == {"nominations": 5, "stages": {"decided": 5}, "assessments": {"complete": 5}}
    assert known["stages"] == {stage.value: 1 for stage in planted.values()}


@pytest.mark.parametrize("path", FILTERED)
async def test_filters_tell_no_outcome_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller, path: str
) -> None:
    planted = await plant(rig, cohort)

    refused = [await program.get(path, stage=stage) for stage in OUTCOMES[:3]]
    ended = [await program.get(path, cohort=cohort.id, stage=stage) for stage in OUTCOMES[3:]]
    decided = await program.get(path, cohort=cohort.id, stage="decided")
    allowed = await knowing.get(path, cohort=cohort.id, stage="in_pool")

    assert {problem(answer) for answer in refused} == {(403, "not-allowed")}
    assert {answer.headers["www-authenticate"].partition("scope=")[2] for answer in refused} == {'"decisions:read"'}
    assert [one for answer in ended for one in planted if one in answer.text] == []
    assert [one for one in planted if one not in decided.text] == []
    assert [one for one in planted if one in allowed.text] == [
        one for one, stage in planted.items() if stage is Stage.IN_POOL
    ]


async def test_moments_tell_no_outcome_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller
) -> None:
    await plant(rig, cohort)
    after_release = (rig.acts.desk.clock() + timedelta(days=2)).isoformat()
    before = (rig.acts.desk.clock() - timedelta(days=2)).isoformat()

    found = [
        len((await one.get("/nominations", cohort=cohort.id, since=since)).json()["items"])
        for one in (program, knowing)
        for since in (after_release, before)
    ]

    assert found == [0, 5, 5, 5]


async def test_released_nomination_is_not_changed_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller
) -> None:
    planted = await plant(rig, cohort)
    said = {"reason": "entered_in_error"}

    refused = [await program.post(f"/nominations/{one}/withdrawal", said) for one in planted]
    told = [await knowing.post(f"/nominations/{one}/withdrawal", said) for one in planted]

    assert {(answer.status_code, answer.text) for answer in refused} == {(403, refused[0].text)}
    assert len({answer.text for answer in told}) > 1


async def events_of(rig: Rig, endpoint: str) -> list[tuple[object, object, object]]:
    await owe_events(rig.sessions, rig.acts.desk.clock())
    rows = await rig.all(
        select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint).order_by(col(WebhookDelivery.id))
    )
    return [(row.event["type"], row.event["data"]["from"], row.event["data"]["to"]) for row in rows]


async def test_events_stop_at_the_decision_without_the_scope(
    rig: Rig, cohort: CohortRig, program: Caller, knowing: Caller
) -> None:
    unknowing, full = [(await one.post("/webhooks", {"url": URL})).json() for one in (program, knowing)]
    asked = await program.post("/webhooks", {"url": URL, "kinds": [EventKind.DECISION_RELEASED.value]})
    case = await cohort.nominate()
    await case.reach(Stage.DECIDED)
    await case.release()
    await case.until(Stage.IN_POOL)
    whole = (await program.get(f"/nominations/{case.id}")).json()

    owed, all_owed = [await events_of(rig, one["id"]) for one in (unknowing, full)]
    deliveries = f"/webhooks/{full['id']}/deliveries"
    seen, all_seen = [(await one.get(deliveries, limit="200")).json()["items"] for one in (program, knowing)]
    ((released,),) = [[one["id"] for one in all_seen if one["event"]["type"] == EventKind.DECISION_RELEASED.value]]
    again, allowed = [await one.post(f"{deliveries}/{released}/replay") for one in (program, knowing)]
    async with rig.sessions.begin() as session:
        for one in (unknowing, full):
            (await session.get_one(WebhookEndpoint, one["id"])).disabled_at = rig.acts.desk.clock()

    assert unknowing["kinds"] == ["nomination.stage_changed"]
    assert full["kinds"] == []
    assert problem(asked) == (403, "not-allowed")
    assert owed[-1] == ("nomination.stage_changed", "awaiting_decision", "decided")
    assert all_owed == [*owed, ("nomination.decision_released", "decided", "in_pool")]
    assert [one["id"] for one in seen] == [one["id"] for one in all_seen if one["id"] != released]
    assert problem(again) == (404, "not-found")
    assert allowed.status_code == 202
    assert [one["stage"] for one in whole["history"]][-2:] == ["awaiting_decision", "decided"]
    assert "in_pool" not in str(whole)


async def test_token_for_decisions_alone_sees_decisions_alone(a_program: A_Program) -> None:
    program = await a_program(Scope.DECISIONS_READ)

    answers = [await program.get(path) for path in ("/decisions", "/nominations", "/exports/nominations.csv")]

    assert [answer.status_code for answer in answers] == [200, 403, 403]
