"""What saving the order will draft: worked out before anybody confirms it, and again when they do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from models.enums import DecisionReason, Outcome
from models.tables import Decision
from portal.board.placing import moved, ranks

MOST_AT_ONCE = 200
"""Drafts that are made by one form: more would keep somebody waiting for seconds."""


@dataclass(frozen=True)
class Wanted:
    """What the form asks for: new places by nomination, outcomes by span of places, one reason and note for them."""

    places: Mapping[str, int]
    spans: Mapping[Outcome, tuple[int, int]]
    reason: DecisionReason | None
    note: str


@dataclass(frozen=True)
class Draft:
    """A decision to be drafted. ``shifted``: only its place changes, since others were moved past it."""

    nomination: str
    outcome: Outcome
    place: int | None
    reason: DecisionReason
    note: str
    before: Decision | None
    shifted: bool


@dataclass(frozen=True)
class Plan:
    """What will be drafted, and which moved nominations cannot keep their place, for want of an outcome."""

    drafts: tuple[Draft, ...]
    without_outcome: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same drafts."""
        lines = [f"{one.nomination}:{one.outcome}:{one.place}:{one.reason}:{one.note}" for one in self.drafts]
        return sha256("\n".join(lines).encode()).hexdigest()


def touched(order: Sequence[str], fixed: Collection[str], wanted: Wanted) -> tuple[str, ...]:
    """The open nominations whose decision a form may change, in their new order."""
    before, after = ranks(order), moved(order, fixed, wanted.places)
    return tuple(
        one
        for place, one in enumerate(after, start=1)
        if one not in fixed and (before[one] != place or one in wanted.places or _outcome_at(place, wanted))
    )


def plan(
    order: Sequence[str], fixed: Collection[str], wanted: Wanted, decisions: Mapping[str, Decision | None]
) -> Plan:
    """What a form comes to.

    Args:
        order: Everybody up for decision, as they stand.
        fixed: Those whose decision is approved.
        wanted: What the form asks for; its reason must be there if anything is to be decided by it.
        decisions: The decisions so far of all that are `touched`.
    """
    after = ranks(moved(order, fixed, wanted.places))
    drafts, without = [], []
    for one in touched(order, fixed, wanted):
        place, before = after[one], decisions.get(one)
        outcome = _outcome_at(place, wanted)
        chosen = outcome is not None or one in wanted.places
        decided = outcome or (before.outcome if before else None)
        said = (wanted.reason, wanted.note) if chosen and wanted.reason else None
        if said is None and before is not None:
            said = (DecisionReason(before.reason), before.note)
        if decided is None or said is None:
            without.append(one)
            continue
        draft = Draft(one, Outcome(decided), place, *said, before, shifted=not chosen)
        if not _stands(draft):
            drafts.append(draft)
    return Plan(tuple(drafts), tuple(one for one in without if one in wanted.places))


def _outcome_at(place: int, wanted: Wanted) -> Outcome | None:
    return next((outcome for outcome, (first, last) in wanted.spans.items() if first <= place <= last), None)


def _stands(draft: Draft) -> bool:
    """Whether the decision says this already."""
    before = draft.before
    return before is not None and (before.outcome, before.place, before.reason, before.note) == (
        draft.outcome,
        draft.place,
        draft.reason.value,
        draft.note,
    )
