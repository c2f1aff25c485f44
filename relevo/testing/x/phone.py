"""A customer's own device on XChat: it holds their keys, and really encrypts, decrypts and verifies with chatxdk."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import filetype
from chat_xdk import Chat

from relevo.testing.x.chat import ChatEvent, Posting, PublicKey
from relevo.testing.x.messages import Event, Message, Picture
from relevo.testing.x.users import User

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

Shape = Mapping[str, Any]


class Phone:
    """Keys of one user, and what they can read with them."""

    def __init__(self, x: FakeX, user: User) -> None:
        self._x, self._user = x, user
        self._chat: Any = None
        self._version = ""
        self._keys: dict[str, bytes] = {}
        self.new_keys()

    def new_keys(self) -> None:
        """Make and publish new keys, as a new device does: whoever keeps the old ones cannot verify what comes."""
        self._chat = Chat()
        made = self._chat.generate_keypairs().public_key
        self._version = str(len(self._x.chats.keys.get(self._user.id, ())) + 1)
        self._chat.set_identity(self._user.id, self._version)
        self._chat.set_cache_keys(enabled=True)
        self._keys.clear()
        key = PublicKey(
            version=self._version,
            public_key=made.public_key,
            signing_public_key=made.signing_public_key,
            identity_signature=made.identity_public_key_signature,
        )
        self._x.chats.register(self._user, key)

    def new_conversation_key(self, other: User) -> None:
        """Give the conversation with somebody a new key; raises AssertionError where they are not on XChat."""
        assert self._x.chats.keys.get(other.id), (
            f"{other.name} has registered no public keys, so nobody can encrypt to them"
        )
        prepared = self._chat.prepare_conversation_key_change(
            [
                {"user_id": user.id, "public_key": key.public_key, "key_version": key.version}
                for user in (other, self._user)
                for key in self._x.chats.keys[user.id][-1:]
            ]
        )
        conversation = self._x.chats.between(self._user.id, other.id)
        version = prepared["conversation_key_version"]
        self._keys[version] = bytes(prepared["conversation_key"])
        self._x.chats.change_key(self._user.id, conversation, version, prepared["action_signatures"][0])

    def write(
        self, other: User, text: str, *, photo: bytes | None = None, quick_reply: Shape | None = None, is_forged: bool
    ) -> tuple[str, Sequence[Event]]:
        """Encrypt and post a message; give its id and what X tells. A forged one carries a signature of another."""
        key, version = self._key(other)
        attachments = [self._attachment(photo, key)] if photo is not None else None
        options = {"attachments": attachments, "quick_reply": quick_reply}
        given = {name: value for name, value in options.items() if value is not None}
        written = self._chat.encrypt_message(
            self._x.chats.between(self._user.id, other.id).id,
            text,
            conversation_key=key,
            conversation_key_version=version,
            **given,
        )
        posting = Posting(
            message_id=written.message_id,
            content=written.encrypted_content,
            signature=written.encoded_event_signature,
        )
        if is_forged:
            posting = Posting(message_id=str(uuid.uuid4()), content=posting.content, signature=posting.signature)
        return self._posted(other, posting)

    def edit(self, other: User, message_id: str, text: str) -> tuple[str, Sequence[Event]]:
        """Replace the text of a message of theirs."""
        key, version = self._key(other)
        conversation = self._x.chats.between(self._user.id, other.id)
        event = next(each for each in conversation.events if each.message_id == message_id)
        self._learn()
        written = self._chat.encrypt_edit(event.encoded, text, conversation_key=key, conversation_key_version=version)
        posting = Posting(
            message_id=written.message_id,
            content=written.encrypted_content,
            signature=written.encoded_event_signature,
        )
        return self._posted(other, posting)

    def read(self, event: ChatEvent) -> Message | None:
        """Decrypt what somebody else wrote; None for keys and for what is no message. Raises ValueError."""
        self._learn()
        if event.posting is None:
            found = self._chat.decrypt_events([event.encoded])
            self._keys.update({name: bytes(key) for name, key in found["conversation_keys"]["keys"].items()})
            if found["errors"]:
                raise ValueError(f"A key could not be read: {found['errors']}")
            return None
        read = self._chat.decrypt_event(event.encoded, self._keys)
        if read["type"] != "Message":
            return None
        return self._message(event, read)

    def _message(self, event: ChatEvent, read: Shape) -> Message:
        content = read["content"]
        offered = ((content.get("quick_reply") or {}).get("request") or {}).get("options") or {}
        changes = content.get("target_message_id") if content["content_type"] == "Edit" else None
        return Message(
            id=event.message_id,
            sender_id=event.sender_id,
            recipient_id=self._user.id,
            text=content.get("new_text") if changes else content.get("text") or "",
            sent_at=self._x.clock(),
            picture=self._picture(event, read),
            transport="chat",
            options=tuple(each["label"] for each in offered.get("options") or ()),
            changes=changes,
        )

    def _picture(self, event: ChatEvent, read: Shape) -> Picture | None:
        for attachment in read.get("attachments") or ():
            if attachment["attachment_type"] == "Media":
                key = self._keys[read["key_version"]]
                data = bytes(self._chat.decrypt_stream(self._x.chats.files[attachment["media_hash_key"]], key))
                mime = filetype.guess_mime(data) or "application/octet-stream"
                return self._x.picture(data, mime, event.message_id)
        return None

    def choice(self, encoded: str, label: str) -> Shape:
        """Give the quick reply that chooses a label of an encoded message's."""
        offered = self._chat.decrypt_event(encoded, self._keys)["content"]["quick_reply"]["request"]["options"]
        chosen = next(each for each in offered["options"] if each["label"] == label)
        return {
            "response": {
                "options": {
                    "request_id": offered["id"],
                    "metadata": chosen.get("metadata"),
                    "selected_option_id": chosen["id"],
                }
            }
        }

    def _posted(self, other: User, posting: Posting) -> tuple[str, Sequence[Event]]:
        conversation = self._x.chats.between(self._user.id, other.id)
        made, told = self._x.chats.take(self._user.id, conversation, posting)
        return made.message_id, told

    def _key(self, other: User) -> tuple[bytes, str]:
        conversation = self._x.chats.between(self._user.id, other.id)
        if not conversation.key_versions or conversation.key_versions[-1] not in self._keys:
            self.new_conversation_key(other)
        version = conversation.key_versions[-1]
        return self._keys[version], version

    def _attachment(self, photo: bytes, key: bytes) -> dict[str, Any]:
        kind = filetype.guess(photo)
        name = self._x.chats.keep_file(bytes(self._chat.encrypt_stream(photo, key)))
        return {
            "attachment_type": "media",
            "media_hash_key": name,
            "width": 10,
            "height": 10,
            "filesize_bytes": len(photo),
            "filename": f"photo.{kind.extension if kind else 'bin'}",
        }

    def _learn(self) -> None:
        """Know everybody's newest and older public keys."""
        self._chat.set_signing_keys(
            [
                {
                    "user_id": user_id,
                    "public_key_version": key.version,
                    "public_key": key.signing_public_key,
                    "identity_public_key": key.public_key,
                    "identity_public_key_signature": key.identity_signature,
                }
                for user_id, keys in self._x.chats.keys.items()
                for key in keys
            ]
        )
