"""A customer on the fake X, as a test or a newcomer plays them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import filetype

from relevo.testing.x.deliveries import ended
from relevo.testing.x.messages import Message
from relevo.testing.x.posts import Posted
from relevo.testing.x.users import User

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX

WAIT_SECONDS = 20.0


@dataclass(kw_only=True, eq=False)
class Customer(User):
    """Somebody who writes to the business; what they do returns when webhooks have answered."""

    x: FakeX = field(repr=False)

    async def writes(
        self, text: str, *, photo: bytes | None = None, to: User | None = None, metadata: str | None = None
    ) -> str:
        """Write a direct message, with a picture on it where one is given, and give its id."""
        x, brand = self.x, to or x_brand(self)
        message_id = x.ids.next()
        mime = (filetype.guess_mime(photo) or "application/octet-stream") if photo is not None else ""
        message = Message(
            id=message_id,
            sender_id=self.id,
            recipient_id=brand.id,
            text=text,
            sent_at=x.clock(),
            picture=x.picture(photo, mime, message_id) if photo is not None else None,
            metadata=metadata,
        )
        await ended(x.happened(x.mailbox.put(message)))
        return message_id

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
        brand = x_brand(self)
        if mentions and f"@{brand.username}".lower() not in text.lower():
            text = f"@{brand.username} {text}"
        post = self.x.post(self.id, text, replies_to=replies_to, quotes=quotes, lang=lang)
        post.impressions = impressions
        await ended(self.x.happened(self.x.posts.put(post)))
        return post

    @property
    def received(self) -> list[Message]:
        """Every message that they got, by either transport, oldest first."""
        return [message for message in self.x.mailbox.messages if message.recipient_id == self.id]

    @property
    def answers(self) -> list[Posted]:
        """What was written publicly below their posts, oldest first."""
        mine = [post for post in self.x.posts.all if post.author_id == self.id]
        return [each for each in self.x.posts.all if each.replies_to in mine and each.author_id != self.id]

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


def x_brand(user: Customer) -> User:
    """Give whom a customer writes to."""
    return user.x.brand
