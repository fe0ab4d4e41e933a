"""Forms instead of options: what a person writes into a file shows in no list of processes."""

import tomllib
from pathlib import Path

import pytest
from sqlmodel import col, select

from intake.forms import ENDORSEMENT, NOMINATION, OFFICER
from models.enums import AssessmentStage, Stage
from models.ids import AssessmentId
from models.tables import Assessor, Decision, Endorsement, Nomination, Person, RoleGrant, ScoreChange
from tests.cli.conftest import Starter, run
from tests.workflows.rig import CohortRig, Rig


def filled(*command: str, **answers: str) -> str:
    """The form that the command prints, with these answers written in."""
    form = run(*command, "--form", environment={}).said
    for name, answer in answers.items():
        assert f"{name} = " in form
        before, _, after = form.partition(f"{name} = ")
        empty = after.split("\n\n")[0]
        form = f"{before}{name} = '{answer}'{after.removeprefix(empty)}"
    return form


def nomination(cohort: CohortRig, **answers: str) -> str:
    usual = {
        "organisation": "r1d",
        "nominee_name": "Wilhelmina Applegarth",
        "nominee_email": f"w.{cohort.rig.number()}@example.nhs.test",
        "readiness": "ready now",
        "interests": "mental health;finance",
        "endorser_name": "Ann Lee",
        "endorser_email": "ann.lee@example.nhs.test",
        "endorser_post": "chief_executive",
        "endorsement": "She leads.",
    }
    return filled("nominate", **{**usual, **answers})


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (["nominate"], sorted(NOMINATION)),
        (["endorse"], sorted(ENDORSEMENT)),
        (["user", "grant"], sorted(set(OFFICER) - {"role"})),
        (["decide"], ["note"]),
        (["moderate"], ["note"]),
    ],
    ids=" ".join,
)
def test_form_is_a_file_with_every_field_and_says_how_it_is_sent(command: list[str], fields: list[str]) -> None:
    form = run(*command, "--form", environment={})

    assert form.status == 0
    assert sorted(tomllib.loads(form.said)) == fields
    assert f"# python starter.py {' '.join(command)} " in form.said
    assert "--from FILE" in form.said


async def test_nomination_is_made_from_a_form_in_a_file_or_typed(
    starter: Starter, cohort: CohortRig, tmp_path: Path
) -> None:
    file = tmp_path / "nomination.toml"
    file.write_text(nomination(cohort), encoding="utf-8")
    options = ("--cohort", cohort.id, "--as", cohort.rig.nominator.person, "--json")

    from_file = await starter("nominate", "--from", str(file), *options)
    typed = await starter(
        "nominate", "--from", "-", "--readiness", "1_to_2_years", *options, typed=nomination(cohort)
    )

    made = [await cohort.rig.get(Nomination, one.document["nomination"]) for one in (from_file, typed)]
    assert [one.readiness for one in made] == ["ready_now", "1_to_2_years"]
    assert {(one.organisation_code, tuple(one.interests)) for one in made} == {("R1D", ("mental_health", "finance"))}
    assert (await cohort.rig.get(Endorsement, made[0].id)).statement == "She leads."


async def test_organisations_nomination_without_an_endorsement_is_wrong_use(
    starter: Starter, cohort: CohortRig
) -> None:
    bare = nomination(cohort, endorser_name="", endorser_email="", endorser_post="", endorsement="")
    unspoken = nomination(cohort, endorsement=" ")
    options = ("--from", "-", "--cohort", cohort.id, "--as", cohort.rig.nominator.person)

    answers = [await starter("nominate", *options, typed=form) for form in (bare, unspoken)]
    alone = await starter("nominate", "--self", "--from", "-", "--cohort", cohort.id, typed=bare)

    assert [one.status for one in answers] == [2, 2]
    assert "endorser_name (--endorser-name): An organisation's nomination needs its endorser" in answers[0].complained
    assert "endorsement (--endorsement): An organisation's nomination needs its endorser" in answers[1].complained
    assert alone.status == 0


async def test_character_that_cannot_be_seen_is_refused_as_in_a_file(starter: Starter, cohort: CohortRig) -> None:
    options = ("--from", "-", "--cohort", cohort.id, "--as", cohort.rig.nominator.person)

    name = await starter("nominate", *options, typed=nomination(cohort, nominee_name="Wil\u200bma Applegarth"))
    code = await starter("nominate", *options, "--organisation", "R1\u2060D", typed=nomination(cohort))

    assert [name.status, code.status] == [2, 2]
    assert (
        "nominee_name (--name): Character 4 is a zero width space (U+200B), which cannot be seen" in name.complained
    )
    assert "organisation (--organisation): Character 3 is a word joiner (U+2060)" in code.complained
    assert "Applegarth" not in name.complained


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("nomine_name = 'x'", "no field 'nomine_name': did you mean 'nominee_name'?"),
        ("nominee_name = x", "cannot be read"),
        ("readiness = 3", "'readiness' must be text in quotation marks"),
        ('{"nominee_name": "x"', "cannot be read"),
    ],
)
def test_form_that_is_none_is_wrong_use(typed: str, says: str) -> None:
    answer = run("nominate", "--from", "-", environment={}, typed=typed)

    assert answer.status == 2
    assert says in answer.complained


def test_form_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    answer = run("nominate", "--from", str(tmp_path / "none.toml"), environment={})

    assert answer.status == 2
    assert "No such file" in answer.complained


async def test_known_person_keeps_their_name_and_the_nominator_learns_nothing(
    starter: Starter, cohort: CohortRig
) -> None:
    [assessor, *_] = await cohort.rig.all(select(Assessor).where(col(Assessor.cohort_id) == cohort.id))
    known = await cohort.rig.get(Person, assessor.person_id)
    options = ("--from", "-", "--cohort", cohort.id, "--as", cohort.rig.nominator.person)

    of_known = await starter("nominate", *options, typed=nomination(cohort, nominee_email=known.email.upper()))
    of_stranger = await starter("nominate", *options, typed=nomination(cohort))

    after = await cohort.rig.get(Person, known.id)
    assert (after.full_name, after.post) == (known.full_name, known.post)
    assert after.full_name != "Wilhelmina Applegarth"
    assert [of_known.status, of_stranger.status] == [0, 0]
    said = [(one.said.replace(one.said.split(":")[0], "N"), one.complained) for one in (of_known, of_stranger)]
    assert said[0] == said[1]


async def test_endorsement_is_given_by_a_form(starter: Starter, cohort: CohortRig) -> None:
    alone = nomination(cohort, endorser_name="", endorser_email="", endorser_post="", endorsement="")
    made = await starter("nominate", "--self", "--from", "-", "--cohort", cohort.id, "--json", typed=alone)
    number = made.document["nomination"]
    form = filled(
        "endorse",
        endorser_name="Ann Lee",
        endorser_email="ann.lee@example.nhs.test",
        endorser_post="chief executive",
        endorser_organisation="R1D",
        endorsement="He leads.",
    )

    nobody = await starter("endorse", number, "--as", cohort.rig.nominator.person)
    answer = await starter("endorse", number, "--from", "-", "--as", cohort.rig.nominator.person, typed=form)

    assert (nobody.status, "endorser_name (--endorser-name): This is empty" in nobody.complained) == (2, True)
    assert answer.status == 0
    assert (await cohort.rig.get(Endorsement, number)).statement == "He leads."


async def test_role_is_given_by_a_form_and_operations_correct_a_name(starter: Starter, rig: Rig) -> None:
    email = f"jo.{rig.number()}@example.nhs.test"
    options = ("--from", "-", "--as", rig.operations.person, "--json")

    first = await starter(
        "user",
        "grant",
        "moderator",
        *options,
        typed=filled("user", "grant", full_name="Jo Feild", email=email),
    )
    again = await starter(
        "user", "grant", "moderator", *options, typed=filled("user", "grant", full_name="Jo Field", email=email)
    )
    known = await starter("user", "grant", "board", *options, typed=filled("user", "grant", email=email))

    person = first.document["person"]
    assert {one.document["person"] for one in (again, known)} == {person}
    assert (await rig.get(Person, person)).full_name == "Jo Field"
    held = await rig.all(select(RoleGrant).where(col(RoleGrant.person_id) == person))
    assert {one.role for one in held} == {"moderator", "board"}


async def test_role_at_an_unknown_organisation_is_refused_by_the_forms_field(starter: Starter, rig: Rig) -> None:
    form = filled("user", "grant", full_name="Jo Field", email="jo@example.nhs.test", organisation="ZZZ")

    answer = await starter("user", "grant", "nominator", "--from", "-", "--as", rig.operations.person, typed=form)

    assert (answer.status, answer.complained.startswith("organisation: No organisation")) == (1, True)


async def test_application_and_scores_are_read_from_standard_input(starter: Starter, cohort: CohortRig) -> None:
    applying, scoring = await cohort.nominate(), await (await cohort.nominate()).reach(Stage.SCORING)
    first, *_ = await scoring.offered()
    assessor, criterion = (await scoring.assessor(first)).person, cohort.policy.scoring.criteria[0].code
    await starter("consent", applying.id, "--as", applying.nominee.person)
    await starter("assess", "accept", first, "--as", assessor)

    applied = await starter(
        "apply",
        applying.id,
        "--from",
        "-",
        "--as",
        applying.nominee.person,
        "--json",
        typed="development_needs = 'x'",
    )
    scored = await starter(
        "assess", "score", first, "--from", "-", "--as", assessor, "--json",
        typed=f'{{"{criterion}": {{"value": 5, "evidence": "Well."}}}}',
    )  # fmt: skip

    assert applied.document["fields"]["development_needs"] is True
    assert scored.document["saved"] == [criterion]


async def test_notes_of_the_moderator_and_the_board_come_from_a_form(starter: Starter, cohort: CohortRig) -> None:
    case = await (await cohort.nominate()).reach(Stage.QUALITY_ASSURANCE)
    moderator, member = cohort.rig.moderator.person, cohort.rig.member.person
    lowest, *_ = await case.panel(AssessmentStage.SUBMITTED)
    criterion = cohort.policy.scoring.criteria[0].code
    flags = (await starter("flags", case.id, "--as", moderator, "--json")).document
    numbers = [word for flag in flags for word in ("--flag", str(flag["number"]))]

    settled = await starter(
        "moderate", case.id, *numbers, "--resolution", "moderate", "--change",
        f"{lowest.id}:{criterion}=4:moderation", "--from", "-", "--as", moderator,
        typed=filled("moderate", note="We talked."),
    )  # fmt: skip
    await case.until(Stage.AWAITING_DECISION)
    drafted = await starter(
        "decide", case.id, "--outcome", "reserved", "--reason", "board_judgement", "--from", "-", "--as", member,
        typed=filled("decide", note="Look again in spring."),
    )  # fmt: skip

    changes = select(ScoreChange).where(col(ScoreChange.assessment_id) == AssessmentId(lowest.id))
    assert [settled.status, drafted.status] == [0, 0]
    assert settled.said.strip() == f"{case.id}: all flags are settled; it goes on to the board."
    assert [one.note for one in await cohort.rig.all(changes)] == ["We talked."]
    assert (await cohort.rig.get(Decision, case.id)).note == "Look again in spring."
