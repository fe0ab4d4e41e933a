"""What programs say: checked by the same readers as files and forms, so that one rule holds however it is typed."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from acts.nominating import Endorsing, Nominating
from intake import cells
from intake.characters import legible
from intake.columns import LONGEST_STATEMENT
from models.enums import EndorserPost, NominationRoute, Readiness, WithdrawReason
from models.ids import CohortId, OrganisationCode
from models.programs import EventKind

Read = TypeVar("Read")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}", re.ASCII)


def _by(read: Callable[[str], Read], *, running: bool = False) -> AfterValidator:
    return AfterValidator(lambda value: read(legible(value.strip(), running=running)))


def _written(value: object) -> object:
    """Only what RFC 3339 writes: a number would be taken for seconds since 1970."""
    if isinstance(value, str) and not _MOMENT.match(value):
        raise ValueError("This is not a moment with its offset, such as 2018-09-30T17:00:00Z.")
    return value


# The pattern says nearly all that the reader asks, for who writes a program against the description.
Name = Annotated[str, Field(min_length=1, max_length=200), _by(cells.person_name)]
Address = Annotated[
    str, Field(min_length=3, max_length=254, json_schema_extra={"format": "email"}), _by(cells.address)
]
Code = Annotated[OrganisationCode, StringConstraints(pattern=r"^[A-Za-z0-9]{3,6}$"), _by(cells.organisation_code)]
Reference = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,6}-[0-9]{1,6}$"), _by(cells.nomination_reference)
]
Post = Annotated[str, Field(max_length=120), _by(cells.one_line(120))]
Statement = Annotated[str, Field(max_length=LONGEST_STATEMENT), _by(cells.text(LONGEST_STATEMENT), running=True)]
Interest = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
CohortCode = Annotated[CohortId, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
NominationNumber = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,32}-[0-9]{4,7}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written), Field(description="With its offset, as 2018-09-30T17:00:00Z.")
]


class Said(BaseModel):
    """What a program sends; a field that is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EarlierPostSaid(Said):
    """An organisation the nominee worked for, and their last day there."""

    organisation: Code
    left_on: Annotated[date, Field(ge=date(1950, 1, 1), le=date(2100, 12, 31))]


class EndorsementSaid(Said):
    """A senior leader's support, in their own words."""

    name: Name
    email: Address
    post: EndorserPost
    organisation: Annotated[Code | None, Field(description="The endorser's, if it is not yours.")] = None
    statement: Statement = ""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Ada Example",
                    "email": "ada@example.nhs.test",
                    "post": "chief_executive",
                    "statement": "She has led two mergers of services and is ready for a board.",
                }
            ]
        }
    )

    def meaning(self, own: OrganisationCode) -> Endorsing:
        """The same, as acts take it."""
        return Endorsing(self.name, self.email, self.post, self.organisation or own, self.statement)


class NominationSaid(Said):
    """A nomination of your organisation."""

    cohort: CohortCode
    name: Name
    email: Address
    readiness: Readiness
    post: Post = ""
    interests: Annotated[tuple[Interest, ...], Field(max_length=20)] = ()
    earlier_posts: Annotated[tuple[EarlierPostSaid, ...], Field(max_length=20)] = ()
    reference: Annotated[
        Reference | None, Field(description="Yours: your organisation's own code, a hyphen and a number.")
    ] = None
    endorsement: EndorsementSaid | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cohort": "pilot",
                    "name": "Sam Sample",
                    "email": "sam@example.nhs.test",
                    "readiness": "ready_now",
                    "post": "Deputy director of nursing",
                    "reference": "R1D-1",
                    "endorsement": {
                        "name": "Ada Example",
                        "email": "ada@example.nhs.test",
                        "post": "chief_executive",
                        "statement": "She has led two mergers of services and is ready for a board.",
                    },
                }
            ]
        }
    )

    def meaning(self, own: OrganisationCode) -> Nominating:
        """The same, as acts take it; by the organisation, for itself."""
        return Nominating(
            cohort=self.cohort,
            organisation=own,
            route=NominationRoute.ORGANISATION,
            full_name=self.name,
            email=self.email,
            readiness=self.readiness,
            post=self.post,
            interests=self.interests,
            earlier_posts=tuple((post.organisation, post.left_on) for post in self.earlier_posts),
            endorsement=self.endorsement.meaning(own) if self.endorsement else None,
            reference=self.reference or "",
        )

    def codes(self, own: OrganisationCode) -> list[str]:
        """Every organisation that is named."""
        named = [post.organisation for post in self.earlier_posts]
        return [*named, self.endorsement.organisation or own] if self.endorsement else list(named)


class WithdrawalSaid(Said):
    """Why a nomination is taken back."""

    reason: WithdrawReason


class EndpointSaid(Said):
    """Where events are to be sent."""

    url: Annotated[
        str,
        StringConstraints(pattern=r"^https?://[A-Za-z0-9.\[\]:-]+(/[!-~]*)?$", max_length=500),
        Field(description="An address over https that takes POSTs, without a name and password or a fragment."),
    ]
    kinds: Annotated[
        tuple[EventKind, ...],
        Field(
            max_length=10,
            description="Which events; none are all that there are. Without the scope `decisions:read`, those alone "
            "that do not tell of released decisions.",
        ),
    ] = ()

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": "https://hr.example.nhs.uk/talent-pool"}]})
