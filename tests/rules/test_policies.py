from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models.policy import Policy
from rules.policies import (
    CHANGED,
    PolicyError,
    assumption_of,
    calendar_of,
    fingerprint,
    nomination_terms,
    parse_policy,
    read_policy,
    resolve,
    with_bank_holidays,
)

FILES = Path(__file__).parents[2] / "data"
PILOT = FILES / "pilot" / "policy.toml"
DEMO = FILES / "demo" / "policy.toml"
CREATED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def pilot() -> Policy:
    return read_policy(PILOT)


def problems_of(text: str) -> dict[str, str]:
    with pytest.raises(PolicyError) as raised:
        parse_policy(text, file="mine.toml")
    assert {problem.file for problem in raised.value.problems} == {"mine.toml"}
    return {problem.name: problem.sentence for problem in raised.value.problems}


def pilot_with(*changes: tuple[str, str]) -> str:
    text = PILOT.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_pilots_window_is_september_2018_in_london(pilot):
    window = resolve(pilot, CREATED)

    assert window.opens_at == datetime(2018, 8, 31, 23, 0, tzinfo=UTC)
    assert window.closes_at == datetime(2018, 9, 30, 22, 59, tzinfo=UTC)
    assert window.opens_at.tzinfo is UTC


def test_pilots_policy_says_what_the_source_documents_say(pilot):
    assert pilot.panel.size == 3
    assert pilot.nomination.self_nomination
    assert assumption_of(pilot, "window.opens") is None
    assert assumption_of(pilot, "panel.size") is None
    assert assumption_of(pilot, "nomination.self_nomination") is None


def test_every_number_of_the_pilots_policy_is_sourced_or_marked_as_an_assumption(pilot):
    sourced = {
        "window.opens",
        "window.closes",
        "nomination.self_nomination",
        "panel.size",
        "cohort.id",
        "cohort.name",
        "cohort.region",
    }
    stated = {
        f"{table}.{name}"
        for table, part in pilot.model_dump(exclude={"bank_holidays", "assumptions"}).items()
        for name in part
    }

    unmarked = {name for name in stated if assumption_of(pilot, name) is None}

    assert unmarked == sourced


def test_bank_holidays_reach_from_the_window_to_the_year_after_membership_ends(pilot):
    years = {day.year for day in pilot.bank_holidays}

    # Closes in September 2018, ends 12 months after release at the earliest, membership of 24 months, one more.
    assert years == {2018, 2019, 2020, 2021, 2022}
    assert {date(2018, 8, 27), date(2018, 12, 25), date(2018, 12, 26)} <= pilot.bank_holidays
    assert date(2018, 8, 6) not in pilot.bank_holidays  # Scotland's August bank holiday


def test_bank_holidays_a_policy_states_are_kept_and_an_empty_list_counts():
    stated = parse_policy("bank_holidays = [2018-05-01]\n" + PILOT.read_text(encoding="utf-8"))
    empty = parse_policy("bank_holidays = []\n" + PILOT.read_text(encoding="utf-8"))

    assert with_bank_holidays(stated).bank_holidays == {date(2018, 5, 1)}
    assert with_bank_holidays(empty).bank_holidays == frozenset()


def test_bank_holidays_of_a_window_in_spans_need_the_moment_of_creation():
    without, filled = read_policy(DEMO), read_policy(DEMO, created_at=CREATED)

    assert without.bank_holidays == frozenset()
    assert min(filled.bank_holidays) == date(2026, 1, 1)


def test_demo_is_the_pilot_with_its_month_compressed(pilot):
    demo = read_policy(DEMO)

    window = resolve(demo, CREATED)

    assert window.opens_at > CREATED
    assert window.closes_at - CREATED < timedelta(minutes=1)
    assert demo.scoring == pilot.scoring
    assert demo.panel == pilot.panel
    assert assumption_of(demo, "scoring.labels") == assumption_of(pilot, "scoring.labels")


def test_every_value_the_demo_changes_is_marked_with_an_origin_of_its_own(pilot):
    demo = read_policy(DEMO)
    changed = {
        f"{table}.{name}"
        for table, part in demo.model_dump(exclude={"bank_holidays", "assumptions", "cohort"}).items()
        for name, value in part.items()
        if value != pilot.model_dump()[table][name]
    }

    origins = {name: assumption_of(demo, name) for name in changed}

    assert changed
    assert all(origin not in {None, CHANGED, pilot.assumptions.get(name)} for name, origin in origins.items())


def test_base_is_overridden_only_where_the_file_says_so(tmp_path, pilot):
    file = tmp_path / "policy.toml"
    file.write_text(f'base = "{PILOT}"\n[panel]\nsize = 5\n[eligibility]\nendorsed = false\n', encoding="utf-8")

    policy = read_policy(file)

    assert policy.panel == pilot.panel.model_copy(update={"size": 5})
    assert policy.admission == pilot.admission
    assert assumption_of(policy, "panel.size") == CHANGED
    assert assumption_of(policy, "eligibility.endorsed") == CHANGED
    assert assumption_of(policy, "eligibility.reports_to_board") == pilot.assumptions["eligibility"]


def test_base_of_a_base_is_read_too(tmp_path):
    (tmp_path / "one.toml").write_text(f'base = "{PILOT}"\n[panel]\nsize = 5\n', encoding="utf-8")
    (tmp_path / "two.toml").write_text('base = "one.toml"\n[assessors]\ncapacity = 9\n', encoding="utf-8")

    policy = read_policy(tmp_path / "two.toml")

    assert (policy.panel.size, policy.assessors.capacity, policy.scoring.highest) == (5, 9, 7)


def test_base_that_leads_back_is_refused(tmp_path):
    (tmp_path / "one.toml").write_text('base = "two.toml"\n', encoding="utf-8")
    (tmp_path / "two.toml").write_text('base = "one.toml"\n', encoding="utf-8")

    with pytest.raises(PolicyError, match="leads back to this file"):
        read_policy(tmp_path / "one.toml")


def test_problem_names_the_file_that_states_the_value(tmp_path):
    base, over = tmp_path / "base.toml", tmp_path / "over.toml"
    base.write_text(pilot_with(("size = 3", 'size = "three"')), encoding="utf-8")
    over.write_text('base = "base.toml"\n[assessors]\ncapacity = 0\n', encoding="utf-8")

    with pytest.raises(PolicyError) as raised:
        read_policy(over)

    assert {(problem.file, problem.name) for problem in raised.value.problems} == {
        (str(base), "panel.size"),
        (str(over), "assessors.capacity"),
    }


def test_file_that_is_missing_or_not_toml_is_refused_with_its_name(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("[window\n", encoding="utf-8")

    with pytest.raises(PolicyError, match=r"absent\.toml: cannot be read: No such file"):
        read_policy(tmp_path / "absent.toml")
    with pytest.raises(PolicyError, match=r"broken\.toml: is not TOML: .*line 1"):
        read_policy(broken)


def test_every_problem_is_reported_at_once_in_plain_sentences():
    text = pilot_with(
        ("size = 3", 'size = "x"'),
        ('"3 working days"', '"soon"'),
        ("closes = 2018-09-30T23:59:00", "closes = 24"),
        ("capacity = 6", "capcity = 6"),
        ('["non_executive_director", "chair"]', '["non_executive_director", "chairman"]'),
        ("weight = 1.0", "weight = 0"),
        ('"batch"', '"bulk"'),
        ('grace = "5 minutes"', "grace = 5"),
        ("two_people = true", 'two_people = "perhaps"'),
    )

    found = problems_of(text)

    weights = {f"scoring.criteria[{number}].weight": "must be above 0.0" for number in range(6)}
    assert found == {
        "window.closes": (
            "must be a moment, such as 2018-09-01T00:00:00 (UK time unless it says otherwise), "
            "or a length of time, such as '24 seconds'"
        ),
        "window.grace": "must be a length of time: write a number and a unit, such as '3 working days'",
        "panel.size": "must be a whole number",
        "panel.composition[1].roles[1]": (
            "must be one of 'chief_executive', 'accountable_officer', 'non_executive_director' or 'chair'"
        ),
        "assessors.capacity": "is missing: state it",
        "assessors.capcity": "is not a name a policy knows: correct its spelling or take it out",
        "assessors.answer_within": (
            "is wrong: 'soon' is not a length of time: write a number and a unit, such as '3 working days'"
        ),
        "assessors.score_grace": (
            "is wrong: 'soon' is not a length of time: write a number and a unit, such as '3 working days'"
        ),
        "allocation.mode": "must be one of 'batch' or 'rolling'",
        "admission.two_people": "must be true or false",
        **weights,
    }


@pytest.mark.parametrize("stated", ["2018-09-30", "24", '"24"', "true", '""'])
def test_window_that_states_neither_a_moment_nor_a_span_is_refused(stated):
    found = problems_of(pilot_with(("closes = 2018-09-30T23:59:00", f"closes = {stated}")))

    assert set(found) == {"window.closes"}


def test_rule_about_several_values_is_a_sentence_of_its_own():
    found = problems_of(pilot_with(("size = 3", "size = 1")))

    assert found == {
        "": "panel.composition asks for 2 assessors on a panel of 1: lower an at_least or raise panel.size"
    }


def test_assessments_that_end_before_the_window_closes_are_refused():
    found = problems_of(
        pilot_with(("assessed_from = 2018-10-01", "assessed_from = 2018-08-01"), ("= 2018-11-30 ", "= 2018-09-29 "))
    )

    assert found == {
        "": "the assessments end on 2018-09-29, before the window closes on 2018-09-30: "
        "mend panel.assessed_from and panel.assessed_until, or window.closes"
    }


def test_assessments_may_end_on_the_day_the_window_closes_and_are_not_compared_with_a_span():
    dates = (("assessed_from = 2018-10-01", "assessed_from = 2018-08-01"), ("= 2018-11-30 ", "= 2018-09-30 "))

    same_day = parse_policy(pilot_with(*dates))
    of_spans = parse_policy(pilot_with(*dates, ("closes = 2018-09-30T23:59:00", 'closes = "900 days"')))

    assert same_day.panel.assessed_until == of_spans.panel.assessed_until == date(2018, 9, 30)


def test_assessments_that_end_before_they_begin_are_refused():
    found = problems_of(pilot_with(("assessed_from = 2018-10-01", "assessed_from = 2018-12-01")))

    assert found == {
        "panel": "is wrong: the assessments end before they begin: mend panel.assessed_from or panel.assessed_until"
    }


def test_window_that_closes_before_it_opens_is_refused_when_resolved():
    policy = parse_policy(pilot_with(("opens = 2018-09-01T00:00:00", 'opens = "1 day"')))

    with pytest.raises(PolicyError, match=r"window\.closes .* is not after window\.opens"):
        resolve(policy, CREATED)


def test_fingerprint_is_the_same_from_a_file_and_from_stored_json(pilot):
    stored = Policy.model_validate_json(pilot.model_dump_json())

    assert fingerprint(stored) == fingerprint(pilot)
    assert fingerprint(read_policy(PILOT)) == fingerprint(pilot)


def test_fingerprint_does_not_depend_on_order_or_time_zone():
    one = parse_policy(PILOT.read_text(encoding="utf-8"))
    other = parse_policy(
        pilot_with(
            ('["chief_executive", "accountable_officer"]', '["accountable_officer", "chief_executive"]'),
            ("opens = 2018-09-01T00:00:00", "opens = 2018-08-31T23:00:00Z"),
        )
    )

    assert fingerprint(one) == fingerprint(other)


def test_fingerprint_changes_with_any_value():
    one = parse_policy(PILOT.read_text(encoding="utf-8"))

    for change in (("audit_share = 0.05", "audit_share = 0.06"), ('"5 minutes"', '"6 minutes"')):
        assert fingerprint(parse_policy(pilot_with(change))) != fingerprint(one)


def test_nomination_terms_are_the_policys(pilot):
    terms = nomination_terms(pilot)

    assert terms.panel_size == 3
    assert str(terms.answer_within) == "3 working days"
    assert terms.calendar == calendar_of(pilot)
    assert terms.calendar.bank_holidays == tuple(sorted(pilot.bank_holidays))
    assert [str(span) for span in terms.calendar.reminders] == ["7 days", "3 days", "1 day"]


def test_file_without_end_is_refused(tmp_path: Path) -> None:
    endless = tmp_path / "policy.toml"
    endless.write_bytes(b"# " * 200_000)

    with pytest.raises(PolicyError, match="larger than 200 kB"):
        read_policy(endless)
