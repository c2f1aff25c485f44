"""A real mail server on loopback: it keeps what it accepts, and goes wrong on demand in every way that servers do."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relevo.configuration.mail import MailAccount
from relevo.settings import Secret

NAME, ADDRESS = "Aurora Aérea", "ayuda@aurora.example"


class Fault(Enum):
    """What goes wrong with one mail."""

    NOT_NOW = "451 4.7.1 Greylisted, come back later"
    NO_SUCH_RECIPIENT = "550 5.1.1 No such user"
    WORDS_NOT_NOW = "452 4.3.1 No room"
    WORDS_REFUSED = "554 5.7.1 Looks like spam"
    SENDER_REFUSED = "553 5.7.1 Not your address"
    GOES_BEFORE_WORDS = "closes the connection when the words are announced"
    GOES_AFTER_WORDS = "keeps the mail and closes the connection without a word"
    SILENT_AFTER_WORDS = "keeps the mail and says nothing"


@dataclass(kw_only=True)
class MailServer:
    """What the server is told to do, and what it has accepted."""

    port: int = 0
    accepted: list[bytes] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    connections: int = 0
    _faults: deque[Fault] = field(default_factory=deque)

    def fail(self, *faults: Fault) -> None:
        """Let the next mails go wrong, one by one."""
        self._faults.extend(faults)

    @property
    def mails(self) -> list[EmailMessage]:
        """Everything accepted, as a reader's program reads it."""
        return [message_from_bytes(raw, policy=default) for raw in self.accepted]

    @property
    def texts(self) -> list[str]:
        """The words of everything accepted."""
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]

    def account(self, **changes: Any) -> MailAccount:
        """Give the account that sends through this server."""
        known = {"host": "127.0.0.1", "port": self.port, "tls": "none", "sender": ADDRESS, "sender_name": NAME}
        return MailAccount(**{**known, **changes})

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender."""
        if fault := self._take(Fault.SENDER_REFUSED):
            return str(fault.value)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if fault := self._take(Fault.NOT_NOW, Fault.NO_SUCH_RECIPIENT):
            return str(fault.value)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse the words."""
        if fault := self._take(Fault.WORDS_NOT_NOW, Fault.WORDS_REFUSED):
            return str(fault.value)
        assert isinstance(envelope.content, bytes)
        self.accepted.append(envelope.content)
        if self._take(Fault.GOES_AFTER_WORDS):
            _hang_up(server)
        if self._take(Fault.SILENT_AFTER_WORDS):
            await asyncio.Event().wait()
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever says the password."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame", handled=False)

    def _take(self, *faults: Fault) -> Fault | None:
        return self._faults.popleft() if self._faults and self._faults[0] in faults else None


class _Protocol(SMTP):
    def __init__(self, told: MailServer, **options: Any) -> None:
        super().__init__(told, hostname="mail.test", authenticator=told.authenticate, **options)
        told.connections += 1
        self._told = told

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self._told._take(Fault.GOES_BEFORE_WORDS):
            _hang_up(self)
            return
        await super().smtp_DATA(arg)


@asynccontextmanager
async def mail_server(
    told: MailServer | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    is_tls_at_once: bool = False,
    **options: Any,
) -> AsyncIterator[MailServer]:
    """Serve on a free port, or on the one that ``told`` had before."""
    told = told or MailServer()
    loop, protocols = asyncio.get_running_loop(), list[_Protocol]()

    def protocol() -> _Protocol:
        starttls = None if is_tls_at_once else tls
        protocols.append(_Protocol(told, loop=loop, tls_context=starttls, **options))
        return protocols[-1]

    server = await loop.create_server(protocol, "127.0.0.1", told.port, ssl=tls if is_tls_at_once else None)
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        await server.wait_closed()
        for one in protocols:
            _hang_up(one)


def _hang_up(server: SMTP) -> None:
    transport: Any = server.transport  # of asyncio or of uvloop, whose transports are no classes of asyncio
    if transport is not None:
        transport.abort()


def logged_in(password: str) -> dict[str, Any]:
    """Give the changes to an account that make it log in."""
    return {"user": "aurora", "password": Secret(password)}


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a self-signed certificate of 127.0.0.1, and give the server's side of it and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return context, file
