"""The end of a demo: what became of the cohort, for a member of the board, and whether every promise was kept."""

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from models.enums import SETTLED, Stage
from proof.summary import Offers, Summary

_OUTCOMES = {
    Stage.IN_POOL: "admitted, and in the pool",
    Stage.RESERVED: "on the reserve list",
    Stage.NOT_ADMITTED: "not admitted",
    Stage.INELIGIBLE: "not eligible",
    Stage.DECLINED_BY_NOMINEE: "declined to be nominated",
    Stage.WITHDRAWN: "withdrawn",
    Stage.DEFERRED: "deferred to a later cohort",
    Stage.LAPSED: "lapsed, having missed a deadline",
}
_COLOURS = {Stage.IN_POOL: "green", Stage.RESERVED: "green"}
_BAR = 16
_WORTH_SAYING = 0.5
"""Seconds below which a phase is not named."""


def broken_promises(summary: Summary) -> tuple[str, ...]:
    """A sentence for each promise that the figures show broken; empty when all were kept."""
    unsettled = {stage: count for stage, count in summary.outcomes.items() if stage not in SETTLED and count}
    found = []
    if unsettled:
        stood = ", ".join(f"{count} {stage.replace('_', ' ')}" for stage, count in sorted(unsettled.items()))
        found.append(f"Not every nomination is settled: {stood}.")
    if summary.hard_rules_violated:
        found.append(f"{summary.hard_rules_violated} seats break a hard rule of panels.")
    if summary.personal_values_in_histories:
        found.append(f"{summary.personal_values_in_histories} personal values stand in workflow histories.")
    if summary.messages.duplicates:
        found.append(f"{summary.messages.duplicates} messages were sent a second time.")
    if summary.needs_attention:
        found.append(f"{summary.needs_attention} nominations still need attention.")
    if summary.audit_chain != "verified":
        found.append(f"The audit chain is {summary.audit_chain}.")
    if summary.projection != "verified":
        found.append(f"The database and the workflows disagree: {summary.projection}.")
    return tuple(found)


def closing(summary: Summary, broken: Sequence[str]) -> RenderableType:
    """The summary as a page."""
    outcomes = _grid()
    most = max((summary.outcomes.get(stage, 0) for stage in _OUTCOMES), default=0)
    for stage, words in _OUTCOMES.items():
        count = summary.outcomes.get(stage, 0)
        bar = "█" * max(round(_BAR * count / max(1, most)), 1 if count else 0)
        outcomes.add_row(f"[bold]{count}[/]", words, f"[{_COLOURS.get(stage, 'yellow')}]{bar}[/]")
    facts = _grid()
    for figure, sentence in _facts(summary):
        facts.add_row(f"[bold]{figure}[/]", sentence)
    promises = (
        Text.from_markup("\n".join(f"[bold red]✗[/] {sentence}" for sentence in broken))
        if broken
        else Text.from_markup("\n".join(f"[bold green]✓[/] {sentence}" for sentence in _KEPT))
    )
    title = f"{summary.nominations} nominations from {summary.organisations} organisations"
    events, size = summary.history_events_per_nomination, summary.history_bytes_per_nomination
    seconds = ", ".join(
        f"{name.replace('_', ' ')} {value:.1f}" for name, value in summary.seconds.items() if value >= _WORTH_SAYING
    )
    return Group(
        Columns(
            [
                Panel(outcomes, title=title, width=60, height=_HEIGHT),
                Panel(promises, title="Promises", width=38, height=_HEIGHT if not broken else None),
            ]
        ),
        Panel(facts, title="What it took", width=99),
        Padding(
            Text.from_markup(
                f"[dim]A nomination and its assessments: {events.median:.0f} events and {size.median / 1000:.0f} kB "
                f"at the median, {events.max} and {size.max / 1000:.0f} kB at most.\n"
                f"Seconds: {seconds}.[/]"
            ),
            (0, 2),
        ),
    )


_KEPT = (
    "every nomination is settled:\n  over, in the pool, or on the\n  reserve list",
    "no panel breaks a hard rule",
    "no personal value in any history",
    "every message was sent once",
    "nothing needs attention",
    "the audit chain is whole",
    "database and workflows agree",
)
_HEIGHT = sum(sentence.count("\n") + 1 for sentence in _KEPT) + 2
"""Lines of the two panels that stand side by side, with their frames."""


def _facts(summary: Summary) -> list[tuple[str, str]]:
    assessors, offers, quality, deadlines = summary.assessors, summary.offers, summary.quality, summary.deadlines
    return [
        (
            f"{assessors.used}",
            f"of {assessors.pool} assessors sat on panels, with {assessors.load_min} to {assessors.load_max} "
            f"assessments each, within each one's own capacity, {assessors.load_mean:.1f} on average",
        ),
        (f"{offers.made}", _offers(offers)),
        (f"{offers.replaced}", "of these offers to replace an assessor, or to add one"),
        (
            f"{quality.flagged}",
            f"nominations flagged by the quality rules, {quality.audited} drawn for audit; moderators settled "
            f"{quality.moderated}",
        ),
        (f"{quality.rescored}", "scores changed after they were submitted, each with its reason and its old value"),
        (
            f"{deadlines.missed}",
            f"deadlines missed: {deadlines.missed_by_nominees} by nominees (consents and applications), "
            f"{deadlines.missed_by_assessors} by assessors (answers and scores); {deadlines.extended} extended by "
            "operations",
        ),
        (f"{summary.moved_up}", "moved up from the reserve list, and now among those admitted"),
        (f"{summary.messages.sent}", f"messages sent, {summary.messages.duplicates} of them twice"),
    ]


def _offers(offers: Offers) -> str:
    """What became of the offers that were made: parts that add up to them."""
    parts = [
        (offers.kept, "taken on and kept"),
        (offers.refused, "declined"),
        (offers.given_back, "taken on and given back"),
        (offers.unanswered, "not answered in time"),
        (offers.unscored, "taken on and not scored in time"),
        (offers.taken_back, "taken back or no longer needed"),
        (offers.waiting, "not answered yet"),
    ]
    return "offers to assessors: " + ", ".join(f"{count} {words}" for count, words in parts if count)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", width=5)
    grid.add_column()
    return grid
