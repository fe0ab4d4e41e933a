"""Why a proposal no longer holds is said in words, panel by panel."""

from activities.outdated import MOST, outdated_words
from allocation.check import Violation
from allocation.problem import SWITCHES


def test_every_rule_that_can_be_broken_has_words_of_its_own() -> None:
    words = {rule: outdated_words([Violation(rule, "p-1", "A-1")]) for rule in SWITCHES - {"composition", "least"}}

    assert [rule for rule, said in words.items() if said == f"p-1: A-1: {rule}"] == []
    assert len(set(words.values())) == len(words)
    assert all("A-1" in said for said in words.values())


def test_rules_are_said_panel_by_panel_and_once() -> None:
    broken = [
        Violation("capacity", None, "A-2"),
        Violation("pinned", "p-1", "A-1"),
        Violation("pinned", "p-1", "A-1"),
        Violation("composition:a chief executive", "p-1", None),
        Violation("seat_count", "p-2", None),
    ]

    assert outdated_words(broken) == (
        "A-2 would have more assessments than they can hold; "
        "p-1: A-1 is pinned to it and not among its members, it would not keep the rule “a chief executive”; "
        "p-2: it would not have as many members as it needs"
    )


def test_more_panels_than_can_be_read_are_counted() -> None:
    broken = [Violation("seat_count", f"p-{number:03}", None) for number in range(MOST + 4)]

    said = outdated_words(broken)

    assert said.endswith("; and 4 more panels")
    assert said.count("p-0") == MOST
