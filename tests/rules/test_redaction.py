import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.policies import read_policy
from rules.redaction import Identity, redacted, redacted_application

PILOT = Path(__file__).resolve().parents[2] / "data" / "pilot" / "policy.toml"
WHO = Identity(
    frozenset({"Siobhán O’Brien-Hughes", "Dr Grace Mary Adeyemi"}),
    frozenset({"University Hospitals of Leicester NHS Trust", "RWE"}),
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("I, Siobhán O’Brien-Hughes, led it.", "I, [name], led it."),
        ("siobhan o'brien-hughes led it", "[name] led it"),
        ("Siobhan's team, and Hughes alone", "[name]'s team, and [name] alone"),
        ("SIOBHÁN wrote to Dr Adeyemi", "[name] wrote to Dr [name]"),
        ("Grace J. Adeyemi agreed", "[name] agreed"),
        ("with grace, and by the grace of time", "with grace, and by the grace of time"),
        ("the Brienne ward is no part of a name", "the Brienne ward is no part of a name"),
        ("at University Hospitals of Leicester", "at [organisation]"),
        ("at university hospitals of leicester nhs trust, RWE", "at [organisation], [organisation]"),
        ("UHL and UHLNT are one", "[organisation] and [organisation] are one"),
        ("a uhl is nothing", "a uhl is nothing"),
        ("ask s.hughes+work@leicester.nhs.uk, please", "ask [email address], please"),
        ("ring 0116 249 6000 or +44 (0)116 249 6000", "ring [telephone number] or [telephone number]"),
        ("see https://www.leicester.nhs.uk/siobhan and @siobhanleads", "see [web address] and [account name]"),
        ("in 2018 we saved 1,000,000 pounds over 18 months", "in 2018 we saved 1,000,000 pounds over 18 months"),
    ],
)
def test_redacted_takes_out_what_tells_who_wrote_it(written: str, read: str) -> None:
    assert redacted(written, WHO) == read


NAMES = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=3, max_size=12)


@given(NAMES, st.text(max_size=60), st.text(max_size=60))
def test_redacted_leaves_no_capitalised_name_standing_as_a_word(name: str, before: str, after: str) -> None:
    surname = "Z" + unicodedata.normalize("NFC", name.lower())
    identity = Identity(frozenset({f"Ann {surname}"}), frozenset())

    text = redacted(f"{before} {surname} {after}", identity)

    assert f" {surname} " not in f" {text} "


def test_redacted_is_quick_on_a_text_without_an_end() -> None:
    # Run once for each application: a pattern that looked again from every letter would need minutes here.
    text = "a" * 400_000

    assert redacted(text, WHO) == text


def test_redacted_application_keeps_choices_and_drops_what_no_panel_sees() -> None:
    policy = read_policy(PILOT)
    identity = Identity(frozenset({"Yes Ready"}), frozenset())
    content = {
        "reports_to_board": "yes",
        "readiness": "ready_now",
        "partnerships": "Ready to begin",
        "adjustments": "More time",
        "no_such_field": "Ready",
    }

    assert redacted_application(content, identity, policy) == {
        "reports_to_board": "yes",
        "readiness": "ready_now",
        "partnerships": "[name] to begin",
    }
