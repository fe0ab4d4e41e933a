"""What the pages on allocation runs show: `run_shown` is the one place that turns a run into words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from allocation.compare import Comparison, RunFigures, better, figures
from allocation.explain import run_words
from models.enums import RunKind, RunStatus
from portal.words import moment, plain
from storage.run_pages import LoadFacts, NomineeFacts, OpenPanel, RunFacts, SeatFacts
from storage.runs import RunLine, Undone

_ONE_PANEL = re.compile(r"\b1 panels are")
_KINDS = {
    RunKind.BATCH: "All waiting panels together",
    RunKind.ROLLING: "All waiting panels, at the policy’s interval",
    RunKind.REPLACEMENT: "Replacement of an assessor",
}
_STATUSES = {
    RunStatus.PROPOSED: ("Proposed", "yellow"),
    RunStatus.RELEASED: ("Released", "green"),
    RunStatus.DISCARDED: ("Discarded", "grey"),
    RunStatus.UNDONE: ("Undone", "grey"),
}


@dataclass(frozen=True)
class Fact:
    """A line of a summary list."""

    label: str
    value: str


@dataclass(frozen=True)
class RunRow:
    """A run in the list of a cohort's runs."""

    number: int
    href: str
    kind: str
    status: str
    colour: str
    seats: int
    unstaffed: int
    made: str
    settled: str


@dataclass(frozen=True)
class SeatShown:
    """One proposed seat; ``why`` are the reasons kept with the run."""

    reference: str
    name: str
    post: str
    load: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class PanelShown:
    """One nomination's proposed panel."""

    nomination: str
    href: str
    nominee: str
    organisation: str
    seats: tuple[SeatShown, ...]


@dataclass(frozen=True)
class RunShown:
    """A run as its pages show it."""

    cohort: str
    name: str
    number: int
    href: str
    kind: str
    status: str
    colour: str
    is_proposal: bool
    may_be_undone: bool
    facts: tuple[Fact, ...]
    proof: str
    panels: int
    seats: int
    unstaffed: int
    clashing: tuple[str, ...]
    mends: tuple[str, ...]


@dataclass(frozen=True)
class OpenShown:
    """A nomination without a whole panel."""

    nomination: str
    href: str
    nominee: str
    organisation: str
    missing: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class LoadShown:
    """An assessor's load in a run."""

    reference: str
    name: str
    post: str
    load: int
    capacity: int


@dataclass(frozen=True)
class ChangeShown:
    """A nomination whose panel differs between two runs."""

    nomination: str
    href: str
    came: str
    went: str
    verdict: str


@dataclass(frozen=True)
class ComparisonShown:
    """Two runs side by side, with a sentence on which is better."""

    before: int
    after: int
    verdict: str
    facts: tuple[tuple[str, str, str], ...]
    panels: tuple[ChangeShown, ...]
    differ: int


def run_row(cohort: str, line: RunLine) -> RunRow:
    """A run in a list."""
    status, colour = _STATUSES[line.status]
    return RunRow(
        line.number,
        run_path(cohort, line.number),
        _KINDS[line.kind],
        status,
        colour,
        line.seats,
        line.unstaffed,
        moment(line.made_at),
        _settled_briefly(line),
    )


def run_shown(run: RunFacts) -> RunShown:
    """A run in words: how it stands, the loads, and what it proves of itself."""
    status, colour = _STATUSES[run.status]
    facts = [Fact("What it was for", _KINDS[run.kind]), Fact("Made", moment(run.made_at))]
    if run.settled_at is not None:
        became = "Released" if run.undone else status
        facts.append(Fact(became, f"{moment(run.settled_at)} by {run.settled_by or 'the system'}"))
    if run.undone is not None:
        facts.append(Fact("Undone", _undone_words(run.undone)))
    facts += [
        Fact("Panels proposed", f"{run.panels:,}, with {_count(run.seats, 'seat')}"),
        Fact("Nominations left without a whole panel", f"{run.unstaffed:,}"),
        Fact("Load of an assessor, with these seats", _spread(list(run.loads.values()))),
    ]
    return RunShown(
        run.cohort,
        run.name,
        run.number,
        run_path(run.cohort, run.number),
        _KINDS[run.kind],
        status,
        colour,
        run.status is RunStatus.PROPOSED,
        run.status is RunStatus.RELEASED and run.kind is not RunKind.REPLACEMENT,
        tuple(facts),
        _proof(run),
        run.panels,
        run.seats,
        run.unstaffed,
        tuple(sentence(one) for one in run.clashing),
        tuple(sentence(one) for one in run.mends),
    )


def settled_words(run: RunFacts) -> str:
    """What became of a run that is no proposal any more, who did it, and when; empty for a proposal."""
    if run.settled_at is None:
        return ""
    if run.undone is not None:
        return f"Run {run.number} was undone at {_undone_words(run.undone)}"
    became = _STATUSES[run.status][0].lower()
    return f"Run {run.number} was {became} at {moment(run.settled_at)} by {run.settled_by or 'the system'}."


def _undone_words(undone: Undone) -> str:
    """When a run was undone, by whom, why, and what came of its panels, as sentences after “undone at”."""
    taken = f"{_count(undone.panels, 'panel')} {'was' if undone.panels == 1 else 'were'} taken back"
    stays = "stays" if undone.kept == 1 else "stay"
    kept = f", and {undone.kept:,} {stays}, since somebody had answered" if undone.kept else ""
    why = plain(undone.reason).lower()
    return f"{moment(undone.at)} by {undone.name or 'the system'} ({why}): {taken}{kept}."


def _settled_briefly(line: RunLine) -> str:
    """Who settled a run, and why where it was undone; empty for a proposal."""
    if line.undone is not None:
        return f"{line.undone.name or 'The system'}: {plain(line.undone.reason).lower()}"
    return "" if line.settled_at is None else line.settled_name or "The system"


def panels_shown(
    nominees: Mapping[str, NomineeFacts], seats: Sequence[SeatFacts], loads: Mapping[str, int]
) -> tuple[PanelShown, ...]:
    """Who is proposed to assess whom, and why."""
    return tuple(
        PanelShown(
            nominee.nomination,
            nomination_path(nominee.nomination),
            nominee.name,
            nominee.organisation,
            tuple(_seat(seat, loads) for seat in seats if seat.nomination == nominee.nomination),
        )
        for nominee in sorted(nominees.values(), key=lambda one: one.nomination)
    )


def open_shown(left: OpenPanel) -> OpenShown:
    """A nomination without a whole panel, in words."""
    about = left.nomination
    return OpenShown(
        about.nomination,
        nomination_path(about.nomination),
        about.name,
        about.organisation,
        _count(left.missing, "assessor"),
        tuple(sentence(reason) for reason in left.reasons),
    )


def load_shown(assessor: LoadFacts, loads: Mapping[str, int]) -> LoadShown:
    """An assessor's load in a run."""
    return LoadShown(
        assessor.assessor,
        assessor.name,
        f"{plain(assessor.role)}, {assessor.organisation}",
        loads.get(assessor.assessor, 0),
        assessor.capacity,
    )


def comparison_shown(
    before: RunFacts,
    after: RunFacts,
    change: Comparison,
    *,
    names: Mapping[str, str],
    shown: Sequence[str],
) -> ComparisonShown:
    """Two runs side by side.

    Args:
        before: The run one compares with.
        after: The run that is looked at.
        change: What differs.
        names: Assessors' names by reference.
        shown: The nominations of this page.
    """
    wanted = frozenset(shown)
    both = _figures(before), _figures(after)

    def named(references: Sequence[str]) -> str:
        return ", ".join(f"{names.get(one, one)} ({one})" for one in references) or "Nobody"

    return ComparisonShown(
        before.number,
        after.number,
        better(*both),
        (
            *figures(*both),
            ("Load", _spread(list(before.loads.values())), _spread(list(after.loads.values()))),
        ),
        tuple(
            ChangeShown(
                panel.nomination,
                nomination_path(panel.nomination),
                named(panel.came),
                named(panel.went),
                panel.words(before.number, after.number),
            )
            for panel in change.panels
            if panel.nomination in wanted
        ),
        len(change.panels),
    )


def run_path(cohort: str, run: int) -> str:
    """The address of a run's page."""
    return f"/operations/allocation/{cohort}/{run}"


def _seat(seat: SeatFacts, loads: Mapping[str, int]) -> SeatShown:
    return SeatShown(
        seat.assessor,
        seat.name,
        f"{plain(seat.role)}, {seat.organisation}",
        _count(loads.get(seat.assessor, 0), "assessment"),
        tuple(sentence(reason) for reason in seat.reasons),
    )


def _proof(run: RunFacts) -> str:
    return " ".join(_ONE_PANEL.sub("1 panel is", words) for words in run_words(run.proof, run.unstaffed))


def _figures(run: RunFacts) -> RunFigures:
    return RunFigures(run.number, run.panels, run.seats, run.unstaffed, run.proof.floor, run.proof.total)


def _spread(loads: Sequence[int]) -> str:
    if not loads:
        return "Nobody is in the register"
    return f"{min(loads)} at least, {max(loads)} at most, {fmean(loads):.1f} on average"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def sentence(reason: str) -> str:
    """A reason as a line of its own."""
    # Interests are codes in the reasons.
    words = reason.replace("_", " ")
    return words[:1].upper() + words[1:]


def nomination_path(nomination: str) -> str:
    """The address of a nomination's page."""
    return f"/operations/nominations/{nomination}"
