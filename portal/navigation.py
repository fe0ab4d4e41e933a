"""The links at the top of every page, by the role a person acts in."""

from dataclasses import dataclass

from models.enums import Role
from portal.visitors import Visitor

_LINKS: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.NOMINATOR: (
        ("Nominations", "/organisation"),
        ("Nominate", "/organisation/nominate"),
        ("Messages", "/organisation/messages"),
        ("People", "/organisation/people"),
        ("Programs", "/organisation/programs"),
    ),
    Role.NOMINEE: (
        ("My nomination", "/my-nomination"),
        ("Equality", "/my-nomination/equality"),
        ("My data", "/my-nomination/data"),
    ),
    Role.ASSESSOR: (
        ("Assessments", "/assessments"),
        ("Availability", "/availability"),
        ("History", "/assessments/history"),
    ),
    Role.MODERATOR: (
        ("Flags", "/quality"),
        ("Conflicts", "/quality/conflicts"),
        ("Audit sample", "/quality/sample"),
        ("Screening", "/quality/screening"),
    ),
    Role.BOARD: (
        ("Cohort", "/board"),
        ("Order", "/board/order"),
        ("Decisions", "/board/decisions"),
        ("Release", "/board/release"),
    ),
    Role.INCLUSION_ADVISER: (("Inclusion", "/inclusion"),),
    Role.OPERATIONS: (
        ("Operations", "/operations"),
        ("Nominations", "/operations/nominations"),
        ("Allocation", "/operations/allocation"),
        ("Messages", "/operations/messages"),
        ("Import", "/operations/import"),
        ("Export", "/operations/export"),
        ("People", "/operations/people"),
        ("Organisations", "/operations/organisations"),
        ("Programs", "/operations/programs"),
        ("Audit", "/operations/audit"),
    ),
}


@dataclass(frozen=True)
class Link:
    """A link; ``current`` where one is in its part of the service."""

    text: str
    href: str
    current: bool


def navigation_of(visitor: Visitor | None, path: str) -> tuple[Link, ...]:
    """The links of the role the visitor acts in; the longest that begins the path is where they are."""
    if visitor is None or visitor.hat is None:
        return ()
    links = _LINKS.get(visitor.hat.role, ())
    around = [href for _, href in links if path == href or path.startswith(f"{href}/")]
    here = max(around, key=len, default="")
    return tuple(Link(text, href, href == here) for text, href in links)
