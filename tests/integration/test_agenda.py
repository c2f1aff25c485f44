"""What looks now and then sleeps while nothing happens: it is woken by what is told, and by what comes due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from relevo.bootstrap.store import open_store
from relevo.contracts.platform import PlatformEvent
from relevo.contracts.store import TurnOutcome
from relevo.flow import agenda, waiting
from relevo.flow.agenda import AgendaWatch
from relevo.flow.sla import SlaWatch
from relevo.store.agenda import PostgresAgenda
from relevo.store.webhooks import PostgresWebhooks
from tests.integration.hands import claimed, lines
from tests.integration.office import Office
from tests.integration.routed import floor_on
from tests.integration.test_promises import SORRY, opened_case, promised, watch

pytestmark = pytest.mark.anyio
NEVER_SECONDS = 3_600.0


async def due_in(office: Office) -> float | None:
    """Give in how long something is due."""
    return await PostgresAgenda(office.opened.database).seconds_to_next(["push"])


def is_about(seconds: float | None, expected: float) -> bool:
    """Tell whether it is that, but for what the machine takes meanwhile."""
    return seconds is not None and expected - 30 < seconds <= expected


async def test_where_nothing_is_kept_nothing_is_due(office: Office) -> None:
    """Neither is what was answered and sent."""
    assert await due_in(office) is None
    claim = await claimed(office.opened.store.inbox)
    await office.opened.store.inbox.settle(claim, TurnOutcome(messages=lines("hello")))
    await office.heard()
    assert await due_in(office) is None


async def test_promises_are_due_until_they_are_kept_or_missed(office: Office) -> None:
    """What is late is due at once, and once."""
    await opened_case(office)
    await promised(office, seconds=600)
    assert is_about(await due_in(office), 600)
    await promised(office, seconds=-60)
    assert is_about(await due_in(office), -60)
    await watch(office).step()
    await office.heard()
    assert await due_in(office) is None


async def test_messages_and_what_is_sent_are_due(office: Office) -> None:
    """A message soon, if no bot takes it; what is sent at once, where we send to its channel at all."""
    store, database = office.opened.store, office.opened.database
    claim = await claimed(store.inbox)
    assert is_about(await due_in(office), 5)
    await store.inbox.settle(claim, TurnOutcome(messages=lines("hello")))
    assert is_about(await due_in(office), 0)
    assert await PostgresAgenda(database).seconds_to_next(["another"]) is None
    await database.run("UPDATE deliveries SET due_at = now() + interval '600 seconds'")
    assert is_about(await due_in(office), 600)
    await database.run("UPDATE deliveries SET state = 'sending', lease_until = now() + interval '300 seconds'")
    assert is_about(await due_in(office), 300)


async def test_what_somebody_decides_about_is_due(office: Office) -> None:
    """When the time to decide is over, and when what was begun should have ended."""
    await office.prepared()
    assert await due_in(office) is None
    await office.opened.database.run("UPDATE effects SET expires_at = now() + interval '600 seconds'")
    assert is_about(await due_in(office), 600)
    await office.opened.database.run("UPDATE effects SET state = 'intended', decided_at = now()")
    assert is_about(await due_in(office), 15)


async def test_what_other_systems_are_told_and_tell_is_due(office: Office) -> None:
    """Webhooks that are enabled, what a platform told us, and mails with links."""
    store, database = office.opened.store, office.opened.database
    webhook = await PostgresWebhooks(database, bytes(32)).add("https://other.example", ("case.opened",), "secret")
    event = "INSERT INTO webhook_events (source, event, happened_at, data) VALUES ('s', 'case.opened', now(), '{}')"
    await database.run(
        f"WITH e AS ({event} RETURNING id) INSERT INTO webhook_deliveries (webhook_id, event_id, due_at)"
        " SELECT %s, id, now() + interval '600 seconds' FROM e",
        (webhook.id,),
    )
    assert is_about(await due_in(office), 600)
    await database.run("UPDATE webhooks SET disabled_at = now(), disabled_because = 'it was wished'")
    assert await due_in(office) is None
    agent = await office.agent("kim")
    await database.run(
        "INSERT INTO password_links (agent_id, language, is_mailed, expires_at, due_at)"
        " VALUES (%s, 'en', true, now() + interval '1 day', now() + interval '300 seconds')",
        (agent.id,),
    )
    assert is_about(await due_in(office), 300)
    await database.run("UPDATE password_links SET expires_at = now(), due_at = now() - interval '1 day'")
    assert await due_in(office) is None
    await store.platform_events.keep(
        [PlatformEvent(channel="push", key=str(uuid4()), lane="", kind="dm", body=b"told", order=0)]
    )
    assert is_about(await due_in(office), 0)


async def test_whoever_waits_for_a_person_is_on_the_agenda(database: str) -> None:
    """The clock of the answer that they are owed, and the end of their wait."""
    async with floor_on(database) as floor:
        await floor.agent("kim")
        await floor.says("amina", "person")
        on_agenda = PostgresAgenda(floor.opened.database)
        waits = await on_agenda.seconds_to_next()
        assert waits is not None
        assert waits > 0
        await SlaWatch(rounds=floor.opened.store.rounds, live=floor.opened.live).step()
        await floor.opened.database.run("UPDATE handoffs SET expires_at = now() + interval '2 hours'")
        await floor.opened.database.run("UPDATE case_sla SET wakes_at = now() + interval '600 seconds'")
        assert is_about(await on_agenda.seconds_to_next(), 600)
        await floor.opened.database.run("UPDATE case_sla SET wakes_at = 'infinity'")
        assert await on_agenda.seconds_to_next() is None


@asynccontextmanager
async def asleep(office: Office, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Have promises watched by somebody who has looked, and never looks again unless woken."""
    monkeypatch.setattr(waiting, "ASLEEP_SECONDS", NEVER_SECONDS)
    monkeypatch.setattr(agenda, "REST_SECONDS", NEVER_SECONDS)
    monkeypatch.setattr(agenda, "_QUIET_SECONDS", 0.05)
    stop, live, has_looked = asyncio.Event(), office.opened.live, asyncio.Event()

    async def look() -> int:
        found = await watch(office).step()
        has_looked.set()
        return found

    waking = AgendaWatch(agenda=PostgresAgenda(office.opened.database), live=live)
    watching = waiting.keep_watch(stop, look, live=live, what="test", pause_seconds=0.05, first_seconds=0.0)
    running = [asyncio.create_task(part) for part in (watching, waking.run(stop))]
    await has_looked.wait()
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 10)


async def until_missed(office: Office) -> None:
    """Wait until a promise was seen to have passed; looking stirs nobody."""
    deadline = time.monotonic() + 20
    while not await office.opened.database.rows("SELECT id FROM cases WHERE promise_missed_at IS NOT NULL"):
        assert time.monotonic() < deadline, "nobody looked"
        await asyncio.sleep(0.01)


async def test_a_watch_that_sleeps_is_woken_for_what_comes_due(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nobody tells of it, and nothing looks now and then."""
    await opened_case(office)
    async with asleep(office, monkeypatch):
        await promised(office, seconds=1.0)
        office.opened.live.changed(None)  # as whoever promises does
        await until_missed(office)
    assert await office.heard() == [SORRY]


async def test_what_one_process_tells_wakes_what_sleeps_in_another(
    office: Office, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept without a word is not seen; with the first word, whatever it is about, it is."""
    await opened_case(office)
    async with asleep(office, monkeypatch), open_store(database, name="another", hears=()) as another:
        await promised(office)
        another.live.wake_routers()
        await until_missed(office)
    assert await office.heard() == [SORRY]
