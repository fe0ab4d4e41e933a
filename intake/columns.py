"""The columns of the five kinds of file: which there are, and how a cell of each is read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from intake import cells
from intake.characters import legible
from intake.rows import OrganisationType
from models.enums import AssessorRole, EndorserPost, NominationRoute, Readiness, Role

ELIGIBILITY_ANSWERS = ("employed_in_region", "reports_to_board", "next_step_executive")
"""What an applicant states about themselves, yes or no; the names are those of the policy's eligibility rules."""

LONGEST_STATEMENT = 6000
"""In characters: well above the 250 words a statement should have, well below what a cell can hold by accident."""

_MOST_ASSESSMENTS = 50
ENDORSER = ("endorser_name", "endorser_email", "endorser_post", "endorser_organisation", "endorsement")
_OFFICES = (Role.MODERATOR, Role.BOARD, Role.OPERATIONS, Role.INCLUSION_ADVISER, Role.NOMINATOR)


@dataclass(frozen=True)
class Column:
    """How one column is read.

    Attributes:
        read: Turns the cell's text into its meaning or raises `cells.CellError`.
        filled: Whether a cell may not be empty.
        optional: Whether the column may be left out of the file.
        personal: Whether what stands there must never be shown.
        running: Whether it is running text, in which some characters that cannot be seen do no harm.
    """

    read: Callable[[str], object]
    filled: bool = True
    optional: bool = False
    personal: bool = False
    running: bool = False

    def meaning(self, cell: str) -> object:
        """What a filled cell means.

        Raises:
            CellError: It cannot be read.
        """
        return self.read(legible(cell, running=self.running))


def _columns(**columns: Column) -> dict[str, Column]:
    return columns


def _maybe(read: Callable[[str], object], *, personal: bool = False) -> Column:
    return Column(read, filled=False, optional=True, personal=personal)


ORGANISATIONS = _columns(
    code=Column(cells.organisation_code),
    name=Column(cells.one_line(200)),
    type=Column(cells.word(OrganisationType)),
    region=Column(cells.one_line(80)),
    local_office_code=Column(cells.organisation_code),
    system_code=Column(cells.organisation_code),
    system_name=Column(cells.one_line(120)),
    legal_form=_maybe(cells.one_line(60)),
    size_class_2017=_maybe(cells.one_line(80)),
)
ASSESSORS = _columns(
    reference=Column(cells.assessor_reference),
    full_name=Column(cells.person_name, personal=True),
    email=Column(cells.address, personal=True),
    role=Column(cells.word(AssessorRole)),
    organisation=Column(cells.organisation_code),
    post=_maybe(cells.one_line(120), personal=True),
    previous_organisations=_maybe(cells.earlier_organisations),
    interests=_maybe(cells.interests),
    capacity=Column(cells.whole_number(0, _MOST_ASSESSMENTS)),
    availability=Column(cells.availability),
    training_expires=_maybe(cells.day),
    declared_conflicts=_maybe(cells.conflicts),
)
NOMINATIONS = _columns(
    reference=Column(cells.nomination_reference),
    organisation=Column(cells.organisation_code),
    route=Column(cells.word(NominationRoute)),
    nominator_email=Column(cells.address, filled=False, personal=True),
    nominee_name=Column(cells.person_name, personal=True),
    nominee_email=Column(cells.address, personal=True),
    current_post=_maybe(cells.one_line(120), personal=True),
    readiness=Column(cells.word(Readiness)),
    interests=_maybe(cells.interests),
    previous_organisations=_maybe(cells.earlier_organisations),
    endorser_name=Column(cells.person_name, filled=False, personal=True),
    endorser_email=Column(cells.address, filled=False, personal=True),
    endorser_post=Column(cells.word(EndorserPost), filled=False),
    endorser_organisation=Column(cells.organisation_code, filled=False),
    endorsement=Column(cells.text(LONGEST_STATEMENT), filled=False, personal=True, running=True),
)
OFFICERS = _columns(
    full_name=Column(cells.person_name, personal=True),
    email=Column(cells.address, personal=True),
    post=_maybe(cells.one_line(120), personal=True),
    role=Column(cells.word(Role, *_OFFICES)),
    organisation=Column(cells.organisation_code, filled=False),
)


def applications(criteria: Sequence[str]) -> dict[str, Column]:
    """The columns of applications.csv, which has one for each of the policy's ``criteria`` (their codes)."""
    statement = Column(cells.text(LONGEST_STATEMENT), filled=False, personal=True, running=True)
    return {
        "reference": Column(cells.nomination_reference),
        **{answer: Column(cells.yes_or_no, filled=False) for answer in ELIGIBILITY_ANSWERS},
        **dict.fromkeys(criteria, statement),
        "readiness": Column(cells.word(Readiness), filled=False),
        "development_needs": statement,
        "adjustments": statement,
    }


KINDS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "the register of assessors: import it with 'import assessors'": ASSESSORS,
        "the file of nominations: import it with 'import nominations'": NOMINATIONS,
        "the file of applications: import it with 'import applications'": applications(()),
        "the file of officers: import it with 'import officers'": OFFICERS,
        "the file of organisations: import it with 'import organisations'": ORGANISATIONS,
    }
)
"""The columns by which a file of another kind is known, under what to say of it."""
