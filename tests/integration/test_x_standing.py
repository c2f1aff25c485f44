"""X is asked to tell, to tell again, and for what it has not told: within its limits, by one host at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from msgspec.structs import replace

from relevo.channels.x.api import XApi, x_client
from relevo.channels.x.marks import is_healthy
from relevo.channels.x.polling import XPoller
from relevo.channels.x.standing import XStanding
from relevo.channels.x.webhooks import NEEDED, XWebhooks
from relevo.contracts.clock import system_clock
from relevo.contracts.x import UserTokens
from relevo.testing.x.faults import CRC, DELIVERY, Fault
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.integration.xs import ACCOUNT, OnX, on_x, picture

pytestmark = pytest.mark.anyio


class NoTokens:
    """An account that signs."""

    async def read(self, account_id: str) -> UserTokens | None:
        return None

    async def keep(self, account_id: str, tokens: UserTokens) -> None:
        raise NotImplementedError

    async def renew(self, account_id: str, stale: object, ask: object) -> UserTokens | None:
        return None


@dataclass(kw_only=True)
class Scene:
    """A bot beside the fake X."""

    x: FakeX
    bot: OnX
    poller: XPoller
    webhooks: XWebhooks
    standing: XStanding


@asynccontextmanager
async def scene(dsn: str) -> AsyncIterator[Scene]:
    """Open the door, and what asks X."""
    async with fake_x() as x, on_x(dsn) as bot, x_client() as client:
        token, secret = x.brand.signer()
        account = replace(
            ACCOUNT,
            api_base=x.url,
            consumer_key=x.app.consumer_key,
            bearer_token=type(ACCOUNT.bearer_token)(x.app.bearer_token),
            access_token=token,
            access_secret=type(ACCOUNT.bearer_token)(secret),
        )
        api = XApi(account, client, NoTokens())
        store, live = bot.doors.opened.store, bot.doors.opened.live
        webhooks = XWebhooks(api=api, url=f"{bot.doors.url}/webhooks/x")
        bot.files.api = api
        yield Scene(
            x=x,
            bot=bot,
            webhooks=webhooks,
            poller=XPoller(
                api=api, events=store.platform_events, marks=store.platform_marks, live=live, often_seconds=0.0
            ),
            standing=XStanding(webhooks=webhooks, marks=store.platform_marks),
        )


async def test_the_webhook_and_its_subscriptions_are_set_up_once(database: str) -> None:
    """And then messages come by themselves."""
    async with scene(database) as s:
        steps = await s.webhooks.repair()
        assert {step.what: step.done for step in steps} == {"webhook": "added", **dict.fromkeys(NEEDED, "added")}
        assert {step.done for step in await s.webhooks.repair()} == {"there"}
        standing = await s.webhooks.standing()
        assert (standing.is_healthy, standing.missing) == (True, ())
        await s.x.customer("2222").writes("hola")
        await s.bot.take()
        assert await s.bot.said() == [("contact", "hola"), ("bot", "hola")]


async def test_what_was_lost_is_set_up_again(database: str) -> None:
    """A subscription that ended, one that goes elsewhere, and a webhook that X could not prove."""
    async with scene(database) as s:
        await s.webhooks.repair()
        mine = list(s.x.webhooks.subscriptions.values())
        other = s.x.webhooks.add("https://elsewhere.example/webhooks/x")
        del s.x.webhooks.subscriptions[mine[0].id]
        mine[1].webhook_id = other.id
        hook = next(each for each in s.x.webhooks.all.values() if each is not other)
        hook.is_valid = False
        before = await s.webhooks.standing()
        assert (before.is_valid, set(before.missing)) == (False, {mine[0].event_type, mine[1].event_type})
        done = {step.what: step.done for step in await s.webhooks.repair()}
        assert (done["webhook"], done[mine[0].event_type], done[mine[1].event_type]) == (
            "proven again",
            "added",
            "moved",
        )
        assert (await s.webhooks.standing()).missing == ()


async def test_a_webhook_that_turned_invalid_is_proven_again_by_itself(database: str) -> None:
    """And all hosts know how it stands."""
    async with scene(database) as s:
        await s.webhooks.repair()
        hook = next(iter(s.x.webhooks.all.values()))
        hook.is_valid = False
        await s.standing.step()
        assert hook.is_valid
        assert await is_healthy(s.standing.marks, system_clock())


async def test_what_happened_while_nobody_was_here_is_told_again(database: str) -> None:
    """By itself, once somebody is here again; what is known stays one message."""
    async with scene(database) as s:
        await s.webhooks.repair()
        await s.standing.step()
        await s.x.customer("2222").writes("before")
        s.x.faults.next(DELIVERY, Fault.LOST)
        await s.x.customer("2222").writes("meanwhile")
        await s.bot.doors.opened.database.run(
            "UPDATE platform_marks SET marked_at = now() - interval '10 minutes' WHERE name = 'alive'"
        )
        await s.standing.step()
        await s.bot.doors.until("SELECT count(*) >= 2 FROM platform_events")
        await s.bot.take()
        assert [text for author, text in await s.bot.said() if author == "contact"] == ["before", "meanwhile"]
        assert len(s.x.calls("webhooks.replay")) == 1
        await s.standing.step()
        assert len(s.x.calls("webhooks.replay")) == 1


async def test_without_a_webhook_messages_and_mentions_are_asked_for(database: str) -> None:
    """Oldest first, once each, with their photo."""
    async with scene(database) as s:
        ann, photo = s.x.customer("2222", name="Ann"), picture()
        await s.poller.step()
        await ann.writes("first")
        await ann.writes("second", photo=photo)
        await ann.posts("lost my bag", impressions=302_000)
        assert await s.poller.step() == 3
        assert await s.poller.step() == 0
        await s.bot.take()
        heard = [entry for entry in await s.bot.timeline() if entry.author.value == "contact"]
        assert [(entry.content.text, len(entry.content.attachments)) for entry in heard] == [
            ("first", 0),
            ("second", 1),
        ]
        assert [key.partition(":")[0] for key in await s.bot.events()] == ["dm", "dm", "post"]


async def test_a_message_that_came_by_both_ways_is_one(database: str) -> None:
    """By the webhook and by asking, and told again after all."""
    async with scene(database) as s:
        await s.webhooks.repair()
        await s.poller.step()
        await s.x.customer("2222").writes("hello")
        await s.poller.step()
        await s.bot.take()
        await s.webhooks.replay(next(iter(s.x.webhooks.all)), system_clock() - timedelta(hours=1), system_clock())
        await s.x.customer("3333").writes("me, too")
        await s.bot.take()
        assert await s.bot.said() == [("contact", "hello"), ("bot", "hello")]


async def test_pages_are_turned_back_to_what_is_known(database: str) -> None:
    """However many there are."""
    async with scene(database) as s:
        ann = s.x.customer("2222")
        await ann.writes("0")
        await s.poller.step()
        for number in range(1, 251):
            await ann.writes(str(number))
        assert await s.poller.step() == 250
        found = await s.bot.doors.opened.database.rows("SELECT key FROM platform_events ORDER BY id")
        numbers = [int(key.removeprefix("dm:")) for (key,) in found]
        assert numbers == sorted(numbers)
        assert len(s.x.calls("dm.events")) == 4


async def test_what_was_written_long_before_the_first_look_is_left_alone(database: str) -> None:
    """Nobody expects an answer to it from here."""
    async with scene(database) as s:
        clock = s.x.clock
        s.x.clock = lambda: clock() - timedelta(hours=1)
        await s.x.customer("2222").writes("last week")
        s.x.clock = clock
        await s.x.customer("2222").writes("now")
        assert await s.poller.step() == 1


async def test_of_two_hosts_one_asks_and_seldom_while_the_webhook_works(database: str) -> None:
    """Fifteen calls in fifteen minutes are for all of them."""
    async with scene(database) as s:
        one, other = (dataclasses.replace(s.poller, often_seconds=65.0) for _ in range(2))
        await one.step()
        await other.step()
        assert len(s.x.calls("dm.events")) == 1
        await s.bot.doors.opened.database.run("UPDATE platform_marks SET marked_at = now() - interval '70 seconds'")
        await other.step()
        assert len(s.x.calls("dm.events")) == 2
        await s.webhooks.repair()
        await s.standing.step()
        await s.bot.doors.opened.database.run(
            "UPDATE platform_marks SET marked_at = now() - interval '70 seconds' WHERE name <> 'webhook'"
        )
        await one.step()
        assert len(s.x.calls("dm.events")) == 2


async def test_a_limit_or_an_outage_costs_nothing_but_time(database: str) -> None:
    """What was written meanwhile is found later."""
    async with scene(database) as s:
        await s.poller.step()
        await s.x.customer("2222").writes("hello")
        s.x.faults.next("dm.events", Fault.BROKEN_BEFORE)
        assert await s.poller.step() == 0
        assert await s.poller.step() == 1


async def test_a_challenge_that_fails_is_said(database: str) -> None:
    """With X's own reason."""
    async with scene(database) as s:
        await s.webhooks.repair()
        hook = next(iter(s.x.webhooks.all.values()))
        hook.is_valid = False
        s.x.faults.next(CRC, Fault.CRC_INVALID)
        step = (await s.webhooks.repair())[0]
        assert (step.done, "CrcValidationFailed" in step.why) == ("refused", True)
