"""What the register says of sectors, roles and places, as the allocation is given it; and runs kept before it was."""

from dataclasses import asdict
from datetime import date

from sqlmodel import col, update

from allocation.answer import answered
from allocation.problem import AllocationProblem
from models.enums import RunKind
from models.policy import Policy
from models.tables import EarlierPost, Organisation
from proof.panels import run_faults
from storage.allocations import PROBLEM, RESULT, panel_rules, problem_of
from storage.kept_runs import KeptRun
from tests.activities.cohort import PILOT, CohortInRows, Sessions, assessing

LARGEST_EXACT = 2**53
"""Up to here every whole number is one of JavaScript's (ECMA-262, Number.MAX_SAFE_INTEGER and one)."""
LATER = {"nominations": ("sector", "office", "region", "line_managers"), "assessors": ("sectors", "office", "region")}
LATER_WEIGHTS = ("sector", "role", "same_office", "same_region")
"""What questions kept by earlier releases do not have."""


async def asked(rows: CohortInRows) -> AllocationProblem:
    async with rows.sessions() as session:
        return await problem_of(session, rows.id, RunKind.BATCH)


async def test_sector_role_and_places_follow_from_the_organisations(rows: CohortInRows, sessions: Sessions) -> None:
    await rows.begin(nominations=1, assessors=3)
    async with sessions.begin() as session:
        for code, changes in {
            "R1D": {"type": "ccg", "local_office_code": "Q77"},
            "T01": {"type": "acute_trust"},
            "T02": {"type": "acute_trust", "region": "London"},
            "T03": {"type": "ambulance_trust"},
        }.items():
            await session.exec(update(Organisation).where(col(Organisation.code) == code).values(**changes))
        session.add(EarlierPost(person_id=assessing(1), organisation_code="R1D", left_on=date(2001, 3, 31)))

    problem = await asked(rows)

    (nomination,) = problem.nominations
    assert (nomination.sector, nomination.office, nomination.region) == ("ccg", "Q77", "Midlands and East")
    assert nomination.line_managers == {"accountable_officer"}
    people = {one.id: one for one in problem.assessors}
    assert {name: one.sectors for name, one in people.items()} == {
        "A-001": {"acute_trust", "ccg"},
        "A-002": {"acute_trust"},
        "A-003": {"ambulance_trust"},
    }
    assert (people["A-002"].office, people["A-002"].region) == ("Q76", "London")


async def test_trusts_directors_report_to_a_chief_executive(rows: CohortInRows) -> None:
    await rows.begin(nominations=1)

    problem = await asked(rows)

    assert problem.nominations[0].line_managers == {"chief_executive"}


def test_policys_weights_become_whole_points_below_nought_too() -> None:
    document = PILOT.model_dump(mode="json")
    document["allocation"] |= {
        "weight_sector": 1.5,
        "weight_role": 0.25,
        "weight_same_system": -2.0,
        "weight_same_office": -1.0,
        "weight_same_region": 0.5,
    }

    weights = panel_rules(Policy.model_validate(document)).weights

    found = (weights.sector, weights.role, weights.same_system, weights.same_office, weights.same_region)
    assert found == (150, 25, -200, -100, 50)


def test_pilots_weights_are_those_of_interests_and_system_alone() -> None:
    weights = panel_rules(PILOT).weights

    assert (weights.interest, weights.same_system) == (300, 1000)
    assert {getattr(weights, name) for name in LATER_WEIGHTS} == {0}


async def test_run_of_an_earlier_release_is_read_and_verified(rows: CohortInRows) -> None:
    await rows.begin(nominations=2)
    problem = await asked(rows)
    document = PROBLEM.dump_python(problem, mode="json")
    document["rules"]["seed"] = 14322442922941340801
    before = PROBLEM.validate_python(document, strict=False)
    for part, names in LATER.items():
        for one in document[part]:
            for name in names:
                del one[name]
    for name in LATER_WEIGHTS:
        del document["rules"]["weights"][name]

    read = PROBLEM.validate_python(document, strict=False)
    answer = answered(before)

    kept = RESULT.validate_python(RESULT.dump_python(answer, mode="json"), strict=False)
    seats = frozenset((one.nomination, one.assessor) for one in kept.proposal.seats)
    assert len(seats) == 6
    assert run_faults(KeptRun(1, read, kept, seats)) == ()
    assert asdict(read.rules.weights) == asdict(before.rules.weights)


def test_seed_is_a_number_that_every_reader_of_json_keeps() -> None:
    assert 0 < panel_rules(PILOT).seed < LARGEST_EXACT
