"""One-time links with which people set their password; only a hash of what is in them is kept."""

from __future__ import annotations

from typing import Protocol

import msgspec

from relevo.contracts.accounts import AgentAccount

LINK_SECONDS = 24 * 3_600.0
"""How long a link holds."""


class LinkMail(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is to be mailed now, and that a worker holds."""

    id: int
    email: str
    name: str
    language: str
    attempts: int


class PasswordLinks(Protocol):
    """The links of all accounts."""

    async def ask(self, email: str, language: str) -> None:
        """Have a link mailed to the account with this address; where there is none, nothing happens."""
        ...

    async def mail(self, agent_id: int, language: str) -> AgentAccount:
        """Have a link mailed to an account, and give the account. Raises NotFound."""
        ...

    async def make(self, agent_id: int, token_hash: bytes) -> AgentAccount:
        """Keep a link that somebody hands over, and give whose it is. Raises NotFound."""
        ...

    async def owner(self, token_hash: bytes) -> AgentAccount | None:
        """Give whose password a link sets, if it still does."""
        ...

    async def use(self, token_hash: bytes, password_hash: str) -> AgentAccount | None:
        """Set the password, once: all links and sessions of the account end. None where the link does not hold."""
        ...

    async def claim(self, token_hash: bytes) -> LinkMail | None:
        """Take one that is to be mailed; from now on this hash opens it."""
        ...

    async def settle(self, link_id: int, *, again_in_seconds: float | None = None) -> None:
        """Say that a mail has left, or when it is to be tried again."""
        ...

    async def drop(self, link_id: int) -> None:
        """Forget a link whose mail nobody takes."""
        ...
