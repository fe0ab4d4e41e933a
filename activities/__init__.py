"""Everything a workflow asks of the outside world, one module for each capability."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.client import Client

from activities.allocation import AllocationActivities
from activities.assessments import AssessmentActivities
from activities.cohorts import CohortActivities
from activities.nominations import NominationActivities
from activities.outbox import OutboxActivities
from activities.quality import QualityActivities
from activities.undoing import UndoActivities
from activities.webhooks import WebhookActivities
from notify.channels import Channel
from notify.compose import Sender
from notify.posting import Poster


def build(
    *,
    sessions: async_sessionmaker[AsyncSession],
    client: Client,
    channel: Channel,
    sender: Sender,
    task_queue: str,
    poster: Poster | None = None,
) -> list[Callable[..., object]]:
    """All activities of a worker, over one database, one Temporal client and one channel to people.

    Without a ``poster``, events are sent to public addresses over https alone.
    """
    nominations = NominationActivities(sessions)
    quality = QualityActivities(sessions)
    cohorts = CohortActivities(sessions, client)
    allocation = AllocationActivities(sessions, client)
    undoing = UndoActivities(sessions, client)
    outbox = OutboxActivities(sessions, client, channel, sender, task_queue)
    return [
        nominations.record_nomination,
        nominations.screen,
        AssessmentActivities(sessions).record_assessment,
        quality.check_quality,
        quality.settle_flags,
        cohorts.record_cohort,
        cohorts.count_stages,
        cohorts.tell_nominations,
        allocation.solve_panels,
        allocation.release_run,
        allocation.discard_run,
        allocation.tell_panels,
        undoing.undo_run,
        undoing.tell_taken_back,
        outbox.deliver_messages,
        outbox.relay_tellings,
        WebhookActivities(sessions, poster or Poster()).send_webhooks,
    ]
