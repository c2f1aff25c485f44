"""XChat on the fake X: public keys, conversations' keys, messages, files. X sees ciphertext, and so does this."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING, Any

import msgspec

from relevo.testing.x import wire
from relevo.testing.x.ids import milliseconds
from relevo.testing.x.messages import Event
from relevo.testing.x.problems import bad_request, not_found

if TYPE_CHECKING:
    from relevo.testing.x.users import User
    from relevo.testing.x.world import FakeX

_KEY_VERSION = 101
"""Field of a message that names the version of the conversation's key."""


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """What others need to write to somebody, and to know that it is they who write."""

    version: str
    public_key: str
    signing_public_key: str
    identity_signature: str

    def described(self) -> dict[str, Any]:
        """Describe it as X does."""
        return {
            "public_key_version": self.version,
            "public_key": self.public_key,
            "signing_public_key": self.signing_public_key,
            "identity_public_key_signature": self.identity_signature,
            "juicebox_config": {"key_store_token_map_json": "{}", "max_guess_count": 20, "token_map": []},
        }


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its sender handed it to X."""

    message_id: str
    content: str
    signature: str


class ChatEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a conversation, as X hands it out."""

    sequence_id: str
    message_id: str
    sender_id: str
    at_milliseconds: int
    encoded: str
    posting: Posting | None = None


@dataclass(kw_only=True)
class Conversation:
    """What X keeps of two people who write to each other."""

    id: str
    """As the events in it say: smaller number first, with a colon."""
    members: tuple[str, str]
    token: str
    events: list[ChatEvent] = field(default_factory=list)
    key_events: list[ChatEvent] = field(default_factory=list)
    key_versions: list[str] = field(default_factory=list)
    seen_until: dict[str, str] = field(default_factory=dict)
    """The last sequence id that each of them has read."""
    typed: list[str] = field(default_factory=list)
    """Who was writing, each time that X was told."""
    typed_after: int = -1
    """How many messages there were when somebody was last seen to write."""

    def is_typing(self, user_id: str) -> bool:
        """Whether somebody was seen to write and no message has come since."""
        return bool(self.typed) and self.typed[-1] == user_id and self.typed_after == len(self.events)

    def has_seen(self, user_id: str, message_id: str) -> bool:
        """Whether somebody has read up to a message."""
        until = int(self.seen_until.get(user_id, 0))
        return any(event.message_id == message_id and int(event.sequence_id) <= until for event in self.events)

    @property
    def told_id(self) -> str:
        """Give the id as deliveries write it, which differs from the one that is signed."""
        return ":".join(reversed(self.members))


class Chats:
    """Everything of XChat."""

    def __init__(self, x: FakeX) -> None:
        self._x = x
        self.keys: dict[str, list[PublicKey]] = {}
        """Public keys by user, oldest first."""
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, bytes] = {}
        """Ciphertext by ``media_hash_key``."""
        self.repeated: list[str] = []
        """Message ids that came again and were not taken twice."""
        self.unreadable: list[str] = []
        """What a customer could not decrypt or verify, in words."""
        self.tells_keys = True
        """Whether deliveries carry the event with the conversation's key, as X's samples do."""

    def between(self, one: str, other: str) -> Conversation:
        """Give the conversation of two users, which begins now if there is none."""
        if found := self.known(one, other):
            return found
        low, high = sorted((one, other), key=int)
        begun = Conversation(id=f"{low}:{high}", members=(low, high), token=f"eyJ{token_urlsafe(24)}")
        self.conversations[begun.id] = begun
        return begun

    def known(self, one: str, other: str) -> Conversation | None:
        """Give the conversation of two users, if they have one."""
        return self.conversations.get(":".join(sorted((one, other), key=int)))

    def named(self, account_id: str, given: str) -> Conversation:
        """Give a conversation by its id with any separator, or by the other's user id. Raises Problem 404."""
        members = [each for each in given.replace(":", "-").split("-") if each]
        others = [each for each in members if each != account_id]
        if len(others) != 1 or len(members) > 2 or others[0] not in self._x.users:
            raise not_found("the conversation")
        return self.between(account_id, others[0])

    def change_key(self, sender_id: str, conversation: Conversation, version: str, action: Mapping[str, Any]) -> str:
        """Give a conversation a new key, and give the sequence id of the event. Raises Problem 400."""
        try:
            detail, signature = wire.action_detail(action), wire.action_signature(action)
        except (KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise bad_request("`action_signatures` are not complete.") from error
        made = self._event(sender_id, conversation, str(action["message_id"]), detail, signature)
        conversation.key_events.append(made)
        conversation.key_versions.append(version)
        self._shown(conversation, made)
        return made.sequence_id

    def take(self, sender_id: str, conversation: Conversation, posting: Posting) -> tuple[ChatEvent, Sequence[Event]]:
        """Take a message once for its id, and give what X tells about it. Raises Problem 400."""
        for known in conversation.events:
            if known.message_id == posting.message_id:
                if known.posting != posting:
                    raise bad_request("A message with this id was sent before, and it was another one.")
                self.repeated.append(posting.message_id)
                return known, ()
        try:
            content = base64.b64decode(posting.content, validate=True)
            detail, signature = wire.message_detail(posting.content), wire.message_signature(posting.signature)
            version = text_fields(content)[_KEY_VERSION]
        except (binascii.Error, KeyError, ValueError) as error:
            raise bad_request("The message is not an encoded MessageCreateEvent.") from error
        if version not in conversation.key_versions[-1:]:
            raise bad_request("NonLatestKeyVersion: the message is encrypted with a key that is not the latest.")
        made = self._event(sender_id, conversation, posting.message_id, detail, signature, posting)
        conversation.events.append(made)
        self._shown(conversation, made)
        return made, self.told(conversation, made, version)

    def told(self, conversation: Conversation, event: ChatEvent, version: str) -> list[Event]:
        """Give what X tells both sides about a message."""
        payload = {
            "conversation_token": conversation.token,
            "id": event.message_id,
            "created_at_msec": str(event.at_milliseconds),
            "sender_id": event.sender_id,
            "conversation_id": conversation.told_id,
            "conversation_key_version": version,
            "encoded_event": event.encoded,
        }
        if self.tells_keys and conversation.key_events:
            payload["conversation_key_change_event"] = conversation.key_events[-1].encoded
        signed = {"message_event_signature": self._signature(event)} if event.posting else {}
        return [
            Event(
                uuid=self._x.event_uuid(),
                type="chat.sent" if member == event.sender_id else "chat.received",
                user_id=member,
                payload={**payload, **signed},
                at=self._x.clock(),
            )
            for member in conversation.members
        ]

    def _signature(self, event: ChatEvent) -> dict[str, str]:
        assert event.posting is not None, "only messages are told"
        named = text_fields(wire.message_signature(event.posting.signature))
        signing = {key.version: key.signing_public_key for key in self.keys.get(event.sender_id, ())}
        return {
            "public_key_version": named.get(2, ""),
            "signature": named.get(1, ""),
            "signature_version": named.get(3, ""),
            "signing_public_key": signing.get(named.get(2, ""), ""),
        }

    def _event(
        self,
        sender_id: str,
        conversation: Conversation,
        message_id: str,
        detail: bytes,
        signature: bytes,
        posting: Posting | None = None,
    ) -> ChatEvent:
        sequence_id, now = self._x.ids.next(), milliseconds(self._x.clock())
        encoded = wire.event(
            sequence_id=sequence_id,
            message_id=message_id,
            sender_id=sender_id,
            conversation_id=conversation.id,
            created_at_msec=now,
            detail=detail,
            signature=signature,
        )
        return ChatEvent(
            sequence_id=sequence_id,
            message_id=message_id,
            sender_id=sender_id,
            at_milliseconds=now,
            encoded=encoded,
            posting=posting,
        )

    def _shown(self, conversation: Conversation, event: ChatEvent) -> None:
        """Show an event to both sides, who decrypt it if they can."""
        for member in conversation.members:
            self._x.users[member].chat_event(event)

    def register(self, user: User, key: PublicKey) -> None:
        """Publish somebody's key."""
        self.keys.setdefault(user.id, []).append(key)

    def keep_file(self, data: bytes) -> str:
        """Keep ciphertext and give its ``media_hash_key``."""
        name = token_hex(12)
        self.files[name] = data
        return name


def text_fields(raw: bytes) -> dict[int, str]:
    """Read the text fields that a struct of Thrift's begins with; bytes that are no text read badly."""
    found, position = {}, 0
    while raw[position : position + 1] == b"\x0b":
        number, length = int.from_bytes(raw[position + 1 : position + 3], "big"), position + 7
        end = length + int.from_bytes(raw[position + 3 : length], "big")
        found[number] = raw[length:end].decode(errors="replace")
        position = end
    return found
