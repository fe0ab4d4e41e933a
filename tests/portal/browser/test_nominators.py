"""The nominator's journey in a real browser."""

from datetime import UTC, datetime

from playwright.async_api import Page, expect
from sqlmodel import col, select

from acts.drafting import DraftingActs
from models.enums import Role, Stage
from models.ids import PersonId
from models.messages import By
from models.tables import Nomination, NominationDraft, Person, RoleGrant
from tests.portal.browser.conftest import AWindow, holds
from tests.portal.nominators.conftest import a_complete_draft, nominee
from tests.workflows.rig import HOME, CohortRig, Rig, eventually


async def press(page: Page, name: str, *, role: str = "button") -> None:
    """Presses a button or a link from the keyboard."""
    target = page.get_by_role(role, name=name, exact=role == "button").first  # type: ignore[arg-type]
    await target.focus()
    await page.keyboard.press("Enter")


async def write(page: Page, label: str, text: str) -> None:
    """Types into a field from the keyboard."""
    await page.get_by_label(label, exact=False).first.focus()
    await page.keyboard.type(text)


async def choose(page: Page, label: str) -> None:
    """Chooses one of several from the keyboard."""
    await page.get_by_label(label, exact=True).focus()
    await page.keyboard.press("Space")


async def continued(page: Page) -> None:
    """Saves the answer and waits for the next page."""
    before = page.url
    await press(page, "Save and continue")
    await page.wait_for_url(lambda url: url != before)


async def test_nominating_following_and_withdrawing_by_keyboard_alone_and_without_scripts(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    person = nominee(rig)
    page = await a_window(rig.nominator, scripts=False)

    await page.goto("/organisation")
    await press(page, "Nominate", role="link")
    await page.wait_for_url("**/organisation/nominate")
    if await page.get_by_role("radio").count():
        await page.get_by_role("radio", name=cohort.id, exact=True).focus()
        await page.keyboard.press("Space")
    await press(page, "Start")
    await page.wait_for_url("**/questions/name")
    await write(page, "What is the full name", person["nominee_name"])
    await continued(page)
    await write(page, "What is their work email address", person["nominee_email"])
    await continued(page)
    await continued(page)
    await choose(page, "Ready now")
    await continued(page)
    await continued(page)
    await continued(page)
    await write(page, "Full name", "Rosa Finch")
    await write(page, "Work email address", "rosa.finch@example.nhs.test")
    await continued(page)
    await choose(page, "Chief executive")
    await continued(page)
    await write(page, "Why does the endorser support the nomination?", "She led it, and it lasted.")
    await continued(page)
    await page.wait_for_url("**/check")
    await press(page, "Send nomination")
    await page.wait_for_url("**/sent")
    await expect(page.locator("h1")).to_have_text("Nomination sent")

    (row,) = await rig.all(select(Nomination).where(col(Nomination.cohort_id) == cohort.id))
    await eventually(lambda: rig.get(Nomination, row.id), lambda one: one.steps >= 1)
    await press(page, "See the nomination", role="link")
    await page.wait_for_url(f"**/organisation/nominations/{row.id}")
    await press(page, "Withdraw this nomination", role="link")
    await page.wait_for_url("**/withdraw")
    await choose(page, "The nominee has a new post")
    await press(page, "Continue")
    await press(page, "Withdraw nomination")
    await page.wait_for_url("**/withdrawn")
    assert (await rig.get(Nomination, row.id)).stage is Stage.WITHDRAWN


async def test_pages_of_a_nominator_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await cohort.nominate(full_name="Ada Quill", by_self=True, endorsed=False)
    draft = await a_complete_draft(rig, cohort, readiness="")
    (letter,) = [one for one in await case.letters() if one.person_id == rig.nominator.person]
    page = await a_window(rig.nominator)
    own, begun = f"/organisation/nominations/{case.id}", f"/organisation/nominate/{draft}"
    questions = ("name", "readiness", "earlier-organisations", "endorser", "endorsement", "reference")

    for path in (
        "/organisation?saved=yes",
        "/organisation/nominate",
        *(f"{begun}/questions/{question}" for question in questions),
        *(f"{begun}/{what}" for what in ("check", "round", "delete")),
        own,
        f"{own}/withdraw",
        f"{own}/endorse",
        "/organisation/messages",
        f"/organisation/messages/{letter.id.replace('/', '~')}",
        "/organisation/people",
    ):
        await page.goto(path)
        await holds(page)


async def test_pages_after_an_act_and_with_errors_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await cohort.nominate(full_name="Ada Quill", by_self=True, endorsed=False)
    draft = await a_complete_draft(rig, cohort, readiness="")
    page = await a_window(rig.nominator)

    await page.goto(f"/organisation/nominations/{case.id}/endorse")
    await page.get_by_role("button", name="Endorse nomination").click()
    await holds(page)
    await page.get_by_label("Full name of the endorser").fill("Rosa Finch")
    await page.get_by_label("Their work email address").fill("rosa.finch@example.nhs.test")
    await page.get_by_label("Accountable officer").check()
    await page.get_by_label("Why do they support the nomination?").fill("She led it.")
    await page.get_by_role("button", name="Endorse nomination").click()
    await page.wait_for_url("**/endorsed")
    await holds(page)
    await page.goto(f"/organisation/nominations/{case.id}/withdraw")
    await page.get_by_label("Another reason").check()
    await page.get_by_role("button", name="Continue").click()
    await holds(page)
    await page.get_by_role("button", name="Withdraw nomination").click()
    await page.wait_for_url("**/withdrawn")
    await holds(page)

    await page.goto(f"/organisation/nominate/{draft}/check")
    await page.get_by_role("button", name="Send nomination").click()
    await expect(page).to_have_title("Error: Check your answers – Nominate – Talent pool")
    await holds(page)
    await page.get_by_role("link", name="Choose how soon the nominee is ready").click()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/questions/readiness")
    await page.get_by_label("Ready now").check()
    await page.get_by_role("button", name="Save and continue").click()
    await page.wait_for_url("**/check")
    await page.get_by_role("button", name="Send nomination").click()
    await page.wait_for_url("**/sent")
    await holds(page)


async def test_browser_that_is_closed_while_somebody_types_loses_nothing(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    draft = await a_complete_draft(rig, cohort, endorsement="")
    page = await a_window(rig.nominator)
    await page.goto(f"/organisation/nominate/{draft}/questions/endorsement")
    await page.get_by_label("Why does the endorser support the nomination?").fill("She led it, and it lasted.")
    await expect(page.get_by_text("Saved at")).to_be_visible()
    await page.context.close()

    again = await a_window(rig.nominator)
    await again.goto(f"/organisation/nominate/{draft}/questions/endorsement")

    await expect(again.get_by_label("Why does the endorser support")).to_have_value("She led it, and it lasted.")
    kept = await rig.all(select(NominationDraft).where(col(NominationDraft.id) == draft))
    assert [one.content["endorsement"] for one in kept] == ["She led it, and it lasted."]


async def test_role_withdrawn_while_somebody_types_is_said_and_the_text_stays(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    someone = Person(full_name="Leaving Nominator", email=f"leaving.{rig.number()}@example.nhs.test")
    by = By(person=PersonId(someone.id), role=Role.NOMINATOR)
    organisation = RoleGrant(person_id=by.person, role=by.role, organisation_code=HOME, granted_at=datetime.now(UTC))
    async with rig.sessions.begin() as session:
        session.add(someone)
        await session.flush()
        session.add(organisation)
    draft = await DraftingActs(rig.acts.desk).begin(cohort.id, HOME, by)
    page = await a_window(by)
    await page.goto(f"/organisation/nominate/{draft}/questions/endorsement")
    async with rig.sessions.begin() as session:
        await session.delete(await session.merge(organisation))

    await page.locator("textarea").press_sequentially("She led it.")

    said = page.get_by_text("Not saved: the role that this page is for was withdrawn.")
    await expect(said).to_be_visible()
    await expect(page.get_by_role("link", name="See whom to ask")).to_have_attribute("href", "/help/contact")
    await expect(page.get_by_role("link", name="Choose your role")).to_have_count(0)
    await expect(page.locator("textarea")).to_have_value("She led it.")


async def test_what_was_wrong_with_an_answer_does_not_stay_beside_what_is_said_of_the_next(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    draft = await a_complete_draft(rig, cohort, nominee_name="")
    page = await a_window(rig.nominator)
    await page.goto(f"/organisation/nominate/{draft}/questions/name")
    await page.get_by_role("button", name="Save and continue").click()
    group = page.locator(".nhsuk-form-group").filter(has=page.locator("#nominee_name"))
    await expect(group).to_contain_text("Enter the nominee’s full name")

    await page.locator("#nominee_name").fill("Zoe\u202e Hill")

    await expect(group).to_contain_text("There is an invisible character")
    await expect(group).not_to_contain_text("Enter the nominee’s full name")
    await holds(page)
