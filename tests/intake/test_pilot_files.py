"""The pilot's committed files: their numbers, and that the script still writes them."""

import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import chain
from pathlib import Path

from intake.files import (
    read_applications,
    read_assessors,
    read_nominations,
    read_officers,
    read_organisations,
)
from models.enums import AssessorRole, NominationRoute, Role
from rules.policies import read_policy
from tests.intake.filled import CRITERIA, PILOT

WRITTEN = ("assessors.csv", "nominations.csv", "applications.csv", "officers.csv")


def test_generate_run_again_writes_the_same_bytes(tmp_path: Path):
    command = [sys.executable, PILOT / "generate.py", "--to", tmp_path]

    subprocess.run(command, check=True, timeout=60)  # noqa: S603 -- our own script

    for name in WRITTEN:
        assert (tmp_path / name).read_bytes() == (PILOT / name).read_bytes(), name
    assert {path.name for path in tmp_path.iterdir()} == set(WRITTEN)


def test_organisations_of_the_pilot_are_66_trusts_and_59_ccgs():
    rows = read_organisations(PILOT / "organisations.csv")

    assert Counter(row.type == "ccg" for row in rows) == {False: 66, True: 59}
    assert {row.region for row in rows} == {"Midlands and East"}


def test_nominations_of_the_pilot_are_120_from_42_organisations():
    rows = read_nominations(PILOT / "nominations.csv")

    assert len(rows) == 120
    assert len({row.organisation for row in rows}) == 42
    assert Counter(row.route for row in rows) == {NominationRoute.ORGANISATION: 86, NominationRoute.SELF: 34}
    assert sum(not row.endorsed for row in rows) == 4
    assert all(row.endorsed for row in rows if row.route is NominationRoute.ORGANISATION)


def test_assessors_of_the_pilot_are_81_with_posts_their_organisations_have():
    ccgs = {row.code for row in read_organisations(PILOT / "organisations.csv") if row.type == "ccg"}

    rows = read_assessors(PILOT / "assessors.csv")

    assert len(rows) == 81
    assert sum(row.capacity for row in rows) == 478
    assert {row.organisation in ccgs for row in rows if row.role is AssessorRole.ACCOUNTABLE_OFFICER} == {True}
    assert {row.organisation in ccgs for row in rows if row.role is AssessorRole.CHIEF_EXECUTIVE} == {False}
    heads = [row.organisation for row in rows if row.role is not AssessorRole.NON_EXECUTIVE_DIRECTOR]
    assert max(Counter(heads).values()) <= 2


def test_training_of_the_pilots_assessors_lasts_through_its_assessments() -> None:
    ends = [row.training_expires for row in read_assessors(PILOT / "assessors.csv")]

    known = [day for day in ends if day is not None]

    assert 60 <= len(known) < len(ends)
    assert min(known) > read_policy(PILOT / "policy.toml").panel.assessed_until
    assert max(known) < date(2022, 1, 1)


def test_conflicts_of_the_pilot_speak_of_other_organisations_nominations():
    references = {row.reference for row in read_nominations(PILOT / "nominations.csv")}

    declared = [
        (row, conflict) for row in read_assessors(PILOT / "assessors.csv") for conflict in row.declared_conflicts
    ]

    assert len(declared) == 7
    assert {conflict.nomination for _, conflict in declared} <= references
    assert not any(conflict.nomination.startswith(f"{row.organisation}-") for row, conflict in declared)


def test_applications_of_the_pilot_are_one_for_each_nomination():
    references = [row.reference for row in read_nominations(PILOT / "nominations.csv")]

    rows = read_applications(PILOT / "applications.csv", CRITERIA)

    assert [row.reference for row in rows] == references
    answered_no = Counter(name for row in rows for name, content in row.fields if content == "no")
    assert answered_no == {"employed_in_region": 1, "reports_to_board": 3, "next_step_executive": 2}


def test_statements_of_the_pilot_have_60_to_150_words_and_differ():
    rows = read_applications(PILOT / "applications.csv", CRITERIA)

    statements = [content for name, content in chain.from_iterable(row.fields for row in rows) if name in CRITERIA]

    assert len(statements) == 120 * 6
    assert len(set(statements)) == len(statements)
    assert all(60 <= len(statement.split()) <= 150 for statement in statements)
    assert not any("{" in statement or "}" in statement for statement in statements)


def test_officers_of_the_pilot_have_a_nominator_for_each_organisation_that_takes_part():
    taking_part = {row.organisation for row in read_nominations(PILOT / "nominations.csv")}

    rows = read_officers(PILOT / "officers.csv")

    assert Counter(row.role for row in rows) == {
        Role.NOMINATOR: 42,
        Role.BOARD: 5,
        Role.MODERATOR: 3,
        Role.OPERATIONS: 3,
        Role.INCLUSION_ADVISER: 1,
    }
    assert {row.organisation for row in rows if row.role is Role.NOMINATOR} == taking_part


def test_people_of_the_pilot_are_plainly_invented():
    nominations = read_nominations(PILOT / "nominations.csv")
    addresses = [
        *(row.email for row in read_assessors(PILOT / "assessors.csv")),
        *(row.email for row in read_officers(PILOT / "officers.csv")),
        *(row.nominee_email for row in nominations),
        *(row.endorser_email for row in nominations if row.endorsed),
    ]

    assert all(address.endswith("@example.nhs.test") for address in addresses)


def test_licence_of_the_organisations_is_stated():
    readme = (PILOT.parent / "README.md").read_text(encoding="utf-8")

    assert "Contains public sector information licensed under the Open Government Licence v3.0." in readme
