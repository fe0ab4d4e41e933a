"""What the portal keeps of its own: who is signed in, codes to sign in with, and acts that must happen once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from models.enums import Role
from models.tables.base import JSON_DOCUMENT, Stored, words


class SignInCode(Stored, table=True):
    """A code sent by email; one is kept for an unknown address too, so that nothing tells the two apart.

    Only hashes are kept: ``id`` is that of the attempt's handle in the browser, ``code_sha256`` that of the code
    with the handle. ``tries`` counts wrong codes.
    """

    __table_args__ = (Index("ix_signincode_person_made", "person_id", "made_at"),)

    id: str = Field(primary_key=True, max_length=64)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=20)
    code_sha256: str = Field(max_length=64)
    made_at: datetime
    expires_at: datetime
    tries: int = Field(default=0, ge=0)
    used_at: datetime | None = None


class WebSession(Stored, table=True):
    """A browser in which a person is signed in; ``id`` is the hash of the cookie's token.

    ``role`` and ``place`` (an organisation's code or an assessor's reference, empty where a role has none) are what
    the person acts as; without a role they have yet to choose one.
    """

    __table_args__ = (
        Index("ix_websession_person", "person_id"),
        CheckConstraint("role IS NOT NULL OR place = ''", name="place_of_a_role"),
    )

    id: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    role: Role | None = Field(default=None, sa_type=words(Role))
    place: str = Field(default="", max_length=20)
    way: str = Field(max_length=16)
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


class ActOnce(Stored, table=True):
    """An act asked for under a key: a repeat of it gets the first answer instead of being done again.

    ``answer`` is where the browser was sent, or what the program was answered; None while the act is being done.
    """

    __table_args__ = (Index("ix_actonce_begun", "begun_at"),)

    asker: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=64)
    route: str = Field(max_length=160)
    begun_at: datetime
    answer: dict[str, object] | None = Field(default=None, sa_type=JSON_DOCUMENT)


class KeptAnswer(Stored, table=True):
    """A page that answered a form, kept for a while so that one can go back to it.

    ``browser`` is the hash of a cookie, ``key`` stands in the answer's address beside ``path``. ``owner`` is a person
    (in a role, unless the page holds no more than their ``own_words``), or empty. ``page`` is compressed (zlib);
    ``nonce`` in it is replaced each time it is shown.
    """

    __table_args__ = (Index("ix_keptanswer_kept", "kept_at"),)

    browser: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=32)
    path: str = Field(max_length=500)
    owner: str = Field(default="", max_length=80)
    own_words: bool = False
    status: int
    page: bytes
    nonce: str = Field(max_length=32)
    kept_at: datetime


class Passkey(Stored, table=True):
    """A passkey of a person (WebAuthn): ``id`` is the credential's, in base64url; the rest is what checks it."""

    __table_args__ = (Index("ix_passkey_person", "person_id"),)

    id: str = Field(primary_key=True, max_length=400)
    person_id: str = Field(foreign_key="person.id", max_length=20)
    public_key: str = Field(max_length=2000)
    sign_count: int = Field(default=0, ge=0)
    name: str = Field(max_length=80)
    made_at: datetime
    used_at: datetime | None = None


class SignInAttempt(Stored, table=True):
    """A sign-in by another way that has begun: with an identity provider, or a passkey's challenge.

    ``id`` is the hash of the handle in the browser. ``held`` is what must match when it comes back.
    """

    id: str = Field(primary_key=True, max_length=64)
    way: str = Field(max_length=16)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=20)
    held: dict[str, str] = Field(sa_type=JSON_DOCUMENT)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
