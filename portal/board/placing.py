"""Places: where each nomination stands in the board's order, and what a change of places changes."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence


def board_order(proposed: Sequence[str], given: Mapping[str, int | None]) -> tuple[str, ...]:
    """The board's order: who was given a place stands there, and the others keep their proposed order around them.

    Args:
        proposed: Everybody, in the proposed order.
        given: Places given so far, from 1; None and names that are not proposed count for nothing.
    """
    known = {one: rank for rank, one in enumerate(proposed)}
    placed = {one: place for one, place in given.items() if place is not None and one in known}
    order = [one for one in proposed if one not in placed]
    for one in sorted(placed, key=lambda each: (placed[each], known[each])):
        order.insert(min(placed[one] - 1, len(order)), one)
    return tuple(order)


def moved(order: Sequence[str], fixed: Collection[str], wanted: Mapping[str, int]) -> tuple[str, ...]:
    """The order after some have been given other places: the others close up around them.

    Args:
        order: Everybody, as they stand.
        fixed: Those that keep their place whatever happens.
        wanted: The place each moved one is to have, from 1. A fixed one's place means the next one that is free.
    """
    free = [place for place, one in enumerate(order, start=1) if one not in fixed]
    rest = [one for one in order if one not in fixed and one not in wanted]
    before = -1
    for one in sorted((one for one in wanted if one not in fixed), key=lambda each: wanted[each]):
        before = max(before + 1, bisect_left(free, wanted[one]))
        rest.insert(min(before, len(rest)), one)
    filled = iter(rest)
    return tuple(one if one in fixed else next(filled) for one in order)


def changed(was: Mapping[str, int], typed: Mapping[str, int]) -> dict[str, int]:
    """The places that were asked for, of those that stand in a page's fields.

    Dragging numbers the page's lines anew, one after another from its first: then each of them stands where it is
    wanted. Where only some fields were typed into, the others say nothing.

    Args:
        was: The places the page showed.
        typed: The places its fields hold now.
    """
    asked = {one: place for one, place in typed.items() if was.get(one) != place}
    first = min(was.values(), default=1)
    dragged = sorted(typed.values()) == list(range(first, first + len(typed)))
    return dict(typed) if asked and dragged and was.keys() == typed.keys() else asked


def ranks(order: Sequence[str]) -> dict[str, int]:
    """Each one's place in an order, from 1."""
    return {one: place for place, one in enumerate(order, start=1)}
