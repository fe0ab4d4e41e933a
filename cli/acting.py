"""Commands that are one act on one thing: what they share is written once, and each states its act alone.

The command gets, beside the act's own options, the thing it is on, who acts, in which role, and how to answer::

    @nomination_act(app, "pause", act="pause", example="pause pilot-0042 --reason illness", who=AsOperations)
    def pause(acts: "Acts", nomination: "NominationId", by: "By", reason: Reason) -> "Awaitable[NominationState]":
        \"\"\"Stop the clock on a nomination.\"\"\"
        return acts.nominations.pause(nomination, by, reason)
"""

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING

import typer

from cli.steering import on_assessment, on_cohort, on_nomination
from cli.terms import (
    As,
    AsOperations,
    AssessmentArgument,
    CohortArgument,
    Json,
    NominationArgument,
    RoleOption,
    command,
)
from models.enums import Role

if TYPE_CHECKING:
    from models.messages import AllocationState, AssessmentState, CohortState, NominationState

_FIRST = 3
"""An act's first parameters are the acts, the thing and who acts; its others become options."""


def nomination_act(
    app: typer.Typer, name: str, *, act: str, example: str, who: object = As
) -> "Callable[[Callable[..., Awaitable[NominationState]]], None]":
    """Make an act on a nomination a command, which prints the nomination's new state."""

    def make(do: "Callable[..., Awaitable[NominationState]]") -> None:
        def given(thing: str, who: str | None, role: Role | None, *, as_json: bool, **own: object) -> None:
            on_nomination(thing, who, role, act, lambda acts, one, by: do(acts, one, by, **own), as_json=as_json)

        _add(app, name, example, do, given, thing=_required("thing", NominationArgument), who=who)

    return make


def assessment_act(
    app: typer.Typer, name: str, *, act: str, example: str
) -> "Callable[[Callable[..., Awaitable[AssessmentState]]], None]":
    """Make an act on an assessment a command, which prints the assessment's new state."""

    def make(do: "Callable[..., Awaitable[AssessmentState]]") -> None:
        def given(thing: str, who: str | None, role: Role | None, *, as_json: bool, **own: object) -> None:
            on_assessment(thing, who, role, act, lambda acts, one, by: do(acts, one, by, **own), as_json=as_json)

        _add(app, name, example, do, given, thing=_required("thing", AssessmentArgument), who=As)

    return make


def cohort_act(
    app: typer.Typer, name: str, *, act: str, example: str, cohort: object = CohortArgument
) -> "Callable[[Callable[..., Awaitable[CohortState | AllocationState]]], None]":
    """Make an act of operations on a cohort or its allocation a command, which prints its new state.

    ``cohort`` is `CohortArgument`, or `CohortOption` where the only cohort need not be named.
    """
    thing = _required("thing", cohort) if cohort is CohortArgument else _optional("thing", cohort)

    def make(do: "Callable[..., Awaitable[CohortState | AllocationState]]") -> None:
        def given(thing: str | None, who: str | None, role: Role | None, *, as_json: bool, **own: object) -> None:
            on_cohort(thing, who, role, act, lambda acts, one, by: do(acts, one, by, **own), as_json=as_json)

        _add(app, name, example, do, given, thing=thing, who=AsOperations)

    return make


def _add(
    app: typer.Typer,
    name: str,
    example: str,
    do: Callable[..., object],
    given: Callable[..., None],
    *,
    thing: Parameter,
    who: object,
) -> None:
    """Add the command: its help is the act's docstring, its parameters are the shared and the act's own ones."""
    own = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in list(signature(do).parameters.values())[_FIRST:]]
    shared = [_optional("who", who), _optional("role", RoleOption), _optional("as_json", Json, default=False)]
    parameters = [thing, *own, *shared]
    given.__doc__ = do.__doc__
    given.__annotations__ = {one.name: one.annotation for one in parameters}
    # Typer reads the signature, which the function itself cannot state: each act has options of its own.
    given.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command(app, name, example=example)(given)


def _required(name: str, annotation: object) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)


def _optional(name: str, annotation: object, *, default: object = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
