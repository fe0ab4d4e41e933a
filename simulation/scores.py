"""How assessors score: the nominee's quality, the assessor's severity, and chance; each score with its evidence."""

from models.policy import ScoringPolicy
from simulation.chance import draw, normal
from simulation.people import AssessorPlan, NomineePlan, People, Temper

_WHAT = (
    "gave a clear account of a service they turned around",
    "described how they brought partners to one plan",
    "set out the choices they had weighed, and the one they took",
    "spoke openly of what had gone wrong and what they changed",
    "showed how staff and patients had shaped the decision",
)
_HOW = (
    "with measures that were followed over two years",
    "with figures that the panel could check",
    "though mostly from within one organisation",
    "with less said about what was their own part",
    "across several organisations and in public",
)
_SO = (
    "The result lasted after they had moved on.",
    "More on the effect for patients would have helped.",
    "This is what an executive director is asked to do.",
    "The next step would be to do this across a system.",
    "Colleagues at every level would recognise this.",
)
_DIVIDING = frozenset({Temper.DIVIDES_OPINION, Temper.WITHDRAWS_QUALITY_ASSURANCE})
"""Whose assessors disagree; without a flag nobody stands in quality assurance long enough to withdraw."""
THIN = "A good answer on the whole."
_MORE = "Asked again, I add that the example is their own, recent, and of the scale of an executive post."


def scores(people: People, nominee: NomineePlan, assessor: AssessorPlan, scoring: ScoringPolicy) -> dict[str, int]:
    """What the assessor scores the nominee on each criterion, by its code, in points of the scale."""
    given = {}
    seed, pair = people.seed, (nominee.reference, assessor.reference)
    lean = assessor.severity
    if nominee.temper in _DIVIDING:
        lean += 1.6 if draw(seed, "side", *pair) < 0.5 else -1.6
    for criterion in scoring.criteria:
        strength = normal(0, 0.4, seed, "strength", nominee.reference, criterion.code)
        noise = normal(0, 0.5, seed, "noise", *pair, criterion.code)
        points = round(nominee.quality + lean + strength + noise)
        given[criterion.code] = min(max(points, scoring.lowest), scoring.highest)
    return given


def evidence(people: People, nominee: NomineePlan, assessor: AssessorPlan, criterion: str, *, again: bool) -> str:
    """What the assessor writes as evidence; ``again`` once more was asked for."""
    words = (people.seed, "evidence", nominee.reference, assessor.reference, criterion)
    thin_share = 0.12 if nominee.temper is Temper.GETS_THIN_EVIDENCE else 0.002
    written = (
        THIN
        if draw(people.seed, "thin", *words) < thin_share
        else f"The nominee {_pick(_WHAT, *words, 'what')} {_pick(_HOW, *words, 'how')}. {_pick(_SO, *words, 'so')}"
    )
    return f"{written} {_MORE}" if again else written


def _pick(among: tuple[str, ...], seed: str, *words: str) -> str:
    return among[int(draw(seed, *words) * len(among))]
