"""What the lines of each file say, once they are read: frozen, checked, with the line they came from."""

from datetime import date
from enum import StrEnum
from typing import TypeVar

from intake.cells import Conflict, Days, Earlier, Frozen
from models.enums import AssessorRole, EndorserPost, NominationRoute, Readiness, Role


class OrganisationType(StrEnum):
    """The kinds of organisation of a region."""

    ACUTE_TRUST = "acute_trust"
    AMBULANCE_TRUST = "ambulance_trust"
    COMMUNITY_TRUST = "community_trust"
    MENTAL_HEALTH_TRUST = "mental_health_trust"
    CCG = "ccg"


class Row(Frozen):
    """A line of a file; ``line`` is its number in the file, from 1."""

    line: int


RowType = TypeVar("RowType", bound=Row)


class OrganisationRow(Row):
    """A line of organisations.csv."""

    code: str
    name: str
    type: OrganisationType
    region: str
    local_office_code: str
    system_code: str
    system_name: str
    legal_form: str = ""
    size_class_2017: str = ""


class AssessorRow(Row):
    """A line of assessors.csv. ``capacity``: most assessments held at once."""

    reference: str
    full_name: str
    email: str
    role: AssessorRole
    organisation: str
    post: str = ""
    previous_organisations: tuple[Earlier, ...] = ()
    interests: tuple[str, ...] = ()
    capacity: int
    availability: tuple[Days, ...]
    training_expires: date | None = None
    declared_conflicts: tuple[Conflict, ...] = ()


class NominationRow(Row):
    """A line of nominations.csv.

    ``nominator_email`` is empty on the route ``self``. The endorser's five columns are all filled or, on the
    route ``self``, all empty: `endorsed` says which.
    """

    reference: str
    organisation: str
    route: NominationRoute
    nominator_email: str = ""
    nominee_name: str
    nominee_email: str
    current_post: str = ""
    readiness: Readiness
    interests: tuple[str, ...] = ()
    previous_organisations: tuple[Earlier, ...] = ()
    endorser_name: str = ""
    endorser_email: str = ""
    endorser_post: EndorserPost | None = None
    endorser_organisation: str = ""
    endorsement: str = ""

    @property
    def endorsed(self) -> bool:
        """Whether an endorsement came with the nomination."""
        return self.endorser_post is not None


class EndorsementRow(Row):
    """An endorsement of a nomination that is there already."""

    endorser_name: str
    endorser_email: str
    endorser_post: EndorserPost
    endorser_organisation: str
    endorsement: str


class ApplicationRow(Row):
    """A line of applications.csv: the fields that were filled in, by name."""

    reference: str
    fields: tuple[tuple[str, str], ...]


class OfficerRow(Row):
    """A line of officers.csv: somebody's role, for one organisation if they nominate."""

    full_name: str
    email: str
    post: str = ""
    role: Role
    organisation: str = ""
