"""Letting a nomination in after the window: somebody nominates as ever, and operations let it in, for a reason."""

from typing import Annotated, ClassVar

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from acts.nominating import Endorsing, Nominating
from intake.forms import read_nomination
from intake.problems import BadForm
from intake.rows import NominationRow
from models.enums import CohortPhase, EndorserPost, NominationRoute, Readiness, Role, SteerReason
from models.ids import CohortId, OrganisationCode, PersonId
from models.messages import By
from portal.access import by
from portal.forms import Bound, Form, bind
from portal.operations.watching.choices import AREA, HOME, LIST, REASONS, Option, cohort_options, options
from portal.operations.watching.steps import LATE
from portal.pages import render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import restyled
from rules.permissions import Act
from storage.cohort_pages import cohorts_to_choose
from storage.lists import person_at, roles_of

routes = area()
LettingIn = Annotated[Visitor, by(Role.OPERATIONS, Act.LET_IN_LATE)]
PATH = "/operations/late"
_TAKE_LATE = frozenset(CohortPhase) - {CohortPhase.SCHEDULED, CohortPhase.RELEASED, CohortPhase.ENDED}
"""Phases in which a cohort may still let a nomination in."""
READINESS = (
    Option(Readiness.READY_NOW.value, "Ready now"),
    Option(Readiness.MONTHS_6_TO_12.value, "In 6 to 12 months"),
    Option(Readiness.YEARS_1_TO_2.value, "In 1 to 2 years"),
)
_FIELDS = (
    "organisation",
    "nominee_name",
    "nominee_email",
    "current_post",
    "readiness",
    "endorser_name",
    "endorser_email",
    "endorser_post",
    "endorsement",
)
_SENTENCES = {
    "organisation": "Enter the organisation’s code, such as R1D",
    "nominee_name": "Enter the nominee’s full name",
    "nominee_email": "Enter the nominee’s email address, such as name@example.nhs.uk",
    "readiness": "Choose how soon they are ready",
    "endorser_name": "Enter the endorser’s full name",
    "endorser_email": "Enter the endorser’s email address, such as name@example.nhs.uk",
    "endorser_post": "Choose the endorser’s post",
    "endorsement": "Enter what the endorser says",
}


class LateForm(Form):
    """Who nominates whom, and why this is let in late; the nomination's own fields are read as files are."""

    cohort: str
    nominator: str
    reason: SteerReason
    sentences: ClassVar = {
        "cohort": "Choose a cohort",
        "nominator": "Enter the email address of who nominates",
        "reason": "Choose a reason",
    }
    running: ClassVar = frozenset({"endorsement"})


@routes.get(PATH)
async def ask(request: Request, visitor: LettingIn, services: Surroundings, cohort: str = "") -> HTMLResponse:
    """The form of a late nomination."""
    return await _page(request, services, Bound[LateForm](typed={"cohort": cohort}))


@routes.post(PATH)
async def let_in(request: Request, visitor: LettingIn, services: Surroundings) -> Response:
    """Nominates on behalf of the nominator, and lets it in as operations."""
    form = await bind(request, LateForm)
    row = _nomination_in(form)
    nominator = await _nominator(services, form)
    said = form.value
    if said is None or row is None or nominator is None:
        return await _page(request, services, form, status=422)
    nominating = _nominating(row, said)

    async def act() -> str:
        made = await services.acts.nominations.nominate(nominating, nominator, let_in_by=visitor.by)
        return f"{LIST[1]}/{made}/done/{LATE.word}"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        form.refuse("", restyled(str(error)))
        return await _page(request, services, form, status=422)


def _nomination_in(form: Bound[LateForm]) -> NominationRow | None:
    """The nomination as typed; what is wrong with it is said by its fields."""
    written = {name: form.typed[name] for name in _FIELDS}
    try:
        return read_nomination({**written, "route": NominationRoute.ORGANISATION.value})
    except BadForm as bad:
        for problem in bad.problems:
            # The endorser is of the organisation that nominates: what is wrong with its code is said once.
            if problem.column in _FIELDS:
                form.refuse(problem.column, _SENTENCES.get(problem.column, problem.sentence))
        return None


async def _nominator(services: Services, form: Bound[LateForm]) -> By | None:
    """Who nominates, if they hold the role for the organisation; else it is said by the field."""
    if not form.typed["nominator"]:
        return None
    organisation = form.typed["organisation"].strip().upper()
    async with services.acts.desk.sessions() as session:
        person = await person_at(session, form.typed["nominator"])
        held = await roles_of(session, person.id) if person else []
    if person is None or (Role.NOMINATOR, organisation) not in held:
        form.refuse("nominator", "Nobody who nominates for this organisation has this address")
        return None
    return By(person=PersonId(person.id), role=Role.NOMINATOR)


def _nominating(row: NominationRow, said: LateForm) -> Nominating:
    endorsement = (
        Endorsing(
            full_name=row.endorser_name,
            email=row.endorser_email,
            post=row.endorser_post,
            organisation=OrganisationCode(row.endorser_organisation),
            statement=row.endorsement,
        )
        if row.endorser_post
        else None
    )
    return Nominating(
        cohort=CohortId(said.cohort),
        organisation=OrganisationCode(row.organisation),
        route=row.route,
        full_name=row.nominee_name,
        email=row.nominee_email,
        readiness=row.readiness,
        post=row.current_post,
        endorsement=endorsement,
        late_reason=said.reason,
    )


async def _page(request: Request, services: Services, form: Bound[LateForm], *, status: int = 200) -> HTMLResponse:
    async with services.acts.desk.sessions() as session:
        there = await cohorts_to_choose(session, form.typed["cohort"])
    there = [row for row in there if row.phase in _TAKE_LATE or row.id == form.typed["cohort"]]
    return await render(
        request,
        "operations/watching/late.html",
        title="Let a nomination in late",
        area=AREA,
        crumbs=[HOME, LIST],
        status=status,
        errors=form.problems,
        form=form,
        step=LATE,
        cohorts=cohort_options(there),
        readiness=READINESS,
        posts=options(EndorserPost),
        reasons=REASONS,
        path=PATH,
    )
