"""A customer on the fake X, as a test or a newcomer plays them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import filetype
from msgspec.structs import replace

from relevo.testing.x.deliveries import ended
from relevo.testing.x.ids import milliseconds
from relevo.testing.x.messages import Event, Message
from relevo.testing.x.posts import Posted
from relevo.testing.x.users import User

if TYPE_CHECKING:
    from relevo.testing.x.chat import ChatEvent
    from relevo.testing.x.phone import Phone
    from relevo.testing.x.world import FakeX

WAIT_SECONDS = 20.0


@dataclass(kw_only=True, eq=False)
class Customer(User):
    """Somebody who writes to the business; what they do returns when webhooks have answered."""

    x: FakeX = field(repr=False)
    transport: str = "dm"
    """How they write unless a message says otherwise: ``dm``, or ``chat`` for XChat, where only the two can read."""
    _phone: Phone | None = field(default=None, repr=False)

    @property
    def phone(self) -> Phone:
        """Their device, with their keys: having one is being on XChat."""
        if self._phone is None:
            from relevo.testing.x.phone import Phone  # noqa: PLC0415 - chatxdk is for those who use it

            self._phone = Phone(self.x, self)
        return self._phone

    async def writes(
        self,
        text: str,
        *,
        photo: bytes | None = None,
        transport: str | None = None,
        metadata: str | None = None,
        is_forged: bool = False,
    ) -> str:
        """Write a message, with a picture on it where one is given, and give its id.

        ``metadata`` is what a chosen quick reply of the legacy transport carries; a forged message is not signed by
        whom it names, on the encrypted one.
        """
        if (transport or self.transport) == "chat":
            return await self._encrypts(text, photo=photo, is_forged=is_forged)
        message = replace(self._message(self.x.ids.next(), text, photo), metadata=metadata)
        return await self._tell(message.id, self.x.mailbox.put(message))

    async def chooses(self, label: str) -> str:
        """Choose a quick reply of the last encrypted message that offers it."""
        offer = next(message for message in reversed(self.received) if label in message.options)
        events = self.x.chats.between(self.id, self.x.brand.id).events
        encoded = next(event.encoded for event in events if event.message_id == offer.id)
        chosen = self.phone.choice(encoded, label)
        return await self._encrypts(label, quick_reply=chosen)

    async def _encrypts(
        self,
        text: str,
        *,
        photo: bytes | None = None,
        quick_reply: Mapping[str, Any] | None = None,
        is_forged: bool = False,
    ) -> str:
        message_id, told = self.phone.write(
            self.x.brand, text, photo=photo, quick_reply=quick_reply, is_forged=is_forged
        )
        self.x.mailbox.add(replace(self._message(message_id, text, photo), transport="chat"))
        return await self._tell(message_id, told)

    def _message(self, message_id: str, text: str, photo: bytes | None) -> Message:
        mime = (filetype.guess_mime(photo) or "application/octet-stream") if photo is not None else ""
        return Message(
            id=message_id,
            sender_id=self.id,
            recipient_id=self.x.brand.id,
            text=text,
            sent_at=self.x.clock(),
            picture=self.x.picture(photo, mime, message_id) if photo is not None else None,
        )

    async def edits(self, message_id: str, text: str) -> str:
        """Replace the text of an encrypted message of theirs."""
        return await self._tell(*self.phone.edit(self.x.brand, message_id, text))

    async def reads(self) -> None:
        """Read what they got by the legacy transport. X shows no sample of this event; its shape is a guess."""
        last = [message for message in self.received if message.transport == "dm"][-1]
        await self._indicate("dm.read", "direct_message_mark_read_events", {"last_read_event_id": last.id})

    async def types(self) -> None:
        """Be seen to write. X shows no sample of this event; its shape is a guess."""
        await self._indicate("dm.indicate_typing", "direct_message_indicate_typing_events", {})

    async def _indicate(self, kind: str, name: str, what: dict[str, str]) -> None:
        now = self.x.clock()
        told = {
            "created_timestamp": str(milliseconds(now)),
            "sender_id": self.id,
            "target": {"recipient_id": self.x.brand.id},
            **what,
        }
        users = {user.id: user for user in (self, self.x.brand)}
        event = Event(
            uuid=self.x.event_uuid(),
            type=kind,
            user_id=self.x.brand.id,
            payload={name: [told], "users": {id_: {"data": user.described()} for id_, user in users.items()}},
            at=now,
            old={
                "for_user_id": self.x.brand.id,
                name: [told],
                "users": {id_: user.described_of_old() for id_, user in users.items()},
            },
        )
        await ended(self.x.happened([event]))

    async def _tell(self, message_id: str, events: Sequence[Event]) -> str:
        await ended(self.x.happened(events))
        return message_id

    def chat_event(self, event: ChatEvent) -> None:
        """Read an event of XChat on their device; what cannot be read or is not signed is counted."""
        if event.sender_id == self.id:
            return
        try:
            message = self.phone.read(event)
        except ValueError as error:
            self.x.chats.unreadable.append(f"{self.name}: {error}")
            return
        if message is not None:
            self.x.mailbox.add(message)

    async def posts(
        self,
        text: str,
        *,
        impressions: int = 0,
        mentions: bool = True,
        replies_to: Posted | None = None,
        quotes: Posted | None = None,
        lang: str = "en",
    ) -> Posted:
        """Write a public post; the brand is named in it unless ``mentions`` says otherwise."""
        brand = self.x.brand
        if mentions and f"@{brand.username}".lower() not in text.lower():
            text = f"@{brand.username} {text}"
        post = self.x.post(self.id, text, replies_to=replies_to, quotes=quotes, lang=lang)
        post.impressions = impressions
        await ended(self.x.happened(self.x.posts.put(post)))
        return post

    @property
    def received(self) -> list[Message]:
        """Every message that they got, by either transport, oldest first."""
        return [message for message in self.x.mailbox.of(self.id) if message.recipient_id == self.id]

    @property
    def answers(self) -> list[Posted]:
        """What was written publicly below their posts, oldest first."""
        standing = [post for post in self.x.posts.all if not post.is_deleted and post.author_id != self.id]
        return [post for post in standing if post.replies_to and post.replies_to.author_id == self.id]

    def heard(self) -> list[str]:
        """Give the texts of every message that they got."""
        return [message.text for message in self.received]

    async def until(self, enough: int | Callable[[list[str]], bool] = 1, *, seconds: float = WAIT_SECONDS) -> list[str]:
        """Wait until they got that many messages, or what a test asks for; give the texts. Raises AssertionError."""

        def is_enough() -> bool:
            return len(self.heard()) >= enough if isinstance(enough, int) else enough(self.heard())

        try:
            await asyncio.wait_for(self.x.until(is_enough), seconds)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.name} heard only {self.heard()}") from None
        return self.heard()
