"""The checker: short, apart from the solvers, and agreeing with them on what a seat is worth."""

import ast
import random
from dataclasses import replace
from pathlib import Path

import pytest
from allocation_cases import assessor, nomination, panel_rules, placed, problem, small_problem

from allocation.certified import certified, seat_fit
from allocation.cost import pair_cost
from allocation.model import compiled, fit_points
from allocation.problem import MalformedProblemError, Weights
from allocation.propose import propose

SOURCE = Path(certified.__code__.co_filename).read_text(encoding="utf-8")
WEIGHTS = Weights(interest=100, same_system=50, load=60, sector=30, role=40, same_office=20, same_region=10)


def sentences(tree):
    """The lines of docstrings."""
    bodies = [one.body[0] for one in ast.walk(tree) if isinstance(one, ast.Module | ast.FunctionDef)]
    texts = [one for one in bodies if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)]
    return {line for one in texts for line in range(one.lineno, one.end_lineno + 1)}


def test_checker_has_at_most_sixty_lines_of_code_beside_its_imports():
    tree = ast.parse(SOURCE)
    left_out = sentences(tree) | {one.lineno for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)}

    written = {
        at
        for at, line in enumerate(SOURCE.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and at not in left_out
    }

    assert len(written) <= 60
    assert len(SOURCE.splitlines()) <= 100


def test_checker_imports_the_types_of_question_and_answer_alone():
    found = [one for one in ast.walk(ast.parse(SOURCE)) if isinstance(one, ast.Import | ast.ImportFrom)]

    assert all(isinstance(one, ast.ImportFrom) for one in found)
    assert {one.module for one in found} == {
        "collections", "datetime", "itertools", "allocation.problem", "allocation.proposal",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_every_seat_is_worth_the_same_to_checker_and_model(seed):
    draw = random.Random(seed)
    one = placed(small_problem(draw, 4, 8, 2), draw)

    model = compiled(one)

    for panel, who, fit in zip(model.panel.tolist(), model.assessor.tolist(), model.fit.tolist(), strict=True):
        asked, person = model.nominations[panel], model.assessors[who]
        assert fit == seat_fit(one.rules.weights, asked, person) == fit_points(asked, person, one.rules)
        assert 0 <= fit <= one.rules.weights.best


NOMINEE = nomination(
    "n",
    system="S1",
    office="Q1",
    region="East",
    sector="ccg",
    line_managers=frozenset({"accountable_officer"}),
    interests=frozenset({"digital"}),
)
FITTING = assessor(
    "a", "accountable_officer", system="S9", sectors=frozenset({"ccg"}), interests=frozenset({"digital"})
)


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, 220),
        ({"interests": frozenset({"finance"})}, 120),
        ({"sectors": frozenset({"acute_trust"})}, 190),
        ({"role": "chair"}, 180),
        ({"region": "East"}, 210),
        ({"region": "East", "office": "Q1"}, 200),
        ({"region": "East", "office": "Q1", "system": "S1"}, 170),
    ],
)
def test_seat_loses_what_it_lacks_and_what_the_closest_place_costs(change, points):
    rules = panel_rules(weights=WEIGHTS)

    fit = seat_fit(rules.weights, NOMINEE, replace(FITTING, **change))

    assert fit == fit_points(NOMINEE, replace(FITTING, **change), rules) == points


def test_nearness_that_is_wanted_is_worth_points():
    near = replace(FITTING, system="S1")
    wanted = replace(WEIGHTS, same_system=-50, same_office=-20, same_region=-10)

    assert seat_fit(wanted, NOMINEE, near) == wanted.best == 220
    assert (pair_cost(NOMINEE, near, wanted), pair_cost(NOMINEE, FITTING, wanted)) == (0, 50)


def test_what_is_not_known_of_the_nominee_costs_nobody_a_point():
    unknown = replace(NOMINEE, system="", office="", region="", sector="", line_managers=frozenset())
    stranger = assessor("b", "chair", interests=frozenset({"digital"}))

    assert seat_fit(WEIGHTS, unknown, stranger) == WEIGHTS.best


def test_only_weights_of_distance_may_be_negative():
    Weights(interest=0, same_system=-1, load=0, same_office=-1, same_region=-1)

    with pytest.raises(MalformedProblemError, match="may not be negative, those of distance aside"):
        Weights(interest=0, same_system=0, load=0, sector=-1)


def test_proposal_prefers_who_knows_the_sector_and_manages_such_posts():
    others = [assessor(f"b{n}", "chair") for n in range(3)]
    plain = problem([NOMINEE], [*others, FITTING], size=1, composition=())
    weighed = replace(plain, rules=replace(plain.rules, weights=replace(WEIGHTS, interest=0)))

    proposal = propose(weighed)

    assert [seat.assessor for seat in proposal.seats] == ["a"]
    assert certified(weighed, proposal) == ()
    claimed_elsewhere = replace(proposal, seats=(replace(proposal.seats[0], assessor="b0"),))
    assert any(fault.startswith("floor: ") for fault in certified(weighed, claimed_elsewhere))
