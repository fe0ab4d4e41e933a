"""Operations that say how things stand: counts, applications, assessments, released decisions, cohorts."""

from typing import Annotated

from fastapi import Query, Request, Response

from models.programs import Scope
from models.tables import Cohort
from portal.api.access import Program, token
from portal.api.knowing import InStage, narrowed_for
from portal.api.operations import operations, problems
from portal.api.paging import AfterCohort, AfterNomination, Limit, page_of
from portal.api.said import CohortCode
from portal.api.shown import (
    ApplicationShown,
    AssessmentsShown,
    AssessmentsState,
    CohortShown,
    Counts,
    DecisionShown,
    Page,
    application_of,
    assessments_state,
    cohort_of,
    decision_of,
)
from portal.services import Surroundings
from storage.programs import (
    Narrowed,
    OwnNomination,
    cohorts_by_name,
    own_counts,
    own_nominations,
    released_decisions,
    submissions_of,
)

# ruff: noqa: PLR0917 -- what an operation takes are its parameters

routes = operations("Standing")
Reading = Annotated[Program, token(Scope.NOMINATIONS_READ)]
Deciding = Annotated[Program, token(Scope.DECISIONS_READ)]
InCohort = Annotated[CohortCode | None, Query(description="Only this cohort's.")]


@routes.get(
    "/status",
    responses=problems(),
    summary="Count nominations",
    response_description="The counts; a stage that no nomination is in is left out.",
)
async def counts(services: Surroundings, program: Reading, cohort: InCohort = None) -> Counts:
    """How many of your organisation's nominations stand in each stage, and how far their assessments have come."""
    async with services.acts.desk.sessions() as session:
        stages = await own_counts(session, program.asker, cohort, undecided=program.undecided)
    assessments: dict[AssessmentsState, int] = {}
    for stage, count in stages.items():
        state = assessments_state(stage)
        assessments[state] = assessments.get(state, 0) + count
    return Counts(nominations=sum(stages.values()), stages=stages, assessments=assessments)


@routes.get(
    "/applications",
    responses=problems(),
    summary="List applications",
    response_description="A page of where applications stand.",
)
async def applications(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Reading,
    cohort: InCohort = None,
    stage: InStage = None,
    after: AfterNomination = "",
    limit: Limit = 50,
) -> Page[ApplicationShown]:
    """Where the applications to your organisation's nominations stand. What they say is the nominees' own."""
    narrowed = narrowed_for(program, Narrowed(cohort=cohort, stage=stage))
    async with services.acts.desk.sessions() as session:
        rows = await own_nominations(session, program.asker, narrowed, after=after, limit=limit + 1)
        submitted = await submissions_of(session, [own.nomination.id for own in rows])
    return page_of(
        request,
        response,
        rows,
        limit,
        key=_number,
        show=lambda own: application_of(own, submitted.get(own.nomination.id)),
    )


@routes.get(
    "/assessments",
    responses=problems(),
    summary="List how far assessments have come",
    response_description="A page of how far assessments have come.",
)
async def assessments(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Reading,
    cohort: InCohort = None,
    stage: InStage = None,
    after: AfterNomination = "",
    limit: Limit = 50,
) -> Page[AssessmentsShown]:
    """How far the assessments of your organisation's nominations have come; not who gives them, nor any score."""
    narrowed = narrowed_for(program, Narrowed(cohort=cohort, stage=stage))
    async with services.acts.desk.sessions() as session:
        rows = await own_nominations(session, program.asker, narrowed, after=after, limit=limit + 1)
    return page_of(
        request,
        response,
        rows,
        limit,
        key=_number,
        show=lambda own: AssessmentsShown(nomination=own.nomination.id, state=assessments_state(own.stage)),
    )


@routes.get(
    "/decisions",
    responses=problems(),
    summary="List released decisions",
    response_description="A page of released decisions.",
)
async def decisions(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Deciding,
    cohort: InCohort = None,
    after: AfterNomination = "",
    limit: Limit = 50,
) -> Page[DecisionShown]:
    """The board's decisions on your organisation's nominations, from the moment they are released."""
    narrowed = Narrowed(cohort=cohort)
    async with services.acts.desk.sessions() as session:
        rows = await released_decisions(session, program.asker, narrowed, after=after, limit=limit + 1)
    return page_of(request, response, rows, limit, key=lambda one: one.nomination.id, show=decision_of)


@routes.get("/cohorts", responses=problems(), summary="List cohorts", response_description="A page of cohorts.")
async def cohorts(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Reading,
    after: AfterCohort = "",
    limit: Limit = 50,
) -> Page[CohortShown]:
    """The cohorts, with the windows in which they take nominations."""
    async with services.acts.desk.sessions() as session:
        rows = await cohorts_by_name(session, after, limit + 1)
    return page_of(request, response, rows, limit, key=_name, show=cohort_of)


def _number(own: OwnNomination) -> str:
    return own.nomination.id


def _name(row: Cohort) -> str:
    return row.id
