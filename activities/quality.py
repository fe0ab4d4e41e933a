"""Quality assurance: flags raised by the policy's rules, and settled by a moderator."""

from sqlalchemy import bindparam, func, insert, update
from sqlalchemy import select as core_select
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.errors import missing
from models.enums import FlagRule, Resolution
from models.messages import ModerationAsked, Quality, QualityAsked
from models.tables import Assessment, Flag, Nomination, Score, ScoreChange
from scoring.aggregate import Panel
from scoring.quality import flags
from storage.panels import panels_of
from storage.policies import policy_of
from storage.steps import Change, table_of, take_step

_ROW, _FLAG = table_of(Nomination), table_of(Flag)
_COUNT = (
    update(_ROW)
    .where(_ROW.c.id == bindparam("nomination"))
    .values(steps=func.greatest(_ROW.c.steps, bindparam("number")))
    .returning(_ROW.c.cohort_id)
)
_KEPT = (
    core_select(_FLAG.c.number, _FLAG.c.rule, _FLAG.c.subject, _FLAG.c.resolution)
    .where(_FLAG.c.nomination_id == bindparam("nomination"))
    .order_by(_FLAG.c.number)
)
_RAISE = insert(_FLAG)


class QualityActivities:
    """Each writes one step in one transaction, and changes nothing when it runs again."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="check_quality")
    async def check_quality(self, asked: QualityAsked) -> Quality:
        """Raises the flags that the policy's rules find in the panel's scores; the open ones.

        A flag a moderator has confirmed or moderated is not raised again for the same thing. It may run more than
        once: the step's key makes the second run only read.
        """
        found: list[int] = []

        async def write(session: AsyncSession) -> Change:
            policy = await policy_of(session, await _count(session, asked.nomination, asked.step.number))
            panels = await panels_of(session, [asked.nomination])
            panel = panels[0] if panels else Panel(asked.nomination, ())
            raised = flags(panel, policy, asked.nomination)
            connection = await session.connection()
            kept = (await connection.execute(_KEPT, {"nomination": asked.nomination})).all()
            settled = {(flag.rule, flag.subject) for flag in kept if _stands(flag.rule, flag.resolution)}
            added = [flag for flag in raised if (flag.rule, flag.subject) not in settled]
            first = 1 + max((flag.number for flag in kept), default=0)
            rows = [
                {
                    "nomination_id": asked.nomination,
                    "number": number,
                    "rule": flag.rule,
                    "subject": flag.subject,
                    "reason": flag.reason,
                    "raised_at": asked.step.at,
                }
                for number, flag in enumerate(added, first)
            ]
            if rows:
                await connection.execute(_RAISE, rows)
            found.extend(flag.number for flag in kept if flag.resolution is None)
            found.extend(range(first, first + len(rows)))
            return Change(None, {"flags": sorted({flag.rule.value for flag in raised})})

        async def catch_up(session: AsyncSession) -> None:
            await _count(session, asked.nomination, asked.step.number)

        if not await take_step(self._sessions, asked.step, asked.nomination, write, catch_up):
            return await self._open_flags(asked.nomination)
        return Quality(open_flags=tuple(found))

    @activity.defn(name="settle_flags")
    async def settle_flags(self, asked: ModerationAsked) -> Quality:
        """Writes how a moderator settled flags, and applies the score changes they wrote down; the open flags.

        It may run more than once: the step's key makes the second run only read.
        """

        async def write(session: AsyncSession) -> Change:
            await _count(session, asked.nomination, asked.step.number)
            for number in asked.flags:
                flag = await session.get(Flag, (asked.nomination, number))
                if flag is None:
                    raise missing("Flag", f"{number} of {asked.nomination}")
                flag.resolution = asked.resolution
                flag.resolved_by = asked.step.by.person
                flag.resolved_at = asked.step.at
                session.add(flag)
            changed = (
                await _apply_changes(session, asked.nomination, asked)
                if asked.resolution is Resolution.MODERATE
                else 0
            )
            settled: dict[str, object] = {"flags": list(asked.flags), "scores_changed": changed}
            return Change(None, {"resolution": asked.resolution.value, **settled})

        async def catch_up(session: AsyncSession) -> None:
            await _count(session, asked.nomination, asked.step.number)

        await take_step(self._sessions, asked.step, asked.nomination, write, catch_up)
        return await self._open_flags(asked.nomination)

    async def _open_flags(self, nomination: str) -> Quality:
        async with self._sessions() as session:
            numbers = await session.exec(
                select(Flag.number)
                .where(col(Flag.nomination_id) == nomination, col(Flag.resolution).is_(None))
                .order_by(col(Flag.number))
            )
            return Quality(open_flags=tuple(numbers))


def _stands(rule: FlagRule, resolution: Resolution | None) -> bool:
    """Whether this flag speaks for its subject: open, settled for good, or an audit that has been done."""
    settled_for_good = resolution in (None, Resolution.CONFIRM, Resolution.MODERATE)
    return settled_for_good or rule is FlagRule.AUDIT_SAMPLE


async def _count(session: AsyncSession, nomination: str, step: int) -> str:
    """Counts the step on the nomination's row, which is locked from here on; the cohort it is in."""
    rows = await (await session.connection()).execute(_COUNT, {"nomination": nomination, "number": step})
    cohort = rows.scalar_one_or_none()
    if cohort is None:
        raise missing("Nomination", nomination)
    return str(cohort)


async def _apply_changes(session: AsyncSession, nomination: str, asked: ModerationAsked) -> int:
    """Puts the new values of the moderator's score changes into force; how many there were."""
    changes = await session.exec(
        select(ScoreChange)
        .join(Assessment, col(Assessment.id) == col(ScoreChange.assessment_id))
        .where(
            col(Assessment.nomination_id) == nomination,
            col(ScoreChange.applied_at).is_(None),
            col(ScoreChange.changed_by) == asked.step.by.person,
        )
        .order_by(col(ScoreChange.assessment_id), col(ScoreChange.criterion), col(ScoreChange.change))
    )
    applied = 0
    for change in changes.all():
        score = await session.get(Score, (change.assessment_id, change.criterion))
        if score is None:
            raise missing("Score", f"{change.criterion} of {change.assessment_id}")
        score.value = change.after
        session.add(score)
        await session.flush()
        change.applied_at = asked.step.at
        session.add(change)
        applied += 1
    return applied
