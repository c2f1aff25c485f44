"""What all hosts share about one account on X: its tokens, what may still be sent, who writes by which way, what went.

``X`` is the channel's name; an address there is a contact's user id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from relevo.contracts.channel import Delivery, Priority, Receipt
from relevo.settings import Secret

X = "x"
DM = "dm"
"""Transport of messages that X can read."""
CHAT = "chat"
"""Transport of messages that only the two who write can read (XChat)."""


class UserTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What OAuth 2.0 gave for acting in the account's name."""

    access: Secret
    refresh: Secret | None
    expires_at: datetime
    scopes: tuple[str, ...] = ()


class Tokens(Protocol):
    """The tokens of accounts, sealed."""

    async def read(self, account_id: str) -> UserTokens | None:
        """Give an account's tokens; None before the first login."""
        ...

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        """Keep what a login gave, in place of what was kept before."""
        ...

    async def renew(
        self, account_id: str, stale: Secret, ask: Callable[[Secret], Awaitable[UserTokens]]
    ) -> UserTokens | None:
        """Give tokens newer than this access token, kept before they are given.

        One host at a time asks; the others wait, and get what it got. ``ask`` takes the refresh token, which is used
        up by it. None where there is nothing to renew with.
        """
        ...


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """How a contact is answered: by the transport that their last message came by."""

    address: str
    transport: str = DM
    chat_conversation_id: str | None = None
    """As XChat writes it, with its own separator."""
    conversation_token: str | None = None
    """What an XChat message brought and the answer gives back."""
    heard_at: datetime | None = None
    opted_out_at: datetime | None = None
    """When they said last that they want nothing from a program; None once they wrote anything else."""


class Peers(Protocol):
    """Who writes by which way."""

    async def heard(
        self,
        address: str,
        transport: str,
        *,
        at: datetime,
        chat_conversation_id: str | None = None,
        conversation_token: str | None = None,
    ) -> None:
        """Remember how a contact wrote; what is older than the last is no news, and what is None stays as it was."""
        ...

    async def opted_out(self, address: str) -> None:
        """Remember that what they wrote last says that they want nothing from a program."""
        ...

    async def of(self, address: str) -> Peer:
        """Give how a contact is answered; by DM where nothing is known."""
        ...


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of X's, as its headers tell: so many within a time that ends then."""

    span: str
    """``short`` (15 minutes), ``user_day`` or ``app_day``."""
    limit: int
    """0 where X did not say."""
    remaining: int
    resets_at: datetime


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing may be sent now, and until when."""

    until: datetime
    why: str
    """``limit``, ``no_credits`` or ``signed_out``."""


class Limits(Protocol):
    """How much an account may still do, by endpoint, counted for all hosts together."""

    async def reserve(self, account_id: str, endpoint: str, priority: Priority = Priority.ANSWER) -> Wait | None:
        """Take one slot before asking X; None when it is taken. Part of every window is kept for agents."""
        ...

    async def release(self, account_id: str, endpoint: str) -> None:
        """Give back a slot with which X was certainly not asked."""
        ...

    async def learn(self, account_id: str, endpoint: str, windows: Sequence[Window]) -> None:
        """Correct what is counted by what X says."""
        ...

    async def stop(self, account_id: str, why: str, until: datetime) -> None:
        """Have nobody ask in the account's name until then; afterwards one tries first."""
        ...

    async def resume(self, account_id: str) -> None:
        """Say that X takes something again."""
        ...

    async def stopped(self, account_id: str) -> Wait | None:
        """Give why nothing is sent at all; None where something is."""
        ...

    async def windows(self, account_id: str, endpoint: str) -> Sequence[Window]:
        """Give the windows as they stand, for whoever looks."""
        ...


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One of the messages that a delivery leaves as: X takes so many characters and one file in each."""

    number: int
    of: int
    fingerprint: bytes
    """Of its words, as an echo gives them back."""
    upload_id: str | None = None
    usable_until: datetime | None = None
    begun_at: datetime | None = None
    """When X was asked to send it; with no ``external_id`` nobody knows whether it did."""
    external_id: str | None = None
    transport: str = DM


class Parts(Protocol):
    """How far each delivery has come, so that none of its messages is sent twice."""

    async def of(self, delivery_id: int) -> Mapping[int, Part]:
        """Give what is known of a delivery's parts, by number."""
        ...

    async def keep_upload(self, delivery_id: int, part: Part) -> None:
        """Remember what was uploaded for a part."""
        ...

    async def begin(self, delivery: Delivery, part: Part) -> None:
        """Write down that X is asked to send a part at ``begun_at``, before it is asked.

        From then on the delivery stays with its sender for a whole lease. Raises LeaseLost when it is not theirs.
        """
        ...

    async def end(self, delivery_id: int, number: int, external_id: str | None) -> None:
        """Write down that a part was sent, or with None that it certainly was not."""
        ...

    async def are_ours(self, external_ids: Sequence[str]) -> frozenset[str]:
        """Give those of these messages that deliveries are known to have left as."""
        ...


class Echoes(Protocol):
    """Telling our own account's messages apart: those that Relevo sent, and those of somebody in X's own app."""

    async def confirm(self, address: str, message_id: str, text: str, sent_at: datetime) -> bool:
        """Take note that a message of the account's is with the contact, and tell whether Relevo sent it.

        What was in doubt is confirmed by it. False: somebody wrote it elsewhere. Idempotent. Raises PlatformAway while
        something is on its way to the contact whose id is not known yet, so that nobody can tell: ask again then.
        """
        ...


class ChatWriter(Protocol):
    """Sends by XChat; the same delivery leaves with the same message id in every attempt."""

    async def send(self, delivery: Delivery, peer: Peer) -> Receipt:
        """Send one message; raises what contracts.channel.Channel.send raises."""
        ...
