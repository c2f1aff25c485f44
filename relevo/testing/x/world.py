"""Everything that the fake X knows, and what happens there."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex

from relevo.contracts.clock import Clock
from relevo.testing.x.access import SCOPES, Access, App, Grant
from relevo.testing.x.chat import Chats
from relevo.testing.x.chat_doors import Session
from relevo.testing.x.customer import Customer
from relevo.testing.x.deliveries import Deliveries, Delivery
from relevo.testing.x.direct import Mailbox
from relevo.testing.x.door import Noted
from relevo.testing.x.faults import Faults
from relevo.testing.x.ids import Ids
from relevo.testing.x.limits import Limits
from relevo.testing.x.login import Logins
from relevo.testing.x.media import Uploads
from relevo.testing.x.messages import Event, Message, Picture
from relevo.testing.x.posts import Posted, Posts
from relevo.testing.x.users import User
from relevo.testing.x.webhooks import EVENT_TYPES, Webhook, Webhooks

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "video/mp4": "mp4", "image/webp": "webp"}


@dataclass(kw_only=True, eq=False)
class Brand(User):
    """An account of a business, which the app may speak for."""

    x: FakeX

    def grant(self, scopes: Sequence[str] = SCOPES) -> Grant:
        """Give fresh OAuth 2.0 tokens, as ``relevo x login`` gets them."""
        return self.x.access.grant(self.id, scopes)

    def signer(self) -> tuple[str, str]:
        """Give an OAuth 1.0a token and its secret, as the developer portal shows them."""
        return self.x.access.signer(self.id)

    @property
    def sent(self) -> list[Message]:
        """Every message that the account sent, by either transport, in order."""
        return self.x.mailbox.sent_by(self.id)

    @property
    def sent_twice(self) -> list[Message]:
        """What was sent to the same person in the very same words before."""
        return self.x.mailbox.sent_twice(self.id)

    @property
    def posted(self) -> list[Posted]:
        """What the account wrote publicly."""
        return [post for post in self.x.posts.all if post.author_id == self.id]

    async def writes(self, text: str, to: User) -> str:
        """Let a person write in the X app, in the account's name: the app hears it as ``dm.sent``."""
        message = Message(
            id=self.x.ids.next(), sender_id=self.id, recipient_id=to.id, text=text, sent_at=self.x.clock()
        )
        for delivery in self.x.happened(self.x.mailbox.put(message)):
            await delivery.ended.wait()
        return message.id

    async def revokes(self) -> None:
        """Take the app's rights away, in the settings of X."""
        self.x.access.withdraw(self.id)
        now = self.x.clock()
        event = Event(
            uuid=self.x.event_uuid(),
            type="oauth.revoke",
            user_id=self.id,
            names_user=False,
            payload={"date_time": now.isoformat(timespec="seconds"), "user_id": self.id, "app_id": "29820954"},
            at=now,
        )
        for delivery in self.x.happened([event]):
            await delivery.ended.wait()


class FakeX:
    """X, as far as a business's app sees it."""

    def __init__(self, clock: Clock, brand_id: str = "1111", brand_username: str = "Aurora") -> None:
        self.clock = clock
        self.app = App()
        self.url = ""
        """Where it listens, for X_API_BASE."""
        self.ids = Ids(clock)
        self.users: dict[str, User] = {}
        self.faults = Faults()
        self.limits = Limits(clock=clock)
        self.access = Access(self.app, clock)
        self.mailbox = Mailbox(self)
        self.posts = Posts(self)
        self.logins = Logins(self)
        self.uploads = Uploads(self)
        self.chats = Chats(self)
        self.chat_sessions: dict[str, Session] = {}
        self.webhooks = Webhooks(self)
        self.deliveries = Deliveries(self)
        self.seen: list[Noted] = []
        """Every call, oldest first."""
        self.invitations: dict[str, str] = {}
        """What ``direct_message_deep_link`` said, by post."""
        self.is_account_activity = False
        """Whether everything is told in the deprecated shape."""
        self._changed = asyncio.Event()
        self.brand = self.account(brand_id, username=brand_username)

    @property
    def environment(self) -> dict[str, str]:
        """What a bot needs in its environment to take this for X."""
        return {
            "X_CONSUMER_KEY": self.app.consumer_key,
            "X_CONSUMER_SECRET": self.app.consumer_secret,
            "X_BEARER_TOKEN": self.app.bearer_token,
            "X_CLIENT_ID": self.app.client_id,
            "X_CLIENT_SECRET": self.app.client_secret,
            "X_ACCOUNT_ID": self.brand.id,
            "X_API_BASE": self.url,
        }

    def account(self, account_id: str, *, username: str) -> Brand:
        """Add another account of a business."""
        brand = Brand(
            id=account_id, username=username, name=username, x=self, followers=302_000, verified_type="business"
        )
        self.users[account_id] = brand
        return brand

    def customer(
        self,
        user_id: str,
        *,
        username: str | None = None,
        name: str | None = None,
        followers: int = 97,
        transport: str | None = None,
    ) -> Customer:
        """Give the customer with an id, who joins X now if they had not; with transport ``chat`` they encrypt."""
        known = self.users.get(user_id)
        if isinstance(known, Customer):
            known.transport = transport or known.transport
            return known
        username = username or f"user{user_id}"
        made = Customer(
            id=user_id,
            username=username,
            name=name or username.title(),
            followers=followers,
            x=self,
            transport=transport or "dm",
        )
        self.users[user_id] = made
        return made

    def subscribe(self, url: str, brand: Brand | None = None) -> Webhook:
        """Register a webhook for all events of an account, as if ``relevo x setup`` had done it."""
        hook = next((each for each in self.webhooks.all.values() if each.url == url), None) or self.webhooks.add(url)
        for event_type in EVENT_TYPES:
            self.webhooks.subscribe(event_type, (brand or self.brand).id, webhook_id=hook.id)
        return hook

    def calls(self, kind: str, status: int | None = None) -> list[Noted]:
        """Give the calls of one kind of door, such as ``dm.send``, with one status where one is named."""
        return [each for each in self.seen if each.kind == kind and status in {None, each.status}]

    def happened(self, events: Sequence[Event]) -> list[Delivery]:
        """Tell everybody what happened."""
        self._changed.set()
        self._changed = asyncio.Event()
        return [delivery for event in events for delivery in self.deliveries.tell(event)]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so on X."""
        while not is_so():
            await self._changed.wait()

    async def change(self, seconds: float) -> None:
        """Wait until something happens, or so long."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    def picture(self, data: bytes, mime: str, dm_id: str) -> Picture:
        """Keep a file for a direct message."""
        resource = f"{token_hex(5)}.{_ENDINGS.get(mime, 'bin')}"
        return Picture(id=self.ids.next(), data=data, mime=mime, resource=resource, dm_id=dm_id, base=self.url)

    def post(
        self, author_id: str, text: str, *, replies_to: Posted | None, quotes: Posted | None = None, lang: str = "en"
    ) -> Posted:
        """Make a post of a text: whoever it names is mentioned."""
        names = {user.username.lower(): user for user in self.users.values()}
        named = [names[name.lower()] for name in re.findall(r"@(\w+)", text) if name.lower() in names]
        return Posted(
            id=self.ids.next(),
            author_id=author_id,
            text=text,
            created_at=self.clock(),
            lang=lang,
            mentions=tuple(dict.fromkeys((user.username, user.id) for user in named)),
            replies_to=replies_to,
            quotes=quotes,
        )

    def written(self, author_id: str, text: str, *, replies_to: Posted | None) -> Posted:
        """Publish a post that an app wrote."""
        post = self.post(author_id, text, replies_to=replies_to)
        self.happened(self.posts.put(post))
        return post

    def event_uuid(self) -> str:
        """Give an event's id: X writes a number, and it may be negative."""
        number = self.ids.next()
        return f"-{number}" if int(number) % 2 else number
