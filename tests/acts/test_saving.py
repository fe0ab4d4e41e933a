"""What acts save: the words and the telling together, finished by the relay if anything dies in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlmodel import col, select
from temporalio.client import Client

from acts import Acts, acts_at
from acts.assessments import Scoring
from acts.board import ChangedScore
from acts.desk import Desk
from acts.errors import NotKnownError, NotReachedError, RefusedError
from acts.nominating import Endorsing, Nominating
from acts.tellings import OVER, Teller
from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    CohortPhase,
    ConflictKind,
    DecisionReason,
    EndorserPost,
    NominationRoute,
    Outcome,
    Readiness,
    Resolution,
    Role,
    ScoreChangeReason,
    Stage,
    SteerReason,
    TellingStatus,
    WithdrawReason,
)
from models.ids import AssessmentId, NominationId, OrganisationCode, nomination_workflow
from models.messages import By, Consent, NominationState
from models.tables import (
    ApplicationDraft,
    Assessment,
    Cohort,
    Decision,
    DeclaredConflict,
    Endorsement,
    Nomination,
    OutboxMessage,
    Person,
    Score,
    ScoreChange,
    Telling,
)
from rules.calendar import after
from tests.activities.cohort import (
    BOARD,
    CHAIR,
    CLOSED_ON,
    MODERATOR,
    NOMINATOR,
    NOW,
    OPENED_ON,
    OPERATIONS,
    PILOT,
    CohortInRows,
    Sessions,
    assessing,
    changed,
    contents,
    nominee,
)
from tests.acts.conftest import Clock, Unreachable
from tests.workflows.rig import Rig, eventually

NOMINEE = By(person=nominee(1), role=Role.NOMINEE)
ASSESSOR = By(person=assessing(1), role=Role.ASSESSOR)
MINUTE = timedelta(minutes=1)
ENDORSING = Endorsing(
    "Endorser", "endorser@example.nhs.test", EndorserPost.CHIEF_EXECUTIVE, OrganisationCode("R1D"), "I do."
)


def nominating(
    email: str = "new@example.nhs.test", route: NominationRoute = NominationRoute.ORGANISATION
) -> Nominating:
    return Nominating(
        cohort=PILOT.cohort.id,
        organisation=OrganisationCode("R1D"),
        route=route,
        full_name="New Person",
        email=email,
        readiness=Readiness.READY_NOW,
    )


def late(email: str = "late@example.nhs.test") -> Nominating:
    said = nominating(email)
    return Nominating(**{**said.__dict__, "late_reason": SteerReason.ILLNESS})


async def tellings(sessions: Sessions) -> list[Telling]:
    async with sessions() as session:
        return list((await session.exec(select(Telling).order_by(col(Telling.made_at)))).all())


# The window


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        (OPENED_ON - MINUTE, "Nominations open on"),
        (OPENED_ON, None),
        (CLOSED_ON, None),
        (CLOSED_ON + 5 * MINUTE, None),
        (CLOSED_ON + 5 * MINUTE + timedelta(microseconds=1), "Nominations closed on"),
    ],
)
async def test_nomination_is_taken_from_opening_until_the_grace_has_passed(
    moment: datetime, refusal: str | None, acts: Acts, rows: CohortInRows, clock: Clock
) -> None:
    await rows.begin(phase=CohortPhase.OPEN)
    clock.now = moment

    if refusal is None:
        assert await acts.nominations.nominate(nominating(), NOMINATOR) == rows.nomination(2)
    else:
        with pytest.raises(RefusedError, match=refusal):
            await acts.nominations.nominate(nominating(), NOMINATOR)


async def test_nomination_is_refused_while_the_cohort_is_scheduled_whatever_the_clock_says(
    acts: Acts, rows: CohortInRows
) -> None:
    await rows.begin(phase=CohortPhase.SCHEDULED)

    with pytest.raises(RefusedError, match="Nominations open on"):
        await acts.nominations.nominate(nominating(), NOMINATOR)


async def test_late_nomination_is_let_in_by_operations_alone_with_a_reason(
    acts: Acts, rows: CohortInRows, clock: Clock, sessions: Sessions
) -> None:
    await rows.begin(phase=CohortPhase.ALLOCATING)
    clock.now = NOW
    before = await contents(sessions)

    for said, let_in_by in ((late(), None), (nominating(), OPERATIONS), (late(), NOMINATOR), (late(), BOARD)):
        with pytest.raises(RefusedError):
            await acts.nominations.nominate(said, NOMINATOR, let_in_by=let_in_by)
    untouched = changed(before, await contents(sessions))
    nomination = await acts.nominations.nominate(late(), NOMINATOR, let_in_by=OPERATIONS)

    async with sessions() as session:
        row = await session.get_one(Nomination, nomination)
    owed = (await tellings(sessions))[0].payload
    assert untouched == {}
    assert row.late_reason == SteerReason.ILLNESS
    due_at = after(NOW, PILOT.nomination.consent_within, PILOT.bank_holidays)
    assert datetime.fromisoformat(str(owed["due_at"])) == due_at


@pytest.mark.parametrize("phase", [CohortPhase.RELEASED, CohortPhase.ENDED, CohortPhase.SCHEDULED])
async def test_nobody_is_let_in_late_before_the_window_or_after_release(
    phase: CohortPhase, acts: Acts, rows: CohortInRows, clock: Clock
) -> None:
    await rows.begin(phase=phase)
    clock.now = NOW

    with pytest.raises(RefusedError, match="from the closing of the window to the release"):
        await acts.nominations.nominate(late(), NOMINATOR, let_in_by=OPERATIONS)


async def test_nobody_is_let_in_late_while_the_window_is_open(
    acts: Acts, rows: CohortInRows, clock: Clock, sessions: Sessions
) -> None:
    await rows.begin(phase=CohortPhase.OPEN)
    before = await contents(sessions)
    clock.now = CLOSED_ON + 5 * MINUTE

    with pytest.raises(RefusedError, match="The window is open: nominate without a reason"):
        await acts.nominations.nominate(late(), NOMINATOR, let_in_by=OPERATIONS)

    assert changed(before, await contents(sessions)) == {}


# One live nomination


async def test_person_has_one_live_nomination_also_when_two_nominate_at_once(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(nominations=0, phase=CohortPhase.OPEN)

    answers = await asyncio.gather(
        *(acts.nominations.nominate(nominating(), NOMINATOR) for _ in range(4)), return_exceptions=True
    )

    refused = [str(one) for one in answers if isinstance(one, RefusedError)]
    assert refused == ["This person has a nomination in this cohort already."] * 3
    assert [one for one in answers if isinstance(one, str)] == [rows.nomination(1)]
    assert len(await tellings(sessions)) == 1


async def test_person_whose_nomination_is_over_can_be_nominated_again(acts: Acts, rows: CohortInRows) -> None:
    await rows.begin(stage=Stage.WITHDRAWN, phase=CohortPhase.OPEN)

    assert await acts.nominations.nominate(nominating("nominee1@example.nhs.test"), NOMINATOR) == rows.nomination(2)


async def test_self_nomination_asks_the_organisation_to_endorse(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(nominations=0, phase=CohortPhase.OPEN)

    await acts.nominations.nominate(nominating(route=NominationRoute.SELF), None)

    async with sessions() as session:
        letters = (await session.exec(select(OutboxMessage))).all()
    assert [(one.template, one.person_id) for one in letters] == [("endorsement_request", NOMINATOR.person)]


async def test_endorser_keeps_the_title_they_have(acts: Acts, rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(nominations=0, phase=CohortPhase.OPEN)
    async with sessions.begin() as session:
        session.add(Person(full_name="Endorser", email="endorser@example.nhs.test", post="Group Chief Executive"))

    await acts.nominations.nominate(Nominating(**{**nominating().__dict__, "endorsement": ENDORSING}), NOMINATOR)
    own = await acts.nominations.nominate(nominating("own@example.nhs.test", NominationRoute.SELF), None)
    with pytest.raises(NotReachedError):
        await acts.nominations.endorse(own, NOMINATOR, ENDORSING)

    async with sessions() as session:
        endorser = (await session.exec(select(Person).where(col(Person.email) == ENDORSING.email))).one()
        posts = (await session.exec(select(Endorsement.post, Endorsement.person_id))).all()
    assert endorser.post == "Group Chief Executive"
    assert posts == [(ENDORSING.post, endorser.id)] * 2


async def test_unknown_names_are_answered_with_what_there_is(acts: Acts, rows: CohortInRows) -> None:
    await rows.begin(phase=CohortPhase.OPEN)

    with pytest.raises(NotKnownError, match=r"There is no cohort 'nowhere'\. There is: pilot"):
        await acts.nominations.nominate(Nominating(**{**nominating().__dict__, "cohort": "nowhere"}), NOMINATOR)
    with pytest.raises(NotKnownError, match="There is no organisation 'XX'"):
        await acts.nominations.nominate(Nominating(**{**nominating().__dict__, "organisation": "XX"}), NOMINATOR)
    with pytest.raises(NotKnownError, match="There is no nomination 'pilot-9999'"):
        await acts.nominations.consent(NominationId("pilot-9999"), NOMINEE)
    with pytest.raises(NotKnownError, match="There is no assessment"):
        await acts.assessments.accept(AssessmentId("pilot-9999.A-001"), ASSESSOR)


# Words and telling in one transaction


async def test_nomination_saved_while_the_server_is_away_is_owed_its_start(
    acts: Acts, rows: CohortInRows, sessions: Sessions, unreachable: Unreachable
) -> None:
    await rows.begin(nominations=0, phase=CohortPhase.OPEN)

    nomination = await acts.nominations.nominate(nominating(), NOMINATOR)

    (owed,) = await tellings(sessions)
    assert unreachable.asked == [(nomination_workflow(nomination), "nomination")]
    assert (owed.workflow_id, owed.kind, owed.status) == (
        nomination_workflow(nomination), "start", TellingStatus.WAITING,
    )  # fmt: skip
    assert "New Person" not in str(owed.payload)


async def test_decline_for_a_conflict_is_saved_with_its_telling(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.SCORING)
    await rows.seat(1, 1)

    with pytest.raises(NotReachedError, match="It is saved"):
        await acts.assessments.decline(
            rows.assessment(), ASSESSOR, AssessorDeclineReason.CONFLICT, ConflictKind.FAMILY
        )

    async with sessions() as session:
        conflict = await session.get_one(DeclaredConflict, (rows.nomination(), "A-001"))
    assert (conflict.kind, conflict.declared_by) == ("family", ASSESSOR.person)
    assert [(one.name, one.status) for one in await tellings(sessions)] == [("decline", TellingStatus.WAITING)]


async def test_endorsement_is_given_once(acts: Acts, rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(stage=Stage.APPLYING)

    with pytest.raises(NotReachedError):
        await acts.nominations.endorse(rows.nomination(), NOMINATOR, ENDORSING)
    with pytest.raises(RefusedError, match="endorsed already"):
        await acts.nominations.endorse(rows.nomination(), NOMINATOR, ENDORSING)

    async with sessions() as session:
        assert (await session.get_one(Endorsement, rows.nomination())).statement == "I do."
    assert [one.name for one in await tellings(sessions)] == ["endorse"]


async def test_new_endorser_of_two_nominations_at_once_is_one_person(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(nominations=4, stage=Stage.APPLYING)

    answers = await asyncio.gather(
        *(acts.nominations.endorse(rows.nomination(number), NOMINATOR, ENDORSING) for number in (1, 2, 3, 4)),
        return_exceptions=True,
    )

    async with sessions() as session:
        endorsers = (await session.exec(select(Endorsement.person_id))).all()
    assert [type(one) for one in answers] == [NotReachedError] * 4
    assert (len(endorsers), len(set(endorsers))) == (4, 1)


# Drafts and scores


async def test_draft_is_kept_as_typed_and_its_revision_rises_with_each_change(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.APPLYING)

    for words in ("First.", "First.", "Second."):
        await acts.nominations.save_draft(rows.nomination(), NOMINEE, {"partnerships": words})
    with pytest.raises(RefusedError, match="The application has no field 'hobbies'"):
        await acts.nominations.save_draft(rows.nomination(), NOMINEE, {"partnerships": "Third.", "hobbies": "x"})

    async with sessions() as session:
        draft = await session.get_one(ApplicationDraft, (rows.nomination(), "partnerships"))
    assert (draft.content, draft.revision) == ("Second.", 2)


@pytest.mark.parametrize("stage", [Stage.SCREENING, Stage.SCORING, Stage.WITHDRAWN])
async def test_draft_can_no_longer_be_changed_once_submitted(stage: Stage, acts: Acts, rows: CohortInRows) -> None:
    await rows.begin(stage=stage)

    with pytest.raises(RefusedError, match="can no longer be changed"):
        await acts.nominations.save_draft(rows.nomination(), NOMINEE, {"partnerships": "Late."})


@pytest.mark.parametrize(
    ("scoring", "refusal"),
    [
        (Scoring("partnerships", 0, "E"), "from 1 to 7, not 0"),
        (Scoring("partnerships", 8, "E"), "from 1 to 7, not 8"),
        (Scoring("charm", 4, "E"), "There is no criterion 'charm'. There is: quality_outcomes"),
    ],
)
async def test_score_off_the_scale_is_refused_with_all_that_was_sent_beside_it(
    scoring: Scoring, refusal: str, acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.SCORING)
    await rows.seat(1, 1, AssessmentStage.ACCEPTED)
    before = await contents(sessions)

    with pytest.raises(RefusedError, match=refusal):
        await acts.assessments.save_scores(
            rows.assessment(), ASSESSOR, [Scoring("quality_outcomes", 4, "E"), scoring]
        )

    assert changed(before, await contents(sessions)) == {}


@pytest.mark.parametrize("stage", [AssessmentStage.OFFERED, AssessmentStage.SUBMITTED, AssessmentStage.DECLINED])
async def test_scores_are_saved_only_while_the_assessment_is_scored(
    stage: AssessmentStage, acts: Acts, rows: CohortInRows
) -> None:
    await rows.begin(stage=Stage.SCORING)
    row = rows.seat_row(1, 1, stage)
    row.decline_reason = AssessorDeclineReason.OTHER if stage is AssessmentStage.DECLINED else None
    await rows.add(row)

    with pytest.raises(RefusedError, match="Scores cannot be saved"):
        await acts.assessments.save_scores(rows.assessment(), ASSESSOR, [Scoring("partnerships", 4, "E")])


async def test_score_changed_after_it_was_returned_keeps_its_old_value(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.SCORING)
    await rows.submit(1, 1, [4] * 6)
    async with sessions.begin() as session:
        row = await session.get_one(Assessment, rows.assessment())
        row.stage = AssessmentStage.RETURNED
        session.add(row)

    for value in (4, 6, 5):
        await acts.assessments.save_scores(rows.assessment(), ASSESSOR, [Scoring("partnerships", value, "More.")])

    async with sessions() as session:
        score = await session.get_one(Score, (rows.assessment(), "partnerships"))
        changes = (await session.exec(select(ScoreChange).order_by(col(ScoreChange.change)))).all()
    assert (score.value, score.evidence) == (5, "More.")
    assert [(one.before, one.after, one.reason) for one in changes] == [
        (4, 6, ScoreChangeReason.FURTHER_EVIDENCE),
        (6, 5, ScoreChangeReason.FURTHER_EVIDENCE),
    ]


# Moderators and the board


def moderated(
    rows: CohortInRows, after_: int = 6, criterion: str = "partnerships", assessor: int = 1
) -> ChangedScore:
    return ChangedScore(rows.assessment(1, assessor), criterion, after_, ScoreChangeReason.MODERATION)


@pytest.mark.parametrize(
    ("changes", "resolution", "refusal"),
    [
        ([], Resolution.MODERATE, "at least one changed score"),
        ([(6, "partnerships", 1)], Resolution.CONFIRM, "any other resolution changes none"),
        ([(4, "partnerships", 1)], Resolution.MODERATE, "is 4 already"),
        ([(8, "partnerships", 1)], Resolution.MODERATE, "from 1 to 7"),
        ([(6, "charm", 1)], Resolution.MODERATE, "has no score on 'charm'"),
        ([(6, "partnerships", 2)], Resolution.MODERATE, "has no score"),
    ],
)
async def test_changed_score_without_sense_is_refused_and_nothing_is_written_down(
    changes: list[tuple[int, str, int]],
    resolution: Resolution,
    refusal: str,
    acts: Acts,
    rows: CohortInRows,
) -> None:
    await rows.begin(stage=Stage.QUALITY_ASSURANCE)
    await rows.submit(1, 1, [4] * 6)
    before = await contents(rows.sessions)

    with pytest.raises(RefusedError, match=refusal):
        await acts.board.resolve_flags(
            rows.nomination(), MODERATOR, [1], resolution, changes=[moderated(rows, *one) for one in changes]
        )

    assert changed(before, await contents(rows.sessions)) == {}


async def settle_tellings(sessions: Sessions, status: TellingStatus) -> None:
    """As the relay does once a workflow has answered."""
    async with sessions.begin() as session:
        for one in (await session.exec(select(Telling))).all():
            one.status = status
            session.add(one)


async def test_score_change_of_a_refused_resolution_does_not_come_into_force_with_the_next(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.QUALITY_ASSURANCE)
    await rows.submit(1, 1, [4] * 6)
    first, second = moderated(rows, 7, "partnerships"), moderated(rows, 5, "quality_outcomes")
    with pytest.raises(NotReachedError):
        await acts.board.resolve_flags(rows.nomination(), MODERATOR, [9], Resolution.MODERATE, changes=[first])
    with pytest.raises(RefusedError, match="still on its way"):
        await acts.board.resolve_flags(rows.nomination(), MODERATOR, [1], Resolution.MODERATE, changes=[second])
    await settle_tellings(sessions, TellingStatus.REFUSED)

    with pytest.raises(NotReachedError):
        await acts.board.resolve_flags(rows.nomination(), MODERATOR, [1], Resolution.MODERATE, changes=[second])

    async with sessions() as session:
        kept = (await session.exec(select(ScoreChange))).all()
    assert [(one.criterion, one.after) for one in kept] == [("quality_outcomes", 5)]


async def draft(acts: Acts, rows: CohortInRows, by: By = BOARD, outcome: Outcome = Outcome.ADMITTED) -> None:
    await acts.board.draft_decision(rows.nomination(), by, outcome, DecisionReason.PROPOSED_ORDER, place=1)


async def test_decision_is_approved_by_another_person_than_drafted_it(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.AWAITING_DECISION)
    with pytest.raises(NotKnownError, match="No decision has been drafted"):
        await acts.board.approve_decision(rows.nomination(), CHAIR)
    await draft(acts, rows)

    with pytest.raises(RefusedError, match="ask another member of the board"):
        await acts.board.approve_decision(rows.nomination(), BOARD)
    with pytest.raises(NotReachedError):
        await acts.board.approve_decision(rows.nomination(), CHAIR)

    (owed,) = await tellings(sessions)
    async with sessions() as session:
        decision = await session.get_one(Decision, rows.nomination())
    assert (decision.drafted_by, decision.approved_by) == (BOARD.person, CHAIR.person)
    assert owed.payload["by"] == {"person": BOARD.person, "role": "board"}
    assert owed.payload["approved_by"] == {"person": CHAIR.person, "role": "board"}


async def test_approved_decision_cannot_be_drafted_anew_while_it_is_on_its_way(
    acts: Acts, rows: CohortInRows
) -> None:
    await rows.begin(stage=Stage.AWAITING_DECISION)
    await draft(acts, rows)
    with pytest.raises(NotReachedError):
        await acts.board.approve_decision(rows.nomination(), CHAIR)

    with pytest.raises(RefusedError, match="still on its way"):
        await draft(acts, rows, outcome=Outcome.NOT_ADMITTED)


async def test_decision_whose_approval_was_refused_can_be_drafted_anew(
    acts: Acts, rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.AWAITING_DECISION)
    await draft(acts, rows)
    with pytest.raises(NotReachedError):
        await acts.board.approve_decision(rows.nomination(), CHAIR)
    await settle_tellings(sessions, TellingStatus.REFUSED)  # the nomination was paused, say

    await draft(acts, rows, outcome=Outcome.NOT_ADMITTED)

    async with sessions() as session:
        decision = await session.get_one(Decision, rows.nomination())
    assert (decision.outcome, decision.approved_by, decision.approved_at) == (Outcome.NOT_ADMITTED, None, None)


async def test_nobody_moves_up_while_every_place_is_taken(
    acts: Acts, rows: CohortInRows, sessions: Sessions, unreachable: Unreachable
) -> None:
    await rows.begin(nominations=41, assessors=0, stage=Stage.IN_POOL)
    async with sessions.begin() as session:
        row = await session.get_one(Nomination, rows.nomination(1))
        row.stage = Stage.RESERVED
        session.add(row)

    with pytest.raises(RefusedError, match="All 40 places are taken"):
        await acts.board.promote(rows.nomination(1), CHAIR)
    async with sessions.begin() as session:
        row = await session.get_one(Nomination, rows.nomination(2))
        row.stage = Stage.WITHDRAWN
        session.add(row)
    told = list(unreachable.asked)
    with pytest.raises(NotReachedError):
        await acts.board.promote(rows.nomination(1), CHAIR)

    assert told == []
    assert unreachable.asked == [(nomination_workflow(rows.nomination(1)), "promote")]


@pytest.mark.parametrize(
    ("stage", "outcome", "phase", "until", "refusal"),
    [
        (Stage.APPLYING, None, CohortPhase.OPEN, NOW, "Only a lapsed nomination"),
        (Stage.LAPSED, Outcome.RESERVED, CohortPhase.OPEN, NOW, "Only a lapsed nomination"),
        (Stage.LAPSED, None, CohortPhase.OPEN, CLOSED_ON - MINUTE, "lies in the past"),
        (Stage.LAPSED, None, CohortPhase.RELEASED, NOW, "Decisions have been released"),
        (Stage.LAPSED, None, CohortPhase.CLOSED, NOW, None),
    ],
)
async def test_lapsed_nomination_is_let_back_in_before_release(  # noqa: PLR0917 -- one column each
    stage: Stage,
    outcome: Outcome | None,
    phase: CohortPhase,
    until: datetime,
    refusal: str | None,
    acts: Acts,
    rows: CohortInRows,
) -> None:
    await rows.begin(stage=stage, phase=phase)
    async with rows.sessions.begin() as session:
        row = await session.get_one(Nomination, rows.nomination())
        row.outcome, row.steps = outcome, 3
        session.add(row)

    if refusal is None:
        await acts.nominations.readmit(rows.nomination(), OPERATIONS, until, SteerReason.ILLNESS)
        (owed,) = await tellings(rows.sessions)
        assert (owed.payload["stage"], owed.payload["steps"]) == ("applying", 3)
    else:
        with pytest.raises(RefusedError, match=refusal):
            await acts.nominations.readmit(rows.nomination(), OPERATIONS, until, SteerReason.ILLNESS)


async def test_cohort_whose_workflows_could_not_be_started_is_saved_and_says_so(
    acts: Acts, rows: CohortInRows
) -> None:
    await rows.begin(nominations=0, assessors=0)

    with pytest.raises(NotReachedError, match="Open it by the same policy again"):
        await acts.cohorts.open(PILOT, OPERATIONS)
    other = PILOT.model_copy(update={"assumptions": {}})
    with pytest.raises(RefusedError, match="is run by another policy"):
        await acts.cohorts.open(other, OPERATIONS)

    async with rows.sessions() as session:
        assert await session.get(Cohort, "pilot") is not None


# With a real server and a real worker


async def test_nomination_and_endorsement_killed_before_they_were_told_are_finished_by_the_relay(rig: Rig) -> None:
    away = acts_at(Desk(rig.sessions, cast("Client", Unreachable()), rig.task_queue))
    cohort = await rig.cohort()
    said = Nominating(
        **{**nominating(f"{cohort.id}@example.nhs.test", NominationRoute.SELF).__dict__, "cohort": cohort.id}
    )
    nomination = await away.nominations.nominate(said, None)
    with pytest.raises(NotReachedError):
        await away.nominations.endorse(nomination, rig.nominator, ENDORSING)
    relay = Teller(rig.sessions, rig.client, rig.task_queue)
    later = datetime.now(UTC) + MINUTE

    settled = await relay.tell_waiting(later, owed_for=timedelta())
    again = await relay.tell_waiting(later, owed_for=timedelta())

    row = await eventually(lambda: rig.get(Nomination, nomination), lambda one: one.steps == 2)
    assert (settled, again) == (2, 0)
    assert row.stage is Stage.NOMINATED


async def test_telling_that_is_told_twice_is_one_act(rig: Rig) -> None:
    case = await (await rig.cohort()).nominate()
    telling = Telling(
        id=f"act:{case.id}",
        workflow_id=case.workflow,
        kind="update",
        name="consent",
        payload=Consent(by=case.nominee).model_dump(mode="json"),
        made_at=datetime.now(UTC),
    )
    teller = Teller(rig.sessions, rig.client, rig.task_queue)
    async with rig.sessions.begin() as session:
        session.add(telling)

    answers = await asyncio.gather(*(teller.tell(telling, NominationState) for _ in range(3)))
    relayed = await teller.tell_waiting(datetime.now(UTC) + MINUTE, owed_for=timedelta())

    assert answers == [answers[0]] * 3
    assert relayed == 0
    assert len(await case.events("consent")) == 1


async def test_act_on_a_nomination_that_is_over_is_refused_and_what_was_typed_stays(rig: Rig) -> None:
    case = await (await rig.cohort()).nominate(endorsed=False)
    await case.withdraw()
    await case.until_closed()

    with pytest.raises(RefusedError) as refusal:
        await rig.acts.nominations.endorse(case.id, rig.nominator, ENDORSING)
    with pytest.raises(RefusedError):
        await rig.acts.nominations.withdraw(case.id, case.nominee, WithdrawReason.PERSONAL)

    (owed,) = await rig.all(
        select(Telling).where(col(Telling.name) == "endorse", col(Telling.workflow_id) == case.workflow)
    )
    assert str(refusal.value) == OVER
    assert (owed.status, owed.answer) == (TellingStatus.REFUSED, OVER)
    assert (await rig.get(Endorsement, case.id)).statement == "I do."


async def test_telling_that_cannot_be_told_rests_twice_as_long_each_time(
    rows: CohortInRows, sessions: Sessions
) -> None:
    await rows.begin(stage=Stage.APPLYING)
    telling = Telling(
        id="act:1", workflow_id="nomination/pilot-0001", kind="update", name="endorse", payload={}, made_at=CLOSED_ON
    )
    await rows.add(telling)
    relay = Teller(sessions, cast("Client", Unreachable()), "nobody")
    rests = []

    now = NOW
    for _ in range(8):
        await relay.tell_waiting(now, owed_for=timedelta())
        async with sessions() as session:
            kept = await session.get_one(Telling, "act:1")
        assert kept.tried_at is not None
        rests.append((kept.tried_at - now).total_seconds())
        assert await relay.tell_waiting(kept.tried_at, owed_for=timedelta()) == 0
        now = kept.tried_at + timedelta(microseconds=1)

    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    assert kept.attempts == 8
