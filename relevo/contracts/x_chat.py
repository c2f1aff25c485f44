"""What all hosts share about X's encrypted chat (XChat): keys, sealed, and which message is which.

Three kinds of keys: the account's own *pair*, by which conversation keys reach us and our messages are signed; the
*public keys* of whom we talk to; and a *conversation key* for each version of a conversation. A conversation is named
by its two user ids, the smaller first: ``1111:2222``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPair:
    """The account's own keys: identity and signing, private and public."""

    public_key: str
    """The identity's, base64."""
    signing_public_key: str
    secret: bytes = field(repr=False)
    """What chatxdk exports: whoever has it reads everything and speaks as the account."""
    registration: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """What X is told of the pair: nothing secret."""
    version: str | None = None
    """What X calls it; None while it is not registered."""
    made_at: datetime | None = None


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """One of somebody's registered keys, as X gives it; the signature binds one key to the other."""

    version: str
    public_key: str
    signing_public_key: str
    signature: str


class ChatKeys(Protocol):
    """Keys; whatever is secret is sealed."""

    async def pairs(self, account_id: str) -> Sequence[OwnPair]:
        """Give an account's registered pairs, newest first: what is old opens what was said by it."""
        ...

    async def waiting(self, account_id: str) -> OwnPair | None:
        """Give the pair that X has not been told of yet, or has and we do not know."""
        ...

    async def begin(self, account_id: str, pair: OwnPair) -> OwnPair:
        """Keep a pair before X is told of it, and give the one that waits: where one did, this one is not kept."""
        ...

    async def registered(self, account_id: str, pair: OwnPair) -> None:
        """Keep a pair by its version, and end its waiting. Idempotent."""
        ...

    async def public_keys(self, user_id: str) -> Sequence[PublicKey] | None:
        """Give somebody's keys as they were fetched last; None where they never were."""
        ...

    async def keep_public_keys(self, user_id: str, keys: Sequence[PublicKey]) -> None:
        """Keep somebody's keys in place of what was kept before."""
        ...

    async def conversation_keys(self, conversation: str) -> Mapping[str, bytes]:
        """Give a conversation's keys by version. Raises Damaged where one cannot be opened."""
        ...

    async def keep_conversation_keys(self, conversation: str, address: str, keys: Mapping[str, bytes]) -> None:
        """Keep keys of a conversation with a contact; a version that is known stays as it is."""
        ...


class Encrypted(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it leaves, the same in every attempt."""

    message_id: str
    content: str
    """``encoded_message_create_event``."""
    signature: str
    """``encoded_message_event_signature``."""
    options: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The payload of each button, by the id of its quick reply."""


class ChatRecords(Protocol):
    """Which message is which; none of its words."""

    async def encrypted(self, delivery_id: int) -> Encrypted | None:
        """Give what was encrypted for a delivery before."""
        ...

    async def keep_encrypted(
        self, delivery_id: int, conversation_id: UUID, address: str, message: Encrypted
    ) -> Encrypted:
        """Keep what is about to leave, and give what does: the first that was kept, whoever else came."""
        ...

    async def drop_encrypted(self, delivery_id: int, message_id: str) -> None:
        """Forget what X refused, so that it is encrypted anew."""
        ...

    async def confirm(self, message_id: str) -> bool:
        """Tell whether a message of our account left here, and end the doubt about its delivery if there is any."""
        ...

    async def chosen(self, delivery_id: int, address: str, option_id: str | None, payload: str | None) -> str | None:
        """Give the payload that a quick reply to a delivery stands for, by its id, else by itself.

        None where it was never offered to this contact.
        """
        ...

    async def note(self, conversation: str, address: str, sequence_id: str, message_id: str, *, is_ours: bool) -> None:
        """Remember what X calls a message by its place; the first word about a place counts."""
        ...

    async def at(self, conversation: str, sequence_id: str) -> tuple[str, bool] | None:
        """Give the message at a place, and whether it is ours."""
        ...

    async def last(self, conversation: str, *, is_ours: bool, up_to: str | None = None) -> tuple[str, str] | None:
        """Give place and id of the last message of one side, up to a place where one is named."""
        ...

    async def written_to(self) -> Sequence[str]:
        """Give whom the bot answers, or an agent writes to, right now by this chat."""
        ...
