from dataclasses import replace

from portal.app import make_portal
from portal.services import Branding, Services
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Visit
from tests.workflows.rig import Rig


async def test_made_up_person_signs_in_where_the_setting_allows_it(rig: Rig, services: Services) -> None:
    allowed = replace(services, personas=True)
    visit = Visit(make_portal(allowed), allowed)

    page = await visit.get("/sign-in/personas")
    after = await visit.post("/sign-in/personas", {"person": rig.moderator.person})

    assert "The moderator" in page.words
    assert after.path == "/quality"
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
        await visit.get("/mailbox"),
    ]

    assert [answer.status for answer in answers] == [404] * 5
    await visit.close()
