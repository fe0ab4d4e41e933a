"""Commands on policies: every value with its origin, and whether a file can be used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.failures import run
from cli.showing import say, show_json, show_table
from cli.terms import Json, command, room

if TYPE_CHECKING:
    from collections.abc import Iterator

# ruff: noqa: PLC0415 -- imported where needed, so that --help answers at once

app = room("Shows and checks a cohort's policy.")

File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A policy, as data/pilot/policy.toml.")
]


@command(app, "show", example="policy show data/pilot/policy.toml")
def show(file: File, as_json: Json = False) -> None:
    """Show every value of a policy; what the source documents do not state is marked with its origin."""
    run(_show(file, as_json=as_json))


async def _show(file: Path, *, as_json: bool) -> None:
    from rules.policies import assumption_of, fingerprint, read_policy

    policy = read_policy(file)
    document = policy.model_dump(mode="json", exclude={"assumptions"})
    values = [(name, value, assumption_of(policy, name)) for name, value in _flat(document, "")]
    if as_json:
        show_json(
            {
                "sha256": fingerprint(policy),
                "values": {
                    name: {"value": value, "assumption": origin is not None, "origin": origin}
                    for name, value, origin in values
                },
            }
        )
        return
    show_table(
        ["value", "is", "assumed, from"],
        [(name, _in_words(value), origin or "") for name, value, origin in values],
        title=f"{policy.cohort.name} ({fingerprint(policy)[:12]})",
    )
    assumed = sum(origin is not None for _, _, origin in values)
    say(f"{len(values)} values, {assumed} of them assumed; the others are stated by the source documents.")


def _flat(document: dict[str, object], prefix: str) -> "Iterator[tuple[str, object]]":
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_in_words(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(one)}" for name, one in value.items() if one is not None)
    return "" if value is None else str(value)


@command(app, "check", example="policy check data/pilot/policy.toml")
def check(file: File, as_json: Json = False) -> None:
    """Check that a policy can be used; every problem with its name and what to do."""
    run(_check(file, as_json=as_json))


async def _check(file: Path, *, as_json: bool) -> None:
    from rules.policies import PolicyError, fingerprint, read_policy

    try:
        policy = read_policy(file)
    except PolicyError as error:
        if not as_json:
            raise
        problems = [{"file": one.file, "name": one.name, "sentence": one.sentence} for one in error.problems]
        show_json({"usable": False, "problems": problems})
        raise typer.Exit(1) from None
    if as_json:
        show_json({"usable": True, "cohort": policy.cohort.id, "sha256": fingerprint(policy), "problems": []})
    else:
        say(f"{file} can be used: cohort '{policy.cohort.id}', fingerprint {fingerprint(policy)[:12]}.")
