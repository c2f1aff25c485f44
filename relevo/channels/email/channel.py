"""Sends mail through a mail server (SMTP): one delivery, one mail, one connection.

    connect, protect, log in ─► sender, recipient ─► words ─► accepted
      fails: the platform is       refused for ever or for     no answer: unconfirmed,
      away, the mail waits         now: refused or deferred    never sent again

SMTP knows no idempotency key, so what is unconfirmed stays so for a person to see; the Message-ID is the same in every
attempt, by which many mailboxes at least drop a mail that came twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from ssl import SSLCertVerificationError

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from relevo.channels.email.writing import message_id, write
from relevo.configuration.mail import MailAccount
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.mail import EMAIL
from relevo.domain.addresses import mail_address
from relevo.errors import ConfigurationError, PlatformAway, SendDeferred, SendError, SendRefused, SendUnconfirmed

_AGAIN_MINUTES = (1, 4, 15, 60, 240, 720, 720)
"""Pauses after each "not now": soon for servers that put strangers off once, and long enough to outlast a day."""

_COMMAND_SECONDS = 20.0
_GOODBYE_SECONDS = 2.0
_GO_AHEAD = 354


class _Stage(Enum):
    """How far a mail has come."""

    CONNECTING = 1
    ADDRESSING = 2
    HANDED_OVER = 3
    """Its words have left: what is not answered now may have been sent."""
    ACCEPTED = 4


class EmailChannel:
    """Mail, as a channel; see contracts.channel.Channel."""

    name = EMAIL
    is_duplicate_safe = False

    def __init__(self, account: MailAccount, *, clock: Clock = system_clock, seconds: float = 45.0) -> None:
        """``seconds`` bounds a whole attempt, and must be less than an outbox row's lease."""
        self._account = account
        self._clock = clock
        self._seconds = seconds

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one mail."""
        message = write(delivery, self._account, self._clock())
        attempt = _Attempt(account=self._account, recipient=str(mail_address(delivery.address)))
        try:
            await asyncio.wait_for(attempt.run(message.as_bytes()), self._seconds)
        except (SMTPException, OSError, asyncio.TimeoutError) as error:
            if attempt.stage is not _Stage.ACCEPTED:  # else only the goodbye failed
                raise self._verdict(error, attempt.stage, delivery) from error
        return Receipt(external_id=message_id(delivery, self._account))

    async def reach(self) -> str:
        """Connect and log in without sending, and tell to what; raises ConfigurationError with a sentence."""
        try:
            await asyncio.wait_for(_Attempt(account=self._account, recipient="").greet(), self._seconds)
        except (SMTPException, OSError, asyncio.TimeoutError) as error:
            raise ConfigurationError(f"{_away(error, self._account)} Mend 'email' in credentials.yml.") from error
        login = f", logged in as {self._account.user}" if self._account.user else ""
        return f"{_server(self._account)} ({self._account.tls}){login}, from {self._account.sender}"

    def _verdict(self, error: Exception, stage: _Stage, delivery: Delivery) -> SendError:
        code = error.code if isinstance(error, SMTPResponseException) else 0
        if stage is _Stage.CONNECTING or (isinstance(error, SMTPSenderRefused) and code >= 500):
            return PlatformAway(_away(error, self._account))
        if code >= 500:
            return SendRefused(f"The mail server refuses it: {_said(error)}.")
        if code >= 400 or stage is _Stage.ADDRESSING:
            return SendDeferred(
                f"The mail server does not take it now: {_said(error)}.", until=self._again_at(delivery)
            )
        return SendUnconfirmed(f"The mail server did not say whether it has it: {_said(error)}.")

    def _again_at(self, delivery: Delivery) -> datetime:
        minutes = _AGAIN_MINUTES[min(delivery.attempts, len(_AGAIN_MINUTES)) - 1]
        return self._clock() + timedelta(minutes=minutes)


@dataclass(kw_only=True)
class _Attempt:
    """One connection to the mail server, and how far it came."""

    account: MailAccount
    recipient: str
    stage: _Stage = _Stage.CONNECTING

    async def greet(self) -> None:
        """Connect and log in, and nothing else."""
        async with self._connected():
            pass

    async def run(self, message: bytes) -> None:
        """Send a mail; whatever is raised, ``stage`` tells what it means."""
        async with self._connected() as server:
            self.stage = _Stage.ADDRESSING
            await server.mail(self.account.sender)
            await server.rcpt(self.recipient)
            reply = await server.execute_command(b"DATA")
            if reply.code != _GO_AHEAD or server.protocol is None:
                raise SMTPDataError(reply.code, reply.message)
            # Not server.data(): that would not tell a connection lost before the words from one lost after them.
            self.stage = _Stage.HANDED_OVER
            server.protocol.write(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")
            reply = await server.protocol.read_response(timeout=None)
            if not 200 <= reply.code < 300:
                raise SMTPDataError(reply.code, reply.message)
            self.stage = _Stage.ACCEPTED

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[SMTP]:
        account = self.account
        server = SMTP(
            hostname=account.host,
            port=account.port,
            local_hostname=account.domain,
            use_tls=account.tls == "tls",
            start_tls=account.tls == "starttls",
            username=account.user,
            password=account.password.reveal() if account.password else None,
            timeout=_COMMAND_SECONDS,
        )
        try:
            await server.connect()
            await server.ehlo()
            yield server
            with suppress(SMTPException, OSError, asyncio.TimeoutError):
                await server.quit(timeout=_GOODBYE_SECONDS)
        finally:
            server.close()


def _away(error: Exception, account: MailAccount) -> str:
    """Say why nothing could be handed over, and what that has to do with; never what was logged in with."""
    server = _server(account)
    if isinstance(error, SMTPAuthenticationError):
        return f"{server} does not accept user and password (code {error.code})."
    if isinstance(error, SMTPSenderRefused):
        return f"{server} takes no mail from {account.sender}: {_said(error)}."
    certificate = _certificate_error(error)
    if certificate is not None:
        return f"{server} shows a certificate that is not to be trusted: {certificate.verify_message}."
    return f"{server} cannot be reached: {_said(error)}."


def _certificate_error(error: BaseException | None) -> SSLCertVerificationError | None:
    while error is not None and not isinstance(error, SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return " ".join(f"{error.code} {error.message}".split())[:300]
    if isinstance(error, SMTPServerDisconnected):
        return "the connection was lost"
    if isinstance(error, asyncio.TimeoutError):
        return "it did not answer in time"
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


def _server(account: MailAccount) -> str:
    return f"{account.host} port {account.port}"
