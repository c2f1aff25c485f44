"""Agents' passwords: argon2id, always off the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's second choice; 19 MiB a check
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$xa1g6i8txbyFWHZToT2Xmg$+OuUr5+Ju/xeDK/2NBJh0KDAHNKEEq+58gxzxckJRjs"
"""A hash of nothing: checking against it takes as long as checking a real one."""

MIN_CHARACTERS = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is taken for something else when it is copied by hand


def new_password() -> str:
    """Make a password that is easy to copy: about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """Give what is kept of a password."""
    return _hasher.hash(password)


async def hash_password_aside(password: str) -> str:
    """Give what is kept of a password, without keeping the event loop waiting."""
    return await asyncio.to_thread(hash_password, password)


class PasswordChecks:
    """Checks passwords two at a time, so that a flood of sign-ins costs neither memory nor answers."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(2)

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Tell whether a password matches; without a hash it never does, and takes just as long."""
        async with self._turns:
            matches = await asyncio.to_thread(_matches, password, password_hash or _NOBODY)
        return matches and password_hash is not None


def _matches(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
