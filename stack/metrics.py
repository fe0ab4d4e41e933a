"""What a worker tells Prometheus: the SDK's own metrics, and how much waits in the database.

Figures are counts of rows, never of anybody: no label holds more than a stage's word. Every worker counts the same
database, so a panel takes ``max``, not ``sum``.
"""

import asyncio
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.enums import MessageStatus, Stage, TellingStatus
from models.tables import Nomination, OutboxMessage, Telling

_ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Waiting:
    """What stands in the database at one moment."""

    messages: int = 0
    tellings: int = 0
    need_attention: int = 0
    stages: dict[Stage, int] = field(default_factory=dict)


async def count_waiting(sessions: async_sessionmaker[AsyncSession]) -> Waiting:
    """Count what is queued, what needs attention, and the nominations in each stage."""
    async with sessions() as session:
        owed = (MessageStatus.WAITING, MessageStatus.SENDING)
        messages = await session.exec(
            select(func.count()).select_from(OutboxMessage).where(col(OutboxMessage.status).in_(owed))
        )
        tellings = await session.exec(
            select(func.count()).select_from(Telling).where(Telling.status == TellingStatus.WAITING)
        )
        attention = await session.exec(
            select(func.count()).select_from(Nomination).where(col(Nomination.attention_code).is_not(None))
        )
        stages = await session.exec(select(Nomination.stage, func.count()).group_by(col(Nomination.stage)))
        return Waiting(
            messages.one(), tellings.one(), attention.one(), {Stage(stage): number for stage, number in stages.all()}
        )


class _Figures(Collector):
    def __init__(self, waiting: Waiting | None) -> None:
        self._waiting = waiting

    def collect(self) -> list[GaugeMetricFamily]:
        """Every figure; those of the database are left out while nobody knows them."""
        reachable = GaugeMetricFamily("talent_pool_database_reachable", "1 if the database answered just now.")
        reachable.add_metric([], float(self._waiting is not None))
        if self._waiting is None:
            return [reachable]
        now = self._waiting
        stages = GaugeMetricFamily("talent_pool_nominations", "Nominations in each stage.", labels=["stage"])
        for stage in Stage:
            stages.add_metric([stage.value], now.stages.get(stage, 0))
        return [
            reachable,
            _gauge("talent_pool_messages_waiting", "Messages owed to people, not sent yet.", now.messages),
            _gauge("talent_pool_tellings_waiting", "Starts and Updates owed to workflows.", now.tellings),
            _gauge("talent_pool_needs_attention", "Nominations that wait for operations.", now.need_attention),
            stages,
        ]


def _gauge(name: str, words: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def exposition(waiting: Waiting | None) -> bytes:
    """The figures in Prometheus' text format; None stands for a database that did not answer."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(waiting))
    return generate_latest(registry)


async def sdk_metrics(port: int) -> bytes:
    """What the SDK exports on a port of 127.0.0.1, in Prometheus' text format.

    Raises:
        OSError: When nothing answers there.
        TimeoutError: When it takes longer than five seconds.
    """
    async with asyncio.timeout(_ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2]
