"""Operations at their pages: the live board, the list, one nomination, and steps for one and for many."""

import asyncio
import re
from datetime import timedelta

from playwright.async_api import Page, expect

from acts.bulk import BulkAct, BulkActs
from acts.extensions import ExtensionActs
from models.enums import AssessmentStage, Role, Stage, SteerReason
from models.ids import PersonId
from models.messages import By
from models.tables import Person, RoleGrant
from portal.services import Services
from portal.sessions import end_everywhere
from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.rig import CohortRig, eventually

LIST = "/operations/nominations"


async def test_board_refreshes_itself(cohort: CohortRig, a_window: AWindow) -> None:
    page = await a_window(cohort.rig.operations)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.clock.install()
    await page.goto(f"/operations?cohort={cohort.id}")
    await expect(page.locator("#live")).to_contain_text("All 0 nominations")
    await expect(page.locator("#said")).to_contain_text("Allocation.")

    await cohort.nominate()
    await page.locator("#stage-nominated").focus()
    await page.clock.run_for(11_000)

    await expect(page.locator("#live")).to_contain_text("All 1 nominations")
    await expect(page.locator("#stage-nominated")).to_be_focused()
    assert complaints == []


async def test_board_goes_to_the_sign_in_once_the_session_has_ended(
    cohort: CohortRig, a_window: AWindow, services: Services
) -> None:
    by = By(person=PersonId("p-0000000000b1"), role=Role.OPERATIONS)
    async with services.acts.desk.transaction() as session:
        session.add(Person(id=by.person, full_name="Somebody leaving", email="leaving@example.nhs.test"))
        await session.flush()
        session.add(RoleGrant(person_id=by.person, role=by.role, granted_at=services.clock()))
    page = await a_window(by)
    await page.clock.install()
    await page.goto(f"/operations?cohort={cohort.id}")
    async with services.acts.desk.transaction() as session:
        await end_everywhere(session, by.person, services.clock())

    await page.clock.run_for(11_000)

    await page.wait_for_url(re.compile(rf"/sign-in\?next=/operations%3Fcohort%3D{cohort.id}$"))


async def test_step_for_many_stands_still_while_the_servers_are_away_and_then_goes_on(
    cohort: CohortRig, a_window: AWindow
) -> None:
    case = await cohort.nominate()
    page = await a_window(cohort.rig.operations)
    await page.route("**/go-on", lambda route: route.fulfill(status=503, body="away"))
    step = await BulkActs(cohort.rig.acts.desk).begin(
        cohort.id, BulkAct.PAUSE, [case.id], cohort.rig.operations, reason=SteerReason.OTHER
    )

    async with page.expect_response("**/go-on"):
        await page.goto(f"/operations/bulk/{step}")
    await expect(page.locator("#progress")).to_contain_text("1 to do")
    await page.unroute("**/go-on")
    await page.get_by_role("button", name="Go on").click()

    await expect(page.locator("#progress")).to_contain_text("1 done")


async def test_whole_journey_by_keyboard_alone_and_without_scripts(cohort: CohortRig, a_window: AWindow) -> None:
    cases = await asyncio.gather(*(cohort.nominate() for _ in range(2)))
    page = await a_window(cohort.rig.operations, scripts=False)

    await page.goto(f"/operations?cohort={cohort.id}")
    await press(page, "link", "Nominated")
    await press(page, "link", cases[0].id)
    await press(page, "link", "Pause")
    await page.get_by_label("Illness").press("Space")
    await press(page, "button", "Pause")
    await expect(page.locator("h1")).to_have_text("Done: pause")
    await press(page, "link", "See where the nomination stands")
    await press(page, "link", "Resume")
    await press(page, "button", "Resume")
    await press(page, "link", "All nominations")
    await page.get_by_label(f"Tick {cases[1].id}").press("Space")
    await press(page, "button", "Choose a step for those ticked")
    await page.get_by_label("Pause").press("Space")
    await page.get_by_label("Leave", exact=True).press("Space")
    await press(page, "button", "See whom it concerns")
    await expect(page.locator("h1")).to_have_text("Pause 1 nomination")
    await press(page, "button", "Pause 1 nomination")
    await expect(page.locator("#progress")).to_contain_text("1 done")

    assert not (await cases[0].row()).paused
    assert (await cases[1].row()).paused


async def test_no_is_said_to_more_time_by_keyboard_and_the_pages_hold(cohort: CohortRig, a_window: AWindow) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    due_at = (await case.row()).due_at
    assert due_at is not None
    acts = ExtensionActs(cohort.rig.acts.desk)
    await acts.ask(case.id, case.nominee, SteerReason.ILLNESS, due_at + timedelta(days=7))
    page = await a_window(cohort.rig.operations)

    await page.goto(f"/operations?cohort={cohort.id}")
    await press(page, "link", "Asking for more time")
    await expect(page.locator("main table")).to_contain_text("Asks for more time")
    await holds(page)
    await press(page, "link", case.id)
    await expect(page.locator("h1")).to_contain_text(f"{case.id}: ")
    await holds(page)
    await press(page, "link", "Say no to more time")
    await expect(page.locator("h1")).to_have_text(f"Say no to more time: {case.id}")
    await holds(page)
    await page.get_by_label("More time was given before").press("Space")
    await press(page, "button", "Say no, and send the letter")
    await expect(page.locator("h1")).to_have_text("Done: say no to more time")
    await holds(page)
    await cohort.rig.acts.nominations.pause(case.id, cohort.rig.operations, SteerReason.LEAVE)
    await page.goto(f"/operations/nominations/{case.id}")
    await expect(page.locator("main")).to_contain_text("This nomination is paused since")
    await holds(page)


async def press(page: Page, role: str, name: str) -> None:
    """Goes to a link or button by its name and presses Enter on it."""
    found = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    await found.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_load_state()


async def test_step_for_many_goes_on_by_itself_where_scripts_run(cohort: CohortRig, a_window: AWindow) -> None:
    cases = await asyncio.gather(*(cohort.nominate() for _ in range(5)))
    page = await a_window(cohort.rig.operations)

    step = await BulkActs(cohort.rig.acts.desk).begin(
        cohort.id, BulkAct.PAUSE, [case.id for case in cases], cohort.rig.operations, reason=SteerReason.OTHER
    )

    await page.goto(f"/operations/bulk/{step}")

    await expect(page.locator("#progress")).to_contain_text("5 done, 0 refused, 0 to do, of 5.")
    await holds(page)


async def test_pages_of_watching_hold(cohort: CohortRig, a_window: AWindow) -> None:
    case, other = await cohort.nominate(full_name="Alexandra Featherstonehaugh-Cholmondeley"), await cohort.nominate()
    await case.reach(Stage.SCORING)
    seat = (await case.panel(AssessmentStage.OFFERED))[0].id
    page = await a_window(cohort.rig.operations)

    for path in (
        f"/operations?cohort={cohort.id}",
        f"{LIST}?cohort={cohort.id}",
        f"{LIST}?cohort={cohort.id}&stage=in_pool",
        f"{LIST}?cohort={cohort.id}&due_day=31&due_month=2&due_year=2027",
        f"{LIST}/{case.id}",
        f"{LIST}/{case.id}/pause",
        f"{LIST}/{other.id}/extend",
        f"{LIST}/{case.id}/done/pause",
        f"{LIST}/{case.id}/readmit",
        f"/operations/assessments/{seat}/extend",
        f"/operations/assessments/{seat}/reassign",
        f"/operations/assessments/{seat}/done/extend",
        f"/operations/cohorts/{cohort.id}",
        f"/operations/cohorts/{cohort.id}/window",
        f"/operations/cohorts/{cohort.id}/close",
        f"/operations/cohorts/{cohort.id}/unblock",
        f"/operations/cohorts/{cohort.id}/done/window",
        f"/operations/bulk?cohort={cohort.id}",
        f"/operations/late?cohort={cohort.id}",
    ):
        await page.goto(path)
        await holds(page)


async def test_forms_with_problems_and_previews_hold(cohort: CohortRig, a_window: AWindow) -> None:
    lonely = await cohort.rig.cohort(assessors=2)
    stuck = await (await lonely.nominate()).reach(Stage.AWAITING_PANEL)
    other = await lonely.nominate()
    await lonely.solve()
    await eventually(stuck.row, lambda row: row.attention_code)
    page = await a_window(cohort.rig.operations)

    await page.goto(f"{LIST}/{stuck.id}")
    await holds(page)
    await page.goto(f"{LIST}/{stuck.id}/unblock")
    await page.get_by_role("button", name="Continue").click()
    await holds(page)
    await page.goto(f"{LIST}?cohort={lonely.id}")
    await page.get_by_role("button", name="Choose a step for all 2 nominations").click()
    await holds(page)
    await page.get_by_role("button", name="See whom it concerns").click()
    await holds(page)
    await page.get_by_label("Pause").check()
    await page.get_by_label("Illness").check()
    await page.get_by_role("button", name="See whom it concerns").click()
    await holds(page)
    await page.get_by_role("button", name="Pause 2 nominations").click()
    await expect(page.locator("#progress")).to_contain_text("2 done")
    await holds(page)
    await page.get_by_role("link", name="Undo this step").click()
    await holds(page)
    await page.goto(f"/operations/bulk?cohort={lonely.id}")
    await holds(page)
    assert (await other.row()).paused
