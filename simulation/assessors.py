"""Assessors: accepting, declining, scoring with evidence; falling ill, being late, forgetting."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from acts.assessments import Scoring
from models.enums import AssessmentStage, AssessorDeclineReason, Role
from models.ids import AssessmentId
from models.messages import By
from models.tables import Assessment
from simulation.errands import NEVER, Errand, World
from simulation.inbox import Inbox
from simulation.people import AssessorPlan, AssessorTemper, OfferPlan
from simulation.scores import evidence, scores

TAKES_AT_MOST = 2


class Assessors:
    """All assessors of the register."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ill: set[str] = set()

    def errands(self, inbox: Inbox) -> Iterator[Errand]:
        """What each assessor does about each of the assessments on their desk."""
        for assessor, group in groupby(inbox.assessments, key=lambda one: one.assessor_id):
            plan = self._world.people.assessors[assessor]
            desk = list(group)
            if plan.temper is AssessorTemper.FALLS_ILL and self._is_ill(inbox, assessor, desk):
                for one in desk:
                    yield self._decline(one, AssessorDeclineReason.UNAVAILABLE)
                continue
            taken = sum(one.stage is not AssessmentStage.OFFERED for one in desk)
            for one in desk:
                errand = self._next(inbox, plan, one, taken)
                if errand is not None:
                    yield errand

    def _is_ill(self, inbox: Inbox, assessor: str, desk: list[Assessment]) -> bool:
        """Half way through the scoring of what they accepted first, they fall ill, and stay so."""
        accepted = [one.accepted_at for one in desk if one.accepted_at is not None]
        if accepted and inbox.at >= min(accepted) + 0.5 * self._score_within(inbox):
            self._ill.add(assessor)
        return assessor in self._ill

    def _next(self, inbox: Inbox, plan: AssessorPlan, row: Assessment, taken: int) -> Errand | None:
        offer = self._world.people.offer(plan.reference, inbox.references[row.nomination_id])
        if row.stage is AssessmentStage.OFFERED:
            return self._answer(inbox, plan, row, offer, taken)
        when = self._scores_at(inbox, plan, row, offer)
        if when is None or inbox.at < when:
            return None
        return self._score(inbox, plan, row)

    def _answer(
        self, inbox: Inbox, plan: AssessorPlan, row: Assessment, offer: OfferPlan, taken: int
    ) -> Errand | None:
        if row.due_at is None or (plan.temper is AssessorTemper.NEVER_ANSWERS and self._is_first(inbox, row)):
            return None
        since = row.offered_at or row.stage_since
        if inbox.at < since + self._haste(inbox, row) * offer.answers_after * (row.due_at - since):
            return None
        if offer.declines is not None:
            return self._decline(row, offer.declines, offer)
        if plan.temper is AssessorTemper.TAKES_TWO and taken >= TAKES_AT_MOST:
            return self._decline(row, AssessorDeclineReason.OVERLOADED)
        by, number = self._by(row), AssessmentId(row.id)
        return Errand(f"accept {row.id}", lambda: self._world.acts.assessments.accept(number, by), row.due_at)

    def _decline(self, row: Assessment, reason: AssessorDeclineReason, offer: OfferPlan | None = None) -> Errand:
        by, number, kind = self._by(row), AssessmentId(row.id), offer.conflict if offer else None
        return Errand(
            f"decline {row.id}",
            lambda: self._world.acts.assessments.decline(number, by, reason, kind),
            row.due_at or NEVER,
        )

    def _scores_at(self, inbox: Inbox, plan: AssessorPlan, row: Assessment, offer: OfferPlan) -> datetime | None:
        first = self._is_first(inbox, row)
        if row.due_at is None or (plan.temper is AssessorTemper.FORGETS and first):
            return None
        if plan.temper is AssessorTemper.IS_LATE and first:
            policy = self._world.policy.assessors
            return row.due_at + 0.3 * self._world.length(policy.score_grace, row.due_at)
        share = offer.scores_after * self._haste(inbox, row)
        if plan.temper is AssessorTemper.FALLS_ILL and row.stage is AssessmentStage.ACCEPTED:
            share += 0.3
        return row.stage_since + share * (row.due_at - row.stage_since)

    def _score(self, inbox: Inbox, plan: AssessorPlan, row: Assessment) -> Errand:
        people = self._world.people
        nominee = people.nominees[inbox.references[row.nomination_id]]
        again = row.stage is AssessmentStage.RETURNED
        given = scores(people, nominee, plan, self._world.policy.scoring)
        said = [
            Scoring(criterion, value, evidence(people, nominee, plan, criterion, again=again))
            for criterion, value in given.items()
        ]
        by, number = self._by(row), AssessmentId(row.id)

        async def save_and_submit() -> None:
            await self._world.acts.assessments.save_scores(number, by, said)
            await self._world.acts.assessments.submit_scores(number, by)

        return Errand(f"score {row.id} {row.stage}", save_and_submit, row.due_at or NEVER)

    def _haste(self, inbox: Inbox, row: Assessment) -> float:
        """Who is asked late, or again, knows that the others wait: they take a third of their usual time."""
        return 1.0 if self._is_first(inbox, row) else 1 / 3

    def _is_first(self, inbox: Inbox, row: Assessment) -> bool:
        """Whether they sit on the panel as it was first seated, and have not submitted yet."""
        return row.run in inbox.runs and row.stage is not AssessmentStage.RETURNED

    def _score_within(self, inbox: Inbox) -> timedelta:
        return self._world.length(self._world.policy.assessors.score_within, inbox.at)

    def _by(self, row: Assessment) -> By:
        return By(person=self._world.offices.assessors[row.assessor_id], role=Role.ASSESSOR)
