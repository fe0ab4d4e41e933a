"""Moderators: settling what screening did not pass, and the flags of quality assurance."""

from collections.abc import Iterator
from statistics import median_high

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from acts.board import ChangedScore
from models.enums import (
    AssessmentStage,
    CohortPhase,
    FlagRule,
    Resolution,
    Role,
    ScoreChangeReason,
    ScreeningReason,
    Stage,
)
from models.ids import AssessmentId, NominationId, PersonId
from models.messages import By
from models.tables import Assessment, Flag, Nomination, Score
from simulation.chance import draw
from simulation.errands import Errand, World
from simulation.inbox import Inbox

_NOTE = "The other assessors' evidence speaks of the same example; agreed with the assessor by telephone."
_MODERATED_SHARE = 0.6
_FORGIVEN_SHARE = 0.2


class Moderators:
    """All QA moderators; each nomination is looked after by one of them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """Who is not eligible, and what to do about each flag."""
        for row in inbox.standing_in(Stage.SCREENING):
            errand = None if row.paused else self._screen(inbox, row)
            if errand is not None:
                yield errand
        for row in inbox.standing_in(Stage.QUALITY_ASSURANCE):
            open_flags = [flag for flag in inbox.flags.get(row.id, ()) if flag.resolution is None]
            ready = inbox.at >= row.stage_since + self._world.moment(inbox)
            if open_flags and ready and not row.paused:
                yield self._settle(inbox, row, open_flags)

    def _screen(self, inbox: Inbox, row: Nomination) -> Errand | None:
        unmet = inbox.unmet.get(row.id)
        if not unmet:
            return None
        if "endorsed" in unmet and inbox.cohort.phase is CohortPhase.OPEN:
            return None
        patience = (6 if "endorsed" in unmet else 2) * self._world.moment(inbox)
        if inbox.at < row.stage_since + patience:
            return None
        forgiven = draw(self._world.people.seed, "forgiven", row.reference) < _FORGIVEN_SHARE
        eligible = forgiven and unmet == {"reports_to_board"}
        by, number = self._by(row.reference), NominationId(row.id)
        reason = ScreeningReason.MET_ON_OTHER_EVIDENCE if eligible else ScreeningReason.RULE_NOT_MET
        screen = self._world.acts.nominations.screen
        return Errand(f"screen {row.id}", lambda: screen(number, by, eligible=eligible, reason=reason))

    def _settle(self, inbox: Inbox, row: Nomination, open_flags: list[Flag]) -> Errand:
        """One kind of flag at a time: thin evidence first, then means apart, then scores apart, then the rest."""
        asked = {flag.subject for flag in inbox.flags[row.id] if flag.resolution is Resolution.MORE_EVIDENCE}
        widened = any(flag.resolution is Resolution.ANOTHER_ASSESSOR for flag in inbox.flags[row.id])
        thin = [flag for flag in open_flags if flag.rule is FlagRule.EVIDENCE_THIN and flag.subject not in asked]
        if thin:
            return self._ask_for_evidence(row, thin)
        apart = [flag for flag in open_flags if flag.rule is FlagRule.MEAN_SPREAD]
        if apart and not widened:
            return self._resolve(row, apart, Resolution.ANOTHER_ASSESSOR)
        spread = [flag for flag in open_flags if flag.rule is FlagRule.CRITERION_SPREAD]
        if spread and draw(self._world.people.seed, "moderated", row.reference) < _MODERATED_SHARE:
            return self._moderate(row, spread)
        return self._resolve(row, open_flags, Resolution.CONFIRM)

    def _ask_for_evidence(self, row: Nomination, thin: list[Flag]) -> Errand:
        assessment = thin[0].subject.partition("/")[0]
        of_one = [flag for flag in thin if flag.subject.partition("/")[0] == assessment]
        return self._resolve(row, of_one, Resolution.MORE_EVIDENCE, AssessmentId(assessment))

    def _resolve(
        self, row: Nomination, flags: list[Flag], resolution: Resolution, assessment: AssessmentId | None = None
    ) -> Errand:
        by, number, numbers = self._by(row.reference), NominationId(row.id), [flag.number for flag in flags]
        return Errand(
            _key(row, numbers, resolution),
            lambda: self._world.acts.board.resolve_flags(number, by, numbers, resolution, assessment=assessment),
        )

    def _moderate(self, row: Nomination, spread: list[Flag]) -> Errand:
        """Brings the score that lies furthest from the middle one point towards it, on each criterion."""
        by, number, numbers = self._by(row.reference), NominationId(row.id), [flag.number for flag in spread]

        async def change() -> None:
            async with self._world.acts.desk.sessions() as session:
                changes = [await _towards_the_middle(session, number, flag.subject) for flag in spread]
            await self._world.acts.board.resolve_flags(number, by, numbers, Resolution.MODERATE, changes=changes)

        return Errand(_key(row, numbers, Resolution.MODERATE), change)

    def _by(self, reference: str) -> By:
        holders = self._world.offices.holders[Role.MODERATOR]
        return By(person=PersonId(self._world.people.officer(holders, "moderates", reference)), role=Role.MODERATOR)


def _key(row: Nomination, numbers: list[int], resolution: Resolution) -> str:
    return f"{resolution} {row.id} {numbers}"


async def _towards_the_middle(session: AsyncSession, nomination: str, criterion: str) -> ChangedScore:
    rows = await session.exec(
        select(Score.assessment_id, Score.value)
        .join(Assessment, col(Assessment.id) == col(Score.assessment_id))
        .where(
            col(Assessment.nomination_id) == nomination,
            col(Assessment.stage) == AssessmentStage.SUBMITTED,
            col(Score.criterion) == criterion,
        )
        .order_by(col(Score.assessment_id))
    )
    values = rows.all()
    middle = median_high([value for _, value in values])
    furthest, value = max(values, key=lambda one: abs(one[1] - middle))
    after = value + 1 if value < middle else value - 1
    return ChangedScore(AssessmentId(furthest), criterion, after, ScoreChangeReason.MODERATION, _NOTE)
