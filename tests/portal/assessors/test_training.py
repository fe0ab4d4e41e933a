"""What an assessor is told about their training: true whether the assessments are to come, running or over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from models.enums import AssessorRole, CohortPhase
from models.tables import Assessor, Cohort
from portal.assessors.presenters import Training, training
from rules.policies import read_policy
from storage.assessor_pages import Registration
from tests.intake.filled import PILOT

LAST = date(2018, 11, 30)
"""The pilot's last day of assessments."""
LATER = LAST + timedelta(days=8 * 365)


def said(expires: date | None, today: date) -> Training:
    """What somebody with training until ``expires`` reads on a day."""
    now = datetime(2018, 9, 1, tzinfo=UTC)
    cohort = Cohort(
        id="pilot", name="Pilot", region="Here", phase=CohortPhase.OPEN, created_at=now, opens_at=now, closes_at=now
    )
    assessor = Assessor(
        id="A-001",
        cohort_id="pilot",
        person_id="P-1",
        role=AssessorRole.CHAIR,
        organisation_code="RWH",
        capacity=6,
        training_expires=expires,
    )
    return training(Registration(assessor=assessor, cohort=cohort, held=0), read_policy(PILOT / "policy.toml"), today)


@pytest.mark.parametrize(
    ("today", "words"),
    [(LAST, "has to last until 30 November 2018: if it does not"), (LATER, "had to last until 30 November 2018")],
)
def test_training_without_a_day_asks_in_the_tense_of_the_day(today: date, words: str) -> None:
    shown = said(None, today)

    assert (words in shown.words, shown.ask, shown.warning) == (True, True, "")


def test_training_that_lasts_is_said_to_be_valid_and_warns_of_nothing() -> None:
    shown = said(date(2019, 3, 5), LAST)

    assert shown == Training("Your training is valid until 5 March 2019.", "")


def test_training_that_lasted_long_enough_and_is_over_says_both_days() -> None:
    shown = said(date(2019, 3, 5), LATER)

    assert "was valid until 5 March 2019, and it had to last until 30 November 2018." in shown.words
    assert shown.warning == ""


@pytest.mark.parametrize(
    ("today", "words"),
    [(date(2018, 10, 1), "expires on 29 November 2018"), (LATER, "expired on 29 November 2018")],
)
def test_training_that_ends_before_the_assessments_warns(today: date, words: str) -> None:
    shown = said(date(2018, 11, 29), today)

    assert words in shown.words
    assert "has to last until 30 November 2018, the last day of assessments" in shown.warning
