from itertools import product
from pathlib import Path

import pytest

from models.enums import AssessorDeclineReason, Role, ScoreChangeReason
from models.ids import AssessorId, OrganisationCode, PersonId
from rules.permissions import CODED_REASON, GRANTS, Act, Actor, Subject, may, may_approve, may_on
from rules.policies import parse_policy

POLICY = parse_policy((Path(__file__).parents[2] / "data/pilot/policy.toml").read_text(encoding="utf-8"))

# One line for each act, one column for each role: x where the role may.
ROLES = (
    Role.NOMINATOR,
    Role.NOMINEE,
    Role.ASSESSOR,
    Role.MODERATOR,
    Role.BOARD,
    Role.INCLUSION_ADVISER,
    Role.OPERATIONS,
    Role.SYSTEM,
)
MATRIX = """
                          nominator nominee assessor moderator board adviser operations system
nominate                      x        x       -         -       -      -        -        -
endorse                       x        -       -         -       -      -        -        -
consent                       -        x       -         -       -      -        -        -
decline_nomination            -        x       -         -       -      -        -        -
save_draft                    -        x       -         -       -      -        -        -
submit_application            -        x       -         -       -      -        -        -
withdraw                      x        x       -         -       -      -        -        -
defer                         -        x       -         -       -      -        x        -
read_nomination               x        x       x         x       x      -        x        -
read_application              -        x       x         x       x      -        -        -
read_feedback                 -        x       -         -       -      -        -        -
read_panel                    -        -       -         x       x      -        x        -
record_equality               -        x       -         -       -      -        -        -
stop_equality_use             -        x       -         -       -      -        -        -
keep_availability             -        -       x         -       -      -        -        -
declare_conflict              -        x       x         -       -      -        x        -
accept                        -        -       x         -       -      -        -        -
decline_assessment            -        -       x         -       -      -        -        -
save_score                    -        -       x         -       -      -        -        -
submit_scores                 -        -       x         -       -      -        -        -
read_own_scores               -        -       x         -       -      -        -        -
read_panel_scores             -        -       x         x       x      -        -        -
screen                        -        -       -         x       x      -        -        -
resolve_flags                 -        -       -         x       -      -        -        -
change_score                  -        -       -         x       -      -        -        -
read_proposed_order           -        -       -         x       x      -        -        -
draft_decision                -        -       -         -       x      -        -        -
approve_decision              -        -       -         -       x      -        -        -
reopen_decision               -        -       -         -       x      -        -        -
preview_release               -        -       -         -       x      -        -        -
release                       -        -       -         -       x      -        -        -
promote                       -        -       -         -       x      -        -        -
search_pool                   x        -       -         -       x      -        -        -
pause                         -        -       -         -       -      -        x        -
resume                        -        -       -         -       -      -        x        -
extend                        -        -       -         -       -      -        x        -
readmit                       -        -       -         -       -      -        x        -
let_in_late                   -        -       -         -       -      -        x        -
reassign                      -        -       -         -       -      -        x        -
unblock                       -        -       -         -       -      -        x        -
open_cohort                   -        -       -         -       -      -        x        -
move_window                   -        -       -         -       -      -        x        -
close_now                     -        -       -         -       -      -        x        -
roll_call                     -        -       -         -       -      -        x        x
solve                         -        -       -         -       -      -        x        x
read_run                      -        -       -         -       -      -        x        -
release_run                   -        -       -         -       -      -        x        x
discard_run                   -        -       -         -       -      -        x        -
undo_run                      -        -       -         -       -      -        x        -
import_register               -        -       -         -       -      -        x        -
import_nominations            -        -       -         -       -      -        x        -
read_audit                    -        -       -         x       x      -        x        -
see_equality_aggregates       -        -       -         -       -      x        -        -
see_equality_of_person        -        -       -         -       -      -        -        -
"""
TABLE = {line.split()[0]: line.split()[1:] for line in MATRIX.strip().splitlines()[1:]}

OURS, THEIRS = OrganisationCode("R1D"), OrganisationCode("RWE")
ME, SOMEBODY = PersonId("p-000000000001"), PersonId("p-000000000002")
FIRST, SECOND = AssessorId("A-001"), AssessorId("A-002")

NOMINATOR = Actor(ME, Role.NOMINATOR, organisation=OURS)
NOMINEE = Actor(ME, Role.NOMINEE)
ASSESSOR = Actor(ME, Role.ASSESSOR, assessor=FIRST)


def test_matrix_names_every_act_and_every_role():
    assert list(TABLE) == [act.value for act in Act]
    assert all(len(row) == len(ROLES) == len(Role) for row in TABLE.values())


@pytest.mark.parametrize(("act", "role"), list(product(Act, ROLES)))
def test_role_may_do_exactly_what_the_matrix_says(act, role):
    verdict = may(role, act)

    assert verdict.allowed == (TABLE[act.value][ROLES.index(role)] == "x")
    assert bool(verdict) == verdict.allowed
    assert (" may not " in verdict.reason) != verdict.allowed
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize(
    ("role", "act", "reason"),
    [
        (
            Role.OPERATIONS,
            Act.DRAFT_DECISION,
            "Operations may not draft a decision: operations never decide outcomes.",
        ),
        (
            Role.BOARD,
            Act.SEE_EQUALITY_OF_PERSON,
            "The talent board may not see a person's equality data: equality data is seen only as aggregates, "
            "and by an inclusion adviser.",
        ),
        (
            Role.NOMINATOR,
            Act.READ_PANEL_SCORES,
            "A nominator may not read a panel's scores: scores are not shown to organisations.",
        ),
        (
            Role.NOMINEE,
            Act.READ_PANEL,
            "A nominee may not see who assesses a nomination: it is kept from organisations and nominees.",
        ),
        (Role.BOARD, Act.RESOLVE_FLAGS, "The talent board may not resolve flags: this is done by a QA moderator."),
    ],
)
def test_refusal_says_why(role, act, reason):
    assert may(role, act).reason == reason


@pytest.mark.parametrize("act", [act for act in Act if may(Role.NOMINATOR, act) and act is not Act.SEARCH_POOL])
def test_nominator_acts_for_their_own_organisation_only(act):
    assert may_on(NOMINATOR, act, Subject(organisation=OURS))
    assert not may_on(NOMINATOR, act, Subject(organisation=THEIRS))
    assert not may_on(NOMINATOR, act, Subject())
    assert not may_on(Actor(ME, Role.NOMINATOR), act, Subject())


@pytest.mark.parametrize("act", [act for act in Act if may(Role.NOMINEE, act)])
def test_nominee_acts_on_their_own_nomination_only(act):
    assert may_on(NOMINEE, act, Subject(organisation=OURS, nominee=ME))
    assert not may_on(NOMINEE, act, Subject(organisation=OURS, nominee=SOMEBODY))
    assert not may_on(NOMINEE, act, Subject(organisation=OURS))


@pytest.mark.parametrize(
    "act",
    [act for act in Act if may(Role.ASSESSOR, act) and act not in {Act.KEEP_AVAILABILITY, Act.DECLARE_CONFLICT}],
)
def test_assessor_acts_on_their_own_assessment_only(act):
    assert may_on(ASSESSOR, act, Subject(assessors=frozenset({FIRST}), submitted=True))
    assert not may_on(ASSESSOR, act, Subject(assessors=frozenset({SECOND}), submitted=True))
    assert not may_on(Actor(ME, Role.ASSESSOR), act, Subject(submitted=True))


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.SAVE_SCORE, Act.SUBMIT_SCORES, Act.READ_APPLICATION])
def test_assessor_with_a_conflict_may_only_decline(act):
    conflicted = Subject(assessors=frozenset({FIRST}), conflicted=True)

    assert may_on(ASSESSOR, act, conflicted).reason.endswith("decline the assessment instead.")
    assert may_on(ASSESSOR, Act.DECLINE_ASSESSMENT, conflicted)


def test_assessor_sees_the_panels_scores_only_after_submitting_their_own():
    before = Subject(assessors=frozenset({FIRST, SECOND}))
    after = Subject(assessors=frozenset({FIRST, SECOND}), submitted=True)

    assert not may_on(ASSESSOR, Act.READ_PANEL_SCORES, before)
    assert may_on(ASSESSOR, Act.READ_PANEL_SCORES, after)
    assert may_on(ASSESSOR, Act.READ_OWN_SCORES, before)


@pytest.mark.parametrize(("role", "act"), list(product(ROLES, Act)))
def test_whose_case_it_is_never_allows_what_the_role_may_not(role, act):
    actor = Actor(ME, role, organisation=OURS, assessor=FIRST)
    nominee = ME if role is Role.NOMINEE else SOMEBODY
    subject = Subject(organisation=OURS, nominee=nominee, assessors=frozenset({FIRST}), submitted=True)

    assert may_on(actor, act, subject).allowed == may(role, act).allowed


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.BOARD, Role.OPERATIONS])
def test_nobody_acts_as_an_officer_on_their_own_nomination(role):
    for act in GRANTS[role] - {Act.SEARCH_POOL}:
        verdict = may_on(Actor(ME, role), act, Subject(organisation=OURS, nominee=ME))
        assert not verdict
        assert "their own nomination" in verdict.reason


def test_decision_is_approved_by_another_person_where_the_policy_wants_two():
    alone = POLICY.model_copy(update={"admission": POLICY.admission.model_copy(update={"two_people": False})})

    assert not may_approve(ME, ME, POLICY)
    assert may_approve(ME, SOMEBODY, POLICY)
    assert may_approve(ME, ME, alone)


def test_score_is_changed_and_assessment_declined_with_a_coded_reason():
    assert CODED_REASON[Act.CHANGE_SCORE] is ScoreChangeReason
    assert CODED_REASON[Act.DECLINE_ASSESSMENT] is AssessorDeclineReason
