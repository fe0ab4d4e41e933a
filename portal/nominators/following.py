"""One nomination: where it stands, what happens next, what has happened, and what can be done."""

from fastapi import Request
from starlette.responses import HTMLResponse

from models.enums import NominationRoute, StageChange
from portal.failures import NotFoundError
from portal.nominators.entry import AREA, HOME, Following, storable
from portal.nominators.presenters import (
    READINESS,
    Fact,
    endorsement_fact,
    letter_line_of,
    path_of,
    timeline_of,
)
from portal.nominators.standing import standing_of
from portal.pages import render
from portal.routing import area
from portal.services import Surroundings
from portal.words import day, plain
from rules.stages import leads_to
from storage.lists import names_of
from storage.nominator_pages import OwnNomination, letters_about, own_nomination
from storage.policies import policy_of
from storage.stories import story_visible_to

routes = area()


@routes.get("/organisation/nominations/{nomination}")
async def nomination(request: Request, visitor: Following, services: Surroundings, nomination: str) -> HTMLResponse:
    """Everything the organisation may know of one nomination."""
    async with services.acts.desk.sessions() as session:
        own = await own_nomination(session, visitor.asker, storable(nomination))
        story = await story_visible_to(session, visitor.asker, nomination)
        if own is None or story is None:
            raise NotFoundError
        letters = await letters_about(session, visitor.asker, nomination)
        people = [own.nomination.nominated_by, own.endorsement.person_id if own.endorsement else ""]
        names = await names_of(session, people)
        policy = await policy_of(session, own.cohort.id)
    standing = standing_of(own, services.clock(), policy)
    return await render(
        request,
        "nominators/nomination.html",
        title=own.nominee.full_name,
        area=AREA,
        crumbs=[HOME],
        nominee=own.nominee.full_name,
        number=own.nomination.id,
        standing=standing,
        needs_attention=own.nomination.attention_code is not None,
        facts=_facts(own, names),
        timeline_items=timeline_of(story.events, standing),
        letters=[letter_line_of(letter, own.nominee.full_name) for letter in letters],
        endorse_href=path_of(nomination, "endorse") if own.waits_for_endorsement else "",
        withdraw_href=path_of(nomination, "withdraw") if leads_to(own.nomination.stage, StageChange.WITHDRAW) else "",
    )


def _facts(own: OwnNomination, names: dict[str, str]) -> list[Fact]:
    row = own.nomination
    who = "themselves" if row.route is NominationRoute.SELF else names[row.nominated_by]
    endorser = names.get(own.endorsement.person_id, "") if own.endorsement else ""
    return [
        Fact("Number", row.id),
        Fact("Round", own.cohort.name),
        Fact("Nominated", f"{day(row.created_at)}, by {who}"),
        Fact("Ready", READINESS[row.readiness]),
        Fact("Interests", ", ".join(plain(one) for one in row.interests)),
        endorsement_fact(own, endorser),
    ]
