"""What happened in a cohort, in figures a board member can check: each recomputed from what is stored.

`Summary` says of each figure what it counts; the queries stand in `proof.figures` under the same names.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from pathlib import Path
from statistics import fmean, median

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from models.ids import AssessmentId, nomination_of
from proof import figures
from proof.histories import Run, Size, runs_of, sizes_of
from proof.panels import broken_rules
from proof.privacy import search_histories
from proof.projection import check_projection
from storage import audit
from storage.allocations import problem_as_held

Sessions = async_sessionmaker[AsyncSession]


class Part(BaseModel):
    """A part of the summary."""

    model_config = ConfigDict(frozen=True)


class Assessors(Part):
    """The register, and how many assessments its members hold at the end; loads are of those who hold any."""

    pool: int = Field(description="assessors in the cohort's register")
    used: int = Field(description="of these, how many hold at least one assessment")
    load_min: int
    load_max: int
    load_mean: float


class Offers(Part):
    """What assessors were asked, and what they said.

    The second group divides ``made``: each offer is counted in one of its seven figures. ``accepted`` counts across
    them, and ``declined`` and ``expired`` are each the sum of two.
    """

    made: int = Field(description="assessments that were offered to an assessor")
    accepted: int = Field(description="of these, how many the assessor took on, whatever became of them later")
    declined: int = Field(description="how many were declined, or given back after they had been taken on")
    expired: int = Field(description="how many were not answered, or not scored, by the deadline and its grace")
    replaced: int = Field(description="offers made to replace an assessor, or to add one at a moderator's wish")

    kept: int = Field(description="taken on, and scored or still to be scored")
    refused: int = Field(description="declined when they were offered")
    given_back: int = Field(description="declined after they had been taken on")
    unanswered: int = Field(description="neither taken on nor declined by the deadline")
    unscored: int = Field(description="taken on, and not scored by the deadline and its grace")
    taken_back: int = Field(description="given to somebody else by operations, or over because the nomination is")
    waiting: int = Field(description="not answered yet")


class Quality(Part):
    """Quality assurance."""

    flagged: int = Field(description="nominations on which a quality rule raised a flag")
    moderated: int = Field(description="nominations on which a moderator settled a flag or an audit")
    rescored: int = Field(description="single scores that were changed after they had been submitted")
    audited: int = Field(description="nominations drawn into the audit sample")


class Deadlines(Part):
    """Deadlines of nominees and assessors."""

    missed: int = Field(description="nominations and assessments whose deadline passed, each counted once")
    missed_by_nominees: int = Field(description="of these, nominations: a consent or an application did not come")
    missed_by_assessors: int = Field(description="of these, assessments: an answer or scores did not come")
    extended: int = Field(description="how often operations gave somebody longer")


class Messages(Part):
    """Messages to people."""

    sent: int = Field(description="messages that have left")
    duplicates: int = Field(description="messages that were owed, or stand in the mailbox, a second time")


class Spread(Part):
    """The middle and the largest of a figure over all nominations."""

    median: float
    max: int


class Summary(Part):
    """The cohort in figures; `summarise` computes every one of them afresh."""

    nominations: int = Field(description="nominations in the cohort, whatever became of them")
    organisations: int = Field(description="organisations that nominated somebody")
    outcomes: dict[str, int] = Field(description="nominations by the stage they stand in")
    moved_up: int = Field(description="nominations the board admitted from the reserve list")
    assessors: Assessors
    offers: Offers
    quality: Quality
    deadlines: Deadlines
    messages: Messages
    hard_rules_violated: int = Field(description="hard rules of panels that the seats as they are held break")
    personal_values_in_histories: int = Field(description="personal values found in a history; see `verify privacy`")
    needs_attention: int = Field(description="nominations that wait for a person to give them a way out")
    audit_chain: str = Field(description="'verified', or 'broken at N'")
    projection: str = Field(description="'verified', or how many stored fields differ from what workflows know")
    history_events_per_nomination: Spread = Field(
        description="events in the histories of a nomination's workflow and its assessments', all runs together"
    )
    history_bytes_per_nomination: Spread = Field(description="the same in bytes")
    seconds: dict[str, float] = Field(description="how long each phase took")


async def summarise(
    sessions: Sessions,
    client: Client,
    cohort: str,
    *,
    seconds: Mapping[str, float],
    mailbox: Path | None = None,
) -> Summary:
    """Computes every figure of a cohort from the database and the histories.

    Args:
        sessions: The database.
        client: The namespace's client; a worker must be running, for workflows that have not ended.
        cohort: The cohort's id.
        seconds: How long each phase took, which nothing stored can say.
        mailbox: The folder of delivered messages, if there is one: what stands in it twice counts as a duplicate.

    Raises:
        CohortMissingError: There is no such cohort.
        WorkflowsUnreachableError: A workflow does not answer.
    """
    projection = await check_projection(sessions, client, cohort)
    privacy = await search_histories(sessions, client, cohort)
    sizes = await nomination_sizes(client, cohort)
    async with sessions() as session:
        outcomes = await figures.stages(session, cohort)
        chain = await audit.verify(session)
        held = await problem_as_held(session, cohort)
        duplicates = await figures.messages_owed_twice(session, cohort)
        if mailbox is not None:
            duplicates += delivered_again(mailbox)
        return Summary(
            nominations=sum(outcomes.values()),
            organisations=await figures.organisations(session, cohort),
            outcomes=outcomes,
            moved_up=await figures.moved_up(session, cohort),
            assessors=_assessors(await figures.loads(session, cohort)),
            offers=Offers.model_validate(
                {**await figures.offers(session, cohort), **await figures.offers_by_end(session, cohort)}
            ),
            quality=Quality.model_validate(
                {**await figures.quality(session, cohort), "rescored": await figures.rescored(session, cohort)}
            ),
            deadlines=Deadlines.model_validate(
                {**await figures.deadlines(session, cohort), **await figures.missed_by_whom(session, cohort)}
            ),
            messages=Messages(sent=await figures.messages_sent(session, cohort), duplicates=duplicates),
            hard_rules_violated=len(broken_rules(*held)),
            personal_values_in_histories=len(privacy.found),
            needs_attention=await figures.needing_attention(session, cohort),
            audit_chain="verified" if chain.whole else f"broken at {chain.broken_at}",
            projection=projection.words,
            history_events_per_nomination=_spread([size.events for size in sizes.values()]),
            history_bytes_per_nomination=_spread([size.size_bytes for size in sizes.values()]),
            seconds={name: round(value, 3) for name, value in seconds.items()},
        )


async def nomination_sizes(client: Client, cohort: str) -> dict[str, Size]:
    """For each nomination: its workflow's and its assessments' histories together, all runs."""
    runs = [run async for run in runs_of(client, cohort) if _nomination(run) is not None]
    together: dict[str, list[Size]] = defaultdict(list)
    for run, size in await sizes_of(client, runs):
        together[str(_nomination(run))].append(size)
    return {
        nomination: Size(
            events=sum(size.events for size in each),
            size_bytes=sum(size.size_bytes for size in each),
            transitions=sum(size.transitions for size in each),
        )
        for nomination, each in together.items()
    }


def delivered_again(mailbox: Path) -> int:
    """How many files of a mailbox folder hold a message that another file holds already, by its Message-ID."""
    if not mailbox.is_dir():
        return 0
    ids = Counter(str(message_from_bytes(path.read_bytes())["Message-ID"]) for path in mailbox.glob("*.eml"))
    return sum(ids.values()) - len(ids)


def _nomination(run: Run) -> str | None:
    """The nomination whose own workflow, or whose assessment's, this is a run of."""
    kind, _, id_ = run.workflow_id.partition("/")
    if kind == "nomination":
        return id_
    return nomination_of(AssessmentId(id_)) if kind == "assessment" else None


def _assessors(loads: Mapping[str, int]) -> Assessors:
    held = [load for load in loads.values() if load]
    return Assessors(
        pool=len(loads),
        used=len(held),
        load_min=min(held, default=0),
        load_max=max(held, default=0),
        load_mean=round(fmean(held), 2) if held else 0.0,
    )


def _spread(numbers: Sequence[int]) -> Spread:
    return Spread(median=median(numbers), max=max(numbers)) if numbers else Spread(median=0, max=0)
