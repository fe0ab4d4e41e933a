"""Arguments and options that several commands share, and how a command states its example."""

from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

import typer

from models.enums import Role, SteerReason

P = ParamSpec("P")
R = TypeVar("R")

_PERSON = "Who acts: a person's id, or their email address, which then shows in 'ps'."

NominationArgument = Annotated[str, typer.Argument(metavar="NOMINATION", help="Its number, such as pilot-0042.")]
AssessmentArgument = Annotated[str, typer.Argument(metavar="ASSESSMENT", help="Its id, such as pilot-0042.A-017.")]
CohortArgument = Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's short name, such as pilot.")]
CohortOption = Annotated[
    str | None, typer.Option("--cohort", metavar="COHORT", help="Which cohort; needed where there are several.")
]
As = Annotated[str | None, typer.Option("--as", metavar="PERSON", help=_PERSON)]
AsOperations = Annotated[str | None, typer.Option("--as", metavar="PERSON", envvar="TALENT_POOL_AS", help=_PERSON)]
AsReader = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        envvar="TALENT_POOL_AS",
        help="Who asks: names and cases are shown to those who may see them; without it, only where each stands.",
    ),
]
RoleOption = Annotated[
    Role | None, typer.Option("--role", help="In which role; needed where the person holds several that fit.")
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
Reason = Annotated[SteerReason, typer.Option("--reason", help="Why, as one of these codes.")]
WHEN = "“2018-10-05 17:00” (UK time), ISO 8601, or “+3 working days” from now."


def command(app: typer.Typer, name: str, *, example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Add a command whose help ends with an example, given without ``python starter.py``."""
    return app.command(name, epilog=f"Example: python starter.py {example}")


def room(sentence: str) -> typer.Typer:
    """A group of commands; without one of them it shows its help."""
    return typer.Typer(help=sentence, no_args_is_help=True)
