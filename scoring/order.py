"""The order the system proposes to the board, with its uncertainty. It proposes; named people decide.

**Mean.** A nomination's mean is the mean of its panel's assessment means.

**Interval.** Mean plus and minus t * sqrt(WMS / k): k assessments on the panel; WMS the variance of assessment
means within panels, pooled over all panels of the cohort; t the two-sided quantile of Student's distribution at
the policy's ``admission.confidence``, with the degrees of freedom of WMS. This is the standard error of a panel's
mean under the one-way random effects model (Shrout and Fleiss 1979, case 1; Searle, Casella and McCulloch 1992,
section 3.6). One panel's own variance, from three values, would say next to nothing. The interval is cut at the
ends of the scale. Where no panel has two assessments nothing is known: the interval is the whole scale.

**Order.** By mean, highest first; equal means by SHA-256 of ``<admission.tie_seed>:<nomination>``, lowest first.

**Suggestion.** Nominations whose mean reaches ``admission.standard`` take the places, then the reserve places;
all others are suggested as not admitted.

**Cuts.** A cut is a mean at which the suggestion changes. Where more nominations reach the standard than there
are places (or places and reserve places), it is half way between the last mean within and the first beyond; where
all that reach the standard are within, it is the standard itself. A nomination is too close to call when its
interval holds a cut. No score is adjusted for an assessor's severity (see the package's page).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from models.enums import Outcome
from models.ids import NominationId
from models.policy import Policy
from scoring.aggregate import Panel, assessment_means, mean
from scoring.agreement import within_panels
from scoring.sample import draw
from scoring.student import two_sided_quantile

_DIGITS = 9  # means that differ only by rounding are equal


@dataclass(frozen=True)
class Placed:
    """A nomination's place in the proposed order.

    Attributes:
        nomination: Whose place it is.
        place: 1 for the first; no two nominations share one.
        mean: The panel's mean, in points of the scale.
        low: The lower end of the interval, in points of the scale.
        high: The upper end of the interval, in points of the scale.
        suggestion: What places, reserve places and standard suggest.
        too_close: Whether the interval holds a cut, so that the board must look rather than follow.
        why: The above in sentences for the board.
    """

    nomination: NominationId
    place: int
    mean: float
    low: float
    high: float
    suggestion: Outcome
    too_close: bool
    why: str


@dataclass(frozen=True)
class Cut:
    """A mean at which the suggestion changes, and between what."""

    at: float
    between: str


def propose_order(panels: Iterable[Panel], policy: Policy) -> tuple[Placed, ...]:
    """The proposed order of all nominations, highest mean first; the same whatever order ``panels`` come in.

    Raises:
        IncompleteScoresError: a panel has no assessment, or a criterion without a score.
        ValueError: a nomination comes twice.
    """
    means = _means_by_nomination(panels, policy)
    if not means:
        return ()
    ordered = sorted(means, key=lambda nomination: _rank(nomination, means[nomination], policy))
    values = [round(mean(means[nomination]), _DIGITS) for nomination in ordered]
    cuts, how_often = admission_cuts(values, policy), Counter(values)
    variance, degrees = within_panels([means[nomination] for nomination in sorted(means)])
    quantile = two_sided_quantile(policy.admission.confidence, degrees) if degrees else None
    eligible = sum(value >= policy.admission.standard for value in values)
    placed = []
    for place, (nomination, value) in enumerate(zip(ordered, values, strict=True), start=1):
        margin = None if quantile is None else quantile * sqrt(variance / len(means[nomination]))
        low, high = _interval(value, margin, policy)
        held = [cut for cut in cuts if low <= cut.at <= high]
        suggestion = _suggestion(place, eligible, policy)
        tied = how_often[value] > 1
        why = _why(
            value=value,
            low=low,
            high=high,
            suggestion=suggestion,
            held=held,
            tied=tied,
            eligible=eligible,
            policy=policy,
        )
        placed.append(
            Placed(
                nomination=nomination,
                place=place,
                mean=value,
                low=low,
                high=high,
                suggestion=suggestion,
                too_close=bool(held),
                why=why,
            )
        )
    return tuple(placed)


def admission_cuts(means: list[float], policy: Policy) -> tuple[Cut, ...]:
    """The means at which the suggestion changes; ``means`` in descending order."""
    admission = policy.admission
    eligible = sum(value >= admission.standard for value in means)
    places, seats = admission.places, admission.places + admission.reserve_places
    cuts: list[Cut] = []
    if 0 < places < eligible:
        beyond = "reserved" if admission.reserve_places else "not admitted"
        cuts.append(Cut(_half_way(means, places), f"admitted and {beyond}"))
    if eligible <= seats:
        within = "reserved" if eligible > places or not places else "admitted"
        if seats:
            cuts.append(Cut(admission.standard, f"{within} and not admitted"))
    elif admission.reserve_places:
        cuts.append(Cut(_half_way(means, seats), "reserved and not admitted"))
    return tuple(cuts)


def _means_by_nomination(panels: Iterable[Panel], policy: Policy) -> dict[NominationId, tuple[float, ...]]:
    means: dict[NominationId, tuple[float, ...]] = {}
    for panel in panels:
        if panel.nomination in means:
            raise ValueError(f"nomination {panel.nomination} comes twice: give each panel once")
        means[panel.nomination] = assessment_means(panel, policy)
    return means


def _rank(nomination: NominationId, means: tuple[float, ...], policy: Policy) -> tuple[float, int, str]:
    return (-round(mean(means), _DIGITS), draw(nomination, policy.admission.tie_seed), nomination)


def _half_way(means: list[float], within: int) -> float:
    return (means[within - 1] + means[within]) / 2


def _interval(value: float, margin: float | None, policy: Policy) -> tuple[float, float]:
    lowest, highest = float(policy.scoring.lowest), float(policy.scoring.highest)
    if margin is None:
        return lowest, highest
    return max(lowest, round(value - margin, _DIGITS)), min(highest, round(value + margin, _DIGITS))


def _suggestion(place: int, eligible: int, policy: Policy) -> Outcome:
    if place > eligible:
        return Outcome.NOT_ADMITTED
    if place <= policy.admission.places:
        return Outcome.ADMITTED
    if place <= policy.admission.places + policy.admission.reserve_places:
        return Outcome.RESERVED
    return Outcome.NOT_ADMITTED


def _why(
    *,
    value: float,
    low: float,
    high: float,
    suggestion: Outcome,
    held: list[Cut],
    tied: bool,
    eligible: int,
    policy: Policy,
) -> str:
    admission = policy.admission
    sentences = [f"Mean {value:.2f}, {admission.confidence:.0%} interval {low:.2f} to {high:.2f}."]
    if value < admission.standard:
        sentences.append(f"The mean is below the standard of {admission.standard:g}.")
    elif suggestion is Outcome.ADMITTED:
        sentences.append(
            f"Among the first {admission.places} of the {eligible} that reach the standard."
            if eligible > admission.places
            else f"The standard of {admission.standard:g} is reached, and there is a place for all that reach it "
            f"({eligible}; places: {admission.places})."
        )
    elif suggestion is Outcome.RESERVED:
        sentences.append(
            f"Beyond the {admission.places} places, within the {admission.reserve_places} reserve places."
        )
    else:
        sentences.append(f"Beyond the {admission.places} places and {admission.reserve_places} reserve places.")
    sentences += [f"Too close to call between {cut.between}: the cut is {cut.at:.2f}." for cut in held]
    if tied:
        sentences.append("Another nomination has the same mean; the published seed orders them.")
    return " ".join(sentences)
