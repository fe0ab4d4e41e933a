"""Forms: what a person writes into a file, and not onto the command line, which `ps` and the shell's history show."""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from intake.problems import BadForm

STANDARD_INPUT = Path("-")


def from_file(what: str) -> object:
    """The option ``--from``, of which ``what`` says what the file holds."""
    return typer.Option("--from", metavar="FILE", help=f"A TOML or JSON file: {what}; - is standard input.")


FormFile = Annotated[Path | None, from_file("the form, filled in, so that no name shows in 'ps'")]


def read_document(source: Path) -> dict[str, object]:
    """The table of a TOML or JSON file, or of standard input.

    Raises:
        typer.BadParameter: It is neither, or not a table.
    """
    name = "standard input" if source == STANDARD_INPUT else str(source)
    try:
        written = sys.stdin.buffer.read() if source == STANDARD_INPUT else source.read_bytes()
        text = written.decode("utf-8-sig")
        is_json = source.suffix == ".json" or text.lstrip().startswith("{")
        document = json.loads(text) if is_json else tomllib.loads(text.replace("\r\n", "\n"))
    except OSError as error:
        raise typer.BadParameter(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{name} is not UTF-8 text: save it as UTF-8.") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise typer.BadParameter(f"{name} cannot be read: {error}. Text stands in quotation marks.") from None
    if not isinstance(document, dict):
        raise typer.BadParameter(f"{name} must hold a table: a value by name.")
    return document


@dataclass(frozen=True)
class Field:
    """A field of a form.

    Attributes:
        name: Its name in the file.
        asks: What is to be written there, in a line.
        option: The option that says the same on the command line.
        is_long: Whether it may have several lines.
        usually: What stands in the empty form.
    """

    name: str
    asks: str
    option: str = ""
    is_long: bool = False
    usually: str = ""


@dataclass(frozen=True)
class Form:
    """A form: its fields, the command that takes it, and what that wants before ``--from``."""

    command: str
    fields: tuple[Field, ...]
    before: str = ""

    def blank(self) -> str:
        """The form to fill in, as TOML."""
        lines = [
            "# Write between the quotation marks; leave empty what does not apply. Then:",
            f"# python starter.py {self.command} {self.before}--from FILE --as PERSON",
        ]
        for field in self.fields:
            lines += [
                "",
                f"# {field.asks}",
                f"{field.name} = " + ("'''\n'''" if field.is_long else f'"{field.usually}"'),
            ]
        return "\n".join(lines)

    def on_paper(self) -> object:
        """The option ``--form``, which prints the empty form, whatever else is given or missing."""

        def show(asked: bool) -> None:
            if asked:
                typer.echo(self.blank())
                raise typer.Exit

        return typer.Option("--form", is_eager=True, callback=show, help="Print the empty form; do nothing else.")

    def filled(self, source: Path | None, given: Mapping[str, str | Sequence[str] | None]) -> dict[str, str]:
        """What the file says, by field; what was given as options goes before it.

        Raises:
            typer.BadParameter: The file cannot be read, or has a field that the form has not.
        """
        written = {name: self._text(name, value) for name, value in (read_document(source) if source else {}).items()}
        return {**written, **{name: self._text(name, value) for name, value in given.items() if value}}

    def _text(self, name: str, value: object) -> str:
        known = [field.name for field in self.fields]
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(known)}."
            raise typer.BadParameter(f"This form has no field '{name}': {meant}")
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
            return ";".join(value)
        raise typer.BadParameter(f"'{name}' must be text in quotation marks.")

    def refuse(self, bad: "BadForm") -> NoReturn:
        """Say what is wrong with the form, each field by its name and its option.

        Raises:
            typer.BadParameter: Always.
        """
        options = {field.name: f" ({field.option})" for field in self.fields if field.option}
        told = [f"{one.column}{options.get(one.column, '')}: {one.sentence}" for one in bad.problems]
        hint = f"An empty form: 'python starter.py {self.command} --form'."
        raise typer.BadParameter("\n".join([*told, hint])) from None
