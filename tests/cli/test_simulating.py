"""A cohort played through: made-up people before a window opens, and a live cohort after a change."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from models.enums import Stage
from tests.cli.conftest import Starter, run
from tests.workflows.rig import PILOT, CohortRig

MADE_UP = (
    "simulate", "cohort", "--nominations", "20", "--assessors", "16", "--policy", str(PILOT), "--trials", "20",
)  # fmt: skip


def test_made_up_cohort_is_told_with_its_weeks_loads_and_limit(tmp_path: Path) -> None:
    drawing = tmp_path / "outlook.svg"

    told = run(*MADE_UP, "--chart", str(drawing), environment={})
    document = run(*MADE_UP, "--json", environment={}).document
    again = run(*MADE_UP, "--json", environment={}).document

    assert told.status == 0
    assert "20 nominations, 16 assessors: every panel can be staffed." in told.said
    assert f"enough for up to {document['holds_for']} nominations" in told.said
    assert document == again
    assert (document["feasible"], document["seats"], document["trials"]) == (True, 60, 20)
    assert document["weeks"]["p10"] <= document["weeks"]["p50"] <= document["weeks"]["p90"]
    assert sum(one["assessors"] for one in document["loads"]) == 16
    texts = [one.text for one in ET.parse(drawing).getroot().iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert "All are assessed" in texts
    assert "Assessments of one assessor" in texts


def test_made_up_cohort_that_is_too_large_says_what_clashes() -> None:
    answer = run(*MADE_UP[:3], "60", *MADE_UP[4:], "--json", environment={})

    assert (answer.status, answer.document["feasible"], answer.document["holds_for"]) == (0, False, None)
    assert answer.document["unstaffed"] > 0
    assert answer.document["weeks_of_panels"] == 60 - answer.document["unstaffed"]
    assert "nobody has more assessments than agreed" in answer.document["clashing"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Give --nominations, --assessors and --policy"),
        (("--nominations", "5"), "Give --nominations, --assessors and --policy"),
        (("--withdraw", "2"), "name it with --cohort"),
        (("--cohort", "pilot", "--assessors", "9"), "has its own people"),
    ],
)
def test_question_that_does_not_hang_together_is_refused(options: tuple[str, ...], said: str) -> None:
    answer = run("simulate", "cohort", *options, environment={})

    assert (answer.status, said in answer.complained) == (2, True)


async def test_live_cohort_is_played_with_some_gone_and_some_more(starter: Starter, cohort: CohortRig) -> None:
    seated = await (await cohort.nominate()).reach(Stage.SCORING)
    await seated.offered(3)
    await cohort.nominate()
    command = ("simulate", "cohort", "--cohort", cohort.id, "--trials", "10", "--json")
    who = ("--as", cohort.rig.operations.person)

    plain = (await starter(*command, *who)).document
    changed = (await starter(*command, *who, "--withdraw", "1", "--nominate", "4", "--leave", "2")).document
    too_many = await starter(*command, *who, "--leave", "9")
    nobody = await starter(*command, "--as", cohort.rig.chair.person)

    assert (plain["nominations"], plain["seats"], plain["assessors"]) == (1, 3, 8)
    assert changed["assessors"] == 6
    # Who withdraws is drawn: one who has a panel, or one who has none. Who leaves may give seats back.
    assert changed["nominations"] in {4, 5}
    assert plain["feasible"]
    assert (too_many.status, "has 8 assessors: 9 of them cannot go" in too_many.complained) == (1, True)
    assert nobody.status == 1
    assert len(await seated.panel()) == 3
