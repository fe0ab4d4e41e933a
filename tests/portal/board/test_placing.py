from hypothesis import given
from hypothesis import strategies as st

from models.enums import DecisionReason, Outcome
from portal.board.placing import board_order, changed, moved, ranks
from portal.board.planning import Wanted, plan

SIX = ("a", "b", "c", "d", "e", "f")


@st.composite
def changes(draw: st.DrawFn) -> tuple[tuple[str, ...], set[str], dict[str, int]]:
    """An order, who in it is fixed, and places that some are to have."""
    order = tuple(draw(st.permutations([f"n{one:02d}" for one in range(draw(st.integers(1, 25)))])))
    fixed = draw(st.sets(st.sampled_from(order)))
    movable = [one for one in order if one not in fixed]
    wanted = draw(st.dictionaries(st.sampled_from(order), st.integers(1, len(order)))) if movable else {}
    return order, fixed, wanted


@given(changes())
def test_moving_loses_nobody_and_moves_no_fixed_one(change: tuple[tuple[str, ...], set[str], dict[str, int]]) -> None:
    order, fixed, wanted = change

    after = moved(order, fixed, wanted)

    assert sorted(after) == sorted(order)
    assert [(place, one) for place, one in enumerate(order) if one in fixed] == [
        (place, one) for place, one in enumerate(after) if one in fixed
    ]
    staying = [one for one in order if one not in fixed and one not in wanted]
    assert [one for one in after if one in staying] == staying


@given(changes())
def test_places_that_are_free_and_differ_are_given_as_asked(
    change: tuple[tuple[str, ...], set[str], dict[str, int]],
) -> None:
    order, fixed, asked = change
    taken = {place for place, one in enumerate(order, start=1) if one in fixed}
    wanted: dict[str, int] = {}
    for one, place in asked.items():
        if one not in fixed and place not in taken and place not in wanted.values():
            wanted[one] = place

    after = ranks(moved(order, fixed, wanted))

    assert {one: after[one] for one in wanted} == wanted


@given(st.permutations(SIX), st.dictionaries(st.sampled_from(SIX), st.one_of(st.none(), st.integers(1, 9))))
def test_board_order_holds_everybody_once(proposed: list[str], places: dict[str, int | None]) -> None:
    order = board_order(proposed, places)

    assert sorted(order) == sorted(proposed)
    others = [one for one in proposed if places.get(one) is None]
    assert [one for one in order if places.get(one) is None] == others


def test_moving_one_down_and_up_takes_the_others_along() -> None:
    assert moved(SIX, set(), {"a": 3}) == ("b", "c", "a", "d", "e", "f")
    assert moved(SIX, set(), {"e": 2}) == ("a", "e", "b", "c", "d", "f")
    assert moved(SIX, {"b"}, {"e": 2}) == ("a", "b", "e", "c", "d", "f")


def test_dragged_page_comes_out_as_it_stood_on_the_screen() -> None:
    """The script numbers the page's lines from its first on, as if nobody in between were fixed."""
    seen = ["c", "a", "e", "f", "d"]

    after = moved(SIX, {"b"}, {one: place for place, one in enumerate(seen, start=1)})

    assert [one for one in after if one != "b"] == seen
    assert after[1] == "b"


@given(st.data())
def test_any_drag_on_any_page_comes_out_as_on_the_screen(data: st.DataObject) -> None:
    order = tuple(f"n{one:02d}" for one in range(data.draw(st.integers(2, 20))))
    fixed = data.draw(st.sets(st.sampled_from(order), max_size=len(order) - 1))
    begin = data.draw(st.integers(0, len(order) - 1))
    page = [one for one in order[begin : begin + 8] if one not in fixed]
    seen = data.draw(st.permutations(page))
    was = {one: order.index(one) + 1 for one in page}
    typed = {one: min(was.values()) + at for at, one in enumerate(seen)} if seen != page else was

    after = moved(order, fixed, changed(was, typed))

    assert [one for one in after if one in page] == seen
    assert [one for one in after if one not in page] == [one for one in order if one not in page]


def test_one_typed_place_asks_for_nothing_of_the_others() -> None:
    was = {one: place for place, one in enumerate(SIX, start=1)}

    assert changed(was, {**was, "f": 1}) == {"f": 1}
    assert changed(was, {**was, "a": 60}) == {"a": 60}
    assert changed(was, was) == {}


def test_plan_never_decides_who_was_given_no_outcome() -> None:
    wanted = Wanted({"f": 1}, {Outcome.ADMITTED: (1, 2)}, DecisionReason.PROPOSED_ORDER, "")

    made = plan(SIX, frozenset(), wanted, dict.fromkeys(SIX))

    assert [(one.nomination, one.outcome, one.place) for one in made.drafts] == [
        ("f", Outcome.ADMITTED, 1),
        ("a", Outcome.ADMITTED, 2),
    ]
    assert made.without_outcome == ()
