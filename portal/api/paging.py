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
_BEGINS = Query(description="Begins after this item; the address of the next page holds it.")
# Each list's own kind of key, or nothing: with any other a page would look like the end of the list.
AfterNomination = Annotated[
    Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{1,32}-[0-9]{4,7})?$")], _BEGINS
]
AfterCohort = Annotated[Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,30}[a-z0-9])?$")], _BEGINS]
AfterEndpoint = Annotated[Annotated[str, StringConstraints(pattern=r"^(wh-[0-9a-f]{12})?$")], _BEGINS]
AfterDelivery = Annotated[Annotated[str, StringConstraints(pattern=r"^(wh-[0-9a-f]{12}\.[0-9]{1,20})?$")], _BEGINS]
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
