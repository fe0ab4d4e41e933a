"""A programme kept ready for questions begins from the answer that a run gave."""

import numpy as np
import pytest
from allocation_cases import cohort
from random_problems import seeded

from allocation.model import compiled
from allocation.propose import propose, without
from allocation.seat_rows import SeatRows
from allocation.seating import Seating
from allocation.steady import steadied
from allocation.why import Whys
from allocation.worth import worth_of


def held_of(one, proposal):
    """The model of the panels that are staffed, and the arcs of their seats."""
    model = compiled(without(one, set(proposal.unstaffed)))
    seats = {(seat.nomination, seat.assessor, seat.week[0].toordinal()) for seat in proposal.seats}
    weeks = [one.rules.window[0].toordinal() + 7 * at for at in range(model.weeks)]
    keys = [
        (model.nominations[panel].id, model.assessors[who].id, weeks[week])
        for panel, who, week in zip(model.panel, model.assessor, model.week, strict=True)
    ]
    return model, np.array([at for at, key in enumerate(keys) if key in seats], dtype=np.int64)


@pytest.mark.parametrize("seed", range(60))
def test_first_basis_is_the_answer_itself(seed):
    one = seeded(seed)
    proposal = propose(one, seconds=5.0)
    model, held = held_of(one, proposal)
    if not len(held):
        return
    rows = SeatRows(model, floor=proposal.certificate.floor)
    highs = rows.programme(10.0)
    claim, weights = proposal.certificate, one.rules.weights

    highs.setBasis(rows.standing(held))
    highs.setOptionValue("simplex_iteration_limit", 0)
    highs.setOptionValue("presolve", "off")
    highs.run()

    taken = np.flatnonzero(np.asarray(highs.getSolution().col_value)[: len(rows.arcs)] > 0.5)
    assert rows.arcs[taken].tolist() == held.tolist()
    # The columns for mixed panels stand at nothing, and meetings again have no column yet.
    plain = claim.total - weights.mixed * claim.mixed + weights.repeat * claim.repeats
    assert -highs.getInfo().objective_function_value == pytest.approx(plain)


def test_programme_from_the_answer_is_that_from_nothing_and_takes_fewer_steps():
    one = cohort(120, 81, [6] * 81, seed=3)
    proposal = propose(one)
    model, held = held_of(one, proposal)
    fine = steadied(model, held)
    floor = proposal.certificate.floor * fine.scale

    cold, warm = Seating(fine, floor=floor).warm(), Seating(fine, floor=floor).warm(held)

    assert warm.bound == pytest.approx(cold.bound, abs=1e-3)
    assert 0 < warm.steps < cold.steps
    assert fine.points(warm.bound) == worth_of(model, held).total(model)


def test_question_asked_first_is_answered_as_one_asked_later():
    one = cohort(60, 41, [6] * 41, seed=4)
    proposal = propose(one)
    pairs = [(one.nominations[at].id, one.assessors[3 * at].id) for at in range(8)]
    asked = Whys(one, proposal, proposal.certificate.floor)

    answers = [asked.why_not(*pair) for pair in pairs]

    for pair, answer in zip(pairs, answers, strict=True):
        assert Whys(one, proposal, proposal.certificate.floor).why_not(*pair) == answer
