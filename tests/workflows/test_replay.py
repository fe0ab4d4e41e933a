"""Recorded histories replay against the workflows as they are: who began before a change lives through it.

How to change a workflow when one of these fails stands in tests/fingerprints.py.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.activities.cohort import PERSONAL
from tests.workflows.changed import (
    NominationChangedCarelessly,
    NominationChangedWithCare,
    OutboxChangedCarelessly,
)
from tests.workflows.rig import EVIDENCE
from worker import sandboxed
from workflows.all import WORKFLOWS

HISTORIES = Path(__file__).resolve().parents[1] / "histories"
RECORDED = sorted(path.stem for path in HISTORIES.glob("*-*.json"))


def history(name: str) -> WorkflowHistory:
    """A recorded history; its workflow's id is made anew, since a history does not hold it."""
    kept = (HISTORIES / f"{name}.json").read_text(encoding="utf-8")
    return WorkflowHistory.from_json(f"{name.split('-', 1)[0]}/recorded", kept)


def replayer(*workflows: type) -> Replayer:
    """Replays as a worker would run: the same converter, the same sandbox."""
    return Replayer(workflows=workflows, data_converter=pydantic_data_converter, workflow_runner=sandboxed())


@pytest.mark.parametrize("name", RECORDED)
async def test_recorded_history_replays(name: str) -> None:
    await replayer(*WORKFLOWS).replay_workflow(history(name))


def test_every_workflow_and_every_branch_is_recorded() -> None:
    branches = {
        "allocation": {"proposals", "replacements", "rolling", "undone"},
        "assessment": {
            "declined", "never-answered", "overdue", "returned", "stood-down", "submitted",
            "taken-back",
        },
        "cohort": {"whole"},
        "outbox": {"shift"},
        "webhooks": {"shift"},
        "nomination": {
            "usual", "panel-taken-back", "declined", "lapsed", "ineligible",
            "withdrawn-while-applying", "withdrawn-while-scored",
            "withdrawn-from-the-pool", "paused-and-extended", "deferred", "readmitted", "moderated", "more-evidence",
            "another-assessor", "reserved-and-promoted", "not-admitted", "needs-attention", "replacements",
            "self-nominated", "decided-anew-and-reserve-list-closed",
        },
    }  # fmt: skip
    names = {definition.name for one in WORKFLOWS if (definition := workflow._Definition.from_class(one))}

    assert names == set(branches)
    assert {f"{one}-{branch}" for one, kept in branches.items() for branch in kept} <= set(RECORDED)


def payloads(said: object) -> Iterator[str]:
    """Everything a history says, its payloads as text."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name == "data" and isinstance(value, str):
                yield base64.b64decode(value).decode("utf-8", errors="replace")
            else:
                yield from payloads(value)
    elif isinstance(said, list):
        for value in said:
            yield from payloads(value)
    elif isinstance(said, str):
        yield said


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_history_names_no_person_and_no_machine(name: str) -> None:
    kept = json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8"))

    said = "\n".join(payloads(kept))

    assert "cohort" in said or "shift_seconds" in said, "there is something to be found"
    for personal in (*PERSONAL, EVIDENCE, "@", "Nominee ", "Endorser", "/tmp/", "/root/", "/home/"):  # noqa: S108
        assert personal not in said
    assert "identity" not in json.dumps(kept)


async def test_command_that_was_added_is_noticed_by_replay() -> None:
    with pytest.raises(NondeterminismError):
        await replayer(NominationChangedCarelessly).replay_workflow(history("nomination-usual"))


async def test_commands_in_another_order_are_noticed_by_replay() -> None:
    with pytest.raises(NondeterminismError):
        await replayer(OutboxChangedCarelessly).replay_workflow(history("outbox-shift"))


async def test_change_behind_a_patch_replays() -> None:
    await replayer(NominationChangedWithCare).replay_workflow(history("nomination-usual"))
