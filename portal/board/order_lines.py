"""What the pages of the order show, in words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from models.enums import DecisionReason, Outcome, Stage
from models.tables import Cohort
from portal.board.forms import OrderForm
from portal.board.placing import ranks
from portal.board.planning import Draft, Plan
from portal.board.proposed import Proposed
from portal.board.terms import OUTCOMES, REASONS
from portal.charts import Interval, intervals
from portal.forms import Bound
from scoring.order import Placed
from storage.board_pages import BoardLine, Standing

_SETTLED = "Every decision on this page is approved. To change one, follow its name and reopen it."
_SETTLED_RELEASED = (
    "Decisions on this page have been released, and the nominees have been told. Released decisions cannot be "
    "reopened; follow a name to see what can still be done."
)


@dataclass(frozen=True)
class Option:
    """One of several to choose."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True)
class OrderLine:
    """A nomination in the order. ``place`` is what stands in its field, or its place where that is fixed."""

    nomination: str
    nominee: str
    place: str
    scores: str
    proposed: str
    too_close: bool
    decision: str
    error: str
    moved: str


@dataclass(frozen=True)
class OrderPage:
    """Everything the page shows. ``was``: the places as they stand, for the form to be compared with.

    ``settled``: what can still be done where no place on the page can be changed, and ``fixed_heading`` names the
    lines whose decision stands.
    """

    cohort: str
    name: str
    total: int
    words: str
    lines: tuple[OrderLine, ...]
    approved: tuple[OrderLine, ...]
    settled: str
    fixed_heading: str
    was: str
    action: str
    spans: tuple[tuple[str, str, str], ...]
    drawing: Markup
    too_close: int
    previous_href: str
    next_href: str
    refused: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Checked:
    """What will be drafted: how many of it are too close to call, differ from the proposal, and were somebody else's.

    ``kept``: the form's fields, for it to be sent on or gone back to.
    """

    rows: tuple[tuple[str, str, str, str, str], ...]
    count: int
    too_close: int
    otherwise: int
    taken_over: int
    without_outcome: tuple[str, ...]
    reason: str
    note: str
    fingerprint: str
    kept: tuple[tuple[str, str], ...]


def reason_options() -> tuple[Option, ...]:
    """The coded reasons of a decision."""
    return tuple(Option(reason.value, words) for reason, words in REASONS.items())


def outcome_options() -> tuple[Option, ...]:
    """What the board can decide."""
    return tuple(Option(outcome.value, words) for outcome, words in OUTCOMES.items())


def order_page(
    cohort: Cohort,
    proposed: Proposed,
    *,
    order: Sequence[str],
    first: int,
    size: int,
    lines: Mapping[str, BoardLine],
    fixed: Collection[str],
    form: Bound[OrderForm],
    person: str,
    refused: Sequence[str],
) -> OrderPage:
    """A page of the order from the place ``first`` on.

    Args:
        cohort: Whose order.
        proposed: The proposed order.
        order: The board's order, everybody in it.
        first: The first place shown.
        size: How many places are shown.
        lines: Those shown, with names and decisions.
        fixed: Whose decision is approved.
        form: What was typed.
        person: Who looks.
        refused: For whom the last act was refused.
    """
    shown = [one for one in order[first - 1 : first - 1 + size] if one in lines]
    places = ranks(order)
    made = [_line(lines[one], places[one], proposed.by_nomination.get(one), form, person) for one in shown]
    last, total = min(first + size - 1, len(order)), len(order)
    at = f"/board/order?cohort={cohort.id}"
    opened = [line for line in made if line.nomination not in fixed]
    standing = [one for one in shown if one in fixed]
    released = sum(lines[one].standing is Standing.RELEASED for one in standing)
    return OrderPage(
        cohort=cohort.id,
        name=cohort.name,
        total=total,
        words=f"Places {first} to {last} of {total}",
        lines=tuple(sorted(opened, key=lambda line: int(line.place) if line.place.isdecimal() else total)),
        approved=tuple(line for line in made if line.nomination in fixed),
        settled=_SETTLED_RELEASED if released else _SETTLED,
        fixed_heading=_fixed_heading(released, len(standing)),
        was=",".join(f"{line.nomination}:{places[line.nomination]}" for line in opened),
        action=f"/board/order/check?cohort={cohort.id}&from={first}",
        spans=tuple((outcome.value, words, words.lower()) for outcome, words in OUTCOMES.items()),
        drawing=_drawing(proposed, [(places[one], lines[one]) for one in shown]),
        too_close=sum(one.too_close for one in proposed.placed),
        previous_href=f"{at}&from={first - size}" if first > 1 else "",
        next_href=f"{at}&from={first + size}" if last < total else "",
        refused=tuple((one, lines[one].nominee if one in lines else one) for one in refused),
    )


def checked_plan(
    plan: Plan, lines: Mapping[str, BoardLine], proposed: Proposed, person: str, form: Bound[OrderForm]
) -> Checked:
    """What a plan comes to, line by line."""
    placed = proposed.by_nomination
    typed = {name: value for name, value in form.typed.items() if name not in {"once", "move", "fingerprint"}}
    close = sum(one.nomination in placed and placed[one.nomination].too_close for one in plan.drafts)
    reason = form.typed["reason"]
    return Checked(
        rows=tuple(_row(one, lines[one.nomination], placed.get(one.nomination)) for one in plan.drafts),
        count=len(plan.drafts),
        too_close=close,
        otherwise=sum(
            one.nomination in placed and placed[one.nomination].suggestion is not one.outcome for one in plan.drafts
        ),
        taken_over=sum(one.before is not None and one.before.drafted_by != person for one in plan.drafts),
        without_outcome=tuple(lines[one].nominee for one in plan.without_outcome if one in lines),
        reason=REASONS[DecisionReason(reason)] if reason else "",
        note=form.typed["note"],
        fingerprint=plan.fingerprint,
        kept=tuple(typed.items()),
    )


def _fixed_heading(released: int, standing: int) -> str:
    if not released:
        return "Approved: these keep their places"
    return "Released: these keep their places" if released == standing else "Approved or released"


def decision_words(line: BoardLine, person: str) -> str:
    """The decision so far, in a few words; once it is released, where the nomination stands since."""
    decision = line.decision
    if decision is None:
        return "No decision drafted"
    outcome = OUTCOMES[Outcome(decision.outcome)]
    if line.standing is Standing.RELEASED:
        moved_up = decision.outcome is Outcome.RESERVED and line.stage is Stage.IN_POOL
        return f"Released: {outcome}{', then moved up into the pool' if moved_up else ''}"
    if decision.approved_by is not None:
        return f"Approved: {outcome}"
    return f"Drafted{' by you' if decision.drafted_by == person else ''}: {outcome}"


def _line(line: BoardLine, place: int, placed: Placed | None, form: Bound[OrderForm], person: str) -> OrderLine:
    field = f"place.{line.nomination}"
    way, _, moved = form.typed["move"].partition(".")
    return OrderLine(
        nomination=line.nomination,
        nominee=line.nominee,
        place=form.typed[field] or str(place),
        scores=f"mean {placed.mean:.2f} ({placed.low:.2f} to {placed.high:.2f})" if placed else "no whole scores",
        proposed=OUTCOMES[placed.suggestion].lower() if placed else "nothing",
        too_close=bool(placed and placed.too_close),
        decision=decision_words(line, person),
        error=form.error(field) or "",
        moved=way if moved == line.nomination else "",
    )


def _row(draft: Draft, line: BoardLine, placed: Placed | None) -> tuple[str, str, str, str, str]:
    before = draft.before
    was = f"{OUTCOMES[Outcome(before.outcome)]}, place {before.place or 'not given'}" if before else "Nothing"
    proposed = OUTCOMES[placed.suggestion] + (", too close to call" if placed.too_close else "") if placed else ""
    return (line.nominee, str(draft.place), OUTCOMES[draft.outcome], proposed, was)


def _drawing(proposed: Proposed, lines: Sequence[tuple[int, BoardLine]]) -> Markup:
    scoring = proposed.policy.scoring
    drawn = []
    for place, line in lines:
        placed = proposed.by_nomination.get(line.nomination)
        if placed is not None:
            label = f"{place} {line.nominee}"
            drawn.append(Interval(label, placed.low, placed.mean, placed.high, marked=placed.too_close))
    if not drawn:
        return Markup("")
    return intervals(
        "order",
        "Each panel’s mean with its interval, in the board’s order; hollow where it is too close to call",
        drawn,
        scale=(scoring.lowest, scoring.highest),
        cuts=proposed.cuts,
        below="Mean score",
        marked="too close to call",
    ).svg
