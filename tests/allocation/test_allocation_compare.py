from dataclasses import replace

import pytest

from allocation import Comparison, PanelChange, Seat, compare
from allocation.compare import RunFigures, better, figures

BEFORE = (Seat("m", "a", 10, ()), Seat("m", "b", 20, ()), Seat("n", "a", 5, ()), Seat("o", "c", 1, ()))


def test_same_proposal_in_another_order_changes_nothing():
    assert compare(BEFORE, BEFORE[::-1]) == Comparison((), (), 4, 4)


def test_changes_are_named_by_panel_and_assessor():
    after = (Seat("m", "a", 10, ()), Seat("m", "c", 12, ()), Seat("n", "a", 5, ()), Seat("p", "b", 4, ()))

    found = compare(BEFORE, after)

    assert found == Comparison(
        panels=(
            PanelChange("m", came=("c",), went=("b",), fit_change=8, seats_before=2, seats_after=2),
            PanelChange("o", came=(), went=("c",), fit_change=None, seats_before=1, seats_after=0),
            PanelChange("p", came=("b",), went=(), fit_change=None, seats_before=0, seats_after=1),
        ),
        loads=(),
        seats_before=4,
        seats_after=4,
    )


def test_loads_that_change_are_named():
    after = (*BEFORE[:2], Seat("n", "c", 7, ()), BEFORE[3])

    found = compare(BEFORE, after)

    assert found.loads == (("a", -1), ("c", 1))


def test_panel_that_loses_its_members_is_not_called_better():
    seats = (Seat("m", "a", 300, ()), Seat("n", "b", 50, ()), Seat("o", "c", 70, ()))
    after = (Seat("n", "c", 90, ()), Seat("p", "a", 0, ()), Seat("o", "d", 70, ()))

    found = compare(seats, after)

    assert {one.nomination: one.words(2, 3) for one in found.panels} == {
        "m": "Run 3 seats nobody",
        "n": "Worse by 40 points",
        "o": "As good",
        "p": "Run 2 seats nobody",
    }


def test_panel_with_another_number_of_new_members_is_not_called_better():
    [found] = compare((Seat("m", "a", 100, ()),), (Seat("m", "b", 20, ()), Seat("m", "c", 20, ()))).panels

    assert (found.fit_change, found.words(1, 2)) == (None, "2 seats instead of 1")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Run 2 is as good as run 1: both leave as many without a panel, and are worth the same."),
        ({"total": 931}, "Run 2 is worse than run 1: all panels together are worth 69 points less."),
        ({"floor": 101, "total": 1001}, "its worst-off panel fits with 1 point more and all panels together are"),
        ({"floor": 120, "total": 900}, "Run 2 gives up one aim for the other against run 1: its worst-off"),
        (
            {"panels": 7, "seats": 21, "unstaffed": 5},
            "Run 2 is worse than run 1: it leaves 3 nominations more without a panel.",
        ),
        ({"panels": 0, "seats": 0, "unstaffed": 0}, "Run 2 was asked for 0 panels and run 1 for 12: neither is"),
        ({"seats": 29}, "Run 2 fills 29 seats and run 1 30: they were asked for different seats."),
    ],
)
def test_which_run_is_better_is_said_by_floor_and_total(changes, sentence):
    before = RunFigures(1, panels=10, seats=30, unstaffed=2, floor=100, total=1000)

    said = better(before, replace(before, number=2, **changes))

    assert sentence in said


def test_figures_say_where_no_panel_is_staffed():
    before = RunFigures(1, panels=10, seats=30, unstaffed=2, floor=100, total=98325)

    lines = figures(before, RunFigures(2, panels=0, seats=0, unstaffed=12, floor=0, total=0))

    assert lines[0] == ("Panels staffed", "10", "0")
    assert lines[3:] == (
        ("Fit of the worst-off panel, in points", "100", "No panel is staffed"),
        ("Worth of all panels, in points", "98,325", "0"),
    )
