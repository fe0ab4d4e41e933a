"""Serves the portal: one process, until it is asked to end."""

import asyncio
from urllib.parse import urlsplit

import structlog
import uvicorn

from acts import acts_at
from acts.desk import Desk
from notify.settled import channel_of, poster_of, sender_of
from portal.app import make_portal
from portal.oidc import Provider
from portal.pauses import keep_pauses_short
from portal.services import LOOPBACK, Branding, Services
from portal.sessions import SessionLimits
from stack.client import connect
from stack.settings import Environment, Settings, SettingsError
from storage.engine import make_engine, sessions

_log = structlog.get_logger(__name__)
_CONNECTIONS = 15


async def serve(settings: Settings, *, port: int) -> None:
    """Serves pages on ``port`` until SIGINT or SIGTERM.

    Args:
        settings: Where the database and Temporal are, and what the service is called.
        port: A port of the settings' address.

    Raises:
        SettingsError: No database or no Temporal is named, or no sender can be read.
    """
    if settings.database_url is None or settings.temporal_address is None:
        raise SettingsError("The portal needs DATABASE_URL and TEMPORAL_ADDRESS.")
    engine = make_engine(settings.database_url, pool_size=_CONNECTIONS, overflow=0)
    try:
        client = await connect(settings, attempts=None)
        desk = Desk(sessions(engine), client, settings.task_queue)
        portal = make_portal(services_over(settings, desk))
        server = uvicorn.Server(
            uvicorn.Config(
                portal,
                host=settings.listen_address,
                port=port,
                # Our own lines are written by the doorway, without what stands after a question mark.
                access_log=False,
                log_config=None,
                forwarded_allow_ips=settings.portal_proxies,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )
        keep_pauses_short()
        _log.info("portal", port=port)
        await asyncio.shield(server.serve())
    finally:
        await engine.dispose()


def services_over(settings: Settings, desk: Desk) -> Services:
    """The portal's surroundings, as the settings have them."""
    sender = sender_of(settings)
    development = settings.environment is Environment.DEVELOPMENT
    if not development and not settings.portal_address:
        raise SettingsError("The portal needs TALENT_POOL_PORTAL_ADDRESS in production: letters lead people there.")
    own = urlsplit(settings.portal_address or "").hostname
    return Services(
        acts=acts_at(desk),
        channel=channel_of(settings),
        sender=sender,
        branding=Branding(settings.service_name, settings.official, sender.contact, development),
        limits=SessionLimits(settings.portal_idle, settings.portal_longest),
        personas=settings.portal_personas,
        mailbox=settings.mailbox if development else None,
        receipts=settings.notify_receipts,
        provider=_provider_of(settings),
        poster=poster_of(settings),
        hosts=LOOPBACK | {own} if own else LOOPBACK,
        temporal_pages=(settings.temporal_pages or "").rstrip("/"),
    )


def _provider_of(settings: Settings) -> Provider | None:
    if settings.oidc_issuer is None or settings.oidc_client is None:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret, settings.oidc_name)
