from dataclasses import replace

from models.tables import Nomination, Organisation, Person
from portal.app import make_portal
from portal.services import Branding, Services
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import CohortRig, Rig


async def test_made_up_person_signs_in_where_the_setting_allows_it(rig: Rig, services: Services) -> None:
    allowed = replace(services, personas=True)
    visit = Visit(make_portal(allowed), allowed)

    page = await visit.get("/sign-in/personas")
    after = await visit.post("/sign-in/personas", {"person": rig.moderator.person})

    assert "The moderator" in page.words
    assert after.path == "/quality"
    await visit.close()


async def test_anybody_is_found_by_name_or_number_and_shown_with_what_they_are(
    cohort: CohortRig, services: Services
) -> None:
    case = await cohort.nominate()
    nominee = await cohort.rig.get(Person, case.nominee.person)
    nomination = await cohort.rig.get(Nomination, case.id)
    organisation = await cohort.rig.get(Organisation, nomination.organisation_code)
    allowed = replace(services, personas=True)
    visit = Visit(make_portal(allowed), allowed)
    await visit.get("/sign-in/personas")

    by_number = await visit.post("/sign-in/personas/search", {"words": case.id})
    by_name = await visit.post("/sign-in/personas/search", {"words": nominee.full_name[:-1].upper()})
    nobody = await visit.post("/sign-in/personas/search", {"words": "100%_"})
    short = await visit.post("/sign-in/personas/search", {"words": "a"})
    stranger = await visit.post("/sign-in/personas", {"person": "p-000000000000"})
    after = await visit.post("/sign-in/personas", {"person": nominee.id})

    assert f"{nominee.full_name} , Nominee {case.id}, Nominated, {organisation.name}" in by_number.words
    assert nominee.full_name in by_name.words
    assert "Nobody was found" in nobody.words
    assert (short.status, "Enter at least 2 letters" in short.words) == (422, True)
    assert (stranger.status, "Choose somebody" in stranger.words) == (422, True)
    assert after.path.startswith("/my-nomination")
    await visit.close()


async def test_personas_are_not_there_without_the_setting_or_in_production(
    rig: Rig, services: Services, a_visit: A_Visit
) -> None:
    production = replace(services, personas=True, branding=Branding())
    visit = Visit(make_portal(production), production)

    answers = [
        await (await a_visit()).get("/sign-in/personas"),
        await (await a_visit()).post("/sign-in/personas", {"person": rig.operations.person}),
        await visit.get("/sign-in/personas"),
        await visit.post("/sign-in/personas", {"person": rig.operations.person}),
        await visit.post("/sign-in/personas/search", {"words": "moderator"}),
        await visit.get("/mailbox"),
    ]

    assert [answer.status for answer in answers] == [404] * 6
    await visit.close()
