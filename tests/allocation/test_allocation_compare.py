from allocation import Comparison, PanelChange, Seat, compare

BEFORE = (Seat("m", "a", 10, ()), Seat("m", "b", 20, ()), Seat("n", "a", 5, ()), Seat("o", "c", 1, ()))


def test_same_proposal_in_another_order_changes_nothing():
    assert compare(BEFORE, BEFORE[::-1]) == Comparison((), (), 0, 4, 4)


def test_changes_are_named_by_panel_and_assessor():
    after = (Seat("m", "a", 10, ()), Seat("m", "c", 12, ()), Seat("n", "a", 5, ()), Seat("p", "b", 4, ()))

    found = compare(BEFORE, after)

    assert found == Comparison(
        panels=(
            PanelChange("m", came=("c",), went=("b",)),
            PanelChange("o", came=(), went=("c",)),
            PanelChange("p", came=("b",), went=()),
        ),
        loads=(),
        cost_change=-5,
        seats_before=4,
        seats_after=4,
    )


def test_loads_that_change_are_named():
    after = (*BEFORE[:2], Seat("n", "c", 7, ()), BEFORE[3])

    found = compare(BEFORE, after)

    assert (found.loads, found.cost_change) == ((("a", -1), ("c", 1)), 2)
