from portal.operations.events import event_words
from portal.operations.keeping.trail import change_words


def test_values_of_a_change_are_said_in_words() -> None:
    changes = change_words({"paused": False}, {"paused": True, "met": {"endorsed": True, "open_to_work": False}})

    assert changes == ("Paused: no, then yes", "Met: endorsed: yes, open to work: no")


def test_events_are_said_as_what_happened() -> None:
    assert event_words("officer_imported") == "Role given"
    assert event_words("submit") == "Application sent"
    assert event_words("window moved") == "Window moved"
