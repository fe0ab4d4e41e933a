"""Every message says what happened, the next step, the date or that there is none, and whom to contact."""

import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from models.enums import Template
from notify.__main__ import main
from notify.facts import COMMON, NAMES, TERMS, About, FactsError, Reader, read_facts
from notify.render import TEMPLATES, TemplateError, check_templates, one_line, render, samples

VARIANTS = [(template, about) for template in Template for about in samples(template)]
NO_DATE = re.compile(r"[Tt]here is no (later )?(date|deadline)")


def named(variant) -> str:
    template, about = variant
    return f"{template}-{about.reader}-{'dated' if about.due_at else 'undated'}-{about.outcome}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(TEMPLATES, tmp_path / "templates"))


@pytest.mark.parametrize("variant", VARIANTS, ids=map(named, VARIANTS))
def test_every_message_names_the_next_step_the_date_and_whom_to_contact(variant):
    template, about = variant

    letter = render(template, about)

    assert letter.body.startswith(f"Dear {about.person},\n\n")
    assert "What you need to do\n" in letter.body or "What happens next\n" in letter.body
    assert f"contact {about.contact}" in letter.body or f"Contact {about.contact}" in letter.body
    assert about.reference in letter.subject
    assert re.search(r" by [A-Z]| until | is Friday 28 September 2018", letter.body) or NO_DATE.search(letter.body)
    assert "{" not in letter.subject + letter.body
    assert "\n\n\n" not in letter.body
    assert ".." not in letter.body
    assert " ," not in letter.body


@pytest.mark.parametrize("template", [t for t in Template if "due_at" in TERMS[t].needed])
def test_a_deadline_is_stated_in_words_of_london(template):
    for about in samples(template):
        letter = render(template, about)

        assert "Friday 28 September 2018, 23:59 UK time" in letter.body


def test_no_message_to_an_assessor_names_the_nominee():
    told = [(t, about) for t, about in VARIANTS if about.reader is Reader.ASSESSOR]

    letters = [render(template, about) for template, about in told]

    assert len({template for template, _ in told}) == 12
    assert all(about.nominee == "Noor Nominee" for _, about in told)
    assert not any("Noor" in letter.subject + letter.body for letter in letters)


def test_a_letter_for_another_reader_is_refused():
    about = replace(samples(Template.ADMITTED)[0], reader=Reader.ASSESSOR)

    with pytest.raises(FactsError) as refused:
        render(Template.ADMITTED, about)

    assert refused.value.code == "reader_not_allowed"


def test_all_templates_can_be_used():
    assert check_templates() == ()


def test_the_folder_holds_one_file_for_each_template():
    assert {path.stem for path in TEMPLATES.glob("*.md")} == {*Template, "README"}


def test_the_readme_lists_every_name_and_what_each_message_knows():
    readme = (TEMPLATES / "README.md").read_text(encoding="utf-8")

    rows = {line.split("`")[1]: line.split("|") for line in readme.splitlines() if line.startswith("| `")}

    assert rows.keys() == {*NAMES, *Template}
    for template in Template:
        assert set(re.findall(r"`(\w+)`", rows[template][4])) == TERMS[template].names
        assert set(rows[template][3].replace(",", " ").split()) == TERMS[template].readers
    assert NAMES.keys() > COMMON


@pytest.mark.parametrize(
    ("broken", "line", "says"),
    [
        ("Hello\n\n{{ contact }}\n", 1, "the first line must be 'Subject:'"),
        ("Subject: Hello\n", 2, "no text under the subject"),
        ("Subject: Hello\n\n{{ contact }}\n{{ nominee }}\n", 4, "'nominee' is not for this template"),
        ("Subject: Hello\n\n{{ contact }}\n\n{{ persn }}\n", 5, "'persn' is not a name"),
        ("Subject: Hello\n\n{{ contact }}\n{% if due %}\n", 4, "check that each {{ ends with }}"),
        ("Subject: Hello\n\n{{ contact\n", 3, "check that each {{ ends with }}"),
        (
            "Subject: Hello\n\n{{ contact }}\n{{ person.__class__.__mro__ }}\n",
            4,
            "it cannot be written (SecurityError)",
        ),
        ("Subject: Hello\n\n{{ contact }}\n{% include 'offer.md' %}\n", 4, "it cannot be written"),
        ("Subject: Hello\n\n{{ contact }}\n{{ 1 / 0 }}\n", 4, "it cannot be written"),
        ("Subject: Hello\n\nGood bye\n", 0, "it does not say whom to contact"),
    ],
)
def test_a_broken_template_is_named_with_its_line_and_what_to_do(folder, broken, line, says):
    (folder / "offer.md").write_text(broken, encoding="utf-8")

    problems = check_templates(folder)

    assert {problem.template for problem in problems} == {Template.OFFER}
    assert any(problem.line == line and says in problem.what for problem in problems)
    assert str(problems[0]).startswith("offer.md")


def test_a_missing_template_is_named(folder):
    (folder / "offer.md").unlink()

    with pytest.raises(TemplateError, match=r"offer\.md: the file is missing: put it back"):
        render(Template.OFFER, samples(Template.OFFER)[0], folder=folder)


def test_a_template_error_does_not_quote_the_person(folder):
    (folder / "offer.md").write_text("Subject: Hello\n\n{{ person.nickname }} {{ contact }}\n", encoding="utf-8")
    about = replace(samples(Template.OFFER)[0], person="Zebedee Quirk")

    with pytest.raises(TemplateError) as refused:
        render(Template.OFFER, about, folder=folder)

    assert refused.value.problem.line == 3
    assert "Zebedee" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ann\r\nBcc: all@example.nhs.test", "Ann Bcc: all@example.nhs.test"),
        ("Ann\u2028\u2029Lee", "Ann Lee"),
        ("Ann\x00\x0b\x85Lee", "Ann Lee"),
        ("Ann\u202eeeL", "AnneeL"),
        ("  Siân   O’Neill-Łuk ", "Siân O’Neill-Łuk"),
    ],
)
def test_a_value_stays_on_one_line(typed, kept):
    assert one_line(typed) == kept


def test_a_name_cannot_add_a_paragraph_or_run_as_a_template():
    about = replace(
        samples(Template.INVITATION)[0], person="Ann\n\nPay {{ contact }} now", organisation="{% for x in y %}"
    )

    letter = render(Template.INVITATION, about)

    assert letter.body.startswith("Dear Ann Pay {{ contact }} now,\n")
    assert "{% for x in y %} has nominated you" in letter.body


def test_facts_are_read_from_their_stored_words():
    facts = read_facts(
        Template.OFFER_REMINDER,
        {"due_at": "2018-10-05T22:59:00+00:00", "remaining": "1 day", "unknown": "left aside"},
    )

    assert facts.due_at is not None
    assert facts.due_at.isoformat() == "2018-10-05T22:59:00+00:00"
    assert str(facts.remaining) == "1 day"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, "facts_missing"),
        ({"due_at": ""}, "facts_missing"),
        ({"due_at": "next Friday"}, "facts_unreadable"),
        ({"due_at": "2018-10-05T22:59:00"}, "facts_unreadable"),
        ({"due_at": "2018-10-05T22:59:00Z", "remaining": "soon"}, "facts_unreadable"),
    ],
)
def test_facts_that_are_missing_or_unreadable_are_refused(facts, code):
    with pytest.raises(FactsError) as refused:
        read_facts(Template.OFFER_REMINDER, facts)

    assert refused.value.code == code


def test_a_message_without_its_deadline_is_refused():
    about: About = replace(samples(Template.OFFER)[0], due_at=None)

    with pytest.raises(FactsError) as refused:
        render(Template.OFFER, about)

    assert refused.value.code == "facts_missing"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["check"], 0), (["preview", "offer"], 0), (["preview", "ofer"], 2), ([], 2), (["check", "offer"], 2)],
)
def test_the_commands_show_and_check(capsys, arguments, status):
    answer = main(arguments)

    told = capsys.readouterr()
    assert answer == status
    assert bool(told.err) is (status != 0)
    if arguments[:1] == ["preview"] and status == 0:
        assert "Subject: Can you assess a nomination?" in told.out
