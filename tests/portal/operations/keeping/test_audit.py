"""The audit trail on pages."""

from datetime import UTC, datetime

from sqlmodel import col, select

from models.enums import Role, Stage
from models.messages import By
from models.tables import AuditEvent
from storage import audit
from tests.portal.conftest import A_Visit
from tests.workflows.rig import CohortRig, Rig


async def test_trail_is_searched_by_what_it_is_about(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    other = await cohort.nominate()
    visit = await a_visit(cohort.rig.operations)

    page = await (await visit.get("/operations/audit")).submit("/operations/audit", subject=case.id)

    assert "Stage: nominated, then applying" in page.words
    assert "Consented" in page.words
    assert f"/operations/nominations/{case.id}" in page.links
    assert other.id not in page.words


async def test_trail_is_narrowed_by_role_and_by_what_was_done(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(cohort.rig.operations)
    base = f"/operations/audit?subject={case.id}"

    by_nominee = await visit.get(f"{base}&role=nominee")
    by_board = await visit.get(f"{base}&role=board")
    consents = await visit.get(f"{base}&what=CONSENT")
    in_words = await (await visit.get(base)).submit("/operations/audit", what="Consented")
    none_like_it = await (await visit.get(base)).submit("/operations/audit", what="Application sent")

    assert "Stage: nominated, then applying" in by_nominee.words
    assert "No event fits" in by_board.words
    assert "Stage: nominated, then applying" in consents.words
    assert "Stage: nominated, then applying" in in_words.words
    assert "Nominated: " not in in_words.words
    assert '<option value="Consented" selected>' in in_words.text
    assert "No event fits" in none_like_it.words


async def test_trail_is_narrowed_by_days_and_wrong_days_are_named(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    day = case.now().date()
    visit = await a_visit(cohort.rig.operations)
    base = f"/operations/audit?subject={case.id}"

    today = await visit.get(
        f"{base}&since_day={day.day}&since_month={day.month}&since_year={day.year}"
        f"&until_day={day.day}&until_month={day.month}&until_year={day.year}"
    )
    before = await visit.get(f"{base}&until_day=1&until_month=1&until_year=2018")
    wrong = await visit.get(f"{base}&since_day=31&since_month=2&since_year=2026")
    far = await visit.get(f"{base}&until_day=31&until_month=12&until_year=9999")
    named = await visit.get("/operations/audit?subject=Nora%20Quill")

    assert case.id in today.links[-1] + today.words
    assert "No event fits" in before.words
    assert (wrong.status, "Enter a real day" in wrong.words) == (422, True)
    assert (far.status, named.status) == (422, 422)


async def test_trail_is_paged_by_key_without_repeating_or_leaving_out(cohort: CohortRig, a_visit: A_Visit) -> None:
    async with cohort.rig.sessions.begin() as session:
        for number in range(60):
            await audit.append(
                session,
                at=datetime.now(UTC),
                actor=cohort.rig.operations.person,
                role=Role.OPERATIONS,
                what="looked",
                subject=cohort.id,
                after={"number": number},
            )
    visit = await a_visit(cohort.rig.operations)
    drafted = col(AuditEvent.what) == "decision drafted"
    positions = await cohort.rig.all(
        select(AuditEvent.position).where(~drafted).order_by(col(AuditEvent.position).desc())
    )

    first = await visit.get("/operations/audit")
    second = await visit.get(next(link for link in first.links if "below=" in link))

    def shown(text: str) -> list[int]:
        return [int(part.split('"')[0]) for part in text.split('timeline__item" value="')[1:]]

    drafts = await cohort.rig.all(select(AuditEvent.position).where(drafted))
    read = shown(first.text) + shown(second.text)
    assert [one for one in read if one not in drafts] == [one for one in positions if one >= read[-1]]
    assert len(shown(first.text)) == 50
    assert len(first.text) < 100_000


async def test_decisions_are_not_told_before_their_release(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.DECIDED)
    visit = await a_visit(cohort.rig.operations)
    base = f"/operations/audit?subject={case.id}"

    held = await visit.get(base)
    drafts = await visit.get(f"{base}&what=decision%20drafted")
    by_board = await visit.get(f"{base}&role=board")
    await case.release()
    await case.until(Stage.IN_POOL)
    released = await visit.get(base)

    assert "admitted" not in held.words.lower()
    assert "then decided" in held.words
    assert "Not shown before the decisions are released" in held.words
    assert "The board" not in held.words
    assert "No event fits" in drafts.words
    assert "No event fits" in by_board.words
    assert "Decision: none, then admitted" in released.words
    assert "The board, Talent board" in released.words


async def test_whole_chain_is_verified_and_a_broken_one_is_named(rig: Rig, a_visit: A_Visit) -> None:
    visit = await a_visit(rig.operations)
    asking = await visit.get("/operations/audit/verify")
    events = await rig.all(select(AuditEvent).order_by(col(AuditEvent.position)))
    middle = events[len(events) // 2]

    whole = await asking.submit("/verify")
    anchor = whole.text.split('portal-reference">')[1].split("<")[0]
    kept = await asking.submit("/verify", anchor=anchor)
    nonsense = await asking.submit("/verify", anchor="twelve")
    await rig.spoil("UPDATE auditevent SET what = 'nothing' WHERE position = :at", at=middle.position)
    try:
        broken = await asking.submit("/verify")
    finally:
        await rig.spoil(
            "UPDATE auditevent SET what = :what WHERE position = :at", at=middle.position, what=middle.what
        )

    assert f"All {len(events):,} events" in whole.words
    assert "The trail is whole" in kept.words
    assert nonsense.status == 422
    assert f"It breaks at event {middle.position:,}" in broken.words


async def test_trail_is_for_operations(cohort: CohortRig, a_visit: A_Visit) -> None:
    visit = await a_visit(By(person=cohort.rig.moderator.person, role=Role.MODERATOR))

    assert (await visit.get("/operations/audit")).status == 403
