"""The live board: how many nominations stand where, redrawn as it changes; plain lines where there is no terminal."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from models.enums import CohortPhase, Stage
from simulation.progress import Progress

_STAGES: Mapping[Stage, tuple[str, str]] = {
    Stage.NOMINATED: ("nominated", "cyan"),
    Stage.APPLYING: ("applying", "cyan"),
    Stage.SCREENING: ("screening", "cyan"),
    Stage.AWAITING_PANEL: ("awaiting panel", "blue"),
    Stage.SCORING: ("scoring", "blue"),
    Stage.QUALITY_ASSURANCE: ("quality assurance", "blue"),
    Stage.AWAITING_DECISION: ("awaiting decision", "magenta"),
    Stage.DECIDED: ("decided", "magenta"),
    Stage.IN_POOL: ("in the pool", "green"),
    Stage.RESERVED: ("on the reserve list", "green"),
    Stage.NOT_ADMITTED: ("not admitted", "yellow"),
    Stage.INELIGIBLE: ("not eligible", "yellow"),
    Stage.WITHDRAWN: ("withdrawn", "yellow"),
    Stage.DEFERRED: ("deferred", "yellow"),
    Stage.DECLINED_BY_NOMINEE: ("declined by nominee", "yellow"),
    Stage.LAPSED: ("lapsed", "yellow"),
}
_PHASES = {one: one.value.partition("_")[0] for one in CohortPhase}
"""In one line together: quality assurance is “quality”."""
_BAR = 34
_WIDTH = 100
_PLAIN_EVERY_SECONDS = 5.0


class LiveBoard:
    """Shows progress for as long as a block runs.

    Args:
        console: Where; a terminal gets the live board, anything else a line from time to time.
        total: How many nominations there will be, which is a whole bar.
        name: The cohort's name.
    """

    def __init__(self, console: Console, total: int, name: str) -> None:
        self._console = console
        self._total = max(1, total)
        self._name = name
        self._live = Live(console=console, auto_refresh=False, transient=False) if console.is_terminal else None
        self._began = self._said = 0.0
        self._said_phase: CohortPhase | None = None
        self.fullest: RenderableType | None = None
        self._most_at_work = -1

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def say(self, sentence: str) -> None:
        """A line above the board."""
        self._console.print(sentence, highlight=False)

    def show(self, progress: Progress, seconds: float) -> None:
        """Show how far it is, ``seconds`` after the start."""
        drawn = board(progress, seconds, self._total, self._name)
        if progress.at_work > self._most_at_work:
            self._most_at_work, self.fullest = progress.at_work, drawn
        if self._live is not None:
            self._live.update(drawn, refresh=True)
        elif progress.phase is not self._said_phase or seconds - self._said >= _PLAIN_EVERY_SECONDS:
            self._said, self._said_phase = seconds, progress.phase
            self._console.print(line(progress, seconds), highlight=False, soft_wrap=True)


def line(progress: Progress, seconds: float) -> str:
    """Progress as one line."""
    stages = ", ".join(
        f"{words} {progress.stages[one]}" for one, (words, _) in _STAGES.items() if one in progress.stages
    )
    return f"{seconds:5.1f} s  {progress.phase.value.replace('_', ' ')}: {stages or 'nobody is nominated yet'}"


def board(progress: Progress, seconds: float, total: int, name: str) -> RenderableType:
    """Progress as a board of stages with bars, and what else there is to know."""
    stages = Table.grid(padding=(0, 1))
    stages.add_column(justify="right", width=20)
    stages.add_column(justify="right", width=4)
    stages.add_column(width=_BAR)
    for stage, (words, colour) in _STAGES.items():
        count = progress.stages.get(stage, 0)
        bar = "█" * max(round(_BAR * count / total), 1 if count else 0)
        stages.add_row(words, f"[bold]{count}[/]" if count else "[dim]·[/]", f"[{colour}]{bar}[/]")
    return Group(
        Text.from_markup(f" [bold]{name}[/]  [dim]{seconds:.0f} s[/]"),
        Text.from_markup(_phases(progress.phase)),
        Columns(
            [
                Panel(stages, title="Nominations", width=64, height=len(_STAGES) + 2),
                Panel(_facts(progress), title="Now", width=34, height=len(_STAGES) + 2),
            ]
        ),
        Panel("\n".join(progress.events) or "Nothing has happened yet", title="Last events", width=_WIDTH - 1),
    )


def _phases(phase: CohortPhase) -> str:
    return "[dim]›[/]".join(
        f"[reverse bold] {words} [/]" if one is phase else f"[dim] {words} [/]" for one, words in _PHASES.items()
    )


def _facts(progress: Progress) -> Table:
    facts = Table.grid(padding=(0, 1))
    facts.add_column(justify="right", width=6)
    facts.add_column()
    rows = [
        (progress.at_work, "assessments under way", ""),
        (progress.submitted, "assessments submitted", ""),
        (progress.sent, "messages sent", ""),
        (progress.waiting, "messages waiting", ""),
        (progress.overdue, "overdue", "yellow"),
        (progress.attention, "need attention", "red"),
    ]
    for count, words, colour in rows:
        shown = f"[{colour}]{count}[/]" if colour and count else str(count)
        facts.add_row(shown, words)
    facts.add_row("", "")
    facts.add_row("", "[dim]assessors by load[/]")
    for load, count in enumerate(progress.loads):
        facts.add_row(
            str(load), f"[blue]{'▪' * min(round(count / 3 + 0.4), 20)}[/] {count}" if count else "[dim]·[/]"
        )
    return facts
