"""People who post about the business, and the watch that sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from msgspec.structs import replace

from relevo.bootstrap.store import OpenStore
from relevo.configuration.posts import PostRules
from relevo.contracts.channel import Delivery, Receipt
from relevo.contracts.posts import PUBLIC, WatchedPost
from relevo.domain.posts import Post, PostAuthor
from relevo.flow.deliver import Deliverer
from relevo.flow.watch import Watch
from relevo.nlu.post_judge import Judge

BRAND = "1111"
COMPLAINT = "@AuroraAir you lost my suitcase and nobody answers the phone, third day"
QUESTION = "@AuroraAir can I bring my cello as hand luggage?"
QUEJA = "@AuroraAir habéis perdido mi maleta y nadie coge el teléfono"
JUDGE = Judge(("es", "en"), "es")
_ids = count(2_000_000_000_000_000_001)


@dataclass
class Wall:
    """A place where answers are posted: a channel that keeps what it is given."""

    name: str = PUBLIC
    is_duplicate_safe: bool = False
    posted: list[Delivery] = field(default_factory=list)
    error: Exception | None = None

    async def send(self, delivery: Delivery) -> Receipt:
        """Post it, or fail as told."""
        if self.error is not None:
            raise self.error
        self.posted.append(delivery)
        return Receipt(external_id=str(next(_ids)))

    @property
    def texts(self) -> list[str | None]:
        """What everybody reads."""
        return [delivery.content.text for delivery in self.posted]


def post(text: str = COMPLAINT, author: str = "2222", **other: Any) -> Post:
    """Somebody's post that names the account, unless said otherwise."""
    number = str(other.pop("id", next(_ids)))
    told: dict[str, Any] = {
        "channel": "x",
        "id": number,
        "kind": "mention",
        "author": PostAuthor(id=author, username=f"user{author}", name=f"User {author}", followers=412),
        "text": text,
        "created_at": datetime.now(timezone.utc) - timedelta(minutes=1),
        "thread": number,
        "is_summoning": True,
    }
    return Post(**{**told, **other})


def named(it: Post, name: str) -> Post:
    """The same by an author who goes by another name."""
    return replace(it, author=replace(it.author, name=name))


@dataclass(kw_only=True)
class Square:
    """The public square: the watch, what it keeps, and the wall that answers go up on."""

    opened: OpenStore
    watch: Watch
    wall: Wall = field(default_factory=Wall)

    async def sees(self, it: Post) -> WatchedPost:
        """Have a post seen, and give it as it is kept."""
        await self.watch.seen(it)
        return await self.kept(it)

    async def kept(self, it: Post) -> WatchedPost:
        """Give a post as it is kept."""
        found = await self.opened.database.rows("SELECT id FROM posts WHERE post_id = %s", (it.id,))
        return await self.opened.store.posts.get(found[0][0])

    async def posts(self) -> list[str | None]:
        """Have everything sent that is queued, and give what everybody reads."""
        deliverer = Deliverer(outbox=self.opened.store.outbox, channels={PUBLIC: self.wall}, live=self.opened.live)
        while await deliverer.step():
            pass
        return self.wall.texts


def square(opened: OpenStore, **rules: Any) -> Square:
    """Watch what is posted, over a store."""
    watch = Watch(store=opened.store, live=opened.live, judge=JUDGE, account_id=BRAND, rules=PostRules(**rules))
    return Square(opened=opened, watch=watch)
