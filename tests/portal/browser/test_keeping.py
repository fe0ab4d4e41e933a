"""Operations keep things in order in a real browser: every page holds, and everything works by keyboard alone."""

from playwright.async_api import Page, expect
from sqlmodel import col, select

from acts.pairs import PairActs
from models.enums import Stage, SteerReason, Template
from models.ids import AssessorId
from models.tables import AllocationRun, Assessor, Organisation, ProposedSeat
from portal.operations.keeping.letters import path_of
from tests.portal.browser.conftest import AWindow, holds
from tests.workflows.rig import Case, CohortRig, Rig, eventually

BY_HAND = {"allocation.released_by_operations": True}
ORGANISATIONS = "code,name,type,region,local_office_code,system_code,system_name\n"


async def proposal(rig: Rig) -> tuple[CohortRig, Case]:
    """A cohort with one proposed run for one waiting nomination."""
    cohort = await rig.cohort(BY_HAND)
    case = await (await cohort.nominate(full_name="Nora Waiting")).reach(Stage.AWAITING_PANEL)
    await cohort.solve()
    made = select(AllocationRun).where(col(AllocationRun.cohort_id) == cohort.id)
    await eventually(lambda: rig.all(made))
    return cohort, case


async def press(page: Page, role: str, name: str) -> None:
    """Goes to a link or a button and presses Enter, as somebody without a mouse does."""
    await page.get_by_role(role, name=name, exact=True).first.focus()  # type: ignore[arg-type]
    await page.keyboard.press("Enter")


def file_of(text: str) -> list[dict[str, object]]:
    return [{"name": "rows.csv", "mimeType": "text/csv", "buffer": text.encode()}]


async def test_pages_on_runs_hold(rig: Rig, a_window: AWindow) -> None:
    cohort, _ = await proposal(rig)
    await rig.acts.cohorts.solve(cohort.id, rig.operations)
    made = select(AllocationRun).where(col(AllocationRun.cohort_id) == cohort.id)
    await eventually(lambda: rig.all(made), lambda runs: len(runs) == 2)
    page = await a_window(rig.operations)
    run = f"/operations/allocation/{cohort.id}/2"

    for path in (
        f"/operations/allocation?cohort={cohort.id}",
        run,
        f"{run}/loads",
        f"{run}/unstaffed",
        f"{run}/compare?other=1",
        f"{run}/release",
        f"{run}/discard",
    ):
        await page.goto(path)
        await holds(page)


async def test_pages_on_pairs_and_swaps_hold(rig: Rig, a_window: AWindow) -> None:
    cohort, case = await proposal(rig)
    seats = select(ProposedSeat.assessor_id).where(col(ProposedSeat.nomination_id) == case.id)
    goes = min(await rig.all(seats))
    register = select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id)
    comes, other, *_ = sorted({*await rig.all(register)} - {*await rig.all(seats)})
    await PairActs(rig.acts.desk).forbid(case.id, AssessorId(other), rig.operations, SteerReason.OTHER)
    page = await a_window(rig.operations)
    pairs, swap = f"/operations/allocation/{cohort.id}/pairs", f"/operations/allocation/{cohort.id}/1/swap"

    for path in (
        pairs,
        f"{pairs}/add",
        f"{pairs}/price",
        f"{pairs}/price?nomination={case.id}&assessor={comes}&kind=pinned",
        f"{pairs}/price?nomination={case.id}&assessor={other}&kind=lifted",
        swap,
        f"{swap}?nomination={case.id}",
        f"{swap}?nomination={case.id}&goes={goes}&comes={comes}",
    ):
        await page.goto(path)
        await holds(page)


async def test_pair_is_pinned_and_swap_made_by_keyboard_alone_and_without_scripts(
    rig: Rig, a_window: AWindow
) -> None:
    cohort, case = await proposal(rig)
    seats = select(ProposedSeat.assessor_id).where(col(ProposedSeat.nomination_id) == case.id)
    goes = min(await rig.all(seats))
    register = select(Assessor.id).where(col(Assessor.cohort_id) == cohort.id)
    pinned, comes, *_ = sorted({*await rig.all(register)} - {*await rig.all(seats)})
    page = await a_window(rig.operations, scripts=False)

    await page.goto(f"/operations/allocation?cohort={cohort.id}")
    await press(page, "link", "Pinned and forbidden pairs")
    await press(page, "button", "Pin or forbid a pair")
    await page.get_by_label("Nomination", exact=True).select_option(case.id)
    await page.get_by_label("Assessor", exact=True).select_option(pinned)
    await page.get_by_label("Forbid").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "See what it costs")
    await page.get_by_label("Workload").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "Forbid this pair")
    await expect(page.get_by_text("The pair is forbidden")).to_be_visible()

    await page.goto(f"/operations/allocation/{cohort.id}/1")
    await press(page, "link", "swap somebody on it")
    await page.get_by_label(goes).focus()
    await page.keyboard.press("Space")
    await page.get_by_label("Who comes?").select_option(comes)
    await press(page, "button", "See what it costs")
    await page.get_by_label("Workload").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "Record the swap and ask for another run")
    await expect(page.get_by_text("The swap was recorded and another run was asked for")).to_be_visible()


async def test_pages_on_letters_and_the_trail_hold(rig: Rig, cohort: CohortRig, a_window: AWindow) -> None:
    case = await cohort.nominate()
    letter = (await eventually(case.letters))[0]
    await rig.spoil("UPDATE outboxmessage SET status = 'failed' WHERE id = :id", id=letter.id)
    page = await a_window(rig.operations)

    for path in (
        f"/operations/messages?cohort={cohort.id}",
        path_of(letter.id),
        "/operations/messages/templates",
        "/operations/messages/templates/feedback",
        f"/operations/audit?subject={case.id}",
        "/operations/audit?since_day=40&since_month=1&since_year=2026",
        "/operations/audit/verify",
    ):
        await page.goto(path)
        await holds(page)


async def test_page_of_every_template_holds(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(rig.operations)

    for template in Template:
        await page.goto(f"/operations/messages/templates/{template}")
        await holds(page)


async def test_pages_on_people_and_files_hold(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(rig.operations)
    person = f"/operations/people/{rig.chair.person}"

    for path in (
        "/operations/people",
        "/operations/people/new",
        person,
        f"{person}/grant",
        f"{person}/withdraw?role=board",
        "/operations/organisations",
        "/operations/organisations/R1D",
        "/operations/export",
        "/operations/import",
    ):
        await page.goto(path)
        await holds(page)
    await page.goto("/operations/import")
    await page.get_by_label("Organisations", exact=True).check()
    await page.locator("input[type=file]").set_input_files(file_of(f"{ORGANISATIONS}RQ4,x,nothing,,,,\n"))  # type: ignore[arg-type]
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    await holds(page)


async def test_run_is_released_by_keyboard_alone_and_without_scripts(rig: Rig, a_window: AWindow) -> None:
    cohort, case = await proposal(rig)
    page = await a_window(rig.operations, scripts=False)

    await page.goto(f"/operations/allocation?cohort={cohort.id}")
    await press(page, "link", "Run 1")
    await press(page, "button", "Release this run")
    await press(page, "button", "Release run 1")

    await expect(page.get_by_text("The run was released")).to_be_visible()
    await case.offered(3)


async def test_role_is_given_and_withdrawn_by_keyboard_alone_and_without_scripts(rig: Rig, a_window: AWindow) -> None:
    page = await a_window(rig.operations, scripts=False)
    email = f"kay.{rig.number()}@example.nhs.test"

    await page.goto("/operations/people")
    await press(page, "link", "Give a role to somebody")
    await page.get_by_label("Full name").focus()
    await page.keyboard.type("Kay Board")
    await page.get_by_label("Email address").focus()
    await page.keyboard.type(email)
    await page.get_by_label("Talent board").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "Give the role")
    await expect(page.get_by_text("The role was given")).to_be_visible()
    await page.goto("/operations/people")
    await page.get_by_label("Name or email address").focus()
    await page.keyboard.type(email[:12])
    await page.keyboard.press("Enter")
    await press(page, "link", "Kay Board")
    await press(page, "link", "Withdraw the role Talent board")
    await press(page, "button", "Withdraw the role")

    await expect(page.get_by_text("The role was withdrawn")).to_be_visible()


async def test_file_is_previewed_and_imported_by_keyboard_alone_and_without_scripts(
    rig: Rig, a_window: AWindow
) -> None:
    page = await a_window(rig.operations, scripts=False)
    row = "RQ5,Trust by keyboard,acute_trust,Midlands and East,Q76,SRQ5,System RQ5\n"

    await page.goto("/operations/import")
    await page.get_by_label("Organisations", exact=True).focus()
    await page.keyboard.press("Space")
    await page.locator("input[type=file]").set_input_files(file_of(ORGANISATIONS + row))  # type: ignore[arg-type]
    await press(page, "button", "Preview")
    await expect(page.get_by_text("RQ5: Trust by keyboard")).to_be_visible()
    before = await rig.all(select(Organisation).where(col(Organisation.code) == "RQ5"))
    await press(page, "button", "Import 1 row")

    await expect(page.get_by_role("heading", name="The import is done")).to_be_visible()
    assert before == []
    assert len(await rig.all(select(Organisation).where(col(Organisation.code) == "RQ5"))) == 1


async def test_export_and_letter_by_keyboard_alone_and_without_scripts(
    rig: Rig, cohort: CohortRig, a_window: AWindow
) -> None:
    case = await cohort.nominate()
    letter = (await eventually(case.letters))[0]
    await rig.spoil("UPDATE outboxmessage SET status = 'failed' WHERE id = :id", id=letter.id)
    page = await a_window(rig.operations, scripts=False)

    await page.goto(f"/operations/export?cohort={cohort.id}")
    await page.get_by_label("Nominations", exact=True).focus()
    await page.keyboard.press("Space")
    async with page.expect_download() as download:
        await press(page, "button", "Export")
    await page.goto(f"/operations/messages?cohort={cohort.id}")
    await press(page, "link", "Invitation")
    await page.get_by_label("Technical fault").focus()
    await page.keyboard.press("Space")
    await press(page, "button", "Send again")

    await expect(page.get_by_text("It will be sent again")).to_be_visible()
    assert (await download.value).suggested_filename.startswith(f"nominations-{cohort.id}-")
