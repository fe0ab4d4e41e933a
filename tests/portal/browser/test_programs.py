"""The pages for programs, in a browser: the interface is read and tried, tokens and addresses are kept."""

import re

from playwright.async_api import Page, expect

from acts.programs import ProgramActs
from models.programs import Scope
from portal.api.document import every_operation
from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.rig import HOME, CohortRig, Rig

TOKEN, SECRET = re.compile(r"^tpool_[\w-]{43}$"), re.compile(r"^whsec_[\w+/=]{44}$")
OWN, ALL = "/organisation/programs", "/operations/programs"
DOCS = "/api/v1/docs"


def address_of(method: str, path: str) -> str:
    (name,) = [one.name for one in every_operation() if (one.method, one.path) == (method, f"/api/v1{path}")]
    return f"{DOCS}/{name}"


async def test_explorer_can_be_read_by_everybody(a_window: AWindow, site: str) -> None:
    page = await a_window()

    await page.goto(f"{site}/api/v1/docs")
    await page.get_by_role("link", name="Nominate somebody", exact=True).click()

    assert page.url.endswith("#nominate_api_v1_nominations_post")
    await holds(page)


async def heading(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)


async def test_token_is_made_and_tried_by_keyboard_without_scripts(
    rig: Rig, cohort: CohortRig, a_window: AWindow, site: str
) -> None:
    case = await cohort.nominate()
    page = await a_window(rig.nominator, scripts=False)

    await page.goto(f"{site}{OWN}")
    await page.get_by_role("link", name="Make a token").focus()
    await page.keyboard.press("Enter")
    await heading(page, "Make a token")
    await page.get_by_label("What program uses it").focus()
    await page.keyboard.type("Staff records")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await heading(page, "Staff records")
    token = await page.locator("section code").inner_text()
    assert TOKEN.match(token)
    assert token not in page.url

    await page.get_by_role("link", name="interface for programs").click()
    await page.get_by_role("link", name=re.compile("^Try it.*See a nomination$")).focus()
    await page.keyboard.press("Enter")
    await heading(page, "See a nomination")
    await page.get_by_label("number").focus()
    await page.keyboard.type(case.id)
    await page.get_by_label("Token").focus()
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Answer: 200 OK")).to_be_visible()
    await expect(page.locator("main")).to_contain_text(case.id)
    assert token not in await page.content()
    assert page.url.endswith(address_of("GET", "/nominations/{number}"))


async def test_back_button_does_not_show_the_token_again(rig: Rig, a_window: AWindow, site: str) -> None:
    page = await a_window(rig.nominator)
    await page.goto(f"{site}{OWN}/tokens/new")
    await page.get_by_label("What program uses it").fill("Went back")
    await page.get_by_label("See nominations").check()
    await page.get_by_role("button", name="Make the token").click()
    token = await page.locator("section code").inner_text()
    await holds(page)
    await page.get_by_role("link", name="Programs").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Programs of")

    await page.go_back()
    back = await page.content()
    await page.go_back()
    form = await page.content()
    await page.go_forward()
    forth = await page.content()

    assert TOKEN.match(token)
    assert token not in back + form + forth


async def test_every_page_on_programs_holds(rig: Rig, a_window: AWindow, site: str) -> None:
    page = await a_window(rig.nominator)
    await page.goto(f"{site}{OWN}/tokens/new")
    await holds(page)
    await page.get_by_role("button", name="Make the token").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)

    await page.goto(f"{site}{OWN}/webhooks/new")
    await holds(page)
    await page.get_by_label("Address").fill("https://hr.example.org/" + "a-long-way-to-the-place-of-events/" * 6)
    await page.get_by_role("button", name="Add the address").click()
    assert SECRET.match(await page.locator("section code").inner_text())
    await holds(page)
    await page.get_by_role("button", name="Send a test event").click()
    await expect(page.get_by_role("table")).to_contain_text("A test")
    await holds(page)
    endpoint = page.url.partition("?")[0]
    await page.get_by_role("link", name="A test").click()
    await holds(page)
    await page.get_by_role("button", name="Send it again").click()
    await expect(page.locator("main")).to_contain_text("The event is sent again")
    for path in ("/secret", "/off"):
        await page.goto(endpoint + path)
        await holds(page)
    await page.get_by_role("button", name="Switch it off").click()
    await expect(page.locator("main")).to_contain_text("The address was switched off")
    await page.goto(f"{site}{OWN}")
    await holds(page)


async def test_operations_end_a_token(rig: Rig, a_window: AWindow, site: str) -> None:
    made = await ProgramActs(rig.sessions).make_token(HOME, rig.nominator, "Found lying", [Scope.EXPORTS_READ])
    page = await a_window(rig.operations)
    await page.goto(f"{site}{ALL}")
    await holds(page)

    await page.locator("main").get_by_role("link", name=re.compile("^(?!Operations$)")).first.click()
    await holds(page)
    await page.get_by_role("link", name="Found lying").click()
    await holds(page)
    await page.get_by_role("link", name="Revoke this token").click()
    await holds(page)
    await page.get_by_role("button", name="Revoke the token").click()

    await expect(page.locator("main")).to_contain_text("The token was revoked")
    assert page.url == f"{site}{ALL}/{HOME}/tokens/{made.row.id}?done=revoked"


async def test_pages_that_try_operations_hold(rig: Rig, a_window: AWindow, site: str) -> None:
    made = await ProgramActs(rig.sessions).make_token(HOME, rig.nominator, "Tries", list(Scope))
    page = await a_window()
    for one in (
        address_of("GET", "/nominations"),
        address_of("POST", "/nominations"),
        address_of("POST", "/webhooks/{endpoint}/deliveries/{delivery}/replay"),
    ):
        await page.goto(f"{site}{one}")
        await holds(page)

    await page.get_by_label("Token").fill(made.token)
    await page.get_by_role("button", name="Send the request").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)
    await page.goto(f"{site}{address_of('GET', '/cohorts')}")
    await page.get_by_label("Token").fill(made.token)
    await page.get_by_role("button", name="Send the request").click()

    await expect(page.get_by_role("heading", name="Answer: 200 OK")).to_be_visible()
    assert await page.get_by_label("Token").input_value() == ""
    await holds(page)
