"""A small cohort whose servers and worker are killed in every phase: it comes to its end, and every promise holds."""

import io
from pathlib import Path

from rich.console import Console

from models.enums import SETTLED, CohortPhase
from simulation.chaos import CALM_POLICY, run_chaos
from stack.settings import Settings

SMALL = 6
KILLS = 4
BRIEF = f"""
base = "{CALM_POLICY}"

[window]
closes = "10 seconds"
grace = "3 seconds"
ends = "2 seconds"

[nomination]
consent_within = "9 seconds"

[assessors]
answer_within = "10 seconds"
score_within = "10 seconds"
score_grace = "3 seconds"

[admission]
places = 2
reserve_places = 1

[reminders]
before = ["3 seconds"]
"""
"""The policy of chaos, so short that a cohort passes within a minute although its servers are killed."""


async def test_small_cohort_whose_servers_are_killed_comes_to_its_end_and_keeps_every_promise(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(BRIEF, encoding="utf-8")
    screen = io.StringIO()

    performance, havoc, broken = await run_chaos(
        seed=7,
        kills=KILLS,
        nominations=SMALL,
        console=Console(file=screen, width=120),
        policy=policy,
        settings=Settings(folder=tmp_path / "var"),
    )

    outcomes = performance.summary.outcomes
    assert broken == (), screen.getvalue()
    assert set(outcomes) <= {stage.value for stage in SETTLED}
    assert sum(outcomes.values()) == SMALL
    assert havoc.killed.total() >= KILLS
    assert len(set(havoc.phases) - {CohortPhase.SCHEDULED}) >= 2, "kills fall on more than one phase"
    assert "Seed 7" in screen.getvalue()
