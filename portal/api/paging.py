"""Pages of a list: by key, so that nothing is skipped or shown twice while rows are added."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import StringConstraints

from portal.api.shown import Page

Row = TypeVar("Row")
Item = TypeVar("Item")

MOST = 200
After = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{0,64}$")],
    Query(description="Begins after this item; the address of the next page holds it."),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items a page has at most.")]


def page_of(
    request: Request,
    response: Response,
    rows: Sequence[Row],
    limit: int,
    *,
    key: Callable[[Row], str],
    show: Callable[[Row], Item],
) -> Page[Item]:
    """A page of the first ``limit`` rows, of which one more was asked for; and the header Link to the next page."""
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        asked = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
        following = f"{request.url.path}?{urlencode([*asked, ('after', key(shown[-1]))])}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return Page(items=tuple(show(row) for row in shown), next=following)
