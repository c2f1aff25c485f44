"""Public posts against the fake X: an answer goes up once, what is gone is forgotten, and limits are waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from relevo.bootstrap.store import open_store
from relevo.channels.x.api import XApi, x_client
from relevo.channels.x.posts import XPosts
from relevo.contracts.posts import PUBLIC, Wanted
from relevo.contracts.x import UserTokens
from relevo.flow.deliver import Deliverer
from relevo.store.x_sending import PostgresXParts
from relevo.testing.x.account import account_on
from relevo.testing.x.faults import Fault
from relevo.testing.x.posts import Posted
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.integration.posted import COMPLAINT, Square, square
from tests.integration.sending_on_x import Time

pytestmark = pytest.mark.anyio


class NoTokens:
    """An account that signs what it asks."""

    async def read(self, account_id: str) -> UserTokens | None:
        """Give none."""
        return None

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        """Keep none."""

    async def renew(self, account_id: str, stale: object, ask: object) -> UserTokens | None:
        """Give none."""
        return None


@dataclass(kw_only=True)
class OnX:
    """The fake X, and the watch that sees what is posted there."""

    x: FakeX
    api: XPosts
    square: Square
    time: Time

    async def sees(self, posted: Posted) -> None:
        """Have a post seen as a look at X gives it."""
        for post in (await self.api.look([posted.id])).found:
            await self.square.watch.seen(post)

    async def sends(self, after: timedelta = timedelta()) -> int:
        """Have everything sent that may be after this time, and give how often X was asked to post."""
        opened = self.square.opened
        self.time.now += after
        await opened.database.run("UPDATE deliveries SET due_at = now() WHERE due_at <= %s", (self.time.now,))
        deliverer = Deliverer(
            outbox=opened.store.outbox, channels={PUBLIC: self.api}, live=opened.live, clock=self.time
        )
        while await deliverer.step():
            pass
        return len(self.x.calls("posts.create"))


@pytest.fixture
async def on_x(database: str) -> AsyncIterator[OnX]:
    """A fake X and a watch of this test alone."""
    async with AsyncExitStack() as stack:
        x = await stack.enter_async_context(fake_x(username="AuroraAir"))
        opened = await stack.enter_async_context(open_store(database, size=4, name="relevo tests"))
        client = await stack.enter_async_context(x_client())
        account = account_on(x)
        time = Time()
        parts = PostgresXParts(opened.database)
        api = XPosts(XApi(account, client, NoTokens()), account.account_id, parts, clock=time)
        seen = square(opened)
        seen.watch.lookup = api
        yield OnX(x=x, api=api, square=seen, time=time)


async def test_a_complaint_is_answered_below_it_once(on_x: OnX) -> None:
    """In public, with the way to a direct message."""
    ann = on_x.x.customer("2222", username="ann", followers=412)
    posted = await ann.posts(COMPLAINT, impressions=302_000)
    await on_x.sees(posted)
    await on_x.sees(posted)
    await on_x.sends()
    (answer,) = ann.answers
    assert answer.text.endswith("https://x.com/messages/compose?recipient_id=1111")
    kept = (await on_x.square.opened.store.posts.listed(Wanted()))[0]
    assert (kept.post.impressions, kept.post.author.followers, kept.post.author.username) == (302_000, 412, "ann")
    assert kept.reply_state == "sent"


async def test_what_is_deleted_on_x_is_forgotten_when_it_is_looked_at_again(on_x: OnX) -> None:
    """What still stands there has its new numbers."""
    ann, ben = on_x.x.customer("2222", username="ann"), on_x.x.customer("3333", username="ben")
    gone, standing = await ann.posts(COMPLAINT), await ben.posts(COMPLAINT)
    for posted in (gone, standing):
        await on_x.sees(posted)
    gone.is_deleted, standing.impressions = True, 60_000
    await on_x.square.watch.step()
    assert len(await on_x.square.opened.store.posts.listed(Wanted())) == 2  # not due yet
    database = on_x.square.opened.database
    await database.run("UPDATE posts SET look_at = now()")
    await on_x.square.watch.step()
    (kept,) = await on_x.square.opened.store.posts.listed(Wanted())
    assert (kept.post.id, kept.post.impressions) == (standing.id, 60_000)
    assert kept.post.is_summoning
    ((pause, looks),) = await database.rows("SELECT look_at - now(), looks FROM posts")
    assert (looks, timedelta(minutes=4) < pause <= timedelta(minutes=5)) == (1, True)
    standing.is_deleted = True
    await database.run("UPDATE posts SET look_at = now()")
    await on_x.square.watch.step()
    assert await on_x.square.opened.store.posts.listed(Wanted()) == [], (
        "where none is left, X answers with errors alone"
    )


async def test_posts_wait_while_x_takes_no_more_and_go_out_when_it_does(on_x: OnX) -> None:
    """A limit refuses nothing."""
    ann = on_x.x.customer("2222", username="ann")
    on_x.x.faults.next("posts.create", Fault.LIMITED)
    await on_x.sees(await ann.posts(COMPLAINT))
    assert await on_x.sends() == 1
    assert ann.answers == []
    (kept,) = await on_x.square.opened.store.posts.listed(Wanted())
    assert kept.reply_state == "queued"
    await on_x.square.opened.database.run("UPDATE deliveries SET due_at = now()")
    await on_x.sends()
    assert len(ann.answers) == 1


@pytest.mark.parametrize("fault", [Fault.RESPONSE_LOST, Fault.REQUEST_LOST])
async def test_an_answer_of_which_x_says_nothing_stands_there_once(on_x: OnX, fault: Fault) -> None:
    """It is looked for among our own posts, where X has put a name before it; posted again if never there."""
    ben = on_x.x.customer("3333", username="ben")
    on_x.x.faults.next("posts.create", fault)
    await on_x.sees(await ben.posts(COMPLAINT))
    assert await on_x.sends() == 1
    for answer in ben.answers:
        answer.text = f"@ben {answer.text}"
    await on_x.sends(after=timedelta(seconds=30))
    await on_x.sends(after=timedelta(seconds=40))
    assert len(ben.answers) == 1
    assert len(on_x.x.calls("posts.create")) == (1 if fault is Fault.RESPONSE_LOST else 2)
    (kept,) = await on_x.square.opened.store.posts.listed(Wanted())
    assert (kept.state.value, kept.reply_state) == ("answered", "sent")
