"""Events of platforms are kept once, read once at a time and in order, and forgotten in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from relevo.contracts.platform import PlatformEvent
from relevo.errors import LeaseLost
from relevo.store.platform_events import PostgresPlatformEvents
from relevo.store.platform_marks import PostgresPlatformMarks
from relevo.store.pool import Database

pytestmark = pytest.mark.anyio

KEY = bytes(range(32))


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Database]:
    """A database."""
    opened = Database(database, size=2, name="relevo tests")
    await opened.open()
    yield opened
    await opened.close()


def event(key: str, lane: str = "2222", order: int = 0) -> PlatformEvent:
    """Give one."""
    return PlatformEvent(channel="x", key=key, lane=lane, kind="dm", body=key.encode(), order=order)


async def test_one_host_at_a_time_reads_a_lane_and_each_lane_by_itself(opened: Database) -> None:
    """What happened first comes first; what belongs to nobody waits for nobody."""
    events = PostgresPlatformEvents(opened, KEY)
    batch = [event("b", order=2), event("a", order=1), event("c", "3333"), event("d", ""), event("e", "")]
    assert await events.keep(batch) == 5
    assert await events.keep([event("a", order=1), event("f", order=3), event("f")]) == 1
    first = await events.claim(["x"], 10)
    assert [each.event.key for each in first] == ["a", "c", "d", "e"]
    assert [each.event.body for each in first] == [b"a", b"c", b"d", b"e"]
    assert await events.claim(["x"], 10) == []
    await events.settle(first[0])
    assert [each.event.key for each in await events.claim(["x", "y"], 10)] == ["b"]
    assert await events.claim(["y"], 10) == []


async def test_whoever_lost_the_lease_ends_nothing(opened: Database) -> None:
    """Another host has it by now."""
    events = PostgresPlatformEvents(opened, KEY, lease_seconds=-1.0)
    await events.keep([event("a")])
    (slow,), (quick,) = await events.claim(["x"], 1), await events.claim(["x"], 1)
    assert quick.attempts == 2
    for end in (events.settle(slow), events.bury(slow, "why"), events.defer(slow, datetime.now(timezone.utc))):
        with pytest.raises(LeaseLost):
            await end
    await events.settle(quick)


async def test_hosts_that_took_one_lane_together_and_died_do_not_stop_it(opened: Database) -> None:
    """As where something earlier comes in while what is later is being taken: both go on, the earlier one first."""
    events = PostgresPlatformEvents(opened, KEY)
    await events.keep([event("b", order=2), event("a", order=1)])
    taken = "UPDATE platform_events SET state = 'held', token = gen_random_uuid(), lease_until = now()"
    await opened.run(f"{taken} + interval '1 minute'")
    assert await events.claim(["x"], 10) == []
    await opened.run(f"{taken} - interval '1 minute'")
    (first,) = await events.claim(["x"], 10)
    assert await events.claim(["x"], 10) == []
    await events.settle(first)
    (second,) = await events.claim(["x"], 10)
    assert [each.event.key for each in (first, second)] == ["a", "b"]


async def test_what_was_deferred_holds_its_lane(opened: Database) -> None:
    """Until its time has come."""
    events = PostgresPlatformEvents(opened, KEY)
    await events.keep([event("a"), event("b")])
    (claimed,) = await events.claim(["x"], 10)
    await events.defer(claimed, datetime.now(timezone.utc) + timedelta(hours=1), counts=False)
    assert await events.claim(["x"], 10) == []
    await opened.run("UPDATE platform_events SET due_at = now()")
    (again,) = await events.claim(["x"], 10)
    assert (again.event.key, again.attempts) == ("a", 1)


async def test_what_has_ended_is_forgotten_by_age_and_number(opened: Database) -> None:
    """What waits is not."""
    events = PostgresPlatformEvents(opened, KEY)
    await events.keep([event(f"{number}", str(number)) for number in range(6)])
    for claimed in await events.claim(["x"], 5):
        await events.settle(claimed)
    await opened.run("UPDATE platform_events SET ended_at = now() - make_interval(days => id::integer) WHERE id < 6")
    assert await events.forget_old(3.5 * 86_400, 100) == 2
    assert await events.forget_old(30 * 86_400, 2) == 1
    assert await opened.rows("SELECT key FROM platform_events ORDER BY id") == [("0",), ("1",), ("5",)]


async def test_with_another_key_an_event_is_given_up_and_not_lost(opened: Database) -> None:
    """It can be read again once the key is back."""
    await PostgresPlatformEvents(opened, KEY).keep([event("a")])
    other = PostgresPlatformEvents(opened, bytes(32))
    assert await other.claim(["x"], 10) == []
    assert await other.given_up("x") == 1
    assert await other.replay(None) == 1
    assert [each.event.body for each in await PostgresPlatformEvents(opened, KEY).claim(["x"], 10)] == [b"a"]


async def test_a_turn_is_one_host_s_and_comes_again_after_its_time(opened: Database) -> None:
    """With what was kept under its name."""
    marks = PostgresPlatformMarks(opened)
    assert await marks.get("x", "dm_events") is None
    first = await marks.turn("x", "dm_events", 65)
    assert first is not None
    assert (first.value, first.marked_at.year) == (None, 1970)
    await marks.put("x", "dm_events", "17")
    assert await marks.turn("x", "dm_events", 65) is None
    await opened.run("UPDATE platform_marks SET marked_at = now() - interval '66 seconds'")
    again = await marks.turn("x", "dm_events", 65)
    assert again is not None
    assert again.value == "17"
