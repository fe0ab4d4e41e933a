"""A small cohort of simulated people, from its first day to its last, on real servers."""

import io
import json
from pathlib import Path

from rich.console import Console

from models.enums import SETTLED
from simulation.demo import POLICY, perform
from stack.settings import Settings

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
        picture=None,
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
