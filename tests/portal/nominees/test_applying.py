"""The nominee's whole way, page by page, as a browser without scripts goes it."""

import pytest
from sqlmodel import col, select

from models.enums import Readiness, Stage
from models.tables import ApplicationDraft, Nomination
from rules.applications import FieldKind, form
from tests.portal.conftest import A_Visit
from tests.portal.visiting import Seen, Visit
from tests.workflows.rig import Case, CohortRig, eventually

STATEMENT = "I led the merger of two services, and waiting times fell by a third."


async def drafts(case: Case) -> dict[str, tuple[str, int]]:
    rows = await case.rig.all(select(ApplicationDraft).where(col(ApplicationDraft.nomination_id) == case.id))
    return {row.field: (row.content, row.revision) for row in rows}


async def applying(cohort: CohortRig, a_visit: A_Visit) -> tuple[Case, Visit, str]:
    """A nominee whose application is open, at their pages."""
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    return case, await a_visit(case.nominee), f"/my-nomination/{case.id}"


async def test_nominee_consents_applies_and_sends(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)

    first = await visit.get("/my-nomination")
    asked = await visit.get(f"/my-nomination/{case.id}/consent")
    agreed = await asked.submit("/consent", answer="yes")
    for task in [
        link for link in (await visit.get(f"/my-nomination/{case.id}/application")).links if "/task/" in link
    ]:
        page = await visit.get(task)
        answers = {
            name: STATEMENT for name in page.form("").fields if not name.startswith("revision.") and name != "once"
        }
        answers |= {one.name: one.choices[0] for one in form(cohort.policy) if one.choices and one.name in answers}
        listed = await page.submit(f"/task/{task.rsplit('/', 1)[-1]}", answers)
        assert listed.path == f"/my-nomination/{case.id}/application"
    check = await visit.get(f"/my-nomination/{case.id}/application/check")
    received = await check.submit("/check")
    await eventually(case.row, lambda row: row.stage is Stage.AWAITING_PANEL)
    sent = await visit.get(f"/my-nomination/{case.id}/application/sent")
    last = await visit.get("/my-nomination")

    assert "Say if you agree to be nominated" in first.words
    assert "460 days after the closing date" in asked.words
    assert (agreed.path, agreed.heading) == (f"/my-nomination/{case.id}/agreed", "You agreed to be nominated")
    assert (received.path, received.heading) == (f"/my-nomination/{case.id}/application/received", "Application sent")
    assert sent.words.count(STATEMENT) == len([one for one in form(cohort.policy) if not one.choices])
    assert "You do not need to do anything now" in last.words
    assert "Three trained senior leaders assess your application" in last.words


async def test_consent_without_an_answer_is_asked_again(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/consent")

    again = await page.submit("/consent")

    assert (again.status, again.title.startswith("Error: ")) == (422, True)
    assert "#answer" in again.links


async def test_declining_is_confirmed_and_ends_the_nomination(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    page = await (await a_visit(case.nominee)).get(f"/my-nomination/{case.id}/consent")

    confirm = await page.submit("/consent", answer="no")
    done = await confirm.submit("/decline")

    assert confirm.path.endswith("/decline")
    assert done.heading == "You declined the nomination"
    assert (await case.row()).stage is Stage.DECLINED_BY_NOMINEE


async def test_sending_too_early_names_what_is_missing_and_links_to_it(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, visit, path = await applying(cohort, a_visit)

    page = await (await visit.get(f"{path}/application/check")).submit("/check")

    assert page.status == 422
    assert "#partnerships" in page.links
    assert f"{path}/application/task/readiness" in page.links
    assert "'Providing robust governance and assurance' has no answer yet" in page.words


async def test_text_that_is_too_long_is_kept_and_said_to_be(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, visit, path = await applying(cohort, a_visit)
    page = await visit.get(f"{path}/application/task/statement-partnerships")

    listed = await page.submit("/task/statement-partnerships", partnerships="word " * 251)
    check = await visit.get(f"{path}/application/check")

    assert "Too long" in listed.words
    assert "251 words of at most 250" in listed.words
    assert "shorten it by 1 word." in check.words
    assert (await drafts(case))["partnerships"][1] == 1


async def test_two_tabs_without_scripts_lose_nothing_and_choose(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, visit, path = await applying(cohort, a_visit)
    address = f"{path}/application/task/statement-partnerships"
    one, other = await visit.get(address), await visit.get(address)
    await one.submit("/task/statement-partnerships", partnerships="From the first tab.")

    both = await other.submit("/task/statement-partnerships", partnerships="From the second tab.")
    undecided = await both.submit("/task/statement-partnerships")
    stored_meanwhile = await drafts(case)
    after = await undecided.submit("/task/statement-partnerships", {"keep.partnerships": "mine"})

    assert (both.status, both.heading) == (409, "Choose which text to keep")
    assert "From the first tab." in both.words
    assert "From the second tab." in both.words
    assert (undecided.status, "#keep.partnerships" in undecided.links) == (422, True)
    assert "From the first tab." in undecided.words
    assert "From the second tab." in undecided.words
    assert stored_meanwhile["partnerships"] == ("From the first tab.", 1)
    assert after.path == f"{path}/application"
    assert (await drafts(case))["partnerships"] == ("From the second tab.", 2)


async def test_other_tabs_text_can_be_kept(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, visit, path = await applying(cohort, a_visit)
    address = f"{path}/application/task/statement-partnerships"
    one, other = await visit.get(address), await visit.get(address)
    await one.submit("/task/statement-partnerships", partnerships="First.")

    both = await other.submit("/task/statement-partnerships", partnerships="Second.")
    await both.submit("/task/statement-partnerships", {"keep.partnerships": "theirs"})

    assert (await drafts(case))["partnerships"] == ("First.", 1)


async def saved(visit: Visit, path: str, content: str, revision: int, field: str = "partnerships") -> Seen:
    return await visit.post(
        f"{path}/application/save", {"field": field, "content": content, "revision": str(revision)}
    )


async def test_saving_as_one_types_answers_what_the_script_knows(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, visit, path = await applying(cohort, a_visit)

    first = await saved(visit, path, "One.", 0)
    second = await saved(visit, path, "One, two.\r\n", 1)
    stale = await saved(visit, path, "Something else.", 1)
    same = await saved(visit, path, "One, two.\n", 0)
    unknown = await saved(visit, path, "x", 0, field="hobbies")
    choice = await saved(visit, path, "soon", 0, field="readiness")
    unseen = await saved(visit, path, "a\u202eb", 2)

    assert (first.status, first.response.json()["revision"]) == (200, 1)
    assert (second.status, second.response.json()["revision"]) == (200, 2)
    assert (stale.status, stale.response.json() | {"saved_at": ""}) == (
        409,
        {"theirs": "One, two.\n", "revision": 2, "saved_at": ""},
    )
    assert (same.status, same.response.json()["revision"]) == (200, 2)
    assert [answer.status for answer in (unknown, choice, unseen)] == [422, 422, 422]
    assert all(answer.response.json()["sentence"] for answer in (unknown, choice, unseen))
    assert await drafts(case) == {"partnerships": ("One, two.\n", 2)}


async def test_saving_after_signing_out_says_so(cohort: CohortRig, a_visit: A_Visit) -> None:
    _, visit, path = await applying(cohort, a_visit)
    await visit.post("/sign-out")

    answer = await saved(visit, path, "One.", 0)

    assert answer.status == 401


async def test_session_that_ends_while_typing_gives_the_text_back_to_send_again(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, visit, path = await applying(cohort, a_visit)
    page = await visit.get(f"{path}/application/task/development")
    await visit.post("/sign-out")

    held = await page.submit("/task/development", development_needs="Typed\nfor long.")
    await visit.signed_in_as(case.nominee)
    after = await held.submit("")

    assert (held.status, held.heading) == (401, "You have been signed out")
    assert after.path == f"{path}/application"
    assert (await drafts(case))["development_needs"] == ("Typed\nfor long.", 1)


async def test_deadline_that_passes_while_typing_gives_back_what_was_typed(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, visit, path = await applying(cohort, a_visit)
    page = await visit.get(f"{path}/application/task/statement-partnerships")
    check = await visit.get(f"{path}/application/check")
    await page.submit("/task/statement-partnerships", partnerships="Saved in time.")
    await case.reach(Stage.LAPSED)

    late = await page.submit("/task/statement-partnerships", partnerships="Typed too late.")
    by_script = await saved(visit, path, "Typed too late.", 1)
    not_sent = await check.submit("/check")
    home = await visit.get(path)
    kept = await visit.get(f"{path}/application/kept")

    assert (late.status, "Typed too late." in late.words) == (409, True)
    assert f"{path}/extension" in late.links
    assert (by_script.status, "ask for it under" in by_script.response.json()["sentence"]) == (422, True)
    assert (not_sent.status, not_sent.heading) == (409, "Your application was not sent")
    assert f"{path}/extension" in not_sent.links
    assert "You can ask to be let back in" in home.words
    assert "Saved in time." in kept.words


async def test_nobody_elses_nomination_is_there(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, other = await cohort.nominate(), await cohort.nominate()
    await other.reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    below = f"/my-nomination/{other.id}"
    pages = ["", "/consent", "/agreed", "/decline", "/application", "/application/details", "/application/check"]
    pages += ["/application/task/readiness", "/application/sent", "/application/kept", "/messages", "/decision"]
    pages += ["/extension", "/withdraw", "/defer", "/equality"]
    posts = ["/consent", "/decline", "/application/save", "/application/task/readiness", "/application/check"]
    posts += ["/extension", "/withdraw", "/defer", "/equality", "/equality/delete"]
    values = {"answer": "yes", "field": "readiness", "content": Readiness.READY_NOW.value, "readiness": "ready_now"}

    got = {(page, (await visit.get(below + page)).status) for page in pages}
    posted = {(page, (await visit.post(below + page, values)).status) for page in posts}

    assert got == {(page, 404) for page in pages}
    assert posted == {(page, 404) for page in posts}
    assert (await other.row()).stage is Stage.APPLYING
    assert await drafts(other) == {}


@pytest.mark.parametrize("slug", ["details", "eligibility", "readiness", "development", "adjustments"])
async def test_tasks_have_pages_of_their_own(cohort: CohortRig, a_visit: A_Visit, slug: str) -> None:
    _, visit, path = await applying(cohort, a_visit)

    page = await visit.get(f"{path}/application/{'' if slug == 'details' else 'task/'}{slug}")

    assert page.status == 200
    assert page.heading


async def test_everything_held_has_the_draft_in_the_forms_order_and_interests_in_words(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case, visit, path = await applying(cohort, a_visit)
    async with cohort.rig.sessions.begin() as session:
        nomination = await session.get_one(Nomination, case.id)
        nomination.interests = ["integrated_care", "primary_care"]
        session.add(nomination)
    fields = [one.name for one in form(cohort.policy) if one.kind is FieldKind.TEXT]
    for field in reversed(fields):
        await saved(visit, path, "Typed.", 0, field)

    held = (await visit.get("/my-nomination/data/download")).response.json()
    pages = [await visit.get("/my-nomination/data"), await visit.get(f"{path}/application/details")]

    assert [one["field"] for one in held["nominations"][0]["draft"]] == fields
    assert all("Integrated care, Primary care" in page.words for page in pages)


async def test_incomplete_application_is_asked_to_be_completed_before_it_is_sent(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    _, visit, path = await applying(cohort, a_visit)

    page = await visit.post(f"{path}/application/check")

    assert (page.status, "has no answer yet: answer it before you send it." in page.words) == (422, True)
    assert "before you submit" not in page.words
