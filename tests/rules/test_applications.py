from pathlib import Path

import pytest

from models.enums import EndorserPost
from models.policy import EligibilityPolicy
from rules.applications import (
    NO,
    STATEMENT_WORDS,
    YES,
    FieldKind,
    Problem,
    eligibility_facts,
    form,
    problems,
    word_count,
)
from rules.eligibility import EligibilityRule, unmet
from rules.policies import parse_policy

POLICY = parse_policy((Path(__file__).parents[2] / "data/pilot/policy.toml").read_text(encoding="utf-8"))
CRITERIA = [criterion.code for criterion in POLICY.scoring.criteria]


@pytest.fixture
def draft() -> dict[str, str]:
    return {
        "employed_in_region": YES,
        "reports_to_board": YES,
        "next_step_executive": YES,
        **dict.fromkeys(CRITERIA, "I led the work and it held."),
        "readiness": "ready_now",
        "development_needs": "Board finance.",
    }


def test_form_asks_eligibility_a_statement_for_each_criterion_and_readiness():
    assert [field.name for field in form(POLICY)] == [
        "employed_in_region",
        "reports_to_board",
        "next_step_executive",
        *CRITERIA,
        "readiness",
        "development_needs",
        "adjustments",
    ]
    assert [field.name for field in form(POLICY) if not field.required] == ["adjustments"]


def test_form_leaves_out_the_question_of_a_rule_that_is_switched_off():
    eligibility = EligibilityPolicy(
        employed_in_region=True, reports_to_board=False, next_step_executive=True, endorsed=True
    )
    policy = POLICY.model_copy(update={"eligibility": eligibility})

    questions = [field.name for field in form(policy) if field.kind is FieldKind.YES_OR_NO]

    assert questions == ["employed_in_region", "next_step_executive"]


def test_complete_draft_has_no_problems(draft):
    assert problems(draft, POLICY) == ()


def test_answer_no_may_be_sent_and_screening_answers_it(draft):
    draft["next_step_executive"] = NO

    assert problems(draft, POLICY) == ()
    found = unmet(eligibility_facts(draft, EndorserPost.CHIEF_EXECUTIVE), POLICY)
    assert [one.rule for one in found] == [EligibilityRule.NEXT_STEP_EXECUTIVE]


def test_empty_draft_has_a_problem_for_every_required_field_in_the_forms_order():
    found = problems({}, POLICY)

    assert [problem.field for problem in found] == [field.name for field in form(POLICY) if field.required]
    assert all("has no answer yet" in problem.sentence for problem in found)


def test_field_of_white_space_counts_as_empty(draft):
    draft["development_needs"] = " \n\t"

    assert [problem.field for problem in problems(draft, POLICY)] == ["development_needs"]


@pytest.mark.parametrize("field", [*CRITERIA, "development_needs", "adjustments"])
def test_text_may_have_its_most_words_and_not_one_more(draft, field):
    draft[field] = "word " * STATEMENT_WORDS
    assert problems(draft, POLICY) == ()

    draft[field] += "more"

    (problem,) = problems(draft, POLICY)
    assert problem.field == field
    assert "has 1 more: shorten it by 1 word." in problem.sentence


def test_choice_outside_the_list_is_refused_with_the_list(draft):
    draft["readiness"] = "soon"

    assert problems(draft, POLICY) == (
        Problem(
            "readiness",
            "'How soon are you ready for an executive director post?' must be answered with one of: "
            "ready_now, 6_to_12_months, 1_to_2_years.",
        ),
    )


def test_field_the_form_does_not_have_is_refused(draft):
    draft["salary"] = "a lot"

    assert problems(draft, POLICY) == (Problem("salary", "The application has no field 'salary': take it out."),)


def test_question_without_an_answer_counts_as_no():
    facts = eligibility_facts({"employed_in_region": YES}, None)

    assert facts.employed_in_region_organisation
    assert not facts.reports_to_board
    assert not facts.next_step_executive


@pytest.mark.parametrize(("text", "count"), [("", 0), ("one", 1), (" two\nwords ", 2), ("well-led, at 9:00", 3)])
def test_words_are_counted_between_white_space(text, count):
    assert word_count(text) == count
