"""Who behaves how: the same people from the same seed, and every behaviour in the pilot's cohort."""

from hashlib import sha256
from pathlib import Path

import pytest

from models.enums import AssessorDeclineReason, DecisionReason, Outcome
from models.ids import NominationId
from models.policy import Policy
from rules.policies import read_policy
from scoring.order import Placed
from simulation.board import verdicts
from simulation.cast import Cast, read_cast
from simulation.chance import draw, normal, shuffled
from simulation.demo import POLICY, SEED
from simulation.people import AssessorTemper, People, Temper
from simulation.scores import THIN, evidence, scores


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy(POLICY)


@pytest.fixture(scope="module")
def cast(policy: Policy) -> Cast:
    return read_cast(policy)


def _people(cast: Cast, seed: str = SEED) -> People:
    return People(
        seed,
        list(cast.nominations),
        cast.likely,
        [row.reference for row in cast.assessors],
        unendorsed=cast.unendorsed,
        named=cast.named,
    )


@pytest.fixture(scope="module")
def people(cast: Cast) -> People:
    return _people(cast)


def test_draw_is_sha256_of_the_seed_and_the_words():
    digest = sha256(b"a\x1fb").hexdigest()[:16]

    assert draw("a", "b") == int(digest, 16) / 2**64


def test_normal_has_the_mean_and_deviation_it_is_given():
    drawn = [normal(5.0, 2.0, "seed", str(number)) for number in range(4000)]

    mean = sum(drawn) / len(drawn)
    deviation = (sum((one - mean) ** 2 for one in drawn) / len(drawn)) ** 0.5
    # Four standard errors of a mean and of a deviation of 4,000 draws.
    assert abs(mean - 5.0) < 4 * 2.0 / 4000**0.5
    assert abs(deviation - 2.0) < 4 * 2.0 / 8000**0.5


def test_shuffled_does_not_depend_on_the_order_it_is_given():
    references = [f"R1D-{number}" for number in range(1, 30)]

    assert shuffled(references, "seed") == shuffled(reversed(references), "seed")
    assert shuffled(references, "seed") != shuffled(references, "another seed")


def test_people_of_the_same_seed_behave_the_same(cast: Cast):
    again = People(
        SEED,
        list(reversed(cast.nominations)),
        cast.likely,
        [row.reference for row in reversed(cast.assessors)],
        unendorsed=cast.unendorsed,
        named=cast.named,
    )

    first = _people(cast)

    assert first.nominees == again.nominees
    assert first.assessors == again.assessors
    assert first.offer("A-001", "R1D-1") == again.offer("A-001", "R1D-1")


def test_people_of_another_seed_behave_otherwise(cast: Cast, people: People):
    assert _people(cast, "another seed").nominees != people.nominees


def test_pilot_has_every_temper_among_nominees(people: People):
    assert {plan.temper for plan in people.nominees.values()} == set(Temper)


def test_pilot_has_every_temper_among_assessors(people: People):
    assert {plan.temper for plan in people.assessors.values()} == set(AssessorTemper)


def test_tempers_are_given_to_those_whose_application_passes_screening(cast: Cast, people: People):
    tempered = {one: plan.temper for one, plan in people.nominees.items() if plan.temper is not Temper.USUAL}

    apart = {one: temper for one, temper in tempered.items() if one not in cast.likely}
    assert list(apart.values()) == [Temper.WITHDRAWS_SCREENING]
    assert set(apart) <= cast.unendorsed
    assert not any(people.nominees[one].is_endorsed_later for one in apart)


@pytest.mark.parametrize("seed", [SEED, *(f"seed {number}" for number in range(20))])
def test_one_nomination_comes_late_and_no_assessor_has_named_it(cast: Cast, seed: str):
    late = [one for one, plan in _people(cast, seed).nominees.items() if plan.is_late]

    assert len(late) == 1
    assert late[0] not in cast.named
    assert cast.named


def test_every_reason_to_decline_is_given_and_conflicts_are_named(people: People):
    offers = [people.offer(assessor, nomination) for assessor in people.assessors for nomination in people.nominees]

    assert {offer.declines for offer in offers} == {None, *AssessorDeclineReason}
    assert all((offer.conflict is not None) is (offer.declines is AssessorDeclineReason.CONFLICT) for offer in offers)


def test_small_cohort_has_tempers_for_half_at_most(cast: Cast):
    small = cast.only(8, SEED)

    plans = _people(small).nominees.values()

    assert len(plans) == 8
    assert 1 <= sum(plan.temper is not Temper.USUAL for plan in plans) <= 4


def test_small_cohort_keeps_only_conflicts_of_its_own_nominations(cast: Cast):
    small = cast.only(8, SEED)

    named = {one.nomination for row in small.assessors for one in row.declared_conflicts}
    assert {one.nomination for row in cast.assessors for one in row.declared_conflicts}
    assert named <= set(small.nominations)


def test_scores_are_on_the_scale_for_every_criterion(people: People, policy: Policy):
    codes = [criterion.code for criterion in policy.scoring.criteria]

    for nominee in people.nominees.values():
        for assessor in people.assessors.values():
            given = scores(people, nominee, assessor, policy.scoring)

            assert list(given) == codes
            assert all(policy.scoring.lowest <= value <= policy.scoring.highest for value in given.values())


def test_evidence_is_thin_for_some_and_never_when_asked_again(people: People, policy: Policy):
    nominee = next(plan for plan in people.nominees.values() if plan.temper is Temper.GETS_THIN_EVIDENCE)
    codes = [criterion.code for criterion in policy.scoring.criteria]
    pairs = [(assessor, code) for assessor in people.assessors.values() for code in codes]

    first = [evidence(people, nominee, assessor, code, again=False) for assessor, code in pairs]
    again = [evidence(people, nominee, assessor, code, again=True) for assessor, code in pairs]

    least = policy.scoring.evidence_min_words
    assert len(THIN.split()) < least
    assert 0 < first.count(THIN) < len(first) / 2
    assert all(len(words.split()) >= least for words in first if words != THIN)
    assert all(len(words.split()) >= least for words in again)


def test_place_is_given_up_by_one_of_the_admitted(people: People):
    admitted = sorted(people.nominees)[:10]

    assert people.gives_up_place(admitted) in admitted
    assert people.gives_up_place(admitted) == people.gives_up_place(list(reversed(admitted)))
    assert people.gives_up_place([]) is None


def _placed(place: int, suggestion: Outcome, *, too_close: bool) -> Placed:
    mean = 6.0 - place / 10
    number = NominationId(f"pilot-{place:04d}")
    return Placed(number, place, mean, mean - 0.3, mean + 0.3, suggestion, too_close, f"Mean {mean:.2f}.")


def test_board_departs_only_where_it_is_too_close_to_call():
    order = (
        _placed(1, Outcome.ADMITTED, too_close=False),
        _placed(2, Outcome.ADMITTED, too_close=True),
        _placed(3, Outcome.ADMITTED, too_close=True),
        _placed(4, Outcome.RESERVED, too_close=True),
        _placed(5, Outcome.NOT_ADMITTED, too_close=False),
    )

    decided = verdicts(order)

    assert [decided[one.nomination].outcome for one in order] == [
        Outcome.ADMITTED,
        Outcome.ADMITTED,
        Outcome.RESERVED,
        Outcome.ADMITTED,
        Outcome.NOT_ADMITTED,
    ]
    departed = [number for number, verdict in decided.items() if verdict.reason is DecisionReason.TOO_CLOSE_TO_CALL]
    assert departed == ["pilot-0003", "pilot-0004"]


def test_pilot_folder_holds_the_files(cast: Cast):
    assert len(cast.organisations) == 125
    assert len(cast.assessors) == 81
    assert len(cast.nominations) == len(cast.applications) == 120
    assert Path(POLICY).is_file()
