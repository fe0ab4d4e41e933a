"""What the pages on why and why not, and on panels to mend, show."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from allocation.asked import Reply
from allocation.mending import Mending, Untenable
from portal.operations.keeping.runs import nomination_path, sentence
from storage.run_pages import NomineeFacts


@dataclass(frozen=True)
class MovedPanel:
    """A panel that would change, and how."""

    nomination: str
    href: str
    nominee: str
    comes: str
    goes: str


@dataclass(frozen=True)
class ReplyShown:
    """What a run answers about one assessor, in words.

    ``cost``: sentences on what it would cost; empty where they sit there, or a rule bars them. ``moved``: the panels
    that would change then.
    """

    heading: str
    reasons: tuple[str, ...]
    cost: tuple[str, ...]
    moved: tuple[MovedPanel, ...]


def reply_shown(reply: Reply, names: Mapping[str, str], nominees: Mapping[str, NomineeFacts]) -> ReplyShown:
    """An answer in words."""
    who = named(reply.assessor, names)
    sits = "sits" if reply.seated else "does not sit"
    moved = () if reply.cost is None else reply.cost.by_panel.items()
    return ReplyShown(
        f"{who} {sits} on the panel of {reply.nomination}",
        tuple(sentence(reason) for reason in reply.reasons),
        reply.cost.words(reply.nomination, names.get(reply.assessor, reply.assessor)) if reply.cost else (),
        tuple(
            MovedPanel(panel, nomination_path(panel), nominees[panel].name, several(come, names), several(go, names))
            for panel, (come, go) in moved
            if panel in nominees
        ),
    )


def named(reference: str, names: Mapping[str, str]) -> str:
    """An assessor's name with their reference."""
    return f"{names[reference]} ({reference})" if reference in names else reference


def several(references: Sequence[str], names: Mapping[str, str]) -> str:
    """Several of them, or nobody."""
    return ", ".join(named(one, names) for one in references) or "Nobody"


@dataclass(frozen=True)
class SeatToLeave:
    """A seat that a rule has come to stand against."""

    who: str
    nomination: str
    href: str
    why: str


@dataclass(frozen=True)
class MendingShown:
    """What would mend the panels, in words; ``figures`` are lines of before and after."""

    words: str
    panels: tuple[MovedPanel, ...]
    figures: tuple[tuple[str, str, str], ...]
    untenable: tuple[SeatToLeave, ...]
    by_hand: tuple[SeatToLeave, ...]
    unstaffed: tuple[tuple[str, str], ...]


def mending_shown(
    mending: Mending, names: Mapping[str, str], nominees: Mapping[str, NomineeFacts], hidden: Collection[str]
) -> MendingShown:
    """A mending in words, with as many of its panels as ``nominees`` names, and nothing of ``hidden`` nominations."""
    before, after = mending.before, mending.after
    return MendingShown(
        mending.words,
        tuple(
            MovedPanel(
                one.nomination,
                nomination_path(one.nomination),
                nominees[one.nomination].name,
                several(one.came, names),
                several(one.went, names),
            )
            for one in mending.panels
            if one.nomination in nominees
        ),
        (
            ("Seats held", f"{before.seats:,}", f"{after.seats:,}"),
            ("Panels that lack a member", f"{before.lacking:,}", f"{after.lacking:,}"),
            ("Fit of the worst-off whole panel, in points", _points(before.floor), _points(after.floor)),
            ("Fit of all seats, in points", f"{before.fit:,}", f"{after.fit:,}"),
            ("Highest load", f"{before.most:,}", f"{after.most:,}"),
        ),
        tuple(_leaving(one, names) for one in mending.untenable if one.nomination not in hidden),
        tuple(_leaving(one, names) for one in mending.by_hand if one.nomination not in hidden),
        tuple((one, nomination_path(one)) for one in mending.unstaffed if one not in hidden),
    )


def people_of(mending: Mending) -> list[str]:
    """The references of everybody a mending names."""
    moved = {name for one in mending.panels for name in (*one.came, *one.went)}
    return sorted(moved | {one.assessor for one in (*mending.untenable, *mending.by_hand)})


def panels_of(mending: Mending) -> list[str]:
    """The nominations whose panels a mending changes, in its order."""
    return [one.nomination for one in mending.panels]


def _leaving(one: Untenable, names: Mapping[str, str]) -> SeatToLeave:
    return SeatToLeave(
        named(one.assessor, names), one.nomination, nomination_path(one.nomination), "; ".join(one.reasons)
    )


def _points(points: int | None) -> str:
    return "No panel is whole" if points is None else f"{points:,}"
