"""Checks and shows the templates: ``python -m notify check``, ``python -m notify preview offer``."""

import sys
from collections.abc import Sequence

from models.enums import Template
from notify.facts import FactsError
from notify.render import TemplateError, check_templates, render, samples

_USAGE = "Use: python -m notify check, or python -m notify preview <template>, such as preview offer\n"


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 if all is well, 1 if a template is wrong, 2 if the command is."""
    match list(arguments):
        case ["check"]:
            return _check()
        case ["preview", name] if name in set(Template):
            return _preview(Template(name))
        case ["preview", name]:
            sys.stderr.write(f"There is no template '{name}'. There are: {', '.join(sorted(Template))}.\n")
        case _:
            sys.stderr.write(_USAGE)
    return 2


def _check() -> int:
    problems = check_templates()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if not problems:
        sys.stdout.write(f"All {len(Template)} templates can be used.\n")
    return 1 if problems else 0


def _preview(template: Template) -> int:
    for about in samples(template):
        try:
            letter = render(template, about)
        except (TemplateError, FactsError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
        sys.stdout.write(f"{'-' * 72}\nTo the {about.reader}\nSubject: {letter.subject}\n\n{letter.body}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
