"""Sends by X's encrypted chat: encrypted once, kept, and from then on the very same message until X has it.

kept before? ─► else keys, files, encrypt, keep ─► posted ─► taken, or no answer: the same once more, X drops it
                                                    └ the key is old: newer one, encrypted anew, once
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.answers import XError, XRefused, XUnanswered
from relevo.channels.x.chat_crypto import NoConversationKey, NotSigned, conversation_of, message_id_in
from relevo.channels.x.chat_failures import STALE_KEYS, NotOnChat, named_in, verdict
from relevo.channels.x.chat_keys import NO_KEYS, Keyring
from relevo.channels.x.chat_media import ChatMedia
from relevo.channels.x.verdicts import verdict as judged
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x import Limits, Peer
from relevo.contracts.x_chat import ChatRecords, Encrypted, OwnPair, PublicKey
from relevo.domain.attachments import Attachment
from relevo.domain.messages import Button, Content
from relevo.errors import SendDeferred, SendDelayed, SendRefused, SendUnconfirmed, Unavailable, Unreadable

Bodies = Callable[[str, Attachment], Awaitable[bytes]]
"""Opens a file that is sent to somebody; raises SendRefused for one that cannot be opened any more."""
Key = tuple[str, bytes]

_TIMES_IN_A_ROW = 2
_UNTIL_KEYS = timedelta(minutes=10)
_MOST_OPTIONS, _LONGEST_LABEL = 20, 36
_COURTESY_SECONDS = 5.0


class ChatSender:
    """Sends; see contracts.x.ChatWriter."""

    def __init__(
        self,
        ring: Keyring,
        records: ChatRecords,
        media: ChatMedia,
        limits: Limits,
        bodies: Bodies,
        *,
        clock: Clock = system_clock,
    ) -> None:
        self._ring = ring
        self._records = records
        self._media = media
        self._limits = limits
        self._bodies = bodies
        self._clock = clock

    async def send(self, delivery: Delivery, peer: Peer) -> Receipt:
        """Send one message; NotOnChat, which is a SendRefused, for whoever is not on XChat any more."""
        if not await self._ring.pairs():
            raise SendDelayed(NO_KEYS, until=self._clock() + _UNTIL_KEYS)
        try:
            message = await self._sent(delivery, peer)
        except XUnanswered as error:  # of what goes before: the message itself has not left
            raise SendDeferred(str(error)) from error
        except XError as error:
            raise await judged(error, self._limits, self._ring.own_id, self._clock()) from error
        await self._show_as_read(peer)
        return Receipt(external_id=message.message_id)

    async def show_typing(self, address: str) -> None:
        """Show somebody that an answer is being written; what comes of it does not matter."""
        await self._courtesy(address, "typing", None)

    async def _sent(self, delivery: Delivery, peer: Peer) -> Encrypted:
        message = await self._records.encrypted(delivery.id) or await self._made(delivery, peer)
        failure = await self._failed(delivery, message, peer)
        if failure in STALE_KEYS:
            message = await self._made(delivery, peer, newer_than=failure)
            failure = await self._failed(delivery, message, peer)
        if failure is not None:
            raise verdict(failure, self._clock())
        return message

    async def _failed(self, delivery: Delivery, message: Encrypted, peer: Peer) -> str | None:
        """Hand a message over, and give why X did not take it; then it is forgotten, to be encrypted anew.

        Not where X has it from an attempt before, whose answer was lost: what it says of a second one means nothing.
        """
        refused: XRefused | None = None
        try:
            failure = await self._posted(message, peer)
        except XRefused as error:
            refused, failure = error, named_in(error)
        if (failure is None and refused is None) or await self._has_arrived(message, peer.address):
            return None
        await self._records.drop_encrypted(delivery.id, message.message_id)
        if failure is None and refused is not None:
            raise refused
        return failure

    async def _has_arrived(self, message: Encrypted, address: str) -> bool:
        async for page in self._ring.history(address, pages=1):
            events = page.get("data")
            told = [each.get("encoded_event") for each in (events if isinstance(events, list) else ())]
            return any(isinstance(each, str) and message_id_in(each) == message.message_id for each in told)
        return False

    async def _made(self, delivery: Delivery, peer: Peer, newer_than: str | None = None) -> Encrypted:
        key = await self._key(peer.address, newer_than)
        attachments = await self._uploaded(delivery, peer.address, key[1])
        message = self._encrypted(delivery, peer.address, key, attachments, (await self._ring.pairs())[0])
        return await self._records.keep_encrypted(delivery.id, delivery.conversation_id, peer.address, message)

    def _encrypted(
        self, delivery: Delivery, address: str, key: Key, attachments: Sequence[Mapping[str, Any]], pair: OwnPair
    ) -> Encrypted:
        buttons = delivery.content.buttons[:_MOST_OPTIONS]
        conversation = conversation_of(self._ring.own_id, address)
        try:
            sent = crypto.encrypted(
                pair,
                self._ring.own_id,
                conversation,
                key,
                _text_of(delivery.content),
                attachments=attachments,
                quick_reply=_quick_reply(delivery.id, buttons) if buttons else None,
            )
        except ValueError as error:
            raise SendRefused("It cannot be encrypted for X's chat.") from error
        return Encrypted(
            message_id=sent.message_id,
            content=sent.encrypted_content,
            signature=sent.encoded_event_signature,
            options={str(number): button.payload for number, button in enumerate(buttons, start=1)},
        )

    async def _uploaded(self, delivery: Delivery, address: str, key: bytes) -> list[Mapping[str, Any]]:
        return [
            await self._media.upload(address, each, await self._bodies(address, each), key)
            for each in delivery.content.attachments
        ]

    async def _posted(self, message: Encrypted, peer: Peer) -> str | None:
        """Post a message and give the failure that X answers with; None where it took it. Raises XRefused."""
        body = {
            "message_id": message.message_id,
            "encoded_message_create_event": message.content,
            "encoded_message_event_signature": message.signature,
        }
        if peer.conversation_token:
            body["conversation_token"] = peer.conversation_token
        try:
            answer = await self._insist(f"{self._path(peer.address)}/messages", body)
        except XUnanswered as error:
            raise SendUnconfirmed("X did not say whether it has it.") from error
        return await self._said(answer, message, peer.address)

    async def _insist(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(_TIMES_IN_A_ROW - 1):
            with suppress(XUnanswered):  # sent again it is the same message, and X shows it once
                return await self._ring.api.post(path, body=body)
        return await self._ring.api.post(path, body=body)

    async def _said(self, answer: Mapping[str, Any], message: Encrypted, address: str) -> str | None:
        """Read what X made of a message: its place, or why it was not taken."""
        data = answer.get("data")
        encoded = data.get("encoded_message_event") if isinstance(data, Mapping) else None
        if not isinstance(encoded, str):
            return None
        try:
            keys = await self._ring.conversation_keys(address)
            told = crypto.opened(encoded, keys, await self._ring.signers(address))
        except (NotSigned, NoConversationKey, Unreadable, XError):
            return None  # it was taken; its place is known once X tells of it
        if told.get("type") == "Failure":
            return str(told.get("failure"))
        conversation, place = conversation_of(self._ring.own_id, address), str(told.get("sequence_id") or "")
        await self._records.note(conversation, address, place, message.message_id, is_ours=True)
        return None

    async def _key(self, address: str, newer_than: str | None) -> Key:
        """Give the conversation's newest key, made where there is none or the one that is known is too old."""
        known = newest(await self._ring.conversation_keys(address))
        if known is not None and newer_than is None:
            return known
        if newer_than != "RecipientKeyChanged" and await self._ring.fetch_history(address):
            found = newest(await self._ring.conversation_keys(address))
            if found is not None and found != known:
                return found
        return await self._changed(address)

    async def _changed(self, address: str) -> Key:
        """Make a new key for a conversation, encrypted for keys that one hand is known to have made."""
        theirs = await self._ring.public_keys(address, afresh=True)
        if not theirs:
            raise NotOnChat
        pair = (await self._ring.pairs())[0]
        own = PublicKey(
            version=pair.version or "",
            public_key=pair.public_key,
            signing_public_key=pair.signing_public_key,
            signature=pair.registration.get("identity_public_key_signature") or "",
        )
        conversation = conversation_of(self._ring.own_id, address)
        made = crypto.key_change(pair, self._ring.own_id, conversation, {self._ring.own_id: [own], address: theirs})
        await self._ring.api.post(f"{self._path(address)}/keys", body=_key_body(made))
        version, key = str(made["conversation_key_version"]), bytes(made["conversation_key"])
        await self._ring.keep(address, {version: key})
        return version, key

    async def _show_as_read(self, peer: Peer) -> None:
        conversation = conversation_of(self._ring.own_id, peer.address)
        last = await self._records.last(conversation, is_ours=False)
        if last is not None:
            await self._courtesy(peer.address, "read", {"seen_until_sequence_id": last[0]})

    async def _courtesy(self, address: str, what: str, body: Mapping[str, Any] | None) -> None:
        with suppress(XError, Unavailable, asyncio.TimeoutError):
            await asyncio.wait_for(self._ring.api.post(f"{self._path(address)}/{what}", body=body), _COURTESY_SECONDS)

    def _path(self, address: str) -> str:
        return f"/2/chat/conversations/{conversation_of(self._ring.own_id, address).replace(':', '-')}"


def newest(keys: Mapping[str, bytes]) -> Key | None:
    """Give the key of the highest version; versions are times in milliseconds."""
    return max(keys.items(), key=lambda item: (len(item[0]), item[0]), default=None)


def _text_of(content: Content) -> str:
    return "\n".join(part for part in (content.text, content.image) if part)


def _quick_reply(delivery_id: int, buttons: Sequence[Button]) -> Mapping[str, Any]:
    options = [
        {"id": str(number), "label": _label(button.title), "metadata": button.payload}
        for number, button in enumerate(buttons, start=1)
    ]
    return {"request": {"options": {"id": str(delivery_id), "options": options}}}


def _label(title: str) -> str:
    return title if len(title) <= _LONGEST_LABEL else title[: _LONGEST_LABEL - 1].rstrip() + "…"


def _key_body(made: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "conversation_key_version": made["conversation_key_version"],
        "conversation_participant_keys": [
            {
                "user_id": each["user_id"],
                "encrypted_conversation_key": each["encrypted_key"],
                "public_key_version": each["public_key_version"],
            }
            for each in made["participant_keys"]
        ],
        "action_signatures": [
            {
                "message_id": each["message_id"],
                "encoded_message_event_detail": each["encoded_message_event_detail"],
                "message_event_signature": {
                    name: each[name] for name in ("signature", "public_key_version", "signature_version")
                },
            }
            for each in made["action_signatures"]
        ],
    }
