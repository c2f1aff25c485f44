"""One-time codes: how they are made, kept and compared.

A code proves that whoever writes also reads the mail that goes to the address on file. One at most lives for each
identity; it dies when it was right, when a new one is sent, with the fifth wrong try, and after ten minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import Enum

DIGITS = 6
LIFE_SECONDS = 600
MAX_WRONG_TRIES = 5
MAX_SENDS = 3
"""Codes sent within ``SENDS_WITHIN_SECONDS``, for each identity that asks and for each address that gets them."""
SENDS_WITHIN_SECONDS = 3600


class CodeSending(str, Enum):
    """What came of asking for a code; nothing tells to which address it goes."""

    SENT = "sent"
    TOO_MANY = "too_many"
    """Three were sent within the last hour."""
    NO_ADDRESS = "no_address"
    """There is no address on file that a code can be sent to: a person must verify."""
    MAIL_OFF = "mail_off"
    """This installation sends no mail."""


class CodeCheck(str, Enum):
    """What came of a code that the contact gave."""

    RIGHT = "right"
    WRONG = "wrong"
    DEAD = "dead"
    """No code lives (any more): ask for a new one."""


def new_code() -> str:
    """Give a code that nobody can guess."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def new_salt() -> bytes:
    """Give what makes equal codes unequal where they are kept."""
    return secrets.token_bytes(16)


def hashed(code: str, salt: bytes) -> bytes:
    """Give what is kept of a code."""
    return hmac.new(salt, code.encode(), hashlib.sha256).digest()


def is_right(code: str, salt: bytes, kept: bytes) -> bool:
    """Compare a code with what was kept of one, in a time that tells nothing; only its digits count."""
    return hmac.compare_digest(hashed(re.sub(r"[^0-9]", "", code), salt), kept)
