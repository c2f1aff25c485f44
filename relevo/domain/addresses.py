"""Whether a text is a mail address, and how machines write it."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_MAX_LOCAL, _MAX_WHOLE = 64, 254


def mail_address(text: str) -> str | None:
    """Give a mail address in lower case, its domain in ASCII; None for whatever is none.

    Quoted local parts, and local parts beyond ASCII, are none to us: hardly a server takes them.
    """
    local, _, domain = text.strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    is_written_right = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    fits = len(local) <= _MAX_LOCAL and len(local) + 1 + len(domain) <= _MAX_WHOLE
    return f"{local}@{domain}" if is_written_right and fits else None


def covered(address: str) -> str:
    """Give an address so that its owner knows it again and nobody else learns it: ``a…@example.com``, ``…42``."""
    name, at, place = address.rpartition("@")
    if at and name:
        return f"{name[:1]}…@{place}"
    return f"…{address[-2:]}" if len(address) > 4 else "…"
