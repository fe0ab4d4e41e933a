"""Organisations and people: the only place where names and addresses are kept."""

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.enums import Role
from models.tables.base import Stored, words


def new_person_id() -> str:
    """A random person id, ``p-`` and 12 hexadecimal digits; it says nothing about the person."""
    return f"p-{uuid4().hex[:12]}"


class Organisation(Stored, table=True):
    """A trust or CCG, by its ODS code."""

    code: str = Field(primary_key=True, max_length=8)
    name: str = Field(max_length=200)
    type: str = Field(max_length=40)
    region: str = Field(max_length=80)
    local_office_code: str = Field(max_length=8)
    system_code: str = Field(max_length=8, index=True)
    system_name: str = Field(max_length=120)
    legal_form: str = Field(default="", max_length=60)
    size_class: str = Field(default="", max_length=80)


class Person(Stored, table=True):
    """Anybody who takes part. ``email`` identifies a person to people, ``id`` to everything else."""

    __table_args__ = (Index("uq_person_email_lower", text("lower(email)"), unique=True),)

    id: str = Field(default_factory=new_person_id, primary_key=True, max_length=20)
    full_name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    post: str = Field(default="", max_length=120)


class EarlierPost(Stored, table=True):
    """An organisation a person worked for, and until when: a conflict of interest for some years."""

    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=20)
    organisation_code: str = Field(primary_key=True, foreign_key="organisation.code", max_length=8)
    left_on: date


class RoleGrant(Stored, table=True):
    """A person may act in a role, for one organisation or (``organisation_code`` empty) for the region."""

    __table_args__ = (CheckConstraint("organisation_code <> '' OR role <> 'nominator'", name="nominator_has_one"),)

    person_id: str = Field(primary_key=True, foreign_key="person.id", max_length=20)
    role: Role = Field(primary_key=True, sa_type=words(Role))
    organisation_code: str = Field(default="", primary_key=True, max_length=8)
    granted_at: datetime
