"""What a nomination's workflow writes: its steps, and what screening finds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.errors import missing, refused
from models.enums import ENDS, AssessmentStage, Outcome, Stage, StageChange, Template
from models.messages import NominationStep, Notice, Screening, ScreeningAsked
from models.tables import (
    Application,
    ApplicationDraft,
    Assessment,
    Decision,
    Endorsement,
    Nomination,
    ScreeningFinding,
)
from rules.applications import eligibility_facts, problems
from rules.eligibility import EligibilityRule, unmet
from scoring.aggregate import criterion_means
from storage.panels import panels_of
from storage.policies import policy_of
from storage.redactions import redacted_form
from storage.steps import Addressee, Change, queue_letters, table_of, take_step
from storage.text import fingerprint

RELEASES = frozenset({StageChange.RELEASE_ADMITTED, StageChange.RELEASE_RESERVED, StageChange.RELEASE_NOT_ADMITTED})
FEEDBACK_CRITERIA = 2
"""How many criteria feedback names as strongest, and how many as those to show more on."""


_ROW, _SEAT, _DECISION = table_of(Nomination), table_of(Assessment), table_of(Decision)
_DRAFT, _APPLICATION = table_of(ApplicationDraft), table_of(Application)
_ENDORSEMENT, _FINDING = table_of(Endorsement), table_of(ScreeningFinding)

_LOCKED = (
    select(
        _ROW.c.id,
        _ROW.c.cohort_id,
        _ROW.c.person_id,
        _ROW.c.nominated_by,
        _ROW.c.stage,
        _ROW.c.stage_since,
        _ROW.c.due_at,
        _ROW.c.paused,
        _ROW.c.attention_code,
        _ROW.c.outcome,
        _ROW.c.steps,
    )
    .where(_ROW.c.id == bindparam("nomination"))
    # Rows that refer to it, such as letters, can still be added.
    .with_for_update(key_share=True)
)
_STAND = update(_ROW).where(_ROW.c.id == bindparam("nomination"))
_RELEASE = update(_DECISION).where(_DECISION.c.nomination_id == bindparam("nomination"))
_DRAFTS = select(_DRAFT.c.field, _DRAFT.c.content).where(_DRAFT.c.nomination_id == bindparam("nomination"))
_FREEZE = insert(_APPLICATION)
_LAST_VERSION = select(func.coalesce(func.max(_APPLICATION.c.version), 0)).where(
    _APPLICATION.c.nomination_id == bindparam("nomination")
)
_GIVE_BACK = (
    update(_SEAT)
    .where(_SEAT.c.nomination_id == bindparam("nomination"), _SEAT.c.stage == AssessmentStage.SEATED)
    .returning(_SEAT.c.id)
)
_NEWEST = (
    select(_APPLICATION.c.content, _ENDORSEMENT.c.post)
    .outerjoin(_ENDORSEMENT, _ENDORSEMENT.c.nomination_id == _APPLICATION.c.nomination_id)
    .where(_APPLICATION.c.nomination_id == bindparam("nomination"))
    .order_by(_APPLICATION.c.version.desc())
    .limit(1)
)
_KEEP_FINDING = insert_or(_FINDING)
_KEEP_FINDING = _KEEP_FINDING.on_conflict_do_update(
    index_elements=[_FINDING.c.nomination_id, _FINDING.c.rule],
    set_={name: _KEEP_FINDING.excluded[name] for name in ("met", "reason", "found_at")},
)
_UNMET = select(_FINDING.c.rule).where(_FINDING.c.nomination_id == bindparam("nomination"), _FINDING.c.met.is_(False))


class NominationActivities:
    """Each writes one step in one transaction, and changes nothing when it runs again."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="record_nomination")
    async def record_nomination(self, asked: NominationStep) -> None:
        """Writes a nomination's stage, clock, pause and attention, and owes the letters that go with it.

        It may run more than once: the step's key makes the second run do nothing.

        Raises:
            ApplicationError: ``Refused`` when an application is submitted that is not complete;
                ``NominationMissing`` when the row is not there. Neither is retried.
        """

        async def write(session: AsyncSession) -> Change:
            row = await _locked(session, asked.nomination)
            await _write_what_belongs(session, row, asked)
            await _stand(session, row, asked)
            people = {"nominee": row["person_id"]}
            if row["nominated_by"] != row["person_id"]:
                people["nominator"] = row["nominated_by"]
            addressee = Addressee(row["cohort_id"], asked.nomination, None, people)
            facts = None
            if _has_feedback(asked):
                facts = await _feedback(session, asked.nomination, row["cohort_id"], asked.outcome)
            await queue_letters(session, asked.step, _told(asked.notices), addressee, facts)
            given_back = (
                await _give_seats_back(session, asked.nomination, asked.step.at) if asked.stage in ENDS else []
            )
            return Change(_before(row), {**_after(asked), **({"given_back": given_back} if given_back else {})})

        async def catch_up(session: AsyncSession) -> None:
            row = await _locked(session, asked.nomination)
            if asked.step.number >= row["steps"]:
                await _stand(session, row, asked)

        await take_step(self._sessions, asked.step, asked.nomination, write, catch_up)

    @activity.defn(name="screen")
    async def screen(self, asked: ScreeningAsked) -> Screening:
        """Applies the policy's eligibility rules to the newest submitted application, and keeps what they find.

        It may run more than once: the findings are the same, and are written once.

        Raises:
            ApplicationError: ``ApplicationMissing`` when nothing has been submitted; not retried.
        """
        found: list[str] = []

        async def write(session: AsyncSession) -> Change:
            row = await _locked(session, asked.nomination)
            found.extend(await _find(session, asked.nomination, row["cohort_id"], asked.step.at))
            await _count(session, asked.nomination, asked.step.number)
            return Change(None, {"unmet": sorted(found)})

        async def catch_up(session: AsyncSession) -> None:
            row = await _locked(session, asked.nomination)
            await _count(session, asked.nomination, max(row["steps"], asked.step.number))

        if not await take_step(self._sessions, asked.step, asked.nomination, write, catch_up):
            async with self._sessions() as session:
                connection = await session.connection()
                found[:] = (await connection.execute(_UNMET, {"nomination": asked.nomination})).scalars()
        return Screening(unmet=tuple(sorted(found)))


async def _locked(session: AsyncSession, nomination: str) -> RowMapping:
    """What a step needs to know of the row, which is locked."""
    rows = await (await session.connection()).execute(_LOCKED, {"nomination": nomination})
    row = rows.mappings().one_or_none()
    if row is None:
        raise missing("Nomination", nomination)
    return row


async def _stand(session: AsyncSession, row: RowMapping, asked: NominationStep) -> None:
    """Makes the row say where the nomination stands after the step."""
    attention = asked.attention
    stands = {
        "stage": asked.stage,
        "stage_since": row["stage_since"] if row["stage"] is asked.stage else asked.step.at,
        "due_at": asked.due_at,
        "paused": asked.paused,
        "outcome": asked.outcome,
        "attention_code": attention.code if attention else None,
        "attention_step": attention.step if attention else None,
        "attention_since": attention.since if attention else None,
        "handed_to": attention.handed_to if attention else None,
        "steps": asked.step.number,
    }
    await (await session.connection()).execute(_STAND, {"nomination": asked.nomination, **stands})


async def _count(session: AsyncSession, nomination: str, steps: int) -> None:
    await (await session.connection()).execute(_STAND, {"nomination": nomination, "steps": steps})


def _before(row: RowMapping) -> dict[str, object]:
    return _snapshot(row["stage"], row["due_at"], row["paused"], row["attention_code"], row["outcome"])


def _after(asked: NominationStep) -> dict[str, object]:
    attention = asked.attention.code if asked.attention else None
    return _snapshot(asked.stage, asked.due_at, asked.paused, attention, asked.outcome)


def _snapshot(
    stage: Stage, due_at: datetime | None, paused: bool, attention: str | None, outcome: Outcome | None
) -> dict[str, object]:
    return {
        "stage": stage.value,
        "due_at": due_at.isoformat() if due_at else None,
        "paused": paused,
        "attention": attention,
        "outcome": outcome.value if outcome else None,
    }


async def _write_what_belongs(session: AsyncSession, row: RowMapping, asked: NominationStep) -> None:
    """What a change of stage carries with it: the frozen application, the decision's dates."""
    if asked.change is StageChange.SUBMIT:
        await _freeze_application(session, asked.nomination, row["cohort_id"], asked.step.at)
    elif asked.change in RELEASES or asked.change is StageChange.REOPEN_DECISION:
        released = {"released_at": asked.step.at}
        dates = released if asked.change in RELEASES else {"approved_by": None, "approved_at": None}
        connection = await session.connection()
        written = await connection.execute(_RELEASE, {"nomination": asked.nomination, **dates})
        if written.rowcount == 0:
            raise missing("Decision", asked.nomination)


async def _freeze_application(session: AsyncSession, nomination: str, cohort: str, at: datetime) -> None:
    """Fixes the draft as the application's next version; refuses one that is not complete."""
    connection = await session.connection()
    drafts = await connection.execute(_DRAFTS, {"nomination": nomination})
    content = {row.field: row.content for row in drafts}
    policy = await policy_of(session, cohort)
    open_points = problems(content, policy)
    if open_points:
        fields = ", ".join(point.field for point in open_points)
        raise refused(f"The application is not complete yet. Look again at: {fields}. Then submit it.")
    version = (await connection.execute(_LAST_VERSION, {"nomination": nomination})).scalar_one() + 1
    redacted = await redacted_form(session, nomination, content, policy)
    frozen = {"nomination_id": nomination, "version": version, "content": content, "redacted": redacted}
    await connection.execute(_FREEZE, {**frozen, "sha256": fingerprint(content), "submitted_at": at})


async def _give_seats_back(session: AsyncSession, nomination: str, at: datetime) -> list[str]:
    """Seats that were given out and not offered yet: no workflow of theirs will ever free their assessors."""
    freed = {"stage": AssessmentStage.STOOD_DOWN, "stage_since": at}
    seats = await (await session.connection()).execute(_GIVE_BACK, {"nomination": nomination, **freed})
    return sorted(seats.scalars())


async def _find(session: AsyncSession, nomination: str, cohort: str, at: datetime) -> list[str]:
    connection = await session.connection()
    newest = (await connection.execute(_NEWEST, {"nomination": nomination})).one_or_none()
    if newest is None:
        raise missing("Application", nomination)
    content, endorsed_by = newest
    facts = eligibility_facts(content, endorsed_by)
    open_rules = {finding.rule: finding.reason for finding in unmet(facts, await policy_of(session, cohort))}
    findings = [
        {
            "nomination_id": nomination,
            "rule": rule.value,
            "met": rule not in open_rules,
            "reason": open_rules.get(rule, "Met."),
            "found_at": at,
        }
        for rule in EligibilityRule
    ]
    await connection.execute(_KEEP_FINDING, findings)
    return [rule.value for rule in open_rules]


def _has_feedback(asked: NominationStep) -> bool:
    return any(notice.template is Template.FEEDBACK for notice in asked.notices)


async def feedback_of(session: AsyncSession, row: Nomination) -> dict[str, str]:
    """The criteria a nominee was strongest on, and those to show more on; never a score."""
    return await _feedback(session, row.id, row.cohort_id, row.outcome)


async def _feedback(session: AsyncSession, nomination: str, cohort: str, outcome: Outcome | None) -> dict[str, str]:
    policy = await policy_of(session, cohort)
    names = {criterion.code: criterion.name for criterion in policy.scoring.criteria}
    panels = await panels_of(session, [nomination])
    if not panels:
        return {}
    means = criterion_means(panels[0], policy)
    order = sorted(means, key=lambda code: (-means[code], list(names).index(code)))
    facts = {"strengths": "; ".join(names[code] for code in order[:FEEDBACK_CRITERIA])}
    if outcome is not Outcome.ADMITTED:
        facts["development"] = "; ".join(names[code] for code in order[-FEEDBACK_CRITERIA:])
    return facts


def _told(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """The letters of a step; the organisation, which was told that a nomination ended, is told that it goes on."""
    back = [notice for notice in notices if notice.template is Template.READMITTED and notice.to == "nominee"]
    # After the step's own, whose ids are made of their places.
    return (*notices, *(notice.model_copy(update={"to": "nominator"}) for notice in back))
