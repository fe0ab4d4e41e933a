"""Letters about a deadline say what is true when they are sent; who was told of an end is told that it goes on."""

from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from models.enums import ExtensionRefusal, Stage, SteerReason, Template
from models.tables import Cohort, Nomination, OutboxMessage
from notify.compose import Sender
from notify.post import written
from rules.calendar import after, in_words
from tests.workflows.rig import Case, CohortRig, eventually

SENDER = Sender("Talent Pool", "talent-pool@example.nhs.test", contact="talent-pool@example.nhs.test")


async def letter(case: Case, template: Template, due: datetime, minutes: int, **facts: str) -> EmailMessage:
    """A letter about a deadline, as it is written so many minutes after it."""
    async with case.rig.sessions() as session:
        row = await session.get_one(Nomination, case.id)
        owed = OutboxMessage(
            id=f"{case.id}:{template}:{minutes}",
            template=template,
            person_id=row.person_id,
            cohort_id=row.cohort_id,
            nomination_id=row.id,
            facts={"due_at": due.isoformat(), **facts},
            queued_at=due,
            sending_since=due + timedelta(minutes=minutes),
        )
        return await written(session, owed, SENDER)


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(f"{mail['Subject']} {body.get_content()}".split())


@pytest.mark.parametrize("template", [Template.DEADLINE_MOVED, Template.MORE_TIME_REFUSED])
async def test_letter_sent_after_its_deadline_says_until_when_it_is_still_taken(
    cohort: CohortRig, template: Template
) -> None:
    case = await cohort.nominate()
    due = cohort.closes_at
    last = after(due, cohort.policy.window.grace, cohort.policy.bank_holidays)
    facts = {"refusal": ExtensionRefusal.OTHER.value} if template is Template.MORE_TIME_REFUSED else {}

    late = words(await letter(case, template, due, 1, **facts))
    in_time = words(await letter(case, template, due, -60, **facts))

    taken = f"We still take your next step until {in_words(last)}."
    ends = "If we do not have it by then, your nomination will end."
    assert (taken in late, ends in late, f"by {in_words(due)}" in late) == (True, True, False)
    assert (taken in in_time, ends in in_time, f"by {in_words(due)}" in in_time) == (False, True, True)


async def test_letter_says_that_the_round_was_moved_for_everyone_if_it_was(cohort: CohortRig) -> None:
    case = await cohort.nominate()
    closes_at = (await cohort.rig.get(Cohort, cohort.id)).closes_at

    round_moved = words(await letter(case, Template.DEADLINE_MOVED, closes_at, -60))
    one_moved = words(await letter(case, Template.DEADLINE_MOVED, closes_at + timedelta(days=3), -60))

    assert "We have moved the closing of the round, for everyone in it." in round_moved
    assert "for everyone in it" not in one_moved


async def test_organisation_that_was_told_of_the_end_is_told_that_it_goes_on(cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.LAPSED)
    until = case.now() + timedelta(days=90)
    await case.rig.acts.nominations.readmit(case.id, case.rig.operations, until, SteerReason.ILLNESS)

    letters = await eventually(
        case.letters, lambda found: sum(one.template == Template.READMITTED for one in found) == 2
    )

    told = {one.person_id: one for one in letters if one.template == Template.READMITTED}
    assert set(told) == {case.nominee.person, case.rig.nominator.person}
    async with case.rig.sessions() as session:
        ended = [
            one for one in letters if one.template == Template.LAPSED and one.person_id not in case.nominee.person
        ]
        mails = [words(await written(session, one, SENDER)) for one in (*ended, told[case.rig.nominator.person])]
    assert "ask us as soon as you can whether the nomination can be let back in" in mails[0]
    assert "We have opened it again." in mails[1]
