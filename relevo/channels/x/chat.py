"""Reads X's encrypted chat: whatever X hands on is ciphertext, and only what its writer has signed counts.

    keys that came with it ─► decrypt ─► a message, an edit, a receipt, our own message
                               │ not signed: the writer's keys are asked of X once more
                               └ no key: the conversation's history is asked for it once

What stays shut after that is given up with the reason. X itself vouches for an event's place and time alone, so nothing
that matters hangs on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import structlog

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.answers import XError, XLimited
from relevo.channels.x.chat_crypto import NoConversationKey, NotSigned, conversation_of, partner_in
from relevo.channels.x.chat_keys import Keyring
from relevo.channels.x.chat_media import ChatMedia, files_of
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.platform import Corrected, Echo, Heard, Seen, Typing, Written
from relevo.contracts.x import CHAT, Peers
from relevo.contracts.x_chat import ChatRecords
from relevo.errors import PlatformAway, Unreadable

_log = structlog.get_logger()
_AHEAD = timedelta(minutes=5)
_Node = Mapping[str, Any]


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """One decrypted event, and between whom."""

    address: str
    conversation: str
    is_ours: bool
    told: _Node
    at: datetime

    @property
    def message_id(self) -> str:
        return str(self.told.get("id") or "")

    @property
    def place(self) -> str:
        return str(self.told.get("sequence_id") or "")

    @property
    def content(self) -> _Node:
        return _mapping(self.told.get("content"))


class ChatReader:
    """Reads and fetches; see channels.x.platform.ChatReader."""

    def __init__(
        self, ring: Keyring, records: ChatRecords, peers: Peers, media: ChatMedia, *, clock: Clock = system_clock
    ) -> None:
        self._ring = ring
        self._records = records
        self._peers = peers
        self._media = media
        self._clock = clock

    async def read(self, payload: _Node) -> Sequence[Heard]:
        """Say what an event means. Raises PlatformAway where keys cannot be had now, and Unreadable."""
        with _away():
            return await self._read(payload)

    async def fetch(self, reference: str) -> bytes:
        """Get a file's bytes. Raises PlatformAway, Unreadable and TooLarge."""
        with _away():
            return await self._media.fetch(reference)

    async def _read(self, payload: _Node) -> Sequence[Heard]:
        address = partner_in(str(payload.get("conversation_id") or ""), self._ring.own_id)
        encoded = payload.get("encoded_event")
        if address is None or not isinstance(encoded, str):
            return ()  # a group, or something that nobody said
        change = payload.get("conversation_key_change_event")
        if isinstance(change, str) and not await self._has_key(address, payload):
            await self._ring.learn(address, [change])
        event = await self._opened(address, encoded)
        if event is None:
            return ()
        token = payload.get("conversation_token")
        return await self._meaning(event, encoded, token if isinstance(token, str) else None)

    async def _has_key(self, address: str, payload: _Node) -> bool:
        """Tell whether the key is known that X says it needs: the change that made it comes with every message."""
        return str(payload.get("conversation_key_version")) in await self._ring.conversation_keys(address)

    async def _opened(self, address: str, encoded: str) -> _Event | None:
        told = await self._decrypted(address, encoded)
        sender, inner = told.get("sender_id"), told.get("conversation_id")
        if told.get("type") == "Failure":
            _log.warning("x_chat.failure", failure=str(told.get("failure")))
            return None
        if partner_in(inner, self._ring.own_id) != address or sender not in (self._ring.own_id, address):
            raise Unreadable("It belongs to another conversation than X says.", code="wrong_conversation")
        return _Event(
            address=address,
            conversation=conversation_of(self._ring.own_id, address),
            is_ours=sender == self._ring.own_id,
            told=told,
            at=self._moment(told.get("created_at_msec")),
        )

    async def _decrypted(self, address: str, encoded: str) -> _Node:
        asked_keys, asked_history = False, False
        while True:
            signers = await self._ring.signers(address, afresh=(self._ring.own_id, address) if asked_keys else ())
            keys = await self._ring.conversation_keys(address)
            try:
                return crypto.opened(encoded, keys, signers)
            except NotSigned as error:
                if asked_keys:
                    raise Unreadable(
                        "It is not signed by who is said to have written it.", code="not_signed"
                    ) from error
                asked_keys = True
            except NoConversationKey as error:
                if asked_history or not await self._ring.fetch_history(address):
                    raise Unreadable(
                        "The key that it is encrypted with never reached this account.", code="no_conversation_key"
                    ) from error
                asked_history = True

    async def _meaning(self, event: _Event, encoded: str, token: str | None) -> Sequence[Heard]:
        kind = event.told.get("type")
        if kind == "Message":
            return await self._message(event, token)
        if kind == "KeyChange":
            await self._ring.learn(event.address, [encoded])
        if event.is_ours:
            return ()
        if kind == "Typing":
            return [Typing(address=event.address)]
        if kind == "ReadReceipt":
            return await self._seen(event, event.told.get("seen_until_id"))
        return ()

    async def _message(self, event: _Event, token: str | None) -> Sequence[Heard]:
        kind = event.content.get("content_type")
        if not event.message_id or not event.told.get("verified"):
            return ()
        if kind == "Text":
            return await self._text(event, token)
        if kind == "Edit" and not event.is_ours:
            return await self._edit(event)
        if kind == "MarkRead" and not event.is_ours:
            return await self._seen(event, None)
        return ()  # reactions: there is nothing to answer

    async def _text(self, event: _Event, token: str | None) -> Sequence[Heard]:
        await self._records.note(
            event.conversation, event.address, event.place, event.message_id, is_ours=event.is_ours
        )
        text = _text_of(event)
        if event.is_ours:
            if await self._records.confirm(event.message_id):
                return ()
            return [Echo(address=event.address, message_id=event.message_id, text=text, sent_at=event.at)]
        await self._peers.heard(
            event.address, CHAT, at=event.at, chat_conversation_id=event.conversation, conversation_token=token
        )
        written = Written(
            address=event.address,
            message_id=event.message_id,
            text=text,
            written_at=event.at,
            files=files_of(event.told, event.address),
            payload=await self._chosen(event),
            transport=CHAT,
        )
        return [written]

    async def _chosen(self, event: _Event) -> str | None:
        """Give the payload of the button that was chosen, where we offered it in this conversation."""
        response = _mapping(_mapping(event.content.get("quick_reply")).get("response"))
        answer = _mapping(response.get("options"))
        asked_by = str(answer.get("request_id") or "")
        if not (asked_by.isascii() and asked_by.isdigit() and len(asked_by) < 19):
            return None
        option, payload = answer.get("selected_option_id"), answer.get("metadata")
        return await self._records.chosen(int(asked_by), event.address, option, payload)

    async def _edit(self, event: _Event) -> Sequence[Heard]:
        text = str(event.content.get("new_text") or "")
        target = await self._records.at(event.conversation, str(event.content.get("target_message_id") or ""))
        if target is None:  # what it changes never came: then it is the first word of it
            return [
                Written(
                    address=event.address, message_id=event.message_id, text=text, written_at=event.at, transport=CHAT
                )
            ]
        changed, is_ours = target
        if is_ours:
            return ()
        return [
            Corrected(address=event.address, message_id=event.message_id, of=changed, text=text, written_at=event.at)
        ]

    async def _seen(self, event: _Event, up_to: Any) -> Sequence[Heard]:
        place = str(up_to) if up_to else None
        last = await self._records.last(event.conversation, is_ours=True, up_to=place)
        return [Seen(address=event.address, up_to=last[1])] if last else ()

    def _moment(self, milliseconds: Any) -> datetime:
        """Give when it was said as X says, but never later than now: what is ahead would hide what comes after it."""
        now = self._clock()
        try:
            said = datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc)
        except (TypeError, ValueError, OverflowError, OSError):
            return now
        return said if said <= now + _AHEAD else now


@contextmanager
def _away() -> Iterator[None]:
    """Have an event wait while X does not say what is needed for it: nothing of it is lost."""
    try:
        yield
    except XLimited as error:
        raise PlatformAway(str(error), until=error.until) from error
    except XError as error:
        raise PlatformAway(str(error)) from error


def _text_of(event: _Event) -> str:
    """Give a message's words, with the address of a post or page that it shows."""
    text = str(event.content.get("text") or "")
    shown = (each.get("post_url") or each.get("url") for each in _attached(event.told))
    return "\n".join([text, *(url for url in shown if url and url not in text)]).strip("\n")


def _attached(told: _Node) -> list[_Node]:
    attached = told.get("attachments")
    return [each for each in attached if isinstance(each, Mapping)] if isinstance(attached, list) else []


def _mapping(value: Any) -> _Node:
    return value if isinstance(value, Mapping) else {}
