"""The talent board: deciding along the proposed order, departing from it, releasing, filling a place given up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.enums import CohortPhase, DecisionReason, Outcome, Role, Stage
from models.ids import CohortId, NominationId, PersonId
from models.messages import By
from models.tables import Nomination
from scoring.order import Placed, propose_order
from simulation.errands import Errand, World
from simulation.inbox import Inbox
from simulation.people import People, Temper
from storage.panels import panels_of

UNDECIDED = (
    Stage.NOMINATED,
    Stage.APPLYING,
    Stage.SCREENING,
    Stage.AWAITING_PANEL,
    Stage.SCORING,
    Stage.QUALITY_ASSURANCE,
    Stage.AWAITING_DECISION,
)
_NOTES = {
    DecisionReason.TOO_CLOSE_TO_CALL: "The interval holds the cut; the board read both applications again.",
    DecisionReason.BREADTH_OF_POOL: "The pool has few from this part of the region at this readiness.",
    DecisionReason.BOARD_JUDGEMENT: "Reconsidered at the second reading; the outcome stands.",
}


@dataclass(frozen=True)
class Verdict:
    """What the board decides on one nomination, at which place of the proposed order, and why."""

    outcome: Outcome
    reason: DecisionReason
    place: int


class TalentBoard:
    """The members of the board. Whoever approves a decision did not draft it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._verdicts: dict[str, Verdict] = {}

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """Decisions while the cohort is deciding, then the release; after it, the reserve list."""
        if inbox.cohort.phase is CohortPhase.DECIDING:
            yield from self._decide(inbox)
            yield from self._reconsider(inbox)
            yield from self._release(inbox)
        elif inbox.cohort.phase is CohortPhase.RELEASED:
            yield from self._promote(inbox)

    def _decide(self, inbox: Inbox) -> Iterator[Errand]:
        waiting = inbox.standing_in(Stage.AWAITING_DECISION)
        if waiting and not all(row.id in self._verdicts for row in waiting):
            yield Errand("read the proposed order", lambda: self._read_order(inbox))
            return
        for row in waiting:
            plan = self._world.people.nominees.get(row.reference)
            leaves = plan is not None and plan.withdraws_in is Stage.AWAITING_DECISION
            decision = inbox.decisions.get(row.id)
            if not leaves and not row.paused and (decision is None or decision.approved_by is None):
                yield self._decision(inbox, row, self._verdicts[row.id])

    async def _read_order(self, inbox: Inbox) -> None:
        """Reads the proposed order, and settles where to depart from it; what was decided before stays."""
        deciding = [row.id for row in inbox.standing_in(Stage.AWAITING_DECISION, Stage.DECIDED)]
        async with self._world.acts.desk.sessions() as session:
            order = propose_order(await panels_of(session, deciding), self._world.policy)
        self._verdicts = {**verdicts(order), **self._verdicts}

    def _decision(self, inbox: Inbox, row: Nomination, verdict: Verdict) -> Errand:
        reason = verdict.reason
        if ("reopen_decision", row.id) in inbox.happened:
            reason = DecisionReason.BOARD_JUDGEMENT
        drafter, approver = self._two_members(row.reference)
        number, note = NominationId(row.id), _NOTES.get(reason, "")

        async def draft_and_approve() -> None:
            board = self._world.acts.board
            await board.draft_decision(number, drafter, verdict.outcome, reason, place=verdict.place, note=note)
            await board.approve_decision(number, approver)

        return Errand(f"decide {row.id} {row.steps}", draft_and_approve)

    def _reconsider(self, inbox: Inbox) -> Iterator[Errand]:
        for row in inbox.standing_in(Stage.DECIDED):
            plan = self._world.people.nominees.get(row.reference)
            chosen = plan is not None and plan.temper is Temper.IS_RECONSIDERED
            if chosen and ("reopen_decision", row.id) not in inbox.happened:
                yield self._reopening(row)

    def _reopening(self, row: Nomination) -> Errand:
        by, number = self._two_members(row.reference)[1], NominationId(row.id)
        return Errand(f"reopen {row.id}", lambda: self._world.acts.board.reopen_decision(number, by))

    def _release(self, inbox: Inbox) -> Iterator[Errand]:
        """Once everybody is decided, the letters are looked through, and all decisions released together."""
        decided = inbox.standing_in(Stage.DECIDED)
        if not decided or inbox.standing_in(*UNDECIDED):
            return
        last = max(row.stage_since for row in decided)
        plans = self._world.people.nominees
        for row in decided:
            plan = plans.get(row.reference)
            if plan is None:
                continue
            if plan.withdraws_in is Stage.DECIDED:
                return
            if plan.temper is Temper.IS_RECONSIDERED and ("reopen_decision", row.id) not in inbox.happened:
                return
        if inbox.at >= last + 2 * self._world.moment(inbox):
            by, cohort = self._world.offices.by(Role.BOARD), CohortId(inbox.cohort.id)
            yield Errand("release decisions", lambda: self._world.acts.board.release(cohort, by))

    def _promote(self, inbox: Inbox) -> Iterator[Errand]:
        """The first of the reserve list moves up when a place has been given up."""
        known = [decision for decision in inbox.decisions.values() if decision.released_at is not None]
        admitted = sum(decision.outcome is Outcome.ADMITTED for decision in known)
        taken = len(inbox.standing_in(Stage.IN_POOL))
        reserved = inbox.standing_in(Stage.RESERVED)
        if inbox.standing_in(Stage.DECIDED) or taken >= admitted or not reserved:
            return
        first = min(reserved, key=lambda row: (_place(inbox, row), row.id))
        by, number = self._world.offices.by(Role.BOARD), NominationId(first.id)
        yield Errand(f"promote into {taken}", lambda: self._world.acts.board.promote(number, by))

    def _two_members(self, reference: str) -> tuple[By, By]:
        members: Sequence[PersonId] = self._world.offices.holders[Role.BOARD]
        people: People = self._world.people
        drafter = people.officer(members, "drafts", reference)
        approver = people.officer([one for one in members if one != drafter], "approves", reference)
        return By(person=PersonId(drafter), role=Role.BOARD), By(person=PersonId(approver), role=Role.BOARD)


def verdicts(order: Sequence[Placed]) -> dict[str, Verdict]:
    """The board's verdicts: the proposed order, but where it is too close to call the board looks for itself.

    There, the last that would be admitted and the first that would be reserved change places; so do the last
    reserved and the first not admitted. As many are admitted and reserved as the order proposes.
    """
    outcomes = {one.nomination: one.suggestion for one in order}
    reasons = {one.nomination: _reason(one) for one in order}
    steps = (
        (Outcome.ADMITTED, Outcome.RESERVED, DecisionReason.TOO_CLOSE_TO_CALL),
        (Outcome.RESERVED, Outcome.NOT_ADMITTED, DecisionReason.BREADTH_OF_POOL),
    )
    for better, worse, reason in steps:
        above = [one for one in order if one.suggestion is better and one.too_close]
        below = [one for one in order if one.suggestion is worse and one.too_close]
        if above and below and above[-1] is not above[0]:
            outcomes[above[-1].nomination], outcomes[below[0].nomination] = worse, better
            reasons[above[-1].nomination] = reasons[below[0].nomination] = reason
    return {
        str(one.nomination): Verdict(outcomes[one.nomination], reasons[one.nomination], one.place) for one in order
    }


def _reason(one: Placed) -> DecisionReason:
    below = one.suggestion is Outcome.NOT_ADMITTED and "below the standard" in one.why
    return DecisionReason.BELOW_STANDARD if below else DecisionReason.PROPOSED_ORDER


def _place(inbox: Inbox, row: Nomination) -> int:
    decision = inbox.decisions.get(row.id)
    return decision.place or 1_000_000 if decision else 1_000_000
