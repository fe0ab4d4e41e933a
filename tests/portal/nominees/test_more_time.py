"""A nominee sees on their own page that more time was asked for, given or refused, and why."""

from datetime import timedelta

import pytest

from acts.extensions import ExtensionActs
from models.enums import ExtensionRefusal, Stage, SteerReason, Template
from notify.facts import About, Reader
from notify.render import render
from portal.nominees.more_time import WHY_NOT
from portal.words import day, moment
from tests.portal.conftest import A_Visit
from tests.workflows.rig import Case, CohortRig


async def asked(case: Case, days: int = 7) -> str:
    """Asks for some days more; until when, as pages say it."""
    due = (await case.row()).due_at
    assert due is not None
    until = due + timedelta(days=days)
    await ExtensionActs(case.rig.acts.desk).ask(case.id, case.nominee, SteerReason.ILLNESS, until)
    return day(until)


async def test_page_says_that_more_time_was_asked_for_and_nobody_has_answered(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    before = await visit.get("/my-nomination")

    until = await asked(case)
    page = await visit.get("/my-nomination")

    assert "More time" not in before.words
    assert f"you asked for time until {until}. Your reason: I am or was ill." in page.words
    assert "Nobody has answered yet. Your deadline stays as it is" in page.words
    assert f"You asked for more time, until {until}" in page.words


async def test_page_says_that_time_was_refused_and_why_until_it_is_asked_for_again(
    cohort: CohortRig, a_visit: A_Visit
) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    visit = await a_visit(case.nominee)
    first = await asked(case)
    await ExtensionActs(case.rig.acts.desk).refuse(case.id, cohort.rig.operations, ExtensionRefusal.TIME_IS_LEFT)

    refused = await visit.get("/my-nomination")
    letters = await visit.get(f"/my-nomination/{case.id}/messages")
    second = await asked(case, days=9)
    again = await visit.get("/my-nomination")
    form = await visit.get(f"/my-nomination/{case.id}/extension")

    sentence = "we could not give you more time. We think that the time you still have is enough"
    assert sentence in refused.words
    assert "Nobody has answered" not in refused.words
    assert WHY_NOT[ExtensionRefusal.TIME_IS_LEFT] in letters.words
    assert f"you asked for time until {second}." in again.words
    assert "Nobody has answered yet" in again.words
    assert form.words.index(f"until {first}.") < form.words.index(sentence) < form.words.index(f"until {second}.")
    assert form.words.count("Nobody has answered this yet.") == 1


async def test_page_says_that_time_was_given_and_until_when(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.APPLYING)
    await asked(case)
    until = case.now() + timedelta(days=80)
    await cohort.rig.acts.nominations.extend(case.id, cohort.rig.operations, until, SteerReason.ILLNESS)

    page = await (await a_visit(case.nominee)).get("/my-nomination")

    assert f"we gave you more time, until {moment(until)}." in page.words
    assert "Nobody has answered" not in page.words
    assert cohort.rig.operations.person not in page.text


async def test_page_says_that_a_lapsed_nomination_was_let_back_in(cohort: CohortRig, a_visit: A_Visit) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    until = case.now() + timedelta(days=20)
    await cohort.rig.acts.nominations.readmit(case.id, cohort.rig.operations, until, SteerReason.LEAVE)
    await case.until(Stage.APPLYING)

    page = await (await a_visit(case.nominee)).get("/my-nomination")

    assert f"We let you back in, with time until {moment(until)}" in page.words


@pytest.mark.parametrize("reason", list(ExtensionRefusal))
def test_page_gives_the_reason_of_a_refusal_in_the_words_of_the_letter(reason: ExtensionRefusal) -> None:
    about = About(
        reader=Reader.NOMINEE,
        person="Jo",
        cohort="Pilot",
        region="Midlands",
        reference="pilot-0001",
        contact="c@example.nhs.test",
        refusal=reason,
    )

    letter = render(Template.MORE_TIME_REFUSED, about)

    assert WHY_NOT[reason] in " ".join(letter.body.split())
