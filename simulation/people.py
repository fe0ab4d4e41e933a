"""Who behaves how: a plan for each nominee and each assessor, made of a seed and the person's reference alone.

Most people do what is asked of them, in time. Each of the others has one temper, and every temper is given to
somebody as long as there are people enough.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from models.enums import AssessorDeclineReason, ConflictKind, Stage
from simulation.chance import between, draw, normal, shuffled


class Temper(StrEnum):
    """How a nominee differs from most."""

    USUAL = "usual"
    DECLINES = "declines"
    NEVER_CONSENTS = "never_consents"
    NEVER_APPLIES = "never_applies"
    APPLIES_IN_GRACE = "applies_in_grace"
    APPLIES_TOO_LATE = "applies_too_late"
    ASKS_FOR_LONGER = "asks_for_longer"
    WITHDRAWS_NOMINATED = "withdraws_nominated"
    WITHDRAWS_APPLYING = "withdraws_applying"
    WITHDRAWS_SCREENING = "withdraws_screening"
    WITHDRAWS_AWAITING_PANEL = "withdraws_awaiting_panel"
    WITHDRAWS_SCORING = "withdraws_scoring"
    WITHDRAWS_QUALITY_ASSURANCE = "withdraws_quality_assurance"
    WITHDRAWS_AWAITING_DECISION = "withdraws_awaiting_decision"
    WITHDRAWS_DECIDED = "withdraws_decided"
    DEFERS = "defers"
    IS_NOMINATED_LATE = "is_nominated_late"
    IS_PAUSED = "is_paused"
    DIVIDES_OPINION = "divides_opinion"
    GETS_THIN_EVIDENCE = "gets_thin_evidence"
    IS_RECONSIDERED = "is_reconsidered"


WITHDRAWS_IN: Mapping[Temper, Stage] = {
    Temper.WITHDRAWS_NOMINATED: Stage.NOMINATED,
    Temper.WITHDRAWS_APPLYING: Stage.APPLYING,
    Temper.WITHDRAWS_SCREENING: Stage.SCREENING,
    Temper.WITHDRAWS_AWAITING_PANEL: Stage.AWAITING_PANEL,
    Temper.WITHDRAWS_SCORING: Stage.SCORING,
    Temper.WITHDRAWS_QUALITY_ASSURANCE: Stage.QUALITY_ASSURANCE,
    Temper.WITHDRAWS_AWAITING_DECISION: Stage.AWAITING_DECISION,
    Temper.WITHDRAWS_DECIDED: Stage.DECIDED,
}

# How many of 120 nominees have each temper; an assumption. The order is that in which a small cohort gets them.
_NOMINEES: Mapping[Temper, int] = {
    Temper.WITHDRAWS_SCORING: 1,
    Temper.NEVER_CONSENTS: 3,
    Temper.GETS_THIN_EVIDENCE: 2,
    Temper.DECLINES: 4,
    Temper.ASKS_FOR_LONGER: 3,
    Temper.IS_RECONSIDERED: 1,
    Temper.DIVIDES_OPINION: 2,
    Temper.APPLIES_TOO_LATE: 2,
    Temper.APPLIES_IN_GRACE: 3,
    Temper.NEVER_APPLIES: 2,
    Temper.IS_PAUSED: 1,
    Temper.DEFERS: 1,
    Temper.WITHDRAWS_NOMINATED: 1,
    Temper.WITHDRAWS_APPLYING: 1,
    Temper.WITHDRAWS_AWAITING_PANEL: 1,
    Temper.WITHDRAWS_AWAITING_DECISION: 1,
    Temper.WITHDRAWS_DECIDED: 1,
    Temper.IS_NOMINATED_LATE: 1,
    Temper.WITHDRAWS_QUALITY_ASSURANCE: 1,
}
# The same of nominees nobody has endorsed, whose screening waits: nobody else stands there long enough to withdraw.
_UNENDORSED: Mapping[Temper, int] = {Temper.WITHDRAWS_SCREENING: 1}
_OF_NOMINEES = 120


class AssessorTemper(StrEnum):
    """How an assessor differs from most."""

    USUAL = "usual"
    FALLS_ILL = "falls_ill"
    NEVER_ANSWERS = "never_answers"
    IS_AWAY = "is_away"
    TAKES_TWO = "takes_two"
    STEPS_BACK = "steps_back"
    IS_LATE = "is_late"
    FORGETS = "forgets"
    IS_CONFLICTED = "is_conflicted"


_ASSESSORS: Mapping[AssessorTemper, int] = {
    AssessorTemper.FALLS_ILL: 1,
    AssessorTemper.NEVER_ANSWERS: 1,
    AssessorTemper.IS_AWAY: 1,
    AssessorTemper.TAKES_TWO: 2,
    AssessorTemper.STEPS_BACK: 1,
    AssessorTemper.IS_LATE: 2,
    AssessorTemper.FORGETS: 1,
    AssessorTemper.IS_CONFLICTED: 1,
}
_OF_ASSESSORS = 81

_DECLINES_EVERY_OFFER = {
    AssessorTemper.IS_AWAY: AssessorDeclineReason.UNAVAILABLE,
    AssessorTemper.STEPS_BACK: AssessorDeclineReason.OTHER,
    AssessorTemper.IS_CONFLICTED: AssessorDeclineReason.CONFLICT,
}
_SOMETIMES = (
    (0.02, AssessorDeclineReason.CONFLICT),
    (0.03, AssessorDeclineReason.OVERLOADED),
    (0.035, AssessorDeclineReason.OTHER),
)
"""The share of all other offers that is declined for a reason, added up; an assumption."""


@dataclass(frozen=True)
class NomineePlan:
    """How one nominee behaves. Shares are of the time there is: of the window, for consent, for the application.

    ``is_late``: nominated only after the window and its grace, and let in by operations. ``quality`` is what a
    perfect assessor would score, in points of the scale.
    """

    reference: str
    temper: Temper
    nominated_after: float
    is_late: bool
    consents_after: float
    applies_after: float
    is_endorsed_later: bool
    endorsed_after: float
    quality: float

    @property
    def withdraws_in(self) -> Stage | None:
        """The stage in which they withdraw, if they do."""
        return WITHDRAWS_IN.get(self.temper)


@dataclass(frozen=True)
class AssessorPlan:
    """How one assessor behaves. ``severity`` is what they score above the others, in points of the scale."""

    reference: str
    temper: AssessorTemper
    severity: float


@dataclass(frozen=True)
class OfferPlan:
    """What an assessor does with one offer: declines it for a reason, or takes it. Shares as in `NomineePlan`."""

    declines: AssessorDeclineReason | None
    conflict: ConflictKind | None
    answers_after: float
    scores_after: float


class People:
    """Everybody's plan.

    Args:
        seed: The same seed gives the same people.
        nominees: References of all nominations.
        likely: Those whose application would pass screening; nearly every temper is given to one of them, since
            nobody would see it in the others.
        assessors: References of the register.
        unendorsed: Those that come without an endorsement.
        named: Those that assessors declare conflicts with beforehand, which therefore do not come late.
        mean_quality: The nominees' mean quality, in points of the scale.
    """

    def __init__(
        self,
        seed: str,
        nominees: Collection[str],
        likely: Collection[str],
        assessors: Collection[str],
        *,
        unendorsed: Collection[str] = (),
        named: Collection[str] = (),
        mean_quality: float = 4.6,
    ) -> None:
        self.seed = seed
        in_turn, there = shuffled(likely, seed, "temper"), len(nominees)
        tempers = _given_out(_NOMINEES, _OF_NOMINEES, there, in_turn)
        _swap_late(tempers, in_turn, named)
        if there >= _OF_NOMINEES:
            tempers |= _given_out(_UNENDORSED, _OF_NOMINEES, there, shuffled(unendorsed, seed, "temper"))
        manners = _given_out(_ASSESSORS, _OF_ASSESSORS, len(assessors), shuffled(assessors, seed, "manner"))
        self.nominees = {
            one: self._nominee(one, tempers.get(one, Temper.USUAL), mean_quality) for one in sorted(nominees)
        }
        self.assessors = {
            one: AssessorPlan(one, manners.get(one, AssessorTemper.USUAL), normal(0, 0.35, seed, "severity", one))
            for one in sorted(assessors)
        }

    def offer(self, assessor: str, nomination: str) -> OfferPlan:
        """What the assessor does with the offer of this nomination, both by their references."""
        seed = self.seed
        reason = _DECLINES_EVERY_OFFER.get(self.assessors[assessor].temper)
        if reason is None:
            dice = draw(seed, "offer", assessor, nomination)
            reason = next((why for share, why in _SOMETIMES if dice < share), None)
        kinds = tuple(ConflictKind)
        conflict = kinds[int(draw(seed, "conflict", assessor, nomination) * len(kinds))]
        return OfferPlan(
            declines=reason,
            conflict=conflict if reason is AssessorDeclineReason.CONFLICT else None,
            answers_after=between(0.02, 0.3, seed, "answers", assessor, nomination),
            scores_after=between(0.05, 0.45, seed, "scores", assessor, nomination),
        )

    def gives_up_place(self, admitted: Collection[str]) -> str | None:
        """Which of the admitted gives up the place after release."""
        return next(iter(shuffled(admitted, self.seed, "gives up")), None)

    def officer(self, among: Sequence[str], *words: str) -> str:
        """Who of several officers takes a piece of work on."""
        return among[int(draw(self.seed, "officer", *words) * len(among))]

    def _nominee(self, one: str, temper: Temper, mean_quality: float) -> NomineePlan:
        seed = self.seed
        return NomineePlan(
            reference=one,
            temper=temper,
            nominated_after=between(0.0, 0.35, seed, "nominated", one),
            is_late=temper is Temper.IS_NOMINATED_LATE,
            consents_after=between(0.05, 0.35, seed, "consents", one),
            applies_after=between(0.15, 0.8, seed, "applies", one),
            is_endorsed_later=draw(seed, "endorsed", one) < 0.75 and temper is not Temper.WITHDRAWS_SCREENING,
            endorsed_after=between(0.3, 0.8, seed, "endorsed after", one),
            quality=normal(mean_quality, 0.8, seed, "quality", one),
        )


def _swap_late(tempers: dict[str, Temper], in_turn: Sequence[str], named: Collection[str]) -> None:
    """Let another nomination be the late one, where an assessor names it beforehand."""
    for one in [one for one in tempers if tempers[one] is Temper.IS_NOMINATED_LATE and one in named]:
        other = next(other for other in in_turn if other not in named)
        tempers[one] = tempers.get(other, Temper.USUAL)
        tempers[other] = Temper.IS_NOMINATED_LATE


T = TypeVar("T", bound=StrEnum)


def _given_out(tempers: Mapping[T, int], per: int, there: int, in_turn: Sequence[str]) -> dict[str, T]:
    """Who has which temper: each at its share and at least once, to at most half of the people."""
    most = min(len(in_turn), there // 2) if there < per else len(in_turn)
    wanted = [temper for temper, count in tempers.items() for _ in range(max(1, round(count * there / per)))]
    return dict(zip(in_turn[:most], wanted, strict=False))
