"""Who is at a page: the person, the role they act in, for which place, and what else they could act as."""

from dataclasses import dataclass
from hashlib import sha256

from models.enums import Role
from models.ids import PersonId
from models.messages import By
from storage.lists import Asker

ROLE_WORDS = {
    Role.NOMINATOR: "Nominator",
    Role.NOMINEE: "Nominee",
    Role.ASSESSOR: "Assessor",
    Role.MODERATOR: "QA moderator",
    Role.BOARD: "Talent board",
    Role.INCLUSION_ADVISER: "Inclusion adviser",
    Role.OPERATIONS: "Operations",
}
HOMES = {
    Role.NOMINATOR: "/organisation",
    Role.NOMINEE: "/my-nomination",
    Role.ASSESSOR: "/assessments",
    Role.MODERATOR: "/quality",
    Role.BOARD: "/board",
    Role.INCLUSION_ADVISER: "/inclusion",
    Role.OPERATIONS: "/operations",
}


@dataclass(frozen=True)
class Hat:
    """A role somebody holds; ``place`` is an organisation's code or an assessor's reference, or empty."""

    role: Role
    place: str = ""


@dataclass(frozen=True)
class Visitor:
    """A person who is signed in. ``hat`` is what they act as; None until they have chosen among several.

    ``mark`` names this sign-in among the person's others.
    """

    person: PersonId
    name: str
    mark: str
    hats: tuple[Hat, ...]
    hat: Hat | None
    place_words: str = ""

    @property
    def whose(self) -> str:
        """Tells the browser's own scripts one person from another, the same at each sign-in, and nothing else."""
        return sha256(self.person.encode()).hexdigest()[:16]

    @property
    def by(self) -> By:
        """Who acts, for a message to a workflow."""
        return By(person=self.person, role=self.chosen.role)

    @property
    def asker(self) -> Asker:
        """Who asks, for a query: it is filtered by this."""
        chosen = self.chosen
        return Asker(self.person, chosen.role, frozenset({chosen.place}) if chosen.place else frozenset())

    @property
    def chosen(self) -> Hat:
        """The role they act in; only for routes that need one."""
        if self.hat is None:
            raise LookupError("this visitor has not chosen a role")
        return self.hat

    @property
    def role_words(self) -> str:
        """The role they act in, in words; empty before they have chosen."""
        return ROLE_WORDS[self.hat.role] if self.hat else ""

    @property
    def several_roles(self) -> bool:
        """Whether they could act as something else."""
        return len(self.hats) > 1
