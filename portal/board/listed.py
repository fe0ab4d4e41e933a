"""What the pages of decisions show, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.enums import Outcome, Stage
from models.ids import PersonId
from models.policy import Policy
from models.tables import Cohort, Decision
from portal.board.forms import TickedForm
from portal.board.planning import Draft
from portal.board.proposed import Proposed
from portal.board.terms import OUTCOMES, REASONS, reason_words
from portal.failures import NotFoundError
from portal.visitors import Visitor
from portal.words import day
from rules.permissions import may_approve
from storage.board_pages import BoardLine, Standing


@dataclass(frozen=True)
class Line:
    """A nomination in the list: ``field`` is its box's id, and ``barred`` says why this visitor cannot tick it."""

    nomination: str
    field: str
    nominee: str
    organisation: str
    proposed: str
    decision: str
    barred: str
    ticked: bool


@dataclass(frozen=True)
class Listing:
    """Everything the page shows. ``step``: what ticking is for: ``draft``, ``approve`` or nothing."""

    cohort: str
    name: str
    shown: str
    heading: str
    tabs: tuple[tuple[str, str, bool], ...]
    lines: tuple[Line, ...]
    step: str
    action: str
    own: int
    next_href: str
    first_href: str
    refused: tuple[tuple[str, str], ...]
    empty: str


@dataclass(frozen=True)
class Look:
    """What will be done to whom."""

    cohort: str
    step: str
    rows: tuple[tuple[str, ...], ...]
    count: int
    left_out: tuple[tuple[str, str], ...]
    kept: tuple[tuple[str, str], ...]
    outcome: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Around:
    """What lines are put into words with: the proposed order, the policy, who looks, and who drafted."""

    proposed: Proposed
    policy: Policy
    visitor: Visitor
    names: Mapping[str, str]


def listed(found: Sequence[BoardLine], around: Around, ticked: Sequence[str]) -> tuple[Line, ...]:
    """The lines of a list; the first box that can be ticked is where an error leads."""
    first, lines = True, []
    for one in found:
        barred = _barred(one, around)
        lines.append(
            Line(
                nomination=one.nomination,
                field="nomination" if first and not barred else f"nomination-{one.nomination}",
                nominee=one.nominee,
                organisation=one.organisation,
                proposed=_proposed(one, around.proposed),
                decision=_decision(one.decision, around.names) + _since(one),
                barred=barred,
                ticked=one.nomination in ticked,
            )
        )
        first = first and bool(barred)
    return tuple(lines)


def _proposed(line: BoardLine, proposed: Proposed) -> str:
    placed = proposed.by_nomination.get(line.nomination)
    if placed is None:
        return "no whole scores"
    close = ", too close to call" if placed.too_close else ""
    return f"place {placed.place}, {OUTCOMES[placed.suggestion].lower()}{close}"


def _decision(decision: Decision | None, names: Mapping[str, str]) -> str:
    if decision is None:
        return "None drafted"
    place = f", place {decision.place}" if decision.place else ""
    who = names.get(decision.drafted_by, "somebody")
    outcome = OUTCOMES[Outcome(decision.outcome)]
    return f"{outcome}{place}. {reason_words(decision.reason)}. Drafted by {who} on {day(decision.drafted_at)}"


def _since(line: BoardLine) -> str:
    """What has become of a nomination since its decision, where that says otherwise."""
    moved_up = line.stage is Stage.IN_POOL and line.decision and line.decision.outcome is Outcome.RESERVED
    return (". Since then moved up into the pool" if moved_up else "") + (". Paused" if line.paused else "")


def _barred(line: BoardLine, around: Around) -> str:
    """Why this visitor cannot approve it, said before they try; empty if they can."""
    if line.standing is not Standing.DRAFTED or line.decision is None:
        return ""
    if line.paused:
        return "It is paused: the board’s steps wait until it is resumed."
    verdict = may_approve(PersonId(line.decision.drafted_by), around.visitor.person, around.policy)
    return "" if verdict else "You drafted this, so another member of the board approves it."


def open_ones(
    lines: dict[str, BoardLine], ticked: Sequence[str], cohort: Cohort, *standing: Standing
) -> list[BoardLine]:
    """Those of the ticked nominations of this cohort with which the board is as far as this."""
    found = [lines[one] for one in dict.fromkeys(ticked) if one in lines]
    return [one for one in found if one.standing in standing and one.cohort == cohort.id]


def drafts_for(said: TickedForm, lines: Sequence[BoardLine]) -> list[Draft]:
    """The same decision for each; a place that was given stays."""
    if said.outcome is None or said.reason is None:
        return []
    return [
        Draft(
            one.nomination,
            said.outcome,
            one.decision.place if one.decision else None,
            said.reason,
            said.note,
            one.decision,
            shifted=False,
        )
        for one in lines
    ]


def drafts_look(cohort: Cohort, said: TickedForm, lines: dict[str, BoardLine], proposed: Proposed) -> Look:
    """What drafting for these comes to."""
    if said.outcome is None or said.reason is None:
        raise NotFoundError
    can = open_ones(lines, said.nomination, cohort, Standing.MISSING, Standing.DRAFTED)
    rows = []
    for one in can:
        placed = proposed.by_nomination.get(one.nomination)
        close = "Too close to call" if placed and placed.too_close else ""
        rows.append((one.nominee, OUTCOMES[placed.suggestion] if placed else "", close))
    return Look(
        cohort=cohort.id,
        step="draft",
        rows=tuple(rows),
        count=len(can),
        left_out=_left_out(said, lines, can, "It is no longer to be decided."),
        kept=(
            *(("nomination", one.nomination) for one in can),
            ("outcome", said.outcome.value),
            ("reason", said.reason.value),
            ("note", said.note),
        ),
        outcome=OUTCOMES[said.outcome],
        reason=REASONS[said.reason],
        note=said.note,
    )


def approvals_look(cohort: Cohort, said: TickedForm, lines: dict[str, BoardLine], around: Around) -> Look:
    """What approving these comes to."""
    can = [
        one
        for one in open_ones(lines, said.nomination, cohort, Standing.DRAFTED)
        if not _barred(one, around) and one.decision is not None
    ]
    return Look(
        cohort=cohort.id,
        step="approve",
        rows=tuple(
            (
                one.nominee,
                OUTCOMES[Outcome(one.decision.outcome)],
                str(one.decision.place or ""),
                reason_words(one.decision.reason),
                around.names.get(one.decision.drafted_by, "somebody"),
            )
            for one in can
            if one.decision
        ),
        count=len(can),
        left_out=_left_out(said, lines, can, "You drafted it, it is paused, or it is no longer a draft."),
        kept=(
            *(("nomination", one.nomination) for one in can),
            *(("as", f"{one.nomination}:{as_drafted(one.decision)}") for one in can),
        ),
    )


def _left_out(
    said: TickedForm, lines: dict[str, BoardLine], can: Sequence[BoardLine], why: str
) -> tuple[tuple[str, str], ...]:
    taken = {one.nomination for one in can}
    left = [one for one in dict.fromkeys(said.nomination) if one not in taken and one in lines]
    return tuple((lines[one].nominee, why) for one in left)


def as_drafted(decision: Decision | None) -> str:
    """Tells a draft from a later one of the same nomination."""
    return decision.drafted_at.isoformat() if decision else ""
