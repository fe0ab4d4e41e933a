"""A small cohort of simulated people, from its first day to its last, on real servers."""

import io
import json
from pathlib import Path

from rich.console import Console

from intake.rows import NominationRow
from models.enums import SETTLED
from rules.policies import read_policy
from simulation.cast import read_cast
from simulation.demo import POLICY, perform
from stack.settings import Settings
from tests.simulation.test_picture import text_of

SMALL = 8
QUICK = f"""
base = "{POLICY}"

[window]
opens = "1 second"
closes = "8 seconds"
grace = "2 seconds"
ends = "3 seconds"

[nomination]
consent_within = "6 seconds"

[assessors]
answer_within = "6 seconds"
score_within = "6 seconds"
score_grace = "2 seconds"

[admission]
places = 2
reserve_places = 2

[reminders]
before = ["2 seconds"]
"""
"""The demo's policy, so short that the whole cohort passes within half a minute."""


def named(row: NominationRow) -> set[str]:
    """Whom a nomination names."""
    return {row.nominee_name, row.nominee_email, row.endorser_name, row.endorser_email} - {""}


async def test_small_cohort_runs_to_its_end_and_keeps_every_promise(tmp_path: Path):
    policy = tmp_path / "policy.toml"
    policy.write_text(QUICK, encoding="utf-8")
    settings = Settings(folder=tmp_path / "var")
    screen = io.StringIO()

    performance = await perform(
        "small",
        console=Console(file=screen, width=120),
        policy=policy,
        nominations=SMALL,
        settings=settings,
        picture=tmp_path / "pictures",
    )

    summary = performance.summary
    assert performance.broken == ()
    assert summary.nominations == SMALL == sum(summary.outcomes.values())
    assert set(summary.outcomes) <= {stage.value for stage in SETTLED}
    assert summary.outcomes["in_pool"] >= 1
    assert summary.messages.sent == len(list((performance.folder / "mailbox").glob("*.eml")))
    assert json.loads((performance.folder / "summary.json").read_text("utf-8")) == summary.model_dump()
    assert performance.done["nominate"] == SMALL
    assert "Every figure is computed from the database" in screen.getvalue()

    board, end = (text_of(tmp_path / "pictures" / f"demo-{name}.svg") for name in ("board", "summary"))
    assert "assessments under way" in board
    assert "every nomination is settled:" in end
    offers, deadlines = summary.offers, summary.deadlines
    parts = {"kept", "refused", "given_back", "unanswered", "unscored", "taken_back", "waiting"}
    assert sum(offers.model_dump(include=parts).values()) == offers.made
    assert offers.refused + offers.given_back == offers.declined
    assert offers.unanswered + offers.unscored == offers.expired
    assert deadlines.missed_by_nominees + deadlines.missed_by_assessors == deadlines.missed
    personal = {value for row in read_cast(read_policy(policy)).nominations.values() for value in named(row)}
    assert len(personal) > 200
    assert {value for value in personal if value in board or value in end} == set()

    again = await perform(
        "small",
        console=Console(file=io.StringIO(), width=120),
        policy=policy,
        nominations=SMALL,
        settings=settings,
        keep=True,
    )

    assert again.broken == ()
    assert again.summary.outcomes == summary.outcomes
    assert again.done == {"declare": 1}
