"""A conversation between a contact, bots and agents, in which all steps can be halted and killed, or let loose at once.

Each schedule has a conversation and a person of its own on one database: thousands of them need no cleaning up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

from relevo.bootstrap.store import OpenStore
from relevo.contracts import runtime
from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.brain import Question
from relevo.contracts.clock import system_clock
from relevo.contracts.composer import Written
from relevo.contracts.store import Claim
from relevo.domain.cases import Trigger
from relevo.domain.conversations import WAITING, Control, Conversation
from relevo.domain.effects import POINTS, Decision, Verdict
from relevo.domain.handoff import Handback, HandoffRequest
from relevo.domain.messages import Arrival
from relevo.domain.service import Service
from relevo.errors import RequestError, TurnFailed, Unavailable
from relevo.flow.approvals import Decider
from relevo.flow.converse import Converser
from relevo.flow.handoff import QueueWatch, takeover
from relevo.flow.record import handback_record
from relevo.flow.sweep import Sweeper
from relevo.flow.turn import TurnServices
from relevo.testing import Died
from relevo.testing.ledger import Ledger, Permissive, Trouble
from relevo.testing.scripted import ScriptedBrain
from tests.properties.relay_halts import HaltingApprovals, HaltingHandoffs, WatchfulInbox
from tests.properties.walkers import halt
from tests.properties.world import HaltingEffects

SMALL, BIG, MOST = 100, 1000, 1500
"""What the bot credits by itself, what needs a person, and what one person gets at most within the window."""
LIMIT = 1000
"""How much each agent may approve."""


class Judge(Permissive):
    """Small sums are the bot's, big ones a person's, and too much is too much."""

    def decide(self, kind: str, facts: Mapping[str, Any], on: date) -> Verdict:
        if facts["spent"] + facts["amount"] > MOST:
            return Verdict(decision=Decision.REFUSED, rule="testing.too_much")
        is_small = facts["amount"] <= SMALL
        return Verdict(decision=Decision.AUTO if is_small else Decision.NEEDS_APPROVAL, rule="testing.amount")

    def window_days(self, kind: str) -> int | None:
        return 30


@dataclass(kw_only=True)
class Relay:
    """One schedule's conversation, and everybody who acts in it."""

    opened: OpenStore
    number: int
    agents: Sequence[AgentAccount]
    seen: Counter[str]
    is_anybody_online: bool
    written: list[Arrival] = field(default_factory=list)
    clicked: set[tuple[str, int | None]] = field(default_factory=set)
    """What was shown to agents who clicked to approve it: key and amount."""

    def __post_init__(self) -> None:
        database, name = self.opened.database, self.name
        self.business = Ledger({name: {"name": name, "loyalty_number": name}})
        self.inbox, self.effects = WatchfulInbox(database), HaltingEffects(database)
        self.handoffs, self.approvals = HaltingHandoffs(database), HaltingApprovals(database)
        # A test may last longer than a desk counts as open.
        service = Service(presence_seconds=86_400.0 if self.is_anybody_online else -1.0)
        services = TurnServices(
            business=self.business, effects=self.effects, policies=Judge(), handoffs=self.handoffs, service=service
        )
        live, conversations = self.opened.live, self.opened.store.conversations
        self.converser = Converser(
            inbox=self.inbox, brain=ScriptedBrain(self._script), live=live, services=services, default_language="en"
        )
        self.decider = Decider(
            approvals=self.approvals,
            effects=self.effects,
            business=self.business,
            policies=Judge(),
            conversations=conversations,
            live=live,
            default_language="en",
        )
        self.watch = QueueWatch(handoffs=self.handoffs, live=live, default_language="en")
        self.sweeper = Sweeper(
            inbox=self.inbox,
            effects=self.effects,
            live=live,
            default_language="en",
            handoffs=self.handoffs,
            service=service,
        )

    @property
    def name(self) -> str:
        """The contact's address, and who they are in the business's files."""
        return f"p{self.number}"

    async def conversation(self) -> Conversation:
        """Give the conversation as it is now."""
        found = await self.opened.store.conversations.find("push", self.name)
        assert found is not None
        return found

    # What people and processes do. Each refusal is a sentence with a code; anything else is a mistake.

    async def write(self, text: str) -> None:
        external_id = f"{self.name}/{len(self.written)}"
        arrival = Arrival(channel="push", address=self.name, external_id=external_id, text=text)
        self.written.append(arrival)
        for _ in range(2):  # platforms repeat themselves
            await self.inbox.receive([arrival])

    async def answer(self) -> None:
        for claim in await self.inbox.claim(1):
            await self._converse(claim)

    async def sweep(self) -> None:
        for claim in await self.inbox.abandoned(0):
            await self.sweeper._hand_off(claim)

    async def take(self, who: int) -> None:
        conversation = await self.conversation()
        handoff = await takeover(conversation, None, self.handoffs, self.inbox, system_clock(), Service())
        version = conversation.control_version
        taken = await self.handoffs.take_over(conversation.id, version, self.agents[who].id, handoff)
        assert taken == version + 1 or await self._waited(), "taken over from another one than was shown"

    async def _waited(self) -> bool:
        """Tell whether who was taken over last waited for a person: then it does not matter what was shown before."""
        last = """
            SELECT content #>> '{custom,from}' FROM entries WHERE conversation_id = %s AND kind = 'control'
                AND content #>> '{custom,to}' = 'agent' ORDER BY position DESC LIMIT 1
        """
        ((before,),) = await self.opened.database.rows(last, ((await self.conversation()).id,))
        return Control(before) in WAITING

    async def end(self, who: int, verb: str) -> None:
        conversation = await self.conversation()
        handback = Handback(outcome="promised", agent=self.agents[who].name, told="it is done")
        record = handback_record(handback, handoff_id=None, ended_at=system_clock())
        await getattr(self.handoffs, verb)(conversation.id, conversation.control_version, self.agents[who].id, record)

    async def reply(self, who: int) -> None:
        conversation = await self.conversation()
        await self.opened.store.composer.writing.reply(
            conversation.id, self.agents[who].id, Written(text="I am here", client_id=uuid4().hex)
        )

    async def release(self, who: int) -> None:
        await self.handoffs.release(self.agents[who].id)

    async def look_at_the_queue(self) -> None:
        await self.run("UPDATE handoffs SET expires_at = now() - interval '1 second' WHERE conversation_id = %(id)s")
        await self.watch.step()

    async def decide(self, who: int, verb: str, ticket: str) -> None:
        agent, effect = self.agents[who], await self.approvals.get(self.key(ticket))
        await halt("before the click")
        if verb == "approve":
            self.clicked.add((effect.order.key, effect.order.amount))
            await self.decider.approve(effect.order.key, effect.hash, agent)
        elif verb == "decline":
            await self.decider.decline(effect.order.key, effect.hash, agent, "no")
        else:
            await self.decider.change_amount(effect.order.key, effect.hash, agent, BIG // 2)

    async def let_decisions_be_late(self) -> None:
        await self.run("UPDATE effects SET expires_at = now() - interval '1 second' WHERE conversation_id = %(id)s")
        await self.decider.step()

    async def take_up_what_was_left(self) -> None:
        await self.run(
            "UPDATE effects SET decided_at = decided_at - interval '1 hour',"
            " intended_at = intended_at - interval '1 hour' WHERE conversation_id = %(id)s AND state = 'intended'"
        )
        await self.decider.step()

    async def replay(self) -> None:
        dead = "SELECT id FROM inbox WHERE state = 'dead' AND conversation_id = %s"
        for (inbox_id,) in await self.opened.database.rows(dead, ((await self.conversation()).id,)):
            await self.inbox.replay(inbox_id)

    async def fail(self, trouble: Trouble) -> None:
        self.business.fail(trouble)

    # How it is run.

    async def attempted(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something that may be refused, or die of it."""
        try:
            await work()
        except Unavailable:
            raise
        except Died:
            self.seen["died"] += 1
        except RequestError as refusal:
            self.seen[f"refused: {refusal.reason}"] += 1

    async def play(self) -> None:
        """Have everything answered and settled that waits."""
        while True:
            await self.let_leases_expire()
            if not (claims := await self.inbox.claim(10)):
                return
            for claim in claims:
                await self.attempted(partial(self._converse, claim))

    async def let_leases_expire(self) -> None:
        await self.run(
            "UPDATE inbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
            " AND conversation_id = %(id)s"
        )
        self.inbox.leased.clear()

    async def run(self, statement: str) -> None:
        """Change something behind everybody's back, such as what time it is."""
        await self.opened.database.run(statement, {"id": (await self.conversation()).id})

    def key(self, ticket: str) -> str:
        """Give an effect's key of this schedule."""
        return f"credit:{self.name}-{ticket}"

    async def _converse(self, claim: Claim) -> None:
        await asyncio.create_task(self.converser.converse(claim))

    async def _script(self, question: Question) -> str:
        turn = runtime.current()
        assert turn is not None
        await halt("asked")
        assert question.conversation.control is Control.BOT, "the bot is asked while it has no control"
        verb, _, ticket = question.text.partition(" ")
        if turn.handback is not None:
            return f"{question.message_id} opens: {turn.handback.told}"
        if verb == "boom":
            raise TurnFailed("the action raised")
        if verb == "person":
            case_id = await turn.open_case("other", Trigger.USER_REQUEST, goal=question.text)
            request = HandoffRequest(
                trigger=Trigger.USER_REQUEST, case_id=case_id, case_type="other", goal=question.text
            )
            await turn.hand_off(request)
        said = await self._credit(turn, verb, ticket) if verb in ("yes", "please") else verb
        return f"{question.message_id} {said}"

    async def _credit(self, turn: runtime.Turn, verb: str, ticket: str) -> str:
        await turn.identify(self.business.people[self.name])
        amount = SMALL if verb == "yes" else BIG
        reference = self.key(ticket).removeprefix("credit:")
        result = await turn.perform("credit", reference, {"amount": amount}, amount=amount, unit=POINTS)
        if result.state.value == "prepared":
            await turn.open_case("points", Trigger.APPROVAL, effects=[result])
        return f"{ticket} {result.state.value}"


async def hire(opened: OpenStore) -> list[AgentAccount]:
    """Give two agents who are online and may approve."""
    accounts, agents = opened.store.accounts, []
    for name in ("kim", "lee"):
        powers = AgentPowers(limits={POINTS: LIMIT})
        agents.append(await accounts.add_agent(f"{name}@example.com", name, "agent", "no hash", powers))
        await accounts.seen(agents[-1].id)
    return agents


def acts_of(relay: Relay, chance: Random) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Give everything that can happen, by name; who does it is left to chance."""
    who, ticket = chance.randrange(2), chance.choice(["A", "A", "B"])
    asked = [arrival.text.split()[1] for arrival in relay.written if " " in arrival.text] or [ticket]
    trouble = chance.choice([Trouble.SILENT_BEFORE, Trouble.SILENT_AFTER, Trouble.REFUSES])
    said = {text: text for text in ("hello", "person", "cancel", "boom")}
    said |= {"yes": f"yes {ticket}", "please": f"please {ticket}"}
    acts: dict[str, Callable[[], Awaitable[None]]] = {name: partial(relay.write, text) for name, text in said.items()}
    for verb in ("approve", "decline", "change"):
        acts[verb] = partial(relay.decide, who, verb, chance.choice(asked))
    return acts | {
        "bot": relay.answer,
        "sweep": relay.sweep,
        "take": partial(relay.take, who),
        "hand back": partial(relay.end, who, "hand_back"),
        "close": partial(relay.end, who, "close"),
        "reply": partial(relay.reply, who),
        "release": partial(relay.release, who),
        "queue expiry": relay.look_at_the_queue,
        "expiry": relay.let_decisions_be_late,
        "take up": relay.take_up_what_was_left,
        "replay": relay.replay,
        "trouble": partial(relay.fail, trouble),
        "dies": partial(relay.fail, chance.choice([Trouble.DIES_BEFORE, Trouble.DIES_AFTER])),
    }
