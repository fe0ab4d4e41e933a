"""What the pages on why and why not show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allocation.asked import Reply
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
            MovedPanel(
                panel,
                nomination_path(panel),
                nominees[panel].name if panel in nominees else "",
                several(come, names),
                several(go, names),
            )
            for panel, (come, go) in moved
        ),
    )


def named(reference: str, names: Mapping[str, str]) -> str:
    """An assessor's name with their reference."""
    return f"{names[reference]} ({reference})" if reference in names else reference


def several(references: Sequence[str], names: Mapping[str, str]) -> str:
    """Several of them, or nobody."""
    return ", ".join(named(one, names) for one in references) or "Nobody"
