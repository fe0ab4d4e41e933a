"""The base of every message, and who acts."""

from pydantic import BaseModel, ConfigDict

from models.enums import (
    Role,
)
from models.ids import (
    SYSTEM,
    PersonId,
)


class Message(BaseModel):
    """The base of every message: fixed once made; a field it does not know is ignored, so that old meets new."""

    model_config = ConfigDict(frozen=True)


class By(Message):
    """Who acts, in which role."""

    person: PersonId
    role: Role


THE_SYSTEM = By(person=SYSTEM, role=Role.SYSTEM)
