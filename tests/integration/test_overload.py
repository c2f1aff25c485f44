"""Too much at once: who waits is told once, nobody is starved by somebody else's flood, and nothing is kept half."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.bootstrap.web import Readiness
from relevo.contracts.bots import BotLine
from relevo.contracts.store import TurnOutcome
from relevo.domain.messages import Arrival
from relevo.flow.overload import MOST_WAITING, OverloadWatch
from relevo.flow.standing import Standing
from relevo.flow.sweep import Sweeper
from relevo.flow.texts import say
from relevo.store.metrics import PostgresMetrics
from relevo.store.overload import CALM_SECONDS, PostgresOverload
from relevo.web.services import Remark
from relevo.web.settings import WebSettings
from tests.integration.doors import REST, open_doors
from tests.integration.hands import lines, written
from tests.integration.visiting import page_of
from tests.integration.xs import dm, on_x

pytestmark = pytest.mark.anyio
BOT = BotLine(name="bot-1", host="here", process=1, model="m", problem=None)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone, with a bot that says that it lives."""
    async with open_store(database) as opened:
        await opened.store.bots.seen(BOT)
        yield opened


async def served(opened: OpenStore, *, at_once: int, most: int) -> list[str]:
    """Claim and answer so many messages, as so many bots would that all take equally long; give whose in order."""
    order: list[str] = []
    while len(order) < most and (claims := await opened.store.inbox.claim(at_once)):
        order += [claim.arrival.address for claim in claims]
        for claim in claims:
            await opened.store.inbox.settle(claim, TurnOutcome(messages=lines("hi")))
    return order


@pytest.mark.parametrize("at_once", [1, 4])
async def test_a_flood_of_one_delays_nobody_else(opened: OpenStore, at_once: int) -> None:
    """Five hundred messages of one contact came first; the ten others are served right after its first one.

    Counted in places, not in time: with four at once the flood may hold one of the four, and never more.
    """
    inbox = opened.store.inbox
    await inbox.receive([written(f"spam {n}", by="flooder", number=n) for n in range(500)])
    others = [f"contact {n}" for n in range(10)]
    for name in others:
        await inbox.receive([written(by=name, number=1), written("and", by=name, number=2)])
    order = await served(opened, at_once=at_once, most=33)
    first = [order.index(name) for name in others]
    assert first == sorted(first), "those who wrote first are first"
    assert first[-1] <= 10 + 10 // 3, order
    assert all(order.count(name) == 2 for name in others), "their second messages do not wait for the flood either"
    assert order.count("flooder") == len(order) - 20


async def test_who_was_served_goes_behind_who_waits(opened: OpenStore) -> None:
    """Lanes take turns, however many messages are in each; within a lane the order is that of writing."""
    inbox = opened.store.inbox
    for name in ("amina", "bilal"):
        await inbox.receive([written(f"{name} {n}", by=name, number=n) for n in range(3)])
    assert await served(opened, at_once=1, most=6) == ["amina", "bilal"] * 3


def watch(opened: OpenStore) -> OverloadWatch:
    """Give who tells contacts; it reads afresh each time."""
    standing = Standing(metrics=PostgresMetrics(opened.database), fresh_seconds=0.0)
    return OverloadWatch(
        standing=standing, overload=PostgresOverload(opened.database), live=opened.live, default_language="en"
    )


async def waited(opened: OpenStore, seconds: float) -> None:
    """Have everybody wait for so long already."""
    await opened.database.run("UPDATE inbox SET due_at = now() - make_interval(secs => %s)", (seconds,))


async def said(opened: OpenStore, address: str, channel: str = "widget") -> list[str | None]:
    """Give what the system said to somebody."""
    conversation = await opened.store.conversations.find(channel, address)
    assert conversation is not None
    entries = await opened.store.conversations.entries(conversation.id, 0)
    return [entry.content.text for entry in entries if entry.author.value == "system"]


def on_the_web(address: str, *, language: str | None = None) -> Arrival:
    """Give a message of the web chat."""
    metadata: dict[str, Any] = {"language": language} if language else {}
    return Arrival(channel="widget", address=address, external_id=address, text="hello", metadata=metadata)


async def test_who_waits_too_long_is_told_once(opened: OpenStore) -> None:
    """Each in their language, once while it lasts, whichever web process looks; the next time they are told again."""
    await opened.store.inbox.receive([on_the_web("amina", language="en"), on_the_web("inés", language="es")])
    watches = [watch(opened), watch(opened)]
    assert [await each.step() for each in watches * 2] == [0, 0, 0, 0], "nobody has waited yet"
    await waited(opened, 11)
    assert [await each.step() for each in watches * 2] == [0, 0, 2, 0], "seen twice, told by one"
    assert (await said(opened, "amina"))[0].startswith("Many people are writing")  # type: ignore[union-attr]
    assert (await said(opened, "inés"))[0].startswith("Ahora mismo escribe mucha gente")  # type: ignore[union-attr]
    assert await opened.database.rows("SELECT count(*) FROM deliveries WHERE state = 'queued'") == [(2,)]
    await opened.store.inbox.receive([on_the_web("late")])
    await waited(opened, 11)
    assert [await each.step() for each in watches] == [1, 0], "who came later is told, nobody twice"
    await opened.database.run("UPDATE overload SET seen_at = now() - make_interval(secs => %s)", (CALM_SECONDS + 1,))
    assert await watches[0].step() == 3, "it is another time by now"


async def test_only_those_are_told_who_wait_for_a_bot_that_is_there(opened: OpenStore) -> None:
    """Not who is asked for the answer, not who has a person, and nobody where no bot is: that is another sentence."""
    await opened.store.inbox.receive([written(by="a system", channel="rest"), on_the_web("amina"), on_the_web("bilal")])
    await opened.database.run(
        "UPDATE conversations SET control = 'agent' FROM identities i WHERE identity_id = i.id AND address = 'bilal'"
    )
    await waited(opened, 11)
    looking = watch(opened)
    await opened.store.bots.gone("bot-1")
    assert [await looking.step(), await looking.step()] == [0, 0]
    await opened.store.bots.seen(BOT)
    assert [await looking.step(), await looking.step()] == [0, 1]
    assert len(await said(opened, "amina")) == 1


async def test_readiness_and_numbers_say_so(opened: OpenStore) -> None:
    """A host that queues is not taken out: another one has the same queue, and this one still takes what comes."""
    looking = watch(opened)
    ready = Readiness(bots=opened.store.bots, lost_seconds=10, standing=looking.standing, overload_seconds=10)
    await opened.store.inbox.receive([on_the_web("amina")])
    await waited(opened, 11)
    assert await ready() == {"database": True, "bot": True}
    await looking.step()
    await looking.step()
    told = (await ready())["queue"]
    assert isinstance(told, Remark)
    assert told.startswith("Answers take longer than 10 s: 1 conversations wait, the first for 11 s.")
    assert "relevo_overloaded 1.0\n" in await looking.standing.told("here")


async def test_what_queues_is_not_handed_to_people_at_once(opened: OpenStore) -> None:
    """While bots answer others a message may wait for minutes; where none is there, a person gets it as ever."""
    inbox, standing = opened.store.inbox, watch(opened).standing
    sweeper = Sweeper(
        inbox=inbox, effects=opened.store.effects, live=opened.live, standing=standing, silence_seconds=30,
        queueing_seconds=300,
    )  # fmt: skip

    async def states() -> list[Any]:
        return [row[0] for row in await opened.database.rows("SELECT state FROM inbox ORDER BY id")]

    await inbox.receive([written(by="amina"), written(by="bilal")])
    await opened.database.run("UPDATE inbox SET received_at = now() - interval '1 minute'")
    await sweeper.step()
    assert await states() == ["waiting", "waiting"]
    await opened.database.run("UPDATE inbox SET received_at = now() - interval '6 minutes' WHERE id = 1")
    await sweeper.step()
    assert await states() == ["settled", "waiting"]
    await opened.store.bots.gone("bot-1")
    await sweeper.step()
    assert await states() == ["settled", "settled"]


async def test_a_flood_on_a_platform_is_kept_and_answered_in_part(database: str) -> None:
    """A platform's words cannot be refused: all are on the timeline, so many are answered, and it is said once."""
    flood = [dm(f"spam {n}", f"2080765901528535{n:03}") for n in range(MOST_WAITING + 15)]
    async with on_x(database, has_bot=False) as x:
        x.intake.hearing.overload = PostgresOverload(x.doors.opened.database)
        for body in flood:
            await x.post(body)
        await x.read()
        words = await x.said()
        assert [text for who, text in words if who == "contact"] == [f"spam {n}" for n in range(MOST_WAITING + 15)]
        assert [text for who, text in words if who == "system"] == [say("en", "too_fast")]
        assert await x.doors.opened.database.rows("SELECT state, count(*) FROM inbox GROUP BY 1 ORDER BY 1") == [
            ("settled", 15),
            ("waiting", MOST_WAITING),
        ]
        await x.post(dm("hello", "2080765901528535999", sender="3333"))
        await x.read()
        assert await x.doors.opened.database.rows("SELECT state FROM inbox WHERE text = 'hello'") == [("waiting",)]


@pytest.mark.parametrize("door", ["rest", "widget"])
async def test_a_flood_at_our_own_doors_is_refused_with_when_to_come_back(database: str, door: str) -> None:
    """One contact who does not stop is told to wait; the others are not."""
    few = WebSettings(rest_burst=3, rest_messages_per_second=0.01, visitor_burst=3, visitor_messages_per_second=0.01)
    async with open_doors(database, settings=few) as doors:
        if door == "rest":

            async def post(who: str) -> Any:
                return await doors.http.post(REST, json={"sender": who, "message": "hi", "message_id": "m"})

            answers = [await post("amina") for _ in range(5)]
            other = await post("bilal")
        else:
            page, another = await page_of(doors), await page_of(doors)
            answers = [await page.post("messages", cid="c", text="hi") for _ in range(5)]
            other = await another.post("messages", cid="c", text="hi")
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert other.status_code == 200


_FULL = """
CREATE FUNCTION full_{table}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION full_{table}();
"""


async def test_a_full_disk_is_an_answer_and_leaves_nothing_half(database: str) -> None:
    """503 with when to come back, nothing on any timeline; once there is room the same message is taken."""
    async with on_x(database) as x:
        doors, run = x.doors, x.doors.opened.database.run
        page = await page_of(doors)
        for table in ("entries", "platform_events"):
            await run(_FULL.format(table=table))

        async def answers() -> Sequence[Any]:
            rest = await doors.post("amina", "hello", message_id="m1")
            return rest, await page.post("messages", cid="c1", text="hello"), await x.post(dm("hello"))

        for answer in await answers():
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["error"]["code"] == "unavailable"
        for table in ("inbox", "entries", "platform_events"):
            assert await doors.opened.database.rows(f"SELECT FROM {table}") == [], table
        for table in ("entries", "platform_events"):
            await run(f"DROP TRIGGER full_disk ON {table}")
        assert [answer.status_code for answer in await answers()] == [200, 200, 200]
