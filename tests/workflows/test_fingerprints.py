"""A change of the commands that workflows issue does not go unnoticed."""

from pathlib import Path

from tests.fingerprints import HOW, ROOT, baseline, changes, current, fingerprint_of


def test_commands_of_the_workflows_are_those_of_the_committed_baseline() -> None:
    found = changes(baseline(), current())

    assert not found, HOW.format(changes="\n".join(found))


def test_every_workflow_module_that_waits_or_asks_is_in_the_baseline() -> None:
    assert {"allocation.py", "assessment.py", "cohort.py", "nomination.py", "outbox.py", "panel.py"} <= set(
        baseline()
    )
    assert baseline()["outbox.py"] == {
        "OutboxWorkflow.run": ("deliver_messages", "relay_tellings", "continue_as_new")
    }


def outbox_changed(old: str, new: str) -> list[str]:
    """What is noticed when the outbox's source is changed."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in Path(ROOT / "workflows").glob("*.py")}
    before = fingerprint_of(sources)
    assert old in sources["outbox.py"]
    sources["outbox.py"] = sources["outbox.py"].replace(old, new)
    return changes(before, fingerprint_of(sources))


def test_command_that_is_added_moved_or_taken_away_is_noticed() -> None:
    gathered = "await asyncio.gather(deliver_messages(asked), relay_tellings(asked))"

    added = outbox_changed(gathered, f"{gathered}\n        await relay_tellings(asked)")
    moved = outbox_changed(gathered, "await asyncio.gather(relay_tellings(asked), deliver_messages(asked))")
    taken = outbox_changed(gathered, "await deliver_messages(asked)")
    timed = outbox_changed(gathered, f"await workflow.wait_condition(bool, timeout=None)\n        {gathered}")

    assert [len(one) for one in (added, moved, taken, timed)] == [1, 1, 1, 1]
    assert "outbox.py: OutboxWorkflow.run" in added[0]


def test_what_issues_no_command_is_not_noticed() -> None:
    gathered = "await asyncio.gather(deliver_messages(asked), relay_tellings(asked))"

    assert outbox_changed(gathered, f"{gathered}\n        workflow.logger.info('a shift is over')") == []


def test_message_says_how_to_change_a_workflow_safely() -> None:
    said = HOW.format(changes="x")

    for word in (
        "workflow.patched",
        "python -m tests.record_histories",
        "python -m tests.fingerprints",
        "test_replay.py",
    ):
        assert word in said
