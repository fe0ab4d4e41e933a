"""Every Update of a nomination refused in every stage in which it must be, and to every role that may not."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from acts.errors import RefusedError
from acts.tellings import OVER
from models.enums import (
    ENDS,
    Outcome,
    Resolution,
    Role,
    Stage,
    StageChange,
    SteerReason,
    WayOut,
    WithdrawReason,
)
from models.ids import AssessmentId, PersonId
from models.messages import (
    By,
    Consent,
    Decide,
    DeclineNomination,
    Defer,
    Endorse,
    Extend,
    Message,
    NominationState,
    Pause,
    Promote,
    Reassign,
    ReopenDecision,
    ResolveFlags,
    Resume,
    Screen,
    SubmitApplication,
    Unblock,
    Withdraw,
)
from rules.permissions import GRANTS, Act, may
from rules.stages import PAUSABLE, TABLE, WITH_DEADLINE, refusal
from tests.workflows.rig import MOST_AT_ONCE, Case, CohortRig, eventually
from workflows.nomination import NominationWorkflow

_OTHER = SteerReason.OTHER


def _by(role: Role) -> By:
    return By(person=PersonId("p-0000000000ff"), role=role)


class Asked:
    """One Update: its name, the act it is, how it is said by a role, and where it is allowed."""

    def __init__(
        self,
        name: str,
        act: Act,
        say: Callable[[By, Case, AssessmentId], Message],
        *,
        change: StageChange | None = None,
        stages: frozenset[Stage] | None = None,
    ) -> None:
        self.name, self.act, self.say, self.change = name, act, say, change
        self.stages = frozenset(s for s in Stage if change in TABLE[s]) if stages is None else stages
        self.role = next(role for role in Role if act in GRANTS[role])


_NOWHERE: frozenset[Stage] = frozenset()
UPDATES = (
    Asked("consent", Act.CONSENT, lambda by, *_: Consent(by=by), change=StageChange.CONSENT),
    Asked("decline", Act.DECLINE_NOMINATION, lambda by, *_: DeclineNomination(by=by), change=StageChange.DECLINE),
    Asked("submit", Act.SUBMIT_APPLICATION, lambda by, *_: SubmitApplication(by=by), change=StageChange.SUBMIT),
    Asked(
        "endorse",
        Act.ENDORSE,
        lambda by, *_: Endorse(by=by),
        stages=frozenset({Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING}),
    ),
    Asked("screen", Act.SCREEN, lambda by, *_: Screen(by=by, eligible=True), change=StageChange.PASS_SCREENING),
    Asked("screen", Act.SCREEN, lambda by, *_: Screen(by=by, eligible=False), change=StageChange.FAIL_SCREENING),
    Asked(
        "withdraw",
        Act.WITHDRAW,
        lambda by, *_: Withdraw(by=by, reason=WithdrawReason.OTHER),
        change=StageChange.WITHDRAW,
    ),
    Asked("defer", Act.DEFER, lambda by, *_: Defer(by=by, reason=_OTHER), change=StageChange.DEFER),
    Asked("pause", Act.PAUSE, lambda by, *_: Pause(by=by, reason=_OTHER), stages=PAUSABLE),
    Asked("resume", Act.RESUME, lambda by, *_: Resume(by=by), stages=_NOWHERE),
    Asked(
        "extend",
        Act.EXTEND,
        lambda by, case, _: Extend(by=by, until=case.now() + timedelta(days=90), reason=_OTHER),
        stages=WITH_DEADLINE,
    ),
    Asked(
        "resolve_flags",
        Act.RESOLVE_FLAGS,
        lambda by, *_: ResolveFlags(by=by, flags=(1,), resolution=Resolution.CONFIRM),
        stages=frozenset({Stage.QUALITY_ASSURANCE}),
    ),
    Asked(
        "decide",
        Act.DRAFT_DECISION,
        lambda by, *_: Decide(by=by, approved_by=_by(Role.BOARD), outcome=Outcome.ADMITTED),
        change=StageChange.DECIDE,
    ),
    Asked(
        "decide",
        Act.APPROVE_DECISION,
        lambda by, *_: Decide(by=_by(Role.BOARD), approved_by=by, outcome=Outcome.ADMITTED),
        change=StageChange.DECIDE,
    ),
    Asked(
        "reopen_decision",
        Act.REOPEN_DECISION,
        lambda by, *_: ReopenDecision(by=by),
        change=StageChange.REOPEN_DECISION,
    ),
    Asked("promote", Act.PROMOTE, lambda by, *_: Promote(by=by), change=StageChange.PROMOTE),
    Asked(
        "reassign",
        Act.REASSIGN,
        lambda by, _, one: Reassign(by=by, assessment=one, reason=_OTHER),
        stages=frozenset({Stage.SCORING}),
    ),
    Asked("unblock", Act.UNBLOCK, lambda by, *_: Unblock(by=by, way=WayOut.RETRY, reason=_OTHER), stages=_NOWHERE),
)


async def _refused(case: Case, name: str, message: Message) -> str:
    """The sentence an Update is refused with."""
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await case.update(name, message)
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "Refused"
    assert cause.message[0].isupper()
    assert cause.message.rstrip()[-1] == "."
    return cause.message


async def _all_refused(case: Case, asked: Sequence[tuple[str, Message]]) -> list[str]:
    """The sentences Updates are refused with, in order; what is refused changes nothing, so they go together."""
    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def refused(name: str, message: Message) -> str:
        async with at_once:
            return await _refused(case, name, message)

    return await asyncio.gather(*(refused(name, message) for name, message in asked))


def test_every_update_of_the_workflow_is_asked_here() -> None:
    import temporalio.workflow

    defined = temporalio.workflow._Definition.must_from_class(NominationWorkflow).updates

    assert {update.name for update in UPDATES} == set(defined)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in ENDS])
async def test_updates_are_refused_where_the_stage_does_not_allow_them(cohort: CohortRig, stage: Stage) -> None:
    case = await (await cohort.nominate()).reach(stage)
    if stage is Stage.QUALITY_ASSURANCE:
        await eventually(case.open_flags)
    await case.state()
    events, steps = await cohort.rig.history_length(case.workflow), (await case.row()).steps
    panel = await case.panel()
    one = AssessmentId(panel[0].id if panel else f"{case.id}.A-0")

    by_stage = [asked for asked in UPDATES if stage not in asked.stages]
    by_role = [(asked, role) for asked in UPDATES for role in Role if asked.act not in GRANTS[role]]
    for_stage = await _all_refused(case, [(asked.name, asked.say(_by(asked.role), case, one)) for asked in by_stage])
    for_role = await _all_refused(case, [(asked.name, asked.say(_by(role), case, one)) for asked, role in by_role])

    for asked, sentence in zip(by_stage, for_stage, strict=True):
        assert asked.change is None or sentence == refusal(stage, asked.change)
    assert for_role == [may(role, asked.act).reason for asked, role in by_role]
    assert await cohort.rig.history_length(case.workflow) == events
    assert (await case.row()).steps == steps


@pytest.mark.parametrize("stage", sorted(ENDS))
async def test_updates_are_refused_when_all_is_over(cohort: CohortRig, stage: Stage) -> None:
    case = await (await cohort.nominate()).reach(stage)
    events = await cohort.rig.history_length(case.workflow)
    one = AssessmentId(f"{case.id}.A-0")

    for asked in UPDATES:
        with pytest.raises(RefusedError, match=OVER):
            await cohort.rig.acts.desk.update(
                case.workflow, asked.name, asked.say(_by(asked.role), case, one), NominationState
            )

    assert await cohort.rig.history_length(case.workflow) == events


@pytest.mark.parametrize("stage", sorted(PAUSABLE))
async def test_paused_nomination_moves_only_out_or_on(cohort: CohortRig, stage: Stage) -> None:
    case = await (await cohort.nominate()).reach(stage)
    if stage is Stage.QUALITY_ASSURANCE:
        await eventually(case.open_flags)
    await case.rig.acts.nominations.pause(case.id, case.rig.operations, SteerReason.ILLNESS)
    events = await cohort.rig.history_length(case.workflow)
    one = AssessmentId(f"{case.id}.A-0")

    held = [asked for asked in UPDATES if asked.name not in ("withdraw", "defer", "resume", "endorse", "reassign")]
    sentences = await _all_refused(case, [(asked.name, asked.say(_by(asked.role), case, one)) for asked in held])

    for asked, sentence in zip(held, sentences, strict=True):
        assert stage not in asked.stages or "paused" in sentence
    assert await cohort.rig.history_length(case.workflow) == events


async def test_refusals_name_what_is_wrong_with_what_was_asked(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.NOMINATED)
    due_at = (await case.row()).due_at
    assert due_at is not None
    by = cohort.rig.operations

    earlier = await _refused(case, "extend", Extend(by=by, until=due_at, reason=_OTHER))

    assert earlier.startswith("The new deadline must be later than the present one")


async def test_flags_that_are_not_open_cannot_be_settled(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    await eventually(case.open_flags)
    by, confirm = cohort.rig.moderator, Resolution.CONFIRM

    unknown = await _refused(case, "resolve_flags", ResolveFlags(by=by, flags=(99,), resolution=confirm))
    none = await _refused(case, "resolve_flags", ResolveFlags(by=by, flags=(), resolution=confirm))
    nobody = await _refused(
        case, "resolve_flags", ResolveFlags(by=by, flags=(1,), resolution=Resolution.MORE_EVIDENCE)
    )

    assert unknown.startswith("Name the open flags you settle; open are: 1")
    assert none == unknown
    assert nobody == "Say which submitted assessment is asked for more evidence."


async def test_application_that_is_not_complete_is_refused_with_its_fields(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)

    sentence = await _refused(case, "submit", SubmitApplication(by=case.nominee))

    assert sentence.startswith("The application is not complete yet. Look again at: employed_in_region")
    assert (await case.state()).stage is Stage.APPLYING
