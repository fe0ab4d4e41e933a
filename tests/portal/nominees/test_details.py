"""Nominees put right what was said about them; their email address stays operations' own to change."""

import pytest
from sqlmodel import col, select

from acts.details import CORRECTED, DetailsActs
from acts.errors import RefusedError
from models.enums import Stage
from models.tables import AuditEvent, Person
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig

RIGHT = {"full_name": "Rosalind Okonkwo-Hale", "post": "Deputy Director of Nursing"}


def at(case: Case) -> str:
    return f"/my-nomination/{case.id}/application/details"


async def person_of(case: Case) -> Person:
    return await case.rig.get(Person, case.nominee.person)


async def corrections(case: Case) -> list[AuditEvent]:
    what = select(AuditEvent).where(col(AuditEvent.subject) == case.id, col(AuditEvent.what) == CORRECTED)
    return list(await case.rig.all(what))


async def test_name_and_post_are_changed_and_the_trail_says_which_without_what_they_are(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await cohort.nominate()
    before = await person_of(case)
    visit = await a_visit(case.nominee)
    page = await (await visit.get(at(case))).visit.get(f"{at(case)}/change")

    shown = await page.submit("/change", RIGHT)
    again = await page.submit("/change", RIGHT)

    after = await person_of(case)
    (event,) = await corrections(case)
    assert (after.full_name, after.post) == (RIGHT["full_name"], RIGHT["post"])
    assert after.email == before.email
    assert (shown.path, again.path) == (at(case), at(case))
    assert RIGHT["full_name"] in shown.words
    assert "You last changed your name or post at" in shown.words
    assert (event.actor, event.before, event.after) == (case.nominee.person, None, {"changed": ["full_name", "post"]})


async def test_page_says_that_only_operations_change_the_email_address(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await cohort.nominate()
    visit = await a_visit(case.nominee)

    shown, form = await visit.get(at(case)), await visit.get(f"{at(case)}/change")
    await form.submit("/change", {**RIGHT, "email": "somebody.else@example.nhs.test"})

    assert "Only the operations team can change it" in shown.words
    assert "Only the operations team can change it" in form.words
    assert "email" not in form.form("/change").fields
    assert "somebody.else" not in (await person_of(case)).email


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your full name"),
        ("rosalind@example.nhs.test", "This looks like an email address; here a name is needed."),
        ("=Rosalind", "This begins like a spreadsheet formula (=, +, - or @). Remove that character."),
        ("R" * 201, "This has 201 characters; at most 200 are taken. Shorten it."),
    ],
)
async def test_name_that_cannot_be_is_given_back_with_a_sentence(
    cohort: CohortRig, a_visit: A_Visit, typed: str, sentence: str
) -> None:
    case = await cohort.nominate()
    before = await person_of(case)
    page = await (await a_visit(case.nominee)).get(f"{at(case)}/change")

    refused = await page.submit("/change", {**RIGHT, "full_name": typed})

    assert refused.status == 422
    assert sentence in refused.words
    assert refused.form("/change").fields["full_name"] == [typed]
    assert (await person_of(case)).full_name == before.full_name


async def test_details_stay_as_they_are_once_the_application_is_sent(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    open_page = await visit.get(f"{at(case)}/change")
    await case.apply()
    await case.until(Stage.AWAITING_PANEL)

    late = await open_page.submit("/change", RIGHT)
    shown = await visit.get(f"{at(case)}/change")

    assert late.status == 409
    assert "Your details can be changed here until you send your application." in late.words
    assert late.form("/change").fields["full_name"] == [RIGHT["full_name"]]
    assert shown.path == at(case)
    assert f"{at(case)}/change" not in shown.links
    assert await corrections(case) == []


async def test_nobody_corrects_somebody_elses_details(cohort: CohortRig, a_visit: A_Visit) -> None:
    case, other = await cohort.nominate(), await cohort.nominate()
    visit = await a_visit(other.nominee)

    answer = await visit.post(f"{at(case)}/change", RIGHT)

    assert answer.status == 404
    with pytest.raises(RefusedError, match="only on their own nomination"):
        await DetailsActs(case.rig.acts.desk).correct(case.id, other.nominee, **RIGHT)
    assert await corrections(case) == []
