"""Nominees and those who nominate them: nominating, consenting, endorsing, applying, withdrawing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from acts.nominating import Endorsing
from intake.rows import NominationRow
from models.enums import (
    CohortPhase,
    EndorserPost,
    NominationRoute,
    Outcome,
    Role,
    Stage,
    SteerReason,
    WithdrawReason,
)
from models.ids import CohortId, NominationId, OrganisationCode, PersonId
from models.messages import By
from models.tables import Nomination
from simulation.cast import nominating
from simulation.chance import draw
from simulation.errands import NEVER, Errand, World
from simulation.inbox import Inbox
from simulation.people import NomineePlan, Temper

_ENDORSEMENT = "I have seen this colleague lead through a hard year and support the nomination."


class Nominees:
    """All nominees, and the nominators of their organisations."""

    def __init__(self, world: World) -> None:
        self._world = world

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """Nominations that are due, and what each nominee does in the stage they stand in."""
        yield from self._nominate(inbox)
        for row in inbox.nominations:
            plan = self._world.people.nominees.get(row.reference)
            if plan is None or row.paused:
                continue
            errand = self._next(inbox, row, plan)
            if errand is not None:
                yield errand
        yield from self._endorse(inbox)
        yield from self._give_up_place(inbox)

    def _nominate(self, inbox: Inbox) -> Iterator[Errand]:
        there = set(inbox.references.values())
        for reference, plan in self._world.people.nominees.items():
            row = self._world.cast.nominations[reference]
            if reference in there:
                continue
            if plan.is_late and self._is_over(inbox):
                yield self._late_nomination(inbox, row)
            elif not plan.is_late and self._is_time(inbox, plan):
                yield self._nomination(inbox, row)

    def _is_time(self, inbox: Inbox, plan: NomineePlan) -> bool:
        cohort = inbox.cohort
        due = cohort.opens_at + plan.nominated_after * (cohort.closes_at - cohort.opens_at)
        return cohort.phase in (CohortPhase.OPEN, CohortPhase.CLOSED) and inbox.at >= due

    def _is_over(self, inbox: Inbox) -> bool:
        """Whether the window and its grace have passed, and decisions are not released yet."""
        closes_at = inbox.cohort.closes_at
        last = closes_at + self._world.length(self._world.policy.window.grace, closes_at)
        released = inbox.cohort.phase in (CohortPhase.RELEASED, CohortPhase.ENDED)
        return not released and inbox.at > last + self._world.moment(inbox)

    def _late_nomination(self, inbox: Inbox, row: NominationRow) -> Errand:
        """The nominator was ill; operations let the nomination in."""
        said = replace(nominating(row, CohortId(inbox.cohort.id)), late_reason=SteerReason.ILLNESS)
        by, operations = self._nominator(row), self._world.offices.by(Role.OPERATIONS)
        return Errand(
            f"nominate {row.reference} late",
            lambda: self._world.acts.nominations.nominate(said, by, let_in_by=operations),
            inbox.at,
        )

    def _nomination(self, inbox: Inbox, row: NominationRow) -> Errand:
        by, said = self._nominator(row), nominating(row, CohortId(inbox.cohort.id))
        return Errand(
            f"nominate {row.reference}",
            lambda: self._world.acts.nominations.nominate(said, by),
            inbox.cohort.opens_at,
        )

    def _nominator(self, row: NominationRow) -> By | None:
        """Who nominates; None for a nominee who is not known before."""
        if row.route is NominationRoute.SELF:
            return None
        return By(person=self._world.offices.nominators[row.organisation], role=Role.NOMINATOR)

    def _next(self, inbox: Inbox, row: Nomination, plan: NomineePlan) -> Errand | None:
        if plan.withdraws_in is row.stage:
            # A moderator settles flags within a moment: whoever withdraws then does so at once.
            due = row.stage is Stage.QUALITY_ASSURANCE or self._has_waited(inbox, row)
            return self._withdraw(inbox, row, plan) if due else None
        if row.stage is Stage.NOMINATED:
            return self._answer(inbox, row, plan)
        if row.stage is Stage.APPLYING:
            return self._apply(inbox, row, plan)
        if row.stage is Stage.SCORING and plan.temper is Temper.DEFERS and self._has_waited(inbox, row):
            by, number = _nominee(row), NominationId(row.id)
            return Errand(
                f"defer {row.id}", lambda: self._world.acts.nominations.defer(number, by, SteerReason.LEAVE)
            )
        return None

    def _has_waited(self, inbox: Inbox, row: Nomination) -> bool:
        return inbox.at >= row.stage_since + self._world.moment(inbox)

    def _withdraw(self, inbox: Inbox, row: Nomination, plan: NomineePlan) -> Errand:
        by, reason = _nominee(row), WithdrawReason.PERSONAL
        if draw(self._world.people.seed, "withdraws", plan.reference) < 0.4:
            reason = WithdrawReason.NEW_POST
        elif row.route is NominationRoute.ORGANISATION:
            by, reason = (
                By(person=PersonId(row.nominated_by), role=Role.NOMINATOR),
                WithdrawReason.NO_LONGER_SUPPORTED,
            )
        number = NominationId(row.id)
        return Errand(
            f"withdraw {row.id} {row.stage}",
            lambda: self._world.acts.nominations.withdraw(number, by, reason),
            inbox.at,
        )

    def _answer(self, inbox: Inbox, row: Nomination, plan: NomineePlan) -> Errand | None:
        if plan.temper is Temper.NEVER_CONSENTS or row.due_at is None:
            return None
        if inbox.at < row.stage_since + plan.consents_after * (row.due_at - row.stage_since):
            return None
        acts, by, number = self._world.acts.nominations, _nominee(row), NominationId(row.id)
        if plan.temper is Temper.DECLINES:
            return Errand(f"decline {row.id}", lambda: acts.decline(number, by), row.due_at)
        return Errand(f"consent {row.id}", lambda: acts.consent(number, by), row.due_at)

    def _apply(self, inbox: Inbox, row: Nomination, plan: NomineePlan) -> Errand | None:
        when = self._applies_at(inbox, row, plan)
        if when is None or inbox.at < when:
            return None
        by, number = _nominee(row), NominationId(row.id)

        async def type_and_submit() -> None:
            acts, typed = self._world.acts.nominations, self._world.cast.applications[plan.reference]
            await acts.save_draft(number, by, typed)
            await acts.submit_application(number, by)

        return Errand(f"apply {row.id} {row.stage_since:%H%M%S}", type_and_submit, row.due_at or NEVER)

    def _applies_at(self, inbox: Inbox, row: Nomination, plan: NomineePlan) -> datetime | None:
        if row.due_at is None or plan.temper is Temper.NEVER_APPLIES:
            return None
        closes_at, since = inbox.cohort.closes_at, row.stage_since
        if row.due_at > closes_at:
            start = max(closes_at, since)
            return start + 0.3 * (row.due_at - start)
        match plan.temper:
            case Temper.APPLIES_TOO_LATE | Temper.ASKS_FOR_LONGER:
                return None
            case Temper.APPLIES_IN_GRACE:
                return closes_at + 0.2 * self._world.length(self._world.policy.window.grace, closes_at)
            case _:
                return since + plan.applies_after * (closes_at - since)

    def _endorse(self, inbox: Inbox) -> Iterator[Errand]:
        """Who has put themselves forward is endorsed by their organisation's nominator, or not."""
        for row in inbox.standing_in(Stage.SCREENING):
            plan = self._world.people.nominees.get(row.reference)
            if plan is None or not plan.is_endorsed_later or inbox.unmet.get(row.id) != frozenset({"endorsed"}):
                continue
            if inbox.at >= row.stage_since + plan.endorsed_after * 4 * self._world.moment(inbox):
                yield self._endorsement(row)

    def _endorsement(self, row: Nomination) -> Errand:
        by = By(person=self._world.offices.nominators[row.organisation_code], role=Role.NOMINATOR)
        nominator = next(
            one
            for one in self._world.cast.officers
            if one.role is Role.NOMINATOR and one.organisation == row.organisation_code
        )
        said = Endorsing(
            full_name=nominator.full_name,
            email=nominator.email,
            post=EndorserPost.EXECUTIVE_DIRECTOR,
            organisation=OrganisationCode(row.organisation_code),
            statement=_ENDORSEMENT,
        )
        number = NominationId(row.id)
        return Errand(f"endorse {row.id}", lambda: self._world.acts.nominations.endorse(number, by, said))

    def _give_up_place(self, inbox: Inbox) -> Iterator[Errand]:
        """After release, one of the admitted gives up the place."""
        if inbox.cohort.phase is not CohortPhase.RELEASED:
            return
        admitted = {
            inbox.references[one]: one
            for one, decision in inbox.decisions.items()
            if decision.outcome is Outcome.ADMITTED and decision.released_at is not None
        }
        expected = sum(decision.outcome is Outcome.ADMITTED for decision in inbox.decisions.values())
        chosen = self._world.people.gives_up_place(admitted)
        row = next((one for one in inbox.nominations if chosen and one.id == admitted[chosen]), None)
        if not row or row.stage is not Stage.IN_POOL or inbox.standing_in(Stage.DECIDED) or not expected:
            return
        if self._has_waited(inbox, row):
            number, by = NominationId(row.id), _nominee(row)
            yield Errand(
                f"give up {row.id}",
                lambda: self._world.acts.nominations.withdraw(number, by, WithdrawReason.NEW_POST),
            )


def _nominee(row: Nomination) -> By:
    return By(person=PersonId(row.person_id), role=Role.NOMINEE)
