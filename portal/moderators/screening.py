"""Screening: nominations that the eligibility rules did not pass, and what a person says they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from acts.errors import RefusedError
from models.enums import ENDS, Role, ScreeningReason, Stage
from models.ids import NominationId
from portal.access import by
from portal.failures import ChangedError, NotFoundError
from portal.forms import Bound, Form, bind
from portal.moderators.opening import AREA, Numbered
from portal.moderators.settled import NextStep, Option
from portal.pages import go_to, render
from portal.routing import area, done_once
from portal.services import Services, Surroundings
from portal.visitors import Visitor
from portal.words import day, plain, restyled
from rules.applications import FieldKind, form
from rules.permissions import Act
from rules.stages import WORDS
from storage.screening_pages import A_PAGE, ScreeningCase, count_to_screen, screening_case_of, to_screen

routes = area()
HOME = ("Screening", "/quality/screening")
Visiting = Annotated[Visitor, by(Role.MODERATOR, Act.SCREEN)]
REASONS = {
    ScreeningReason.RULE_NOT_MET: ("The rule is not met", "Nothing else shows that the nominee is eligible"),
    ScreeningReason.MET_ON_OTHER_EVIDENCE: ("Met on other evidence", "Something other than the answer shows it"),
    ScreeningReason.ANSWER_WAS_WRONG: ("The answer was wrong", "The nominee or the organisation has said so"),
    ScreeningReason.ENDORSED_OTHERWISE: ("Endorsed otherwise", "The endorsement came by another way"),
    ScreeningReason.BOARD_JUDGEMENT: ("The board’s judgement", "The talent board has asked for this"),
}
OUTCOMES = (
    Option("eligible", "Eligible", "The nomination goes on to a panel"),
    Option("not_eligible", "Not eligible", "The nomination ends, and the nominee and the organisation are told"),
)

_NOT_SCREENED = (ENDS - {Stage.INELIGIBLE}) | {Stage.NOMINATED, Stage.APPLYING, Stage.SCREENING}


class ScreeningForm(Form):
    """What screening comes to, and why."""

    outcome: Literal["eligible", "not_eligible"]
    reason: ScreeningReason
    sentences: ClassVar = {
        "outcome": "Choose whether the nominee is eligible",
        "reason": "Choose why",
    }


@dataclass(frozen=True)
class RowShown:
    """A nomination that waits for screening."""

    number: str
    href: str
    nominee: str
    reasons: tuple[str, ...]
    since: str


@dataclass(frozen=True)
class FactShown:
    """A question of the application with its answer, or another fact."""

    label: str
    value: str


@dataclass(frozen=True)
class CaseShown:
    """One nomination for who screens it."""

    number: str
    waits: bool
    sentence: str
    facts: tuple[FactShown, ...]
    unmet: tuple[str, ...]
    answers: tuple[FactShown, ...]


@routes.get("/quality/screening")
async def waiting(request: Request, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows the nominations that wait for screening."""
    after = request.query_params.get("after", "")
    async with services.acts.desk.sessions() as session:
        count = await count_to_screen(session, visitor.asker)
        after = after if after.isprintable() else ""
        found = await to_screen(session, visitor.asker, after=after, limit=A_PAGE + 1)
    page = found[:A_PAGE]
    following = urlencode({"after": page[-1].nomination.id}) if len(found) > A_PAGE else ""
    return await render(
        request,
        "moderators/screening.html",
        title="Nominations to screen",
        area=AREA,
        count=count,
        rows=[
            RowShown(
                one.nomination.id,
                f"/quality/screening/{one.nomination.id}",
                one.nominee,
                tuple(dict.fromkeys(finding.reason for finding in one.unmet)),
                day(one.nomination.stage_since),
            )
            for one in page
        ],
        first="/quality/screening" if after else "",
        following=f"/quality/screening?{following}" if following else "",
    )


@routes.get("/quality/screening/{nomination}")
async def ask(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> HTMLResponse:
    """Shows what the rules found and what the nominee answered, and asks what it comes to."""
    case = await _opened(services, visitor, nomination)
    return await _page(request, case, Bound[ScreeningForm](), status=200)


@routes.post("/quality/screening/{nomination}")
async def screen(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Settles screening."""
    case = await _opened(services, visitor, nomination)
    form = await bind(request, ScreeningForm)
    if form.value is None:
        return await _page(request, case, form)
    said = form.value

    async def act() -> str:
        await services.acts.nominations.screen(
            NominationId(nomination), visitor.by, eligible=said.outcome == "eligible", reason=said.reason
        )
        return f"/quality/screening/{nomination}/done"

    try:
        return await done_once(request, act)
    except RefusedError as error:
        if not (await _opened(services, visitor, nomination)).waits:
            here = {"href": f"/quality/screening/{nomination}", "link": "Open the nomination as it is now"}
            raise ChangedError(restyled(str(error)), **here) from error
        form.refuse("", restyled(str(error)))
        return await _page(request, case, form)


@routes.get("/quality/screening/{nomination}/done")
async def done(request: Request, nomination: Numbered, visitor: Visiting, services: Surroundings) -> Response:
    """Says what screening came to, and what happens next."""
    case = await _opened(services, visitor, nomination)
    if case.nomination.stage in _NOT_SCREENED:
        return go_to(f"/quality/screening/{nomination}")
    title = "Not eligible" if case.nomination.stage is Stage.INELIGIBLE else "Eligible"
    return await render(
        request,
        "moderators/screened.html",
        title=title,
        area=AREA,
        crumbs=[HOME],
        number=nomination,
        steps_next=_next_steps(case),
    )


async def _opened(services: Services, visitor: Visitor, nomination: str) -> ScreeningCase:
    async with services.acts.desk.sessions() as session:
        case = await screening_case_of(session, visitor.asker, nomination)
    if case is None:
        raise NotFoundError
    return case


async def _page(
    request: Request, case: ScreeningCase, form: Bound[ScreeningForm], *, status: int = 422
) -> HTMLResponse:
    number = case.nomination.id
    return await render(
        request,
        "moderators/screen.html",
        title=f"Screen nomination {number}",
        area=AREA,
        crumbs=[HOME],
        errors=form.problems,
        status=status,
        form=form,
        case=_case_shown(case),
        outcomes=OUTCOMES,
        reasons=[Option(one.value, *words) for one, words in REASONS.items()],
    )


def _case_shown(case: ScreeningCase) -> CaseShown:
    endorser = f"{case.endorser[0]}, {plain(case.endorser[1]).lower()}" if case.endorser else "Nobody"
    words = WORDS[Stage(case.nomination.stage)]
    waits = case.waits and not case.nomination.paused
    idle = "The nomination is paused. Operations can resume it." if case.waits else ""
    return CaseShown(
        number=case.nomination.id,
        waits=waits,
        sentence="" if waits else idle or f"There is nothing to screen: the nomination is {words}.",
        facts=(
            FactShown("Nominee", case.nominee),
            FactShown("Organisation", case.organisation),
            FactShown("Endorsed by", endorser),
            FactShown("Stage", f"{words.capitalize()}, since {day(case.nomination.stage_since)}"),
        ),
        unmet=tuple(dict.fromkeys(one.reason for one in case.findings if not one.met)),
        answers=tuple(
            FactShown(field.label, case.answers.get(field.name, "").capitalize() or "No answer")
            for field in form(case.policy)
            if field.kind is FieldKind.YES_OR_NO
        ),
    )


def _next_steps(case: ScreeningCase) -> Sequence[NextStep]:
    if case.nomination.stage is Stage.INELIGIBLE:
        return (
            NextStep("The nominee and the organisation get a message", "The nominee’s says why.", "within a minute"),
            NextStep("The nomination is over", "A later cohort can nominate them again."),
        )
    return (
        NextStep(
            "The nomination waits for a panel",
            "Panels are found together; the cohort’s policy says when.",
            f"since {day(case.nomination.stage_since)}",
        ),
        NextStep("You have nothing more to do with this nomination now"),
    )
