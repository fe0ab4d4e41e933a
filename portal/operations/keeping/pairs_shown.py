"""What the pages on pairs show: the pairs there are, and what a change of them would do and cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from acts.pairs import PairChange, Priced
from models.enums import PairKind
from portal.operations.keeping.cohorts import with_query
from portal.operations.keeping.questions_shown import named
from portal.operations.keeping.runs import nomination_path
from portal.words import moment, plain
from storage.pairs import WITH_A_PANEL_AHEAD, PairFacts
from storage.run_pages import NomineeFacts

_WORDS = {PairKind.PINNED: ("Pinned", "blue"), PairKind.FORBIDDEN: ("Forbidden", "red")}
_STALE = "Proposals made before that do not keep to it can no longer be released: ask for another run, and compare."


@dataclass(frozen=True)
class PairShown:
    """One pair in the list, and whether it still counts."""

    nomination: str
    href: str
    nominee: str
    assessor: str
    kind: str
    colour: str
    why: str
    set_words: str
    state: str
    lift_href: str


@dataclass(frozen=True)
class ChangeAsked:
    """A change of pairs before it is made: what it does, and what it costs.

    ``figures`` are lines of what, without and with the change; empty where there is no price.
    """

    title: str
    button: str
    nominee: str
    does: str
    words: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]


def pairs_path(cohort: str) -> str:
    """The address of a cohort's pairs."""
    return f"/operations/allocation/{cohort}/pairs"


def pair_shown(cohort: str, pair: PairFacts) -> PairShown:
    """A pair in words."""
    kind, colour = _WORDS[pair.kind]
    return PairShown(
        pair.nomination,
        nomination_path(pair.nomination),
        pair.nominee,
        f"{pair.name} ({pair.assessor})",
        kind,
        colour,
        plain(pair.reason),
        f"{moment(pair.set_at)} by {pair.set_by}",
        _state(pair),
        with_query(f"{pairs_path(cohort)}/price", nomination=pair.nomination, assessor=pair.assessor, kind="lifted"),
    )


def change_asked(
    change: PairChange, priced: Priced, names: Mapping[str, str], about: NomineeFacts | None
) -> ChangeAsked:
    """What a change of pairs does and costs, in words."""
    title, button, does = _meant(change, names)
    return ChangeAsked(
        title,
        button,
        f"{about.name}, {about.organisation}" if about else "",
        f"{does} {_STALE}",
        priced.words,
        _figures(priced),
    )


def _meant(change: PairChange, names: Mapping[str, str]) -> tuple[str, str, str]:
    """The page's title, its button, and what the change does."""
    comes, goes, freed = (
        named(one, names) if one else "" for one in (change.pinned, change.forbidden, change.lifted)
    )
    if comes and goes:
        return (
            f"Put {comes} in the place of {goes}",
            "Record the swap and ask for another run",
            "One is pinned to this nomination, the other kept from its panel, in every run from now on.",
        )
    if comes:
        return (
            f"Pin {comes} to {change.nomination}",
            "Pin this pair",
            "Every run from now on has them sit on this panel.",
        )
    if goes:
        return (
            f"Keep {goes} from the panel of {change.nomination}",
            "Forbid this pair",
            "No run from now on has them sit on this panel.",
        )
    return (
        f"Lift the pair of {freed} and {change.nomination}",
        "Lift this pair",
        "Every run from now on chooses freely whether they sit on this panel.",
    )


def _figures(priced: Priced) -> tuple[tuple[str, str, str], ...]:
    if priced.price is None:
        return ()
    before, after = priced.price.before, priced.price.after
    lines = (
        ("Panels staffed", before.staffed, after.staffed),
        ("Fit of the worst-off panel, in points", before.floor, after.floor),
        ("Worth of all panels, in points", before.total, after.total),
    )
    return tuple((what, f"{without:,}", f"{then:,}") for what, without, then in lines)


def _state(pair: PairFacts) -> str:
    if pair.sits:
        return "Sits on the panel"
    if pair.asked is not None:
        return "Was asked before and is not asked again: it no longer counts"
    if pair.stage not in WITH_A_PANEL_AHEAD:
        return "The nomination gets no assessor any more"
    return "Counts in every run"
