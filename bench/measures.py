"""What is measured, each figure with how it was found."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from bench.bare import LOCAL_ACTIVITIES, NOTHING, ONE_TRANSACTION, TASK_QUEUE, UPDATES, BareStart
from bench.round import AT_ONCE, Round
from bench.stage import Stage
from models.enums import SteerReason
from models.ids import NominationId
from proof.histories import history_of, runs_of, sizes_of
from proof.summary import nomination_sizes

EVENTS_TARGET = 150
RATIO_TARGET = 0.8
_LISTED_SECONDS = 2.5


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``target`` is None where none was set, and ``met`` says whether it was reached."""

    name: str
    value: float | None
    unit: str
    target: str | None = None
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Event:
    """How many events of one type a nomination's workflow, or all its assessments, have: the median."""

    workflow: str
    kind: str
    count: float


@dataclass(frozen=True)
class Rate:
    """Complete nominations per second in one run, and the processor seconds each part used for one."""

    per_second: float
    cpu: Mapping[str, float]

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of all parts together for one nomination."""
        return sum(self.cpu.values())


@dataclass(frozen=True)
class Throughput:
    """Three runs on the same servers: real nominations, bare ones that do nothing, and bare ones that write."""

    real: Rate
    bare: Rate
    writing: Rate


async def pair(stage: Stage, run: int, nominations: int) -> tuple[Throughput, Round]:
    """Carries nominations through all stages, and as many bare ones of either kind.

    A real run counts everything from the first nomination to the end of the last workflow: also what a cohort does
    once however many it has (closing its window, the roll calls that end its phases, solving all panels, the
    release, the second until it ends), the letters, and the simulated people's own reading and writing.

    Which goes first changes from run to run, so that neither always meets the fuller database.
    """
    real_round = await stage.round(f"bench-{run}")
    runs: dict[str, Callable[[], Awaitable[float]]] = {
        "real": partial(real_round.run, nominations),
        "bare": partial(_bare, stage.client, f"{NOTHING}-{run}", nominations, NOTHING),
        "writing": partial(_bare, stage.client, f"{ONE_TRANSACTION}-{run}", nominations, ONE_TRANSACTION),
    }
    rates = {}
    for name in runs if run % 2 else reversed(runs):
        rates[name] = await _measured(stage, runs[name], nominations)
    return Throughput(**rates), real_round


async def _measured(stage: Stage, run: Callable[[], Awaitable[float]], nominations: int) -> Rate:
    before = stage.cpu_seconds()
    seconds = await run()
    after = stage.cpu_seconds()
    return Rate(nominations / seconds, {name: (after[name] - before[name]) / nominations for name in after})


async def _bare(client: Client, run: str, nominations: int, activity: str) -> float:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        name = f"bare/{run}-{number}"
        async with gate:
            start = BareStart(name, activity)
            parent = await client.start_workflow("bare_nomination", start, id=name, task_queue=TASK_QUEUE)
            for told in ("consent", "submit"):
                await parent.execute_update(told, {"by": "p-000000000000"})
            for child in range(3):
                handle = client.get_workflow_handle(f"{name}.{child}")
                await _until_started(client, f"{name}.{child}")
                for told in ("accept", "submit"):
                    await handle.execute_update(told, {"by": "p-000000000000"})
            await parent.execute_update("decide", {"by": "p-000000000000"})
            await parent.result()

    begun = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(nominations)))
    return time.perf_counter() - begun


async def _until_started(client: Client, workflow: str) -> None:
    while True:
        try:
            await client.get_workflow_handle(workflow).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.005)
        else:
            return


async def history_figures(client: Client, cohort: str) -> list[Figure]:
    """Events, server transactions and bytes of a nomination and its assessments together, over a cohort's."""
    await asyncio.sleep(_LISTED_SECONDS)
    sizes = (await nomination_sizes(client, cohort)).values()
    events = median([size.events for size in sizes])
    return [
        Figure(
            "history events per nomination", events, "events", f"at most {EVENTS_TARGET}", events <= EVENTS_TARGET
        ),
        Figure("history events per nomination, largest", max(size.events for size in sizes), "events"),
        Figure("state transitions per nomination", median([size.transitions for size in sizes]), "transitions"),
        Figure("history bytes per nomination", median([size.size_bytes for size in sizes]), "bytes"),
    ]


async def events_of(client: Client, cohort: str) -> list[Event]:
    """Where the events go: the median count of each type, by workflow, over a cohort's nominations."""
    counts: dict[str, dict[str, Counter[str]]] = {"nomination": {}, "assessment": {}}
    transitions: dict[str, dict[str, int]] = {"nomination": {}, "assessment": {}}
    runs = [run async for run in runs_of(client, cohort) if run.workflow_id.split("/")[0] in counts]
    for run, size in await sizes_of(client, runs):
        kind, _, id_ = run.workflow_id.partition("/")
        nomination = id_.partition(".")[0]
        counter = counts[kind].setdefault(nomination, Counter())
        counter.update(_word(event.event_type) for event in (await history_of(client, run)).events)
        transitions[kind][nomination] = transitions[kind].get(nomination, 0) + size.transitions
    found = []
    for kind, of_nominations in counts.items():
        plural = "nomination" if kind == "nomination" else "its assessments"
        kinds = sorted({word for counter in of_nominations.values() for word in counter})
        rows = [Event(plural, word, median([one[word] for one in of_nominations.values()])) for word in kinds]
        found += sorted(rows, key=lambda row: (-row.count, row.kind))
        found.append(Event(plural, "state transitions (not events)", median(transitions[kind].values())))
    return found


def throughput_figures(pairs: Sequence[Throughput]) -> list[Figure]:
    """Medians over the runs: rates, real ones as a share of either kind of bare ones, and processor time."""
    ratio = median([one.real.per_second / one.bare.per_second for one in pairs])
    writing = median([one.real.per_second / one.writing.per_second for one in pairs])
    kinds = {
        "": [one.real for one in pairs],
        "bare ": [one.bare for one in pairs],
        "bare writing ": [one.writing for one in pairs],
    }
    rates = {kind: median([one.per_second for one in runs]) for kind, runs in kinds.items()}
    shape = f"{UPDATES} Updates, {LOCAL_ACTIVITIES} local activities, 4 workflows each"
    return [
        Figure("complete nominations", rates[""], "per second"),
        Figure("bare nominations", rates["bare "], "per second", note=f"{shape}; nothing is done"),
        Figure("bare writing nominations", rates["bare writing "], "per second", note=f"{shape}; each a transaction"),
        Figure("ratio of complete to bare", ratio, "", f"at least {RATIO_TARGET}", ratio >= RATIO_TARGET),
        Figure("ratio of complete to bare writing", writing, ""),
        Figure(
            "ratio of complete to bare, by processor time",
            median([one.bare.cpu_seconds / one.real.cpu_seconds for one in pairs]),
            "",
        ),
        Figure(
            "ratio of complete to bare writing, by processor time",
            median([one.writing.cpu_seconds / one.real.cpu_seconds for one in pairs]),
            "",
        ),
        *(
            Figure(
                f"processor time per {kind}nomination, {part}", 1000 * median([one.cpu[part] for one in runs]), "ms"
            )
            for kind, runs in kinds.items()
            for part in runs[0].cpu
            if part != ("worker" if kind else "bare worker")
        ),
    ]


async def latency_figures(stage: Stage, acts: int) -> list[Figure]:
    """One person acts, again and again: from the click to the answer, when the row already shows it."""
    round_ = await stage.round("latency", assessors=3)
    nomination = await round_.nominate(0)
    operations, steering = round_.cast.operations, round_.acts.nominations
    seconds = []
    for number in range(acts):
        begun = time.perf_counter()
        if number % 2:
            await steering.resume(nomination, operations)
        else:
            await steering.pause(nomination, operations, SteerReason.OTHER)
        seconds.append(time.perf_counter() - begun)
    return [
        Figure("Update to visible answer, p50", 1000 * median(seconds), "ms", note=f"{acts} acts by one person"),
        Figure("Update to visible answer, p99", 1000 * quantiles(seconds, n=100)[98], "ms"),
    ]


async def open_figures(stage: Stage, counts: Sequence[int]) -> list[Figure]:
    """What open nominations cost: the time to start each, and the memory the worker holds for each.

    The counts add up on one worker. Its memory never shrinks, so a later cohort may take over what an earlier one
    has left free, and a count smaller than that shows nothing.
    """
    found = []
    for count in counts:
        round_ = await stage.round(f"open-{count}", assessors=3)
        before, begun = stage.worker_memory(), time.perf_counter()
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, round_: Round = round_, gate: asyncio.Semaphore = gate) -> NominationId:
            async with gate:
                return await round_.nominate(number)

        await asyncio.gather(*(one(number) for number in range(count)))
        seconds = time.perf_counter() - begun
        await asyncio.sleep(1)
        grown = max(0, stage.worker_memory() - before)
        found += [
            Figure(f"{count} open nominations, start of each", 1000 * seconds / count, "ms"),
            Figure(f"{count} open nominations, worker memory for each", grown / count / 1024, "KiB"),
        ]
    return found


def demo_figures(summary: Path) -> list[Figure]:
    """How long the last `make demo` took, phase by phase, as it wrote down itself."""
    try:
        seconds = json.loads(summary.read_text(encoding="utf-8"))["seconds"]
    except (OSError, ValueError, KeyError):
        return [Figure("make demo", None, "s", "at most 120", None, "not run: there is no var/demo/summary.json")]
    total = float(seconds.pop("total"))
    phases = [Figure(f"make demo, {phase.replace('_', ' ')}", float(value), "s") for phase, value in seconds.items()]
    return [Figure("make demo", total, "s", "at most 120", total <= 120), *phases]


def _word(kind: "EventType.ValueType") -> str:
    return EventType.Name(kind).removeprefix("EVENT_TYPE_").replace("_", " ").lower()
