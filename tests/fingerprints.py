"""The commands that workflow modules issue, function by function.

``python -m tests.fingerprints`` renews the baseline. A fingerprint lists, in the order of the source, the calls in a
function that issue a command to the server, or that call another function of the package which does. It sees what
no recorded history happens to pass through.
"""

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / "tests" / "histories" / "fingerprints.json"

COMMANDS = frozenset(
    {
        "execute_activity", "execute_local_activity", "start_activity", "start_local_activity",
        "execute_child_workflow", "start_child_workflow", "continue_as_new", "upsert_search_attributes",
        "upsert_memo", "sleep", "patched", "deprecate_patch", "uuid4", "random", "signal", "cancel",
    }
)  # fmt: skip
"""Calls that issue a command by themselves; `wait_condition` does if it has a timeout, which is a timer."""

Fingerprint = Mapping[str, Mapping[str, tuple[str, ...]]]

HOW = """\
The commands of these workflow functions changed:

{changes}

A workflow that began before this change replays its history against the new code, and stops for good where the two
issue other commands. To change a workflow safely:

1. Can a running workflow meet the change? Before the first release, or in a step no history has reached, none can.
   Otherwise put the new commands behind `if workflow.patched("<name of the change>")`, the old ones in `else`.
2. Run the replay tests with the histories as they are: pytest tests/workflows/test_replay.py. They must pass.
3. Record histories of the new branches beside the old ones: python -m tests.record_histories.
4. Renew this baseline, and commit it with the change: python -m tests.fingerprints
"""


def fingerprint_of(modules: Mapping[str, str]) -> Fingerprint:
    """The fingerprint of modules, given as names and sources; functions that issue nothing are left out."""
    bodies = {
        (module, name): list(_calls(body))
        for module, source in modules.items()
        for name, body in _functions(ast.parse(source))
    }
    issuing: set[str] = set()
    while True:
        found = {
            name.rsplit(".", 1)[-1]
            for (_, name), calls in bodies.items()
            if any(marked or called in issuing for called, marked in calls)
        }
        if found <= issuing:
            break
        issuing |= found
    result: dict[str, dict[str, tuple[str, ...]]] = {}
    for (module, name), calls in bodies.items():
        kept = tuple(called for called, marked in calls if marked or called in issuing)
        if kept:
            result.setdefault(module, {})[name] = kept
    return result


def current() -> Fingerprint:
    """The fingerprint of the workflow modules as they are."""
    sources = sorted((ROOT / "workflows").glob("*.py"))
    return fingerprint_of({path.name: path.read_text(encoding="utf-8") for path in sources})


def baseline() -> Fingerprint:
    """The fingerprint as it was committed."""
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    return {module: {name: tuple(calls) for name, calls in one.items()} for module, one in kept.items()}


def changes(before: Fingerprint, after: Fingerprint) -> list[str]:
    """What differs, a line for each function."""
    lines = []
    for module in sorted(before.keys() | after.keys()):
        old, new = before.get(module, {}), after.get(module, {})
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                was, now = (", ".join(one.get(name, ())) or "nothing" for one in (old, new))
                lines.append(f"  {module}: {name}\n    was: {was}\n    now: {now}")
    return lines


def _functions(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{inner.name}", inner.body
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.body


def _calls(body: list[ast.stmt]) -> Iterator[tuple[str, bool]]:
    """The names that are called, in the order of the source, and whether the call issues a command by itself."""
    found = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    for call in sorted(found, key=lambda node: (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        timed = name == "wait_condition" and any(word.arg == "timeout" for word in call.keywords)
        yield (f"{name} with a timeout" if timed else name), timed or name in COMMANDS


if __name__ == "__main__":
    BASELINE.write_text(json.dumps(current(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"Baseline renewed: {BASELINE.relative_to(ROOT)}\n")
