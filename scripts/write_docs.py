"""Writes the parts of the documentation that follow from code and policy: ``python -m scripts.write_docs``.

A page marks each such part by two comment lines, ``<!-- generated: <name> -->`` and ``<!-- end of <name> -->``. What
stands between them is replaced; the tests fail while it differs from what the code says.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel

from models.enums import ENDS, Role, Stage, StageChange
from models.policy import LONDON, Criterion, Policy, PolicyPart
from rules.permissions import CODED_REASON, GRANTS, Act
from rules.policies import assumption_of, read_policy
from rules.stages import TABLE, WITH_DEADLINE, WORDS, may_pause
from workflows.letters import REMINDERS, letters_of

ROOT = Path(__file__).resolve().parent.parent
PILOT = ROOT / "data" / "pilot" / "policy.toml"
ANYWHERE = (StageChange.WITHDRAW, StageChange.DEFER)
"""Changes that leave nearly every stage; in the diagram their arrows would hide all others."""

MEANINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cohort.id": ("The cohort's short name; nominations are numbered after it (`pilot-0042`)", "word"),
        "cohort.name": ("The cohort's name in letters", "text"),
        "cohort.region": ("The board's region, in letters", "text"),
        "window.opens": ("When nominations and applications are first taken", "UK time, or a span after creation"),
        "window.closes": ("Until when they are taken", "UK time, or a span after opening"),
        "window.grace": ("How long after a deadline a nominee's answer is still taken", "span"),
        "window.ends": ("How long after release the cohort stays together before it ends", "span"),
        "nomination.self_nomination": ("Whether people may nominate themselves", "yes or no"),
        "nomination.consent_within": ("How long a nominee has to consent, at most until the window closes", "span"),
        "eligibility.employed_in_region": (
            "The nominee must work for an NHS organisation of the region",
            "yes or no",
        ),
        "eligibility.reports_to_board": ("The nominee must report to a board member or equivalent", "yes or no"),
        "eligibility.next_step_executive": ("The next step must be an executive director post", "yes or no"),
        "eligibility.endorsed": ("An executive of the organisation must have endorsed the nomination", "yes or no"),
        "panel.size": ("How many assessors a panel has", "assessors"),
        "panel.composition": ("How many of a panel must, or may, hold which posts", "assessors"),
        "panel.conflict_years": ("How long a shared employer bars an assessor", "years"),
        "panel.assessed_from": ("First day of assessments, on which availability is counted", "date"),
        "panel.assessed_until": ("Last day of assessments; an assessor's training must last until then", "date"),
        "panel.min_days_available": ("On how many of those days an assessor must be available", "days"),
        "panel.anonymous": ("Whether the panel reads applications without names and organisations", "yes or no"),
        "panel.together": ("Whether all members of a panel must be free in one week", "yes or no"),
        "panel.pair_most": ("On how many panels the same two assessors may meet; none: no limit", "panels"),
        "assessors.week_most": ("Most assessments of an assessor in any week; none: no limit", "assessments"),
        "assessors.capacity": (
            "What is asked of an assessor in general; the register's own number for each holds",
            "assessments",
        ),
        "assessors.answer_within": ("How long an assessor has to accept or decline", "span"),
        "assessors.score_within": ("How long an assessor has to score, or to give more evidence", "span"),
        "assessors.score_grace": ("How long overdue scores are waited for before another is asked", "span"),
        "allocation.mode": ("Panels are solved together at closing (`batch`), or at an interval (`rolling`)", "word"),
        "allocation.interval": ("How often panels are solved in rolling mode", "span"),
        "allocation.released_by_operations": ("Whether a person releases each proposal", "yes or no"),
        "allocation.weight_interest": ("Cost of an assessor who shares no interest with the nominee", "points"),
        "allocation.weight_sector": (
            "Cost of an assessor who never worked for the nominee's kind of organisation",
            "points",
        ),
        "allocation.weight_role": (
            "Cost of an assessor whose role is not that to which the post sought reports: of a trust's executive "
            "director its chief executive, of a CCG's its accountable officer",
            "points",
        ),
        "allocation.weight_same_system": (
            "Cost of an assessor from the nominee's own system; below 0, what that is worth",
            "points",
        ),
        "allocation.weight_same_office": (
            "Cost of an assessor from another system of the nominee's local office; below 0, what that is worth",
            "points",
        ),
        "allocation.weight_same_region": (
            "Cost of an assessor from another local office of the nominee's region; below 0, what that is worth",
            "points",
        ),
        "allocation.weight_even_load": ("Cost of uneven load among assessors", "points"),
        "allocation.weight_mixed": ("Worth of a panel of whom some, and not all, have a property below", "points"),
        "allocation.mixed_properties": (
            "What mixed panels are mixed by, of assessors who agreed: `woman`, `ethnic_minority`, `disabled`",
            "words",
        ),
        "allocation.keep_seat": (
            "Worth of leaving an assessor where they sit when panels are repaired; none: nothing outweighs it",
            "points",
        ),
        "allocation.weight_repeat": ("Cost of the same two assessors meeting again on another panel", "points"),
        "allocation.aim": (
            "What comes first: the fit of the worst-off panel (`floor`) or of all together (`total`)",
            "",
        ),
        "allocation.rules_off": ("Hard rules that are switched off, by name", "names"),
        "allocation.seed": ("Published text that settles ties between equally good panels", "text"),
        "habits.accept": ("Share of offers taken to be accepted when a cohort is played through", "0 to 1"),
        "habits.silent": ("Share of the other offers taken never to be answered", "0 to 1"),
        "habits.answer_days": ("Usual time to an answer", "working days"),
        "habits.time_used": ("Share of the time for scores that an assessor usually takes", "share"),
        "scoring.lowest": ("Lowest point of the scale", "points"),
        "scoring.highest": ("Highest point of the scale", "points"),
        "scoring.labels": ("The name of each point, from lowest to highest", "words"),
        "scoring.criteria": ("The success profile: each criterion and its relative weight", "weight"),
        "scoring.evidence_min_words": ("Evidence shorter than this is flagged", "words"),
        "quality.criterion_spread": ("Scores on one criterion this far apart are flagged", "points"),
        "quality.mean_spread": ("Assessors' means this far apart are flagged", "points"),
        "quality.audit_share": ("Share of nominations a moderator looks at although nothing is flagged", "0 to 1"),
        "quality.audit_seed": ("Published text that draws the audit sample", "text"),
        "admission.places": ("How many nominees can be in the pool", "places"),
        "admission.reserve_places": ("How many can be on the reserve list, in the proposed order", "places"),
        "admission.standard": ("Mean below which the proposed order suggests no place", "points"),
        "admission.confidence": ("Confidence of the interval beside each mean in the proposed order", "0 to 1"),
        "admission.tie_seed": ("Published text that orders equal means", "text"),
        "admission.two_people": ("Whoever approves a decision is not the one who drafted it", "yes or no"),
        "admission.reserve_for": ("How long the reserve list lasts after release", "span"),
        "membership.lasts": ("How long a place in the pool lasts; nothing acts on it yet", "span"),
        "membership.readiness_review_every": (
            "How often a member's readiness is reviewed; nothing acts on it yet",
            "span",
        ),
        "membership.unsuccessful_kept_for": (
            "How long an unsuccessful application is kept; nothing acts on it yet",
            "span",
        ),
        "reminders.before": ("When people are reminded, before each deadline", "spans"),
        "timing.roll_call_every": ("How often the cohort counts its nominations", "span"),
        "bank_holidays": ("Days that are not working days, beside week-ends", "dates"),
    }
)
"""What each name of a policy means, and its unit."""

_SOURCE = re.compile(r"#\s*((?:Source|Published)\b.*)$")


# ---------------------------------------------------------------------------------------------------------
# The life of a nomination


def stage_diagram() -> str:
    """The stage table as a Mermaid diagram, without the changes of `ANYWHERE`."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> nominated"]
    for stage, changes in TABLE.items():
        lines += [f"    {stage} --> {to}: {change}" for change, to in changes.items() if change not in ANYWHERE]
    lines += [f"    {stage} --> [*]" for stage in TABLE if stage in ENDS]
    return "\n".join([*lines, "```"])


def stage_table() -> str:
    """Each stage in words, and what can be done in it at any time."""
    rows = [
        (
            f"`{stage}`",
            WORDS[stage],
            *(_yes(change in TABLE[stage]) for change in ANYWHERE),
            _yes(may_pause(stage)),
            _yes(stage in WITH_DEADLINE),
        )
        for stage in Stage
    ]
    return _table(("stage", "the nomination is", "withdraw", "defer", "pause", "extend"), rows)


def letter_table() -> str:
    """Who is told what when a nomination changes its stage."""
    rows = [
        (f"`{stage}`", f"`{change}`", f"`{notice.template}`", notice.to)
        for change in StageChange
        for stage in Stage
        if change in TABLE[stage]
        for notice in letters_of(change, stage, None)
    ]
    rows += [
        (f"`{stage}`", "a deadline comes near", f"`{reminder}`", "nominee") for stage, reminder in REMINDERS.items()
    ]
    return _table(("leaving", "by", "letter", "to"), _grouped(rows))


def permission_table() -> str:
    """For each act, who may do it and the reasons to choose from."""
    rows = []
    for act in Act:
        roles = ", ".join(role.value for role in Role if act in GRANTS[role])
        reasons = ", ".join(f"`{reason}`" for reason in CODED_REASON.get(act, ()))
        rows.append((f"`{act}`", roles or "nobody", reasons))
    return _table(("act", "who", "coded reasons"), rows)


def _grouped(rows: Iterable[tuple[str, str, str, str]]) -> list[tuple[str, ...]]:
    """Puts together the rows that differ only by the stage left, or only by the reader."""
    stages: dict[tuple[str, str, str], list[str]] = {}
    for stage, change, letter, to in rows:
        stages.setdefault((change, letter, to), []).append(stage)
    readers: dict[tuple[str, str, str], list[str]] = {}
    for (change, letter, to), left in stages.items():
        readers.setdefault((", ".join(left), change, letter), []).append(to)
    return [(*rest, ", ".join(to)) for rest, to in readers.items()]


# ---------------------------------------------------------------------------------------------------------
# The policy


def policy_names(part: type[BaseModel] = Policy, prefix: str = "") -> list[str]:
    """Every dotted name a policy may state, except the list of assumptions itself."""
    names: list[str] = []
    for name, field in part.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, PolicyPart):
            names += policy_names(inner, f"{prefix}{name}.")
        elif name != "assumptions":
            names.append(prefix + name)
    return names


def policy_page() -> str:
    """A table for each part of the policy: name, meaning, unit, the pilot's value, and where it comes from."""
    policy, sources = read_policy(PILOT), _sources(PILOT.read_text(encoding="utf-8"))
    parts: dict[str, list[tuple[str, ...]]] = {}
    for dotted in policy_names():
        meaning, unit = MEANINGS[dotted]
        value = _value(dotted, policy)
        parts.setdefault(dotted.partition(".")[0], []).append(
            (f"`{dotted}`", meaning, unit, value, _origin(dotted, policy, sources))
        )
    heads = ("name", "meaning", "unit", "pilot", "where the value comes from")
    return "\n\n".join(f"### {part}\n\n{_table(heads, rows)}" for part, rows in parts.items())


def _sources(text: str) -> dict[str, str]:
    """For each dotted name, the source its line in the policy file names."""
    sources: dict[str, str] = {}
    table = ""
    for line in text.splitlines():
        header = re.match(r"\[+([\w.]+)\]+", line)
        stated = re.match(r"(\w+)\s*=", line)
        found = _SOURCE.search(line)
        if header:
            table = header[1]
        if found and (header or stated):
            name = f"{table}.{stated[1]}" if stated else table
            sources.setdefault(name, found[1].strip())
    return sources


def _origin(dotted: str, policy: Policy, sources: Mapping[str, str]) -> str:
    assumed = assumption_of(policy, dotted)
    if assumed is not None:
        return f"Assumption: {' '.join(assumed.split())}"
    if dotted in sources:
        return sources[dotted]
    return {
        "cohort.id": "A name of ours",
        "bank_holidays": "England's, by the `holidays` package, for the years the cohort lives through",
    }[dotted]


def _value(dotted: str, policy: Policy) -> str:
    value: object = policy
    for name in dotted.split("."):
        value = getattr(value, name)
    if dotted == "bank_holidays":
        return f"{len(policy.bank_holidays)} days"
    if dotted == "panel.composition":
        return "; ".join(f"at least {rule.at_least}: {rule.name}" for rule in policy.panel.composition)
    if isinstance(value, datetime):
        return f"{value.astimezone(LONDON):%Y-%m-%d %H:%M}"
    if isinstance(value, tuple):
        return "; ".join(_member(member) for member in value)
    if isinstance(value, frozenset) or value is None:
        return ", ".join(sorted(value or ())) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _member(member: object) -> str:
    return f"{member.name} ({member.weight:g})" if isinstance(member, Criterion) else str(member)


# ---------------------------------------------------------------------------------------------------------
# Pages

PARTS = MappingProxyType(
    {
        "stage diagram": stage_diagram,
        "stage table": stage_table,
        "letter table": letter_table,
        "permission table": permission_table,
        "policy": policy_page,
    }
)
"""What can stand between the comment lines of a page."""


def rewritten(page: str) -> str:
    """The page with all its generated parts as the code says now.

    Raises:
        KeyError: the page names a part nobody makes.
    """
    marked = re.compile(r"(<!-- generated: ([\w ]+) -->).*?(<!-- end of \2 -->)", re.DOTALL)
    return marked.sub(lambda match: f"{match[1]}\n\n{PARTS[match[2]]()}\n\n{match[3]}", page)


def pages() -> list[Path]:
    """Every page of the documentation that has a generated part."""
    return [page for page in sorted((ROOT / "docs").rglob("*.md")) if "<!-- generated: " in page.read_text("utf-8")]


def main() -> int:
    """Writes every page that is not up to date, and names it."""
    for page in pages():
        old = page.read_text("utf-8")
        new = rewritten(old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}\n")
    return 0


def _yes(answer: bool) -> str:
    return "yes" if answer else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heads), "|" + "---|" * len(heads), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
