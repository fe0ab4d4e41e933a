"""What may be expected of a cohort, drawn: how the loads are spread, and when the assessments are in."""

from math import ceil

from allocation.expected import Outlook
from portal.charts import Amount, Chart, Interval, columns, intervals, titled

FIGURES = ("10 in 100", "Half", "90 in 100")
"""Of the trials, how many are over by then: the heads of the table of weeks."""


def loads_drawn(seen: Outlook) -> Chart:
    """How many assessors have how many assessments at the start."""
    people_with = dict(seen.forecast.loads)
    return columns(
        "loads",
        "How many assessors have how many assessments",
        [Amount(str(load), people_with.get(load, 0)) for load in range(max(people_with, default=0) + 1)],
        head=("Assessments", "Assessors"),
        below="Assessments of one assessor",
        beside="Assessors",
        notes=(
            _cohort(seen),
            "Each column: how many assessors have so many when the panels are released, before anybody declines.",
        ),
    )


def weeks_drawn(seen: Outlook) -> Chart:
    """Weeks until half of the nominations, and all of them, are assessed: the middle of the trials, and 80 in 100."""
    found = seen.forecast
    lines = [
        Interval(label, times[0], times[1], times[2])
        for label, times in ((f"Half{_of_these(seen)} are assessed", found.half), (_all_of_these(seen), found.weeks))
    ]
    if not seen.panels:
        lines = []
    scale = (0, max(ceil(found.weeks[2]), 1))
    return intervals(
        "weeks",
        "Weeks until the assessments are in",
        lines,
        scale=scale,
        below="Weeks after the panels are released",
        notes=(
            _cohort(seen),
            f"Played {found.runs:,} times. Each bar begins when 10 in 100 trials are over, and ends when 90 are; "
            "the dot is where half are.",
        ),
    )


def weeks_rows(seen: Outlook) -> list[tuple[str, str, str, str]]:
    """The weeks as rows: by when 10, 50 and 90 in 100 trials are over."""
    found = seen.forecast

    def written(weeks: float) -> str:
        return f"{weeks:.1f}" if seen.panels else "none"

    return [
        (label, written(soon), written(half), written(late))
        for label, (soon, half, late) in (
            (f"Weeks until half{_of_these(seen)} are assessed", found.half),
            (f"Weeks until {_all_of_these(seen).lower()}", found.weeks),
        )
    ]


def _of_these(seen: Outlook) -> str:
    """Of how many the weeks are, where panels are left without anybody; nothing where they are about all."""
    return f" of {seen.panels:,} with a panel" if seen.forecast.proposal.unstaffed else ""


def _all_of_these(seen: Outlook) -> str:
    if seen.forecast.proposal.unstaffed:
        return f"The {seen.panels:,} with a panel are assessed"
    return "All are assessed"


def one_above_the_other(*charts: Chart) -> str:
    """The drawings as one file, SVG, lengths in pixels; each below its title."""
    parts, top, wide = list[str](), 0, 0
    for chart in charts:
        title, top = titled(chart, top)
        opening, rest = str(chart.svg).split(">", 1)
        width, height = (int(opening.split(f'{name}="')[1].split('"')[0]) for name in ("width", "height"))
        parts.append(f'{title}{opening} y="{top}">{rest}')
        top, wide = top + height + 24, max(wide, width)
    inside = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{top}" viewBox="0 0 {wide} {top}">'
        f'<rect width="{wide}" height="{top}" fill="#ffffff"/>{inside}</svg>\n'
    )


def _cohort(seen: Outlook) -> str:
    """Whom a drawing is about."""
    nominations = "1 nomination" if seen.nominations == 1 else f"{seen.nominations:,} nominations"
    assessors = "1 assessor" if seen.assessors == 1 else f"{seen.assessors:,} assessors"
    return f"{nominations} without a whole panel, and {assessors}."
