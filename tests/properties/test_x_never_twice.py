"""Whatever X leaves unanswered and whoever dies while sending, in whatever order: no message twice, none lost.

Hypothesis writes the schedules: two hosts send, X breaks before and after it has accepted, its answers are lost, hosts
die while they wait for one, leases run out, X tells of what it sent or does not, and time passes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress

import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from relevo.errors import PlatformAway
from relevo.testing.x.faults import Fault
from tests.integration.sending_on_x import Sending, sending

IS_LONG = bool(os.environ.get("RELEVO_LONG"))
SETTINGS = settings(
    max_examples=400 if IS_LONG else 14,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
PEOPLE = ("2222", "3333")
SENDING = [
    Fault.RESPONSE_LOST,
    Fault.REQUEST_LOST,
    Fault.BROKEN_AFTER,
    Fault.BROKEN_BEFORE,
    Fault.LIMITED,
    Fault.TOKEN_EXPIRED,
    Fault.NO_CREDITS,
]
LOOKING = [Fault.BROKEN_BEFORE, Fault.RESPONSE_LOST, Fault.LIMITED]
TABLES = "deliveries, entries, inbox, conversations, identities, contacts, x_windows, x_stops, handoffs"

steps = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("fail"), st.sampled_from(SENDING)),
    st.tuples(st.just("fail"), st.sampled_from(SENDING)),
    st.tuples(st.just("blind"), st.sampled_from(LOOKING)),
    st.tuples(st.just("send"), st.sampled_from([0, 1])),
    st.tuples(st.just("send"), st.sampled_from([0, 1])),
    st.tuples(st.just("die"), st.sampled_from([0, 1])),
    st.tuples(st.just("later"), st.sampled_from([3, 6, 31, 61, 121])),
    st.tuples(st.just("tell"), st.just(0)),
)


@SETTINGS
@given(story=st.lists(steps, min_size=6, max_size=16))
def test_no_schedule_sends_anything_twice_or_loses_it(database: str, story: Sequence[tuple[str, object]]) -> None:
    """At the end everything has arrived once, in its order, and nobody asked beyond a limit."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        asyncio.run(_told(database, story))
    finally:
        structlog.reset_defaults()


async def _told(database: str, story: Sequence[tuple[str, object]]) -> None:
    async with sending(database, hosts=2) as here:
        await here.opened.database.run(f"TRUNCATE {TABLES} CASCADE")
        here.x.customer("3333")
        said: dict[str, list[str]] = {person: [] for person in PEOPLE}
        for number, (verb, about) in enumerate([("say", "2222"), *story]):
            await _step(here, said, (verb, about), number)
        await _ended(here)
        assert not here.x.brand.sent_twice
        assert {person: here.x.customer(person).heard() for person in PEOPLE} == said
        assert {state for state, _ in await here.states()} == {"sent"}
        assert here.x.limits.exceeded["dm.send"] == 0


async def _step(here: Sending, said: dict[str, list[str]], step: tuple[str, object], number: int) -> None:
    verb, about = step
    if verb == "say":
        said[str(about)].append(f"Message {number}")
        await here.answer(f"Message {number}", to=str(about))
    elif verb in {"fail", "blind"}:
        assert isinstance(about, Fault)
        here.x.faults.next("dm.send" if verb == "fail" else "dm.events", about)
    elif verb == "send":
        await here.hosts[int(str(about))].deliverer.step()
    elif verb == "die":
        await _die(here, int(str(about)))
    elif verb == "later":
        await here.later(float(str(about)))
    else:
        await _tell(here)


async def _die(here: Sending, host: int) -> None:
    """Let a host be killed while X has its message and does not answer yet; its lease runs out."""
    waiting, happened = here.x.faults._next["dm.send"], here.x.faults.happened
    before = happened["dm.send", Fault.SLOW]
    waiting.appendleft(Fault.SLOW)
    task = asyncio.create_task(here.hosts[host].deliverer.step(1))
    while not task.done() and happened["dm.send", Fault.SLOW] == before:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if happened["dm.send", Fault.SLOW] == before:
        waiting.popleft()  # there was nothing to send
    here.x.faults.release()
    await here.later(61)


async def _tell(here: Sending) -> None:
    """Let X tell of everything that was sent so far; it is always ours."""
    for message in here.x.brand.sent:
        with suppress(PlatformAway):
            assert await here.echoes.confirm(message.recipient_id, message.id, message.text, message.sent_at)


async def _ended(here: Sending) -> None:
    """Let everything go well, for as long as it takes."""
    here.x.faults._next.clear()
    for _ in range(40):
        await here.send()
        if {state for state, _ in await here.states()} <= {"sent"}:
            return
        await here.later(301)
    raise AssertionError(await here.states())
