"""Agents take over, approve and hand back while web and bot processes are killed with signal 9: each thing once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from time import monotonic

import psycopg
import pytest

from bench.kit.conversations import Customer
from bench.kit.customers import POINTS_DUE, add_customers, credits_of
from bench.kit.programs import bench_folder, ready
from bench.kit.raw_http import HttpConnection
from bench.kit.relevo_serve import RelevoServe, relevo_serve
from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.clock import system_clock
from relevo.contracts.composer import Written
from relevo.contracts.store import Intent
from relevo.domain.conversations import Control, Conversation
from relevo.domain.effects import POINTS, EffectOrder, EffectState
from relevo.domain.handoff import Handback
from relevo.domain.service import Service
from relevo.flow.handoff import takeover
from relevo.flow.record import handback_record
from tests.properties.relay_invariants import check, kept

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]

ROUNDS, KILL_SECONDS, SEED = 12, 14.0, 7
PATIENCE_SECONDS = 5.0
APPROVED = "Una persona lo ha aprobado"
WAITING = "SELECT count(*) FROM inbox WHERE state IN ('waiting', 'held')"
UNFINISHED = "SELECT count(*) FROM effects WHERE state = 'intended'"


@dataclass(kw_only=True)
class Rounds:
    """Customers and an agent against real processes that die."""

    serve: RelevoServe
    opened: OpenStore
    kim: AgentAccount
    kills: Counter[str] = field(default_factory=Counter)
    chance: Random = field(default_factory=lambda: Random(SEED))

    async def play(self, customer: Customer) -> None:
        """Ask for a person, be served by one while everything dies, and go on with the bot."""
        await asyncio.sleep(self.chance.uniform(0, KILL_SECONDS / 2))
        await self._says(customer, 0, "quiero hablar con una persona")
        await asyncio.gather(self._is_served(customer), self._says(customer, 1, "hola? me faltan puntos"))
        await self._says(customer, 2, "gracias")

    async def kill(self) -> None:
        """Kill a process every second or so, bots and web in turns."""
        end = monotonic() + KILL_SECONDS
        while monotonic() < end:
            await asyncio.sleep(self.chance.uniform(0.5, 1.5))
            kind = "bot" if sum(self.kills.values()) % 2 else "web"
            if victims := self.serve.by_kind()[kind]:
                os.kill(self.chance.choice(victims).pid, signal.SIGKILL)
                self.kills[kind] += 1

    async def settle(self) -> None:
        """Wait until nothing waits; what was approved need not be old to be taken up."""
        deadline, counts = monotonic() + 60, [1]
        while any(counts):
            assert monotonic() < deadline, f"something never ends: {counts}"
            await self.opened.database.run(
                "UPDATE effects SET decided_at = decided_at - interval '1 minute' WHERE state = 'intended'"
            )
            counts = [(await self.opened.database.rows(count))[0][0] for count in (WAITING, UNFINISHED)]
            await asyncio.sleep(0.2)

    async def conversation(self, customer: Customer) -> Conversation:
        """Give a customer's conversation as it is now."""
        found = await self.opened.store.conversations.find("rest", _sender(customer))
        assert found is not None
        return found

    async def _says(self, customer: Customer, number: int, text: str) -> None:
        """Write as callers do: again with the same id until it is answered."""
        message = {"sender": _sender(customer), "message": text, "message_id": str(number)}
        deadline = monotonic() + 90
        while not await self._is_answered(message):
            assert monotonic() < deadline, f"{text!r} of {_sender(customer)} was never answered"
            await asyncio.sleep(0.2)

    async def _is_answered(self, message: Mapping[str, str]) -> bool:
        connection = HttpConnection(self.serve.port)
        try:
            return (await asyncio.wait_for(connection.say(message), PATIENCE_SECONDS)).status == 200
        except (OSError, asyncio.TimeoutError):  # nobody listens just now, or whoever did was killed
            return False
        finally:
            connection.close()

    async def _is_served(self, customer: Customer) -> None:
        store, conversation = self.opened.store, await self.conversation(customer)
        assert conversation.control in (Control.QUEUED, Control.OFFERED)
        handoff = await takeover(conversation, None, store.handoffs, store.inbox, system_clock(), Service())
        version = await store.handoffs.take_over(conversation.id, conversation.control_version, self.kim.id, handoff)
        await asyncio.sleep(self.chance.uniform(0, 1))
        await store.composer.writing.reply(conversation.id, self.kim.id, Written(text="te ayudo yo", client_id="1"))
        await self._approves(customer, conversation)
        await asyncio.sleep(self.chance.uniform(0, 1))
        handback = Handback(outcome="resolved", agent="Kim", told=_told(customer))
        record = handback_record(handback, handoff_id=None, ended_at=system_clock())
        await store.handoffs.hand_back(conversation.id, version, self.kim.id, record)
        self.opened.live.wake_bots()

    async def _approves(self, customer: Customer, conversation: Conversation) -> None:
        """Approve the customer's points, and leave the deed to whichever web process lives."""
        order = EffectOrder(
            key=f"credit_points:{customer.ticket}",
            kind="credit_points",
            business_ref=customer.ref,
            arguments={"ticket": customer.ticket, "points": POINTS_DUE},
            amount=POINTS_DUE,
            unit=POINTS,
        )
        intent = Intent(conversation_id=conversation.id, expires_at=system_clock() + timedelta(hours=1))
        await self.opened.store.effects.intend(order, EffectState.PREPARED, "testing", intent)
        await self.opened.store.approvals.approve(order.key, order.hash, self.kim.id)


async def run(folder: Path, model: Path) -> str:
    """Play all rounds and check each conversation."""
    serve = relevo_serve(folder, model, RELEVO_BOTS="2", RELEVO_SILENCE_SECONDS="300")
    serve.program.start()
    try:
        await ready(serve.program, serve.port, 120)
        async with open_store(serve.dsn()) as opened:
            return await _run(serve, opened)
    finally:
        serve.program.stop()


async def _run(serve: RelevoServe, opened: OpenStore) -> str:
    customers = [Customer(number) for number in range(ROUNDS)]
    add_customers(opened.database.dsn, customers)
    powers = AgentPowers(limits={POINTS: POINTS_DUE})
    kim = await opened.store.accounts.add_agent("kim@example.com", "Kim", "agent", "no hash", powers)
    rounds, began = Rounds(serve=serve, opened=opened, kim=kim), monotonic()
    online = asyncio.create_task(_stay_online(opened, kim))
    try:
        await asyncio.gather(rounds.kill(), *(rounds.play(customer) for customer in customers))
        await rounds.settle()
    finally:
        online.cancel()
    for customer in customers:
        await _check(rounds, customer)
    with psycopg.connect(opened.database.dsn) as connection:
        credited = credits_of(connection, customers)
    assert all(credit.times == 1 and not credit.is_missing for credit in credited.values()), credited
    assert rounds.kills["web"] > 1, rounds.kills
    assert rounds.kills["bot"] > 1, rounds.kills
    return f"{ROUNDS} rounds, killed {dict(rounds.kills)}, seed {SEED}, {monotonic() - began:.0f} s"


async def _stay_online(opened: OpenStore, kim: AgentAccount) -> None:
    while True:
        await opened.store.accounts.seen(kim.id)
        await asyncio.sleep(5)


async def _check(rounds: Rounds, customer: Customer) -> None:
    found = await kept(rounds.opened, (await rounds.conversation(customer)).id)
    check(found)
    (episode,) = found.tables["handoffs"]
    assert (episode["state"], episode["agent_id"]) == ("ended", rounds.kim.id)
    said = [(row["author"], row["content"]["text"]) for row in found.of_kind("message")]
    assert [text for author, text in said if author == "contact"] == [
        "quiero hablar con una persona",
        "hola? me faltan puntos",
        "gracias",
    ]
    for author, text in (("agent", "te ayudo yo"), ("system", APPROVED), ("bot", _told(customer))):
        assert _count(said, author, text) == 1, f"{text!r} is said {_count(said, author, text)} times: {said}"


def _count(said: Sequence[tuple[str, str]], author: str, text: str) -> int:
    return sum(who == author and text in what for who, what in said)


def _sender(customer: Customer) -> str:
    return f"kills-{customer.number}"


def _told(customer: Customer) -> str:
    return f"tu expediente es el {customer.number}-K."


def test_a_handoff_happens_once_whatever_is_killed(trained: Path) -> None:
    """Control, words, points and what was decided arrive once, in every conversation."""
    with bench_folder() as folder:
        print(asyncio.run(run(folder, trained)))
