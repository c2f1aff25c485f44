"""Mail, where credentials.yml names an account to send it from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relevo.bootstrap.store import OpenStore
from relevo.configuration import Configuration
from relevo.flow.codes import OneTimeCodes
from relevo.flow.mail import Mailer
from relevo.store.codes import PostgresCodes
from relevo.store.mails import PostgresMails

if TYPE_CHECKING:
    from relevo.channels.email.channel import EmailChannel

MAIL_IS_OFF = (
    "Mail is off, so confirmations and codes are not sent: to switch it on, add 'email' to credentials.yml as"
    " docs/howto/mail.md shows."
)

LINKS_LEAD_NOWHERE = (
    "but links in mails lead to this machine alone: set RELEVO_PUBLIC_URL to where everybody reaches it, such as"
    " https://help.example.com."
)


def mail_channel(configuration: Configuration) -> EmailChannel | None:
    """Give the channel that sends mail; None where mail is off."""
    if configuration.mail is None:
        return None
    from relevo.channels.email.channel import EmailChannel  # bots post mail, and need nothing that sends it

    return EmailChannel(configuration.mail)


def mailer(opened: OpenStore, configuration: Configuration) -> Mailer:
    """Give what posts mails, and says when mail is off."""
    account = configuration.mail
    return Mailer(
        mails=PostgresMails(opened.database), live=opened.live, company=account.sender_name if account else None
    )


def one_time_codes(opened: OpenStore, configuration: Configuration) -> OneTimeCodes:
    """Give what sends and checks codes."""
    return OneTimeCodes(codes=PostgresCodes(opened.database), mailer=mailer(opened, configuration))
