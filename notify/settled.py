"""How letters leave and whom they come from, as the settings have it: one answer for worker and portal."""

from notify.channels import Channel, MailboxChannel, SmtpChannel, SmtpServer
from notify.compose import Sender, sender_from
from stack.settings import Settings, SettingsError


def channel_of(settings: Settings) -> Channel:
    """How messages leave: by SMTP where a relay is named, else as files in the mailbox folder."""
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
        SettingsError: When the setting holds no e-mail address.
    """
    try:
        return sender_from(settings.smtp_from, contact=settings.contact or "", service=settings.portal_address or "")
    except ValueError as error:
        raise SettingsError(f"TALENT_POOL_SMTP_FROM: {error}.") from None
