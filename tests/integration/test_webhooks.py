"""Other systems are told what happens: all of it, signed, again until they answer, and never into a private network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.channels.webhooks.post import SafePoster, is_public
from relevo.contracts.accounts import AgentPowers
from relevo.contracts.webhooks import EVENTS, Webhook
from relevo.domain.effects import Decision
from relevo.flow.webhooks import AGAIN_AFTER_SECONDS, MOST_DEAD, Herald
from tests.integration.desks import DeskOf, Request, at, desk_of, prepared, shown
from tests.integration.doors import KEY, Doors, open_doors
from tests.integration.hooked import Other, other_system

pytestmark = pytest.mark.anyio

APPROVED = ("case.opened", "effect.prepared", "effect.decided", "effect.done", "case.closed")
STEPS = ("requested", "queued", "taken", "returned")
SECRET = "whsec_of_a_test"
HERE = SafePoster(may_be_plain_here=True)
HASTY = SafePoster(may_be_plain_here=True, timeout_seconds=0.5)
MUCH = AgentPowers(limits={"money": 1_000_000})


@dataclass(kw_only=True)
class Scene:
    """Doors, an agent, and somebody who is told."""

    doors: Doors
    kim: DeskOf
    other: Other
    webhook: Webhook

    @property
    def store(self) -> OpenStore:
        """The database."""
        return self.doors.opened

    def herald(self, poster: Any = HERE) -> Herald:
        """Somebody who tells, as each web process has one."""
        return Herald(webhooks=self.store.store.webhooks, poster=poster, live=self.store.live, jitter=lambda: 0.5)

    async def tells(self, poster: Any = HERE) -> None:
        """Tell everything that is due."""
        herald = self.herald(poster)
        while await herald.step():
            pass

    async def log(self) -> list[tuple[str, str, int]]:
        """Give event, state and attempts of every delivery, oldest first."""
        found = await self.store.store.webhooks.log(self.webhook.id, None, 200)
        return [(line.event, line.state, line.attempts) for line in reversed(found)]

    async def let_all_be_due(self) -> None:
        """Let time pass for what is tried again."""
        await self.store.database.run("UPDATE webhook_deliveries SET due_at = now() - interval '1 second'")


@asynccontextmanager
async def a_scene(database: str, events: tuple[str, ...]) -> AsyncIterator[Scene]:
    """Open one."""
    async with AsyncExitStack() as stack:
        doors = await stack.enter_async_context(open_doors(database, Request()))
        doors.policies.decision = Decision.NEEDS_APPROVAL
        kim = await stack.enter_async_context(desk_of(doors, powers=MUCH))
        other = await stack.enter_async_context(other_system())
        webhook = await doors.opened.store.webhooks.add(other.url, events, SECRET)
        yield Scene(doors=doors, kim=kim, other=other, webhook=webhook)


async def test_a_conversation_is_told_from_the_first_word_to_the_last(database: str) -> None:
    """Prepared, approved and done; asked for, queued, taken and returned; opened and closed; each once, in order."""
    async with a_scene(database, tuple(event for event in EVENTS if event != "message.created")) as scene:
        doors, kim, other = scene.doors, scene.kim, scene.other
        await doors.opened.store.accounts.seen(kim.agent.id)
        effect = await prepared(doors, kim)
        await kim.does("/effects/approve", **shown(effect))
        await doors.texts("bilal", "a person please")
        conversation = await kim.takes("bilal")
        version = conversation.control_version
        await kim.does(f"{at(conversation)}/hand-back", version=version, outcome="resolved", told="Your code is 4711")
        await scene.tells()
        assert sorted(other.events) == sorted(
            [*APPROVED, "case.opened", "case.closed", *(f"handoff.{step}" for step in STEPS)]
        )
        theirs = [body for body in other.bodies() if body["conversation_id"] == str(conversation.id)]
        assert [body["event"] for body in theirs if "position" in body["data"]] == [
            *("case.opened", "handoff.queued", "handoff.taken", "handoff.returned")
        ]
        returned = next(body for body in theirs if body["event"] == "handoff.returned")
        assert (returned["data"]["outcome"], returned["data"]["trigger"]) == ("resolved", "user_request")
        the_refund_is_told(other, effect["key"], kim.agent.id)
        nothing_is_quoted(other)
        assert all(other.proves(SECRET, number) for number in range(len(other.heard)))
        assert not other.proves("whsec_of_another")
        (line, *_) = await doors.opened.store.webhooks.log(scene.webhook.id, None, 1)
        assert (line.status, line.answer) == (200, "thanks, •••")

        await scene.tells()
        assert len(other.heard) == 11, "nothing is told twice"
        await a_new_secret_has_a_day(scene)


async def a_new_secret_has_a_day(scene: Scene) -> None:
    """Change the secret: for a day both prove who it is from, then the new one alone."""
    hooks, other = scene.store.store.webhooks, scene.other
    rotated = await hooks.rotate(scene.webhook.id, "whsec_new")
    assert rotated.old_secret_until is not None
    for until, both in (("now() + interval '1 hour'", True), ("now() - interval '1 second'", False)):
        await scene.store.database.run(f"UPDATE webhooks SET old_secret_until = {until}")
        await hooks.test(scene.webhook.id)
        await scene.tells()
        assert (other.proves("whsec_new"), other.proves(SECRET)) == (True, both)
    assert (await hooks.get(scene.webhook.id)).old_secret_until is None
    await hooks.forget_old(86_400)
    assert await scene.store.database.rows("SELECT old_secret FROM webhooks") == [(None,)]


def the_refund_is_told(other: Other, key: str, agent_id: int) -> None:
    """Demand that what was done was told with its amount and who decided, and with nothing else."""
    (done,) = [body for body in other.bodies() if body["event"] == "effect.done"]
    assert {**done["data"], "position": 0, "case_id": ""} == {
        "channel": "rest",
        "position": 0,
        "case_id": "",
        "key": key,
        "kind": "refund",
        "state": "done",
        "amount": 9_000,
        "unit": "EUR",
        "decided_by": agent_id,
        **{name: done["data"][name] for name in ("rule",) if name in done["data"]},
    }


def nothing_is_quoted(other: Other) -> None:
    """Demand that nobody's words or addresses were told."""
    words = b"".join(body for _, body in other.heard)
    assert not [said for said in (b"4711", b"person please", b"refund my", b"amina", b"bilal") if said in words]


async def test_what_fails_is_told_again_and_given_up_in_the_end(database: str) -> None:
    """Errors, silence, a broken connection and a redirect; the pauses grow; ten given up end it."""
    async with a_scene(database, ("message.created",)) as scene:
        await is_told_again(scene)
        await is_given_up_and_enabled(scene)


async def is_told_again(scene: Scene) -> None:
    """Every kind of failure, and the order within a conversation."""
    doors, other, database_ = scene.doors, scene.other, scene.store.database
    await doors.texts("amina", "one")
    other.answers += ["500 Sorry", "302 Found", "reset", "silent"]
    await scene.herald().step()
    assert {state for _, state, _ in await scene.log()} == {"queued"}
    due = await database_.rows(
        "SELECT extract(epoch FROM due_at - now()) FROM webhook_deliveries WHERE attempts > 0",
    )
    assert all(abs(float(row[0]) - AGAIN_AFTER_SECONDS[0]) < 10 for row in due)
    await scene.tells()
    assert len(other.heard) < 3, "what is later waits for what is earlier"
    for _ in range(10):
        await scene.let_all_be_due()
        await scene.tells(HASTY)
    assert [state for _, state, _ in await scene.log()] == ["done", "done"]
    positions = [body["data"]["position"] for body in other.bodies()]
    assert (sorted(positions), positions[-1]) == (positions, 2)
    assert {headers["relevo-delivery"] for headers, _ in other.heard[:2]} == {other.heard[0][0]["relevo-delivery"]}


async def is_given_up_and_enabled(scene: Scene) -> None:
    """One more that nobody takes."""
    doors, other, database_ = scene.doors, scene.other, scene.store.database
    await database_.run("UPDATE webhooks SET dead_in_a_row = %s", (MOST_DEAD - 1,))
    await doors.texts("bilal", "two")
    other.answers += ["503 Later"] * 40
    for _ in range(len(AGAIN_AFTER_SECONDS) + 4):
        await scene.tells()
        await scene.let_all_be_due()
    hook = await scene.store.store.webhooks.get(scene.webhook.id)
    assert hook.disabled_at is not None
    assert hook.disabled_because == "It answered 503."
    assert ("message.created", "dead", len(AGAIN_AFTER_SECONDS) + 1) in await scene.log()
    other.answers.clear()
    before = len(other.heard)
    await scene.tells()
    assert len(other.heard) == before, "who is not told any more is left alone"

    await scene.store.store.webhooks.change(hook.id, ["message.created"], is_enabled=True)
    newest, *_ = [line for line in await scene.store.store.webhooks.log(hook.id, None, 9) if line.state == "dead"]
    await scene.store.store.webhooks.redeliver(newest.id)
    await scene.tells()
    assert [state for _, state, _ in await scene.log()].count("dead") == 0


async def test_a_kill_and_a_late_commit_lose_nothing(database: str) -> None:
    """Who dies while telling is followed by another; what commits after later things is still read; two read as one."""
    async with a_scene(database, ("message.created",)) as scene, open_store(database, attachment_key=KEY) as second:
        doors, hooks = scene.doors, scene.store.store.webhooks
        await doors.texts("amina", "hello")
        conversation = await doors.conversation("rest", "amina")
        async with second.database.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE conversations SET last_position = last_position + 1, updated_at = now() WHERE id = %s",
                (conversation.id,),
            )
            await connection.execute(
                "INSERT INTO entries (conversation_id, position, kind, author, content)"
                " SELECT id, last_position, 'message', 'system', '{}' FROM conversations WHERE id = %s",
                (conversation.id,),
            )
            await doors.texts("bilal", "I am quicker")
            await asyncio.gather(hooks.read_news(), second.store.webhooks.read_news(), hooks.read_news())
            await scene.tells()
            assert len(scene.other.heard) == 4
        held = await hooks.read_news(), await hooks.claim(10)
        assert len(held[1]) == 1, "read late, and held by somebody who dies"
        await scene.tells()
        assert len(scene.other.heard) == 4
        await scene.store.database.run("UPDATE webhook_deliveries SET lease_until = now() - interval '1 second'")
        await scene.tells()
        assert len(scene.other.heard) == 5
        assert [body["data"]["author"] for body in scene.other.bodies()].count("system") == 1


PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),  # noqa: S104
    *("255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
    *("2002:a00:1::", "ff02::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_nothing_is_sent_into_a_private_network(address: str) -> None:
    """Neither by the address itself, nor by one that stands for it; refused before anything is connected to."""
    assert not is_public(ip_address(address))
    named = f"[{address}]" if ":" in address else address
    told = await SafePoster().post(f"https://{named}/", {}, b"{}")
    assert told.problem == "This name leads into a private network, where nothing is sent."


async def test_addresses_are_judged_by_what_their_name_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with one private address is refused; plain http and odd addresses, too; public ones are none of these."""
    assert is_public(ip_address("93.184.216.34"))
    assert is_public(ip_address("2606:2800:220:1::1"))
    loop = asyncio.get_running_loop()

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("192.168.0.9", 443))]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    poster = SafePoster(timeout_seconds=1)
    assert "private network" in str((await poster.post("https://rebinding.example/", {}, b"")).problem)
    for url in ("http://93.184.216.34/", "ftp://a.example/", "https://user:pw@a.example/", "https://", "https://[::/"):
        assert (await poster.post(url, {}, b"")).problem, url
    private = SafePoster(may_be_private=True, timeout_seconds=1)
    told = await private.post("https://169.254.169.254/latest", {}, b"")
    assert told.problem is not None
