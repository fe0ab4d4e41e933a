"""Operations on nominations: seeing your organisation's, and what a nominator may do for it."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from sqlalchemy.exc import IntegrityError

from acts.errors import RefusedError
from models.enums import Stage
from models.ids import NominationId, OrganisationCode
from models.programs import Scope
from models.tables import Nomination
from portal.api.access import Program, token
from portal.api.knowing import InStage, narrowed_for, refuse_released
from portal.api.operations import operations, problems
from portal.api.paging import AfterNomination, Limit, page_of
from portal.api.problems import Fault, Kind, ProblemError
from portal.api.repeats import Facts, IdempotencyKey, once
from portal.api.said import (
    CohortCode,
    EndorsementSaid,
    Moment,
    NominationNumber,
    NominationSaid,
    Reference,
    WithdrawalSaid,
)
from portal.api.shown import (
    NominationMade,
    NominationShown,
    NominationWhole,
    Page,
    StatusShown,
    nomination_of,
    status_of,
    whole_of,
)
from portal.services import Surroundings
from storage.programs import Narrowed, Need, own_nomination, own_nominations, unknown_codes
from storage.steps import constraint_of
from storage.stories import story_visible_to

# ruff: noqa: PLR0917 -- what an operation takes are its parameters

routes = operations("Nominations")
Reading = Annotated[Program, token(Scope.NOMINATIONS_READ)]
Writing = Annotated[Program, token(Scope.NOMINATIONS_WRITE)]
Number = Annotated[NominationNumber, Path(description="Its number, such as pilot-0042.")]
_SAME_REFERENCE = "uq_nomination_cohort_reference"


@routes.get(
    "/nominations",
    responses=problems(),
    summary="List nominations",
    response_description="A page of your nominations.",
)
async def nominations(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Reading,
    cohort: CohortCode | None = None,
    stage: InStage = None,
    needs: Annotated[Need | None, Query(description="Only those that cannot go on without this.")] = None,
    since: Annotated[
        Moment | None, Query(description="Only those whose stage changed at or after this moment.")
    ] = None,
    reference: Annotated[Reference | None, Query(description="Only the one with this reference of yours.")] = None,
    after: AfterNomination = "",
    limit: Limit = 50,
) -> Page[NominationShown]:
    """Your organisation's nominations, in the order of their numbers."""
    asked = Narrowed(cohort=cohort, stage=stage, needs=needs, since=since, reference=reference)
    narrowed = narrowed_for(program, asked)
    async with services.acts.desk.sessions() as session:
        rows = await own_nominations(session, program.asker, narrowed, after=after, limit=limit + 1)
    return page_of(request, response, rows, limit, key=lambda own: own.nomination.id, show=nomination_of)


@routes.get(
    "/nominations/{number}",
    responses=problems(one=True),
    summary="See a nomination",
    response_description="The nomination, with the stages it came to.",
)
async def nomination(services: Surroundings, program: Reading, number: Number) -> NominationWhole:
    """One nomination with the stages it came to."""
    async with services.acts.desk.sessions() as session:
        own = await own_nomination(session, program.asker, number, undecided=program.undecided)
        story = await story_visible_to(session, program.asker, number)
    if own is None or story is None:
        raise ProblemError(Kind.NOT_FOUND)
    return whole_of(own, story.events)


@routes.get(
    "/nominations/{number}/status",
    responses=problems(one=True),
    summary="See where a nomination stands",
    response_description="Where it stands.",
)
async def status(services: Surroundings, program: Reading, number: Number) -> StatusShown:
    """Where one nomination stands, by when it moves on at the latest, and what it needs."""
    async with services.acts.desk.sessions() as session:
        own = await own_nomination(session, program.asker, number, undecided=program.undecided)
    if own is None:
        raise ProblemError(Kind.NOT_FOUND)
    return status_of(own)


@routes.post(
    "/nominations",
    status_code=201,
    responses={
        **problems(writes=True),
        201: {"headers": {"Location": {"description": "Where it is seen.", "schema": {"type": "string"}}}},
    },
    summary="Nominate somebody",
    response_description="The nomination was made; the header Location says where it is seen.",
)
async def nominate(
    request: Request,
    response: Response,
    services: Surroundings,
    program: Writing,
    key: IdempotencyKey,
    said: NominationSaid,
) -> NominationMade:
    """Nominates somebody for your organisation. They are asked by email whether they agree."""

    async def act() -> Facts:
        _refuse_reference_of_others(said, program.organisation)
        await _refuse_unknown(services, said.codes(program.organisation))
        try:
            made = await services.acts.nominations.nominate(said.meaning(program.organisation), program.by)
        except IntegrityError as error:
            if constraint_of(error) == _SAME_REFERENCE:
                raise RefusedError("Another nomination of this cohort has this reference.") from None
            raise
        return {"id": made, "stage": Stage.NOMINATED.value}

    facts = await once(request, program, key, said.model_dump(mode="json"), act)
    response.headers["Location"] = f"{request.url.path}/{facts['id']}"
    return NominationMade.model_validate(facts)


@routes.post(
    "/nominations/{number}/endorsement",
    responses=problems(writes=True),
    summary="Endorse a self-nomination",
    response_description="The nomination is endorsed: its number and its stage.",
)
async def endorse(
    request: Request,
    services: Surroundings,
    program: Writing,
    key: IdempotencyKey,
    number: Number,
    said: EndorsementSaid,
) -> NominationMade:
    """Endorses somebody of your organisation who put themselves forward."""

    async def act() -> Facts:
        own = await _own(services, program, number)
        await _refuse_unknown(services, [said.organisation] if said.organisation else [])
        endorsing = said.meaning(program.organisation)
        state = await services.acts.nominations.endorse(NominationId(own.id), program.by, endorsing)
        return {"id": own.id, "stage": state.stage.value}

    return NominationMade.model_validate(await once(request, program, key, said.model_dump(mode="json"), act))


@routes.post(
    "/nominations/{number}/withdrawal",
    responses=problems(writes=True),
    summary="Take a nomination back",
    response_description="The nomination was taken back: its number and its stage.",
)
async def withdraw(
    request: Request,
    services: Surroundings,
    program: Writing,
    key: IdempotencyKey,
    number: Number,
    said: WithdrawalSaid,
) -> NominationMade:
    """Takes a nomination of your organisation back. This cannot be undone."""

    async def act() -> Facts:
        own = await _own(services, program, number)
        state = await services.acts.nominations.withdraw(NominationId(own.id), program.by, said.reason)
        return {"id": own.id, "stage": state.stage.value}

    return NominationMade.model_validate(await once(request, program, key, said.model_dump(mode="json"), act))


async def _own(services: Surroundings, program: Program, number: str) -> Nomination:
    """The nomination, if it is the organisation's: the maker of the token may act for others as well.

    Raises:
        ProblemError: There is no such nomination, or the program may not know what was decided on it.
    """
    async with services.acts.desk.sessions() as session:
        own = await own_nomination(session, program.asker, number, undecided=program.undecided)
    if own is None:
        raise ProblemError(Kind.NOT_FOUND)
    refuse_released(own)
    return own.nomination


def _refuse_reference_of_others(said: NominationSaid, own: OrganisationCode) -> None:
    """A reference begins with the organisation's code: another one's would keep it from being used there."""
    if said.reference and said.reference.rpartition("-")[0] != own:
        sentence = f"This must begin with your organisation's code, such as {own}-1."
        raise ProblemError(Kind.WRONG, faults=[Fault(where="body/reference", detail=sentence)])


async def _refuse_unknown(services: Surroundings, codes: list[str]) -> None:
    async with services.acts.desk.sessions() as session:
        unknown = await unknown_codes(session, codes) if codes else frozenset()
    if unknown:
        faults = [Fault(where="body", detail=f"No organisation has the code {code}.") for code in sorted(unknown)]
        raise ProblemError(Kind.WRONG, faults=faults)
