"""Reads the ``email`` section of credentials.yml: the account that mail is sent from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr

import msgspec

from relevo.configuration.documents import Spot
from relevo.domain.addresses import mail_address
from relevo.settings import Secret

REQUIRED = ("host", "from")
OPTIONAL = ("port", "tls", "user", "password")
_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
"""The usual port of each way to protect a connection."""
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

Fill = Callable[[Spot], str]
"""Gives a value's text with what it takes from the environment; "" with a mistake noted."""


class MailAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, and in whose name it sends."""

    host: str
    port: int
    tls: str
    """``starttls``, ``tls`` (from the first byte) or ``none``."""
    sender: str
    """The address that mail comes from."""
    sender_name: str
    """Who writes, by name; the address where there is no name."""
    user: str | None = None
    password: Secret | None = None

    @property
    def domain(self) -> str:
        """The sender's domain, by which message ids are unique."""
        return self.sender.rpartition("@")[2]


def read_mail(spot: Spot, fill: Fill) -> MailAccount | None:
    """Read the account; what is wrong is noted."""
    parts = spot.fields(required=REQUIRED, optional=OPTIONAL)
    texts = {name: fill(part) for name, part in parts.items()}
    host = _host(parts.get("host"), texts.get("host", ""))
    tls = _tls(parts.get("tls"), texts.get("tls", "starttls"))
    port = _port(parts.get("port"), texts.get("port", str(_PORTS.get(tls, 0))))
    name, address = _sender(parts.get("from"), texts.get("from", ""))
    _check_login(spot, texts, tls)
    if not (host and tls and port and address):
        return None
    return MailAccount(
        host=host,
        port=port,
        tls=tls,
        sender=address,
        sender_name=name or address,
        user=texts.get("user"),
        password=Secret(texts["password"]) if "password" in texts else None,
    )


def _host(spot: Spot | None, text: str) -> str:
    if spot is not None and text and not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]+", text):
        spot.wrong("host must be the name of a mail server and nothing else; its port goes into 'port'.")
        return ""
    return text


def _tls(spot: Spot | None, text: str) -> str:
    if spot is None or text in _PORTS or not text:
        return text
    spot.wrong(f"tls is '{text}', and must be one of: {', '.join(sorted(_PORTS))}.")
    return ""


def _port(spot: Spot | None, text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    if spot is not None and text:
        spot.wrong("port must be a whole number between 1 and 65535.")
    return 0


def _sender(spot: Spot | None, text: str) -> tuple[str, str | None]:
    name, address = parseaddr(text)
    checked = mail_address(address)
    if spot is not None and text and (checked is None or not name.isprintable()):
        spot.wrong('from must be a name and a mail address, such as "Aurora <ayuda@aurora.example>".')
        return "", None
    return name, checked


def _check_login(spot: Spot, texts: Mapping[str, str], tls: str) -> None:
    if ("user" in texts) is not ("password" in texts):
        spot.wrong("email needs both user and password, or neither.")
    if "password" in texts and tls == "none" and texts.get("host") not in _THIS_MACHINE:
        spot.wrong("tls is 'none', which would send the password readable for all; write starttls or tls.")
