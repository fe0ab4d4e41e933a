"""How letters and events leave and whom they come from, as the settings have it: one answer for all programs."""

from notify.channels import Channel, MailboxChannel, SmtpChannel, SmtpServer
from notify.compose import Sender, sender_from
from notify.govuk import NotifyChannel
from notify.posting import Poster
from stack.settings import Environment, Settings, SettingsError


def channel_of(settings: Settings) -> Channel:
    """How messages leave: by GOV.UK Notify or by SMTP where either is named, else as files in the mailbox folder."""
    if settings.notify_key is not None and settings.notify_template is not None:
        return NotifyChannel(settings.notify_key, settings.notify_template, settings.notify_url)
    if settings.smtp_host is None:
        return MailboxChannel(settings.mailbox or settings.folder / "mailbox")
    return SmtpChannel(
        SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password,
            starttls=settings.smtp_starttls,
        )
    )


def sender_of(settings: Settings) -> Sender:
    """Whom messages come from.

    Raises:
        SettingsError: When the setting holds no email address.
    """
    try:
        return sender_from(settings.smtp_from, contact=settings.contact or "", service=settings.portal_address or "")
    except ValueError as error:
        raise SettingsError(f"TALENT_POOL_SMTP_FROM: {error}.") from None


def poster_of(settings: Settings) -> Poster:
    """How events leave: over https, in development over http too, and to public addresses unless set otherwise."""
    return Poster(
        plain_allowed=settings.environment is Environment.DEVELOPMENT, private_allowed=settings.webhook_private
    )
