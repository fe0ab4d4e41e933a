"""Where somebody goes on to after signing in: the page they asked for, with no more of its query than may be seen.

The page stands in addresses meanwhile, which browsers, proxies and logs keep. So of its query only parameters go
along that narrow or order a list, and of these only what is a code or a day: never what somebody typed, such as a
name that was looked for.
"""

import re
from urllib.parse import parse_qsl, quote, urlencode

from portal.pages import local

_KEPT = frozenset({"answered", "cohort", "due_by", "only", "organisation", "show", "sort", "stage", "status"})
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def with_query(path: str, query: str) -> str:
    """The path with those parameters of a query that may be seen, in their order; a query that is none adds none."""
    try:
        given = parse_qsl(query, max_num_fields=50)
    except ValueError:
        given = []
    kept = [(name, value) for name, value in given if name in _KEPT and _CODE.fullmatch(value)]
    return f"{path}?{urlencode(kept)}" if kept else path


def going_on_to(path: str, onward: str) -> str:
    """A path that carries the page to go on to; the first page of all need not be carried."""
    wanted = local(onward)
    return path if wanted == "/" else f"{path}?next={quote(wanted, safe='/')}"
