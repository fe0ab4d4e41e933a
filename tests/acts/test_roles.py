"""Who may do which act: every act tried by everybody, and refused before anything is saved or told."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from acts import Acts
from acts.assessments import Scoring
from acts.board import ChangedScore
from acts.errors import NotReachedError, RefusedError
from acts.nominating import Endorsing, Nominating
from models.enums import (
    AssessmentStage,
    AssessorDeclineReason,
    CohortPhase,
    DecisionReason,
    EndorserPost,
    NominationRoute,
    Outcome,
    Readiness,
    Resolution,
    Role,
    ScoreChangeReason,
    ScreeningReason,
    Stage,
    SteerReason,
    WayOut,
    WithdrawReason,
)
from models.ids import SYSTEM, OrganisationCode
from models.messages import By
from models.tables import Decision
from rules.permissions import Act
from tests.activities.cohort import (
    ADVISER,
    BOARD,
    CHAIR,
    CLOSED_ON,
    MODERATOR,
    NOMINATOR,
    NOW,
    OPERATIONS,
    OUTSIDER,
    PILOT,
    CohortInRows,
    Sessions,
    assessing,
    changed,
    contents,
    nominee,
)
from tests.acts.conftest import Unreachable

MET = ScreeningReason.MET_ON_OTHER_EVIDENCE

NOMINEE = By(person=nominee(1), role=Role.NOMINEE)
OTHER_NOMINEE = By(person=nominee(2), role=Role.NOMINEE)
ASSESSOR = By(person=assessing(1), role=Role.ASSESSOR)
OTHER_ASSESSOR = By(person=assessing(2), role=Role.ASSESSOR)
NOT_AN_ASSESSOR = By(person=MODERATOR.person, role=Role.ASSESSOR)
NOT_OPERATIONS = By(person=BOARD.person, role=Role.OPERATIONS)
NOT_THE_BOARD = By(person=OPERATIONS.person, role=Role.BOARD)
NOT_THE_SYSTEM = By(person=NOMINATOR.person, role=Role.SYSTEM)

EVERYBODY = {
    "nominator": NOMINATOR,
    "nominator elsewhere": OUTSIDER,
    "nominee": NOMINEE,
    "another nominee": OTHER_NOMINEE,
    "assessor": ASSESSOR,
    "another assessor": OTHER_ASSESSOR,
    "moderator": MODERATOR,
    "board": CHAIR,
    "operations": OPERATIONS,
    "inclusion adviser": ADVISER,
    "somebody who claims to be an assessor": NOT_AN_ASSESSOR,
    "somebody who claims to be operations": NOT_OPERATIONS,
    "somebody who claims to be the board": NOT_THE_BOARD,
    "somebody who claims to be the system": NOT_THE_SYSTEM,
    "a nobody": By(person=SYSTEM, role=Role.NOMINATOR),
}
ILL = SteerReason.ILLNESS


@dataclass(frozen=True)
class Tried:
    """An act, the stage in which it is possible, who may do it, and how it is done."""

    act: Act
    stage: Stage
    allowed: frozenset[str]
    do: Callable[[Acts, CohortInRows, By], Awaitable[object]]
    seat: AssessmentStage = AssessmentStage.OFFERED


def tried(
    act: Act,
    stage: Stage,
    allowed: str,
    do: Callable[[Acts, CohortInRows, By], Awaitable[object]],
    seat: AssessmentStage = AssessmentStage.OFFERED,
) -> Tried:
    return Tried(act, stage, frozenset(allowed.split(", ")), do, seat)


def nominating(email: str = "new@example.nhs.test") -> Nominating:
    return Nominating(
        cohort=PILOT.cohort.id,
        organisation=OrganisationCode("R1D"),
        route=NominationRoute.ORGANISATION,
        full_name="New Featherstonehaugh",
        email=email,
        readiness=Readiness.READY_NOW,
    )


ENDORSING = Endorsing(
    "Endorser", "endorser@example.nhs.test", EndorserPost.CHIEF_EXECUTIVE, OrganisationCode("R1D"), "Yes."
)
SCORE = (Scoring("partnerships", 5, "Evidence."),)
CHANGE = ChangedScore(
    assessment="pilot-0001.A-003",  # type: ignore[arg-type]
    criterion="partnerships",
    after=5,
    reason=ScoreChangeReason.MODERATION,
)

ALL = (
    tried(Act.NOMINATE, Stage.NOMINATED, "nominator", lambda a, _, by: a.nominations.nominate(nominating(), by)),
    tried(Act.CONSENT, Stage.NOMINATED, "nominee", lambda a, c, by: a.nominations.consent(c.nomination(), by)),
    tried(
        Act.DECLINE_NOMINATION, Stage.NOMINATED, "nominee",
        lambda a, c, by: a.nominations.decline(c.nomination(), by),
    ),
    tried(
        Act.SAVE_DRAFT, Stage.APPLYING, "nominee",
        lambda a, c, by: a.nominations.save_draft(c.nomination(), by, {"partnerships": "Words."}),
    ),
    tried(
        Act.SUBMIT_APPLICATION, Stage.SCREENING, "nominee",
        lambda a, c, by: a.nominations.submit_application(c.nomination(), by),
    ),
    tried(
        Act.ENDORSE, Stage.APPLYING, "nominator",
        lambda a, c, by: a.nominations.endorse(c.nomination(), by, ENDORSING),
    ),
    tried(
        Act.WITHDRAW, Stage.SCORING, "nominator, nominee",
        lambda a, c, by: a.nominations.withdraw(c.nomination(), by, WithdrawReason.PERSONAL),
    ),
    tried(
        Act.SCREEN, Stage.SCREENING, "moderator, board",
        lambda a, c, by: a.nominations.screen(c.nomination(), by, eligible=True, reason=MET),
    ),
    tried(Act.PAUSE, Stage.APPLYING, "operations", lambda a, c, by: a.nominations.pause(c.nomination(), by, ILL)),
    tried(Act.RESUME, Stage.APPLYING, "operations", lambda a, c, by: a.nominations.resume(c.nomination(), by)),
    tried(
        Act.DEFER, Stage.APPLYING, "nominee, operations",
        lambda a, c, by: a.nominations.defer(c.nomination(), by, ILL),
    ),
    tried(
        Act.EXTEND, Stage.APPLYING, "operations",
        lambda a, c, by: a.nominations.extend(c.nomination(), by, NOW, ILL),
    ),
    tried(
        Act.REASSIGN, Stage.SCORING, "operations",
        lambda a, c, by: a.nominations.reassign(c.nomination(), by, c.assessment(), ILL),
    ),
    tried(
        Act.UNBLOCK, Stage.SCORING, "operations",
        lambda a, c, by: a.nominations.unblock(c.nomination(), by, WayOut.RETRY, ILL),
    ),
    tried(
        Act.READMIT, Stage.LAPSED, "operations",
        lambda a, c, by: a.nominations.readmit(c.nomination(), by, NOW, ILL),
    ),
    tried(Act.ACCEPT, Stage.SCORING, "assessor", lambda a, c, by: a.assessments.accept(c.assessment(), by)),
    tried(
        Act.DECLINE_ASSESSMENT, Stage.SCORING, "assessor",
        lambda a, c, by: a.assessments.decline(c.assessment(), by, AssessorDeclineReason.CONFLICT),
    ),
    tried(
        Act.SAVE_SCORE, Stage.SCORING, "assessor",
        lambda a, c, by: a.assessments.save_scores(c.assessment(), by, SCORE),
        AssessmentStage.ACCEPTED,
    ),
    tried(
        Act.SUBMIT_SCORES, Stage.SCORING, "assessor",
        lambda a, c, by: a.assessments.submit_scores(c.assessment(), by),
        AssessmentStage.ACCEPTED,
    ),
    tried(
        Act.EXTEND, Stage.SCORING, "operations",
        lambda a, c, by: a.assessments.extend(c.assessment(), by, NOW, ILL),
    ),
    tried(
        Act.RESOLVE_FLAGS, Stage.QUALITY_ASSURANCE, "moderator",
        lambda a, c, by: a.board.resolve_flags(
            c.nomination(), by, [1], Resolution.MODERATE, changes=[CHANGE]
        ),
    ),
    tried(
        Act.DRAFT_DECISION, Stage.AWAITING_DECISION, "board",
        lambda a, c, by: a.board.draft_decision(
            c.nomination(), by, Outcome.ADMITTED, DecisionReason.PROPOSED_ORDER
        ),
    ),
    tried(
        Act.APPROVE_DECISION, Stage.AWAITING_DECISION, "board",
        lambda a, c, by: a.board.approve_decision(c.nomination(), by),
    ),
    tried(
        Act.REOPEN_DECISION, Stage.DECIDED, "board",
        lambda a, c, by: a.board.reopen_decision(c.nomination(), by),
    ),
    tried(Act.PROMOTE, Stage.RESERVED, "board", lambda a, c, by: a.board.promote(c.nomination(), by)),
    tried(Act.RELEASE, Stage.DECIDED, "board", lambda a, c, by: a.board.release(c.id, by)),
    tried(Act.OPEN_COHORT, Stage.NOMINATED, "operations", lambda a, c, by: a.cohorts.open(c.policy, by)),
    tried(
        Act.MOVE_WINDOW, Stage.NOMINATED, "operations",
        lambda a, c, by: a.cohorts.move_window(c.id, by, ILL, closes_at=NOW),
    ),
    tried(Act.CLOSE_NOW, Stage.NOMINATED, "operations", lambda a, c, by: a.cohorts.close_now(c.id, by, ILL)),
    tried(Act.ROLL_CALL, Stage.NOMINATED, "operations", lambda a, c, by: a.cohorts.roll_call(c.id, by)),
    tried(Act.SOLVE, Stage.AWAITING_PANEL, "operations", lambda a, c, by: a.cohorts.solve(c.id, by)),
    tried(Act.RELEASE_RUN, Stage.AWAITING_PANEL, "operations", lambda a, c, by: a.cohorts.release_run(c.id, by, 1)),
    tried(
        Act.DISCARD_RUN, Stage.AWAITING_PANEL, "operations",
        lambda a, c, by: a.cohorts.discard_run(c.id, by, 1, ILL),
    ),
)  # fmt: skip


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.act}-{one.stage}")
async def test_act_is_done_by_those_who_may_and_refused_to_everybody_else(
    one: Tried, acts: Acts, rows: CohortInRows, sessions: Sessions, unreachable: Unreachable
) -> None:
    await rows.begin(nominations=2, stage=one.stage, phase=CohortPhase.OPEN)
    await rows.seat(1, 1, one.seat)
    await rows.seat(1, 2)
    await rows.submit(1, 3, [4] * 6)
    if one.act is Act.APPROVE_DECISION:
        await rows.add(
            Decision(
                nomination_id=rows.nomination(),
                outcome=Outcome.ADMITTED,
                reason="proposed_order",
                drafted_by=BOARD.person,
                drafted_at=CLOSED_ON,
            )
        )
    before = await contents(sessions)
    refused: dict[str, str] = {}

    for who, by in EVERYBODY.items():
        if who not in one.allowed:
            with pytest.raises(RefusedError) as refusal:
                await one.do(acts, rows, by)
            refused[who] = str(refusal.value)
    untouched = changed(before, await contents(sessions))
    told = list(unreachable.asked)
    for who in sorted(one.allowed):
        with suppress(NotReachedError):
            await one.do(acts, rows, EVERYBODY[who])

    assert (untouched, told) == ({}, [])
    assert all(sentence.endswith(".") for sentence in refused.values())
    assert len(refused) == len(EVERYBODY) - len(one.allowed)
