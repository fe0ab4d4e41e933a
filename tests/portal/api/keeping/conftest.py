"""What the pages on programs are tested with."""

import re

from tests.portal.api.conftest import a_program, elsewhere
from tests.portal.visiting import Seen

__all__ = ["a_program", "elsewhere"]

TOKEN = re.compile(r"tpool_[\w-]{43}")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
OWN, ALL = "/organisation/programs", "/operations/programs"


def found_in(page: Seen, pattern: re.Pattern[str]) -> str:
    """The one secret that a page shows."""
    (found,) = set(pattern.findall(page.words))
    return str(found)
