"""What a nomination's workflow writes: its steps, and what screening finds."""

from datetime import datetime

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.errors import missing, refused
from models.enums import ENDS, AssessmentStage, Outcome, StageChange, Template
from models.messages import NominationStep, Screening, ScreeningAsked
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
from storage.steps import Addressee, Change, queue_letters, take_step
from storage.text import fingerprint

RELEASES = frozenset({StageChange.RELEASE_ADMITTED, StageChange.RELEASE_RESERVED, StageChange.RELEASE_NOT_ADMITTED})
FEEDBACK_CRITERIA = 2
"""How many criteria feedback names as strongest, and how many as those to show more on."""


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
            before = _snapshot(row)
            await self._write_what_belongs(session, row, asked)
            _stand(row, asked)
            session.add(row)
            people = {"nominee": row.person_id}
            if row.nominated_by != row.person_id:
                people["nominator"] = row.nominated_by
            facts = await feedback_of(session, row) if _has_feedback(asked) else None
            queue_letters(session, asked.step, asked.notices, Addressee(row.cohort_id, row.id, None, people), facts)
            given_back = await _give_seats_back(session, row, asked.step.at) if asked.stage in ENDS else []
            return Change(before, {**_snapshot(row), **({"given_back": given_back} if given_back else {})})

        async def catch_up(session: AsyncSession) -> None:
            row = await _locked(session, asked.nomination)
            if asked.step.number >= row.steps:
                _stand(row, asked)
                session.add(row)

        await take_step(self._sessions, asked.step, asked.nomination, write, catch_up)

    async def _write_what_belongs(self, session: AsyncSession, row: Nomination, asked: NominationStep) -> None:
        """What a change of stage carries with it: the frozen application, the decision's dates."""
        if asked.change is StageChange.SUBMIT:
            await _freeze_application(session, row, asked.step.at)
        elif asked.change in RELEASES or asked.change is StageChange.REOPEN_DECISION:
            decision = await session.get(Decision, row.id)
            if decision is None:
                raise missing("Decision", row.id)
            if asked.change in RELEASES:
                decision.released_at = asked.step.at
            else:
                decision.approved_by = None
                decision.approved_at = None
            session.add(decision)

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
            found.extend(await _find(session, row, asked.step.at))
            row.steps = asked.step.number
            session.add(row)
            return Change(None, {"unmet": sorted(found)})

        async def catch_up(session: AsyncSession) -> None:
            row = await _locked(session, asked.nomination)
            row.steps = max(row.steps, asked.step.number)
            session.add(row)

        if not await take_step(self._sessions, asked.step, asked.nomination, write, catch_up):
            async with self._sessions() as session:
                findings = await session.exec(
                    select(ScreeningFinding.rule).where(
                        col(ScreeningFinding.nomination_id) == asked.nomination, col(ScreeningFinding.met).is_(False)
                    )
                )
                found[:] = findings.all()
        return Screening(unmet=tuple(sorted(found)))


async def _locked(session: AsyncSession, nomination: str) -> Nomination:
    row = await session.get(Nomination, nomination, with_for_update=True)
    if row is None:
        raise missing("Nomination", nomination)
    return row


def _stand(row: Nomination, asked: NominationStep) -> None:
    """Makes the row say where the nomination stands after the step."""
    attention = asked.attention
    if row.stage is not asked.stage:
        row.stage_since = asked.step.at
    row.stage = asked.stage
    row.due_at = asked.due_at
    row.paused = asked.paused
    row.outcome = asked.outcome
    row.attention_code = attention.code if attention else None
    row.attention_step = attention.step if attention else None
    row.attention_since = attention.since if attention else None
    row.handed_to = attention.handed_to if attention else None
    row.steps = asked.step.number


def _snapshot(row: Nomination) -> dict[str, object]:
    return {
        "stage": row.stage.value,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "paused": row.paused,
        "attention": row.attention_code,
        "outcome": row.outcome.value if row.outcome else None,
    }


async def _freeze_application(session: AsyncSession, row: Nomination, at: datetime) -> None:
    """Fixes the draft as the application's next version; refuses one that is not complete."""
    drafts = await session.exec(select(ApplicationDraft).where(col(ApplicationDraft.nomination_id) == row.id))
    content = {draft.field: draft.content for draft in drafts}
    open_points = problems(content, await policy_of(session, row.cohort_id))
    if open_points:
        fields = ", ".join(point.field for point in open_points)
        raise refused(f"The application is not complete yet. Look again at: {fields}. Then submit it.")
    versions = await session.exec(select(Application.version).where(col(Application.nomination_id) == row.id))
    session.add(
        Application(
            nomination_id=row.id,
            version=max(versions, default=0) + 1,
            content=content,
            sha256=fingerprint(content),
            submitted_at=at,
        )
    )


async def _give_seats_back(session: AsyncSession, row: Nomination, at: datetime) -> list[str]:
    """Seats that were given out and not offered yet: no workflow of theirs will ever free their assessors."""
    seats = await session.exec(
        select(Assessment)
        .where(col(Assessment.nomination_id) == row.id, col(Assessment.stage) == AssessmentStage.SEATED)
        .order_by(col(Assessment.id))
        .with_for_update()
    )
    given_back = []
    for seat in seats.all():
        seat.stage = AssessmentStage.STOOD_DOWN
        seat.stage_since = at
        session.add(seat)
        given_back.append(seat.id)
    return given_back


async def _find(session: AsyncSession, row: Nomination, at: datetime) -> list[str]:
    newest = await session.exec(
        select(Application)
        .where(col(Application.nomination_id) == row.id)
        .order_by(col(Application.version).desc())
        .limit(1)
    )
    application = newest.first()
    if application is None:
        raise missing("Application", row.id)
    endorsement = await session.get(Endorsement, row.id)
    policy = await policy_of(session, row.cohort_id)
    facts = eligibility_facts(application.content, endorsement.post if endorsement else None)
    open_rules = {finding.rule: finding.reason for finding in unmet(facts, policy)}
    for rule in EligibilityRule:
        finding = ScreeningFinding(
            nomination_id=row.id,
            rule=rule.value,
            met=rule not in open_rules,
            reason=open_rules.get(rule, "Met."),
            found_at=at,
        )
        await session.merge(finding)
    return [rule.value for rule in open_rules]


def _has_feedback(asked: NominationStep) -> bool:
    return any(notice.template is Template.FEEDBACK for notice in asked.notices)


async def feedback_of(session: AsyncSession, row: Nomination) -> dict[str, str]:
    """The criteria a nominee was strongest on, and those to show more on; never a score."""
    policy = await policy_of(session, row.cohort_id)
    names = {criterion.code: criterion.name for criterion in policy.scoring.criteria}
    panels = await panels_of(session, [row.id])
    if not panels:
        return {}
    means = criterion_means(panels[0], policy)
    order = sorted(means, key=lambda code: (-means[code], list(names).index(code)))
    facts = {"strengths": "; ".join(names[code] for code in order[:FEEDBACK_CRITERIA])}
    if row.outcome is not Outcome.ADMITTED:
        facts["development"] = "; ".join(names[code] for code in order[-FEEDBACK_CRITERIA:])
    return facts
