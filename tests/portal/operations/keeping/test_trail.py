from models.enums import CohortPhase, StageChange
from portal.operations.events import WORDS, event_words
from portal.operations.keeping.trail import change_words


def test_values_of_a_change_are_said_in_words() -> None:
    changes = change_words({"paused": False}, {"paused": True, "met": {"endorsed": True, "open_to_work": False}})

    assert changes == ("Paused: no, then yes", "Met: endorsed: yes, open to work: no")


def test_events_are_said_as_what_happened() -> None:
    assert event_words("officer_imported") == "Role given"
    assert event_words("submit") == "Application sent"
    assert event_words("window moved") == "Window moved"


def test_days_deadlines_and_codes_of_a_change_are_said_in_words() -> None:
    changes = change_words(
        {"due_at": "2026-11-23T17:30:00+00:00", "attention": None},
        {"due_at": "2026-07-01T16:30:00+00:00", "attention": "NoAssessorFound", "training_expires": "2027-01-31"},
    )

    assert changes == (
        "Deadline: 5:30pm on 23 November 2026, then 5:30pm on 1 July 2026",
        "Needs attention: none, then no assessor could be found",
        "Training ends: 31 January 2027",
    )


def test_no_event_is_called_by_a_code() -> None:
    changes = {change.value for change in StageChange}
    phases = {phase.value for phase in CohortPhase}

    assert changes | phases <= set(WORDS)
    assert [words for words in WORDS.values() if "_" in words or words[:1].islower()] == []


def test_release_of_panels_is_not_taken_for_one_of_decisions() -> None:
    assert event_words("released", {"run": 3, "status": "released"}) == "Proposed panels released"
    assert event_words("released", {"phase": "released"}) == "Decisions released"
