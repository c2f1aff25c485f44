"""Control between bot and people, where two act at the same moment or one of them dies: one holder, one word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts import runtime
from relevo.contracts.accounts import AgentAccount
from relevo.contracts.brain import Question
from relevo.contracts.clock import system_clock
from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.store import Claim
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Control, Conversation
from relevo.domain.handoff import Handback, HandoffRequest
from relevo.domain.service import Service
from relevo.errors import Conflict, TurnFailed
from relevo.flow.converse import Converser
from relevo.flow.handoff import QueueWatch, takeover
from relevo.flow.record import handback_record
from relevo.flow.sweep import Sweeper
from relevo.flow.turn import TurnServices
from relevo.testing.ledger import Ledger, Permissive
from relevo.testing.scripted import ScriptedBrain
from tests.integration.hands import claimed, do_nothing_at_once, let_leases_expire, spoken, written

pytestmark = pytest.mark.anyio

AMINA = {"name": "Amina", "loyalty_number": "L1"}
LEFT = "message system: All right, I'm back. Your case stays open; what can I do for you?"


@dataclass(kw_only=True)
class Relay:
    """One contact, a bot by script, and agents."""

    opened: OpenStore
    said: int = 0
    services: TurnServices = field(init=False)

    def __post_init__(self) -> None:
        self.services = TurnServices(
            business=Ledger({"amina": AMINA}),
            effects=self.opened.store.effects,
            policies=Permissive(),
            handoffs=self.opened.store.handoffs,
        )

    def converser(self) -> Converser:
        """Give a bot."""
        return Converser(
            inbox=self.opened.store.inbox,
            brain=ScriptedBrain(_script),
            live=self.opened.live,
            services=self.services,
            default_language="en",
        )

    def sweeper(self) -> Sweeper:
        """Give what sees to messages while no bot runs."""
        store = self.opened.store
        return Sweeper(
            inbox=store.inbox,
            effects=store.effects,
            live=self.opened.live,
            silence_seconds=0,
            default_language="en",
            handoffs=store.handoffs,
        )

    async def agent(self, name: str = "kim") -> AgentAccount:
        """Give an agent who is online."""
        accounts = self.opened.store.accounts
        agent = await accounts.add_agent(f"{name}@example.com", name, "agent", "no hash")
        await accounts.seen(agent.id)
        return agent

    async def writes(self, text: str) -> Claim:
        """Have the contact write, and a worker take it."""
        self.said += 1
        return await claimed(self.opened.store.inbox, written(text, number=self.said))

    async def says(self, text: str) -> None:
        """Have the contact write, and everything answered."""
        await self.converse(await self.writes(text))
        await self.play()

    async def converse(self, claim: Claim) -> None:
        """Have a bot answer."""
        await asyncio.create_task(self.converser().converse(claim))

    async def play(self) -> None:
        """Have a bot answer whatever waits."""
        while claims := await self.opened.store.inbox.claim(10):
            for claim in claims:
                await self.converse(claim)

    async def conversation(self) -> Conversation:
        """Give the conversation as it is now."""
        found = await self.opened.store.conversations.find("push", "amina")
        assert found is not None
        return found

    async def takes(self, agent: AgentAccount) -> int:
        """Have an agent take over, as the desk does it."""
        store, conversation = self.opened.store, await self.conversation()
        handoff = await takeover(conversation, None, store.handoffs, store.inbox, system_clock(), Service())
        return await store.handoffs.take_over(conversation.id, conversation.control_version, agent.id, handoff)

    async def ends(self, agent: AgentAccount, verb: str = "hand_back", told: str | None = None) -> None:
        """Have an agent hand back or close."""
        conversation = await self.conversation()
        handback = Handback(outcome="promised", agent=agent.name, told=told)
        record = handback_record(handback, handoff_id=None, ended_at=system_clock())
        end = getattr(self.opened.store.handoffs, verb)
        await end(conversation.id, conversation.control_version, agent.id, record)

    async def is_removed(self, agent: AgentAccount) -> None:
        """Take an agent's account away, and put back what they have."""
        await self.opened.store.accounts.remove_agent(agent.email)
        await self.opened.store.handoffs.release(agent.id)

    async def timeline(self) -> list[str]:
        """Give everything that was said, and each step of control."""
        entries = await self.opened.store.conversations.entries((await self.conversation()).id, 0)
        return spoken([entry for entry in entries if entry.kind in {"message", "draft"}])


async def _script(question: Question) -> str:
    turn = runtime.current()
    assert turn is not None
    if turn.handback is not None:
        return f"opens: {turn.handback.told}"
    if question.text == "boom":
        raise TurnFailed("the action raised")
    if question.text.startswith("person"):
        if question.text.endswith("L1"):
            await turn.identify(AMINA)
        case_id = await turn.open_case("other", Trigger.USER_REQUEST)
        request = HandoffRequest(trigger=Trigger.USER_REQUEST, case_id=case_id, case_type="other", goal=question.text)
        await turn.hand_off(request)
        return "asked for a person"
    return f"re: {question.text}"


@pytest.fixture
async def relay(database: str) -> AsyncIterator[Relay]:
    """Give a relay of this test alone."""
    async with open_store(database, size=4) as opened:
        yield Relay(opened=opened)


@pytest.mark.parametrize("way", ["at once", "the long way"])
@pytest.mark.parametrize("is_taken", [False, True])
async def test_a_turn_that_asks_for_a_person_is_kept_whole_whoever_has_control_by_then(
    relay: Relay, way: str, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    """Where an agent took over meanwhile there is nobody to ask for: the bot's words are a draft, the case stays."""
    if way == "the long way":
        do_nothing_at_once(monkeypatch)
    kim, database = await relay.agent(), relay.opened.database
    claim = await relay.writes("person L1")
    if is_taken:
        await relay.takes(kim)
    await relay.converse(claim)
    conversation = await relay.conversation()
    assert await database.rows("SELECT 1 FROM cases JOIN case_conversations l ON l.case_id = id") == [(1,)]
    kept = await database.rows("SELECT state, trigger, case_id IS NOT NULL FROM handoffs")
    last = await database.rows("SELECT kind FROM entries WHERE content ->> 'text' = 'asked for a person'")
    taken = (Control.AGENT, [("agent", "agent_takeover", False)], [("draft",)])
    waiting = (Control.QUEUED, [("queued", "user_request", True)], [("message",)])
    assert (conversation.control, kept, last) == (taken if is_taken else waiting)
    assert conversation.identity.business_ref == "amina"


async def test_cancel_and_its_message_are_one_commit(relay: Relay) -> None:
    """A worker that dies before it leaves everything to the next one, which says it once."""
    await relay.agent()
    await relay.says("person")
    await relay.writes("cancel")
    assert (await relay.conversation()).control is Control.QUEUED
    await let_leases_expire(relay.opened.database)
    await relay.play()
    assert (await relay.conversation()).control is Control.BOT
    assert (await relay.timeline())[-2:] == ["message contact: cancel", LEFT]


async def test_a_late_worker_does_not_cancel_what_was_asked_for_since(relay: Relay) -> None:
    """It had lost its lease: the contact has gone on with the bot, and waits for a person anew."""
    await relay.agent()
    await relay.says("person")
    late = await relay.writes("cancel")
    await let_leases_expire(relay.opened.database)
    await relay.play()
    await relay.says("person again")
    await relay.converse(late)
    assert (await relay.conversation()).control is Control.QUEUED
    assert (await relay.timeline()).count(LEFT) == 1


async def test_cancel_that_meets_an_agent_is_left_to_them(relay: Relay) -> None:
    """Whoever took over meanwhile has control, and reads it."""
    kim = await relay.agent()
    await relay.says("person")
    claim = await relay.writes("cancel")
    await relay.takes(kim)
    await relay.converse(claim)
    assert (await relay.conversation()).control is Control.AGENT
    assert LEFT not in await relay.timeline()


@pytest.mark.parametrize("end", ["hand_back", "close"])
async def test_a_message_that_a_person_left_unread_is_answered_by_the_bot(relay: Relay, end: str) -> None:
    """It was taken while the person had control and settled when nobody had: somebody must answer it."""
    kim = await relay.agent()
    await relay.says("hello")
    await relay.takes(kim)
    claim = await relay.writes("one more thing")
    await relay.ends(kim, end)
    await relay.converse(claim)
    await relay.play()
    assert "message bot: re: one more thing" in await relay.timeline()


async def test_a_watcher_does_not_end_a_wait_that_began_anew(relay: Relay) -> None:
    """It has seen that nobody came; by the time it writes, the contact has gone on and asked again."""
    await relay.agent()
    await relay.says("person")
    await relay.opened.database.run("UPDATE handoffs SET expires_at = now() - interval '1 second'")
    handoffs = relay.opened.store.handoffs
    ((conversation_id, _, _),) = await handoffs.overdue()
    await relay.says("cancel")
    await relay.says("person")
    assert not await handoffs.give_up_waiting(conversation_id, "nobody came", "expired")
    assert (await relay.conversation()).control is Control.QUEUED


async def test_what_is_overdue_by_mistake_does_not_hide_what_is(relay: Relay) -> None:
    """Control that was passed without its record is no reason to leave others waiting for good."""
    await relay.agent()
    await relay.says("person")
    conversation = await relay.conversation()
    await relay.opened.store.conversations.pass_control(conversation.id, conversation.control_version, Control.BOT)
    await relay.opened.database.run("UPDATE handoffs SET expires_at = now() - interval '1 second'")
    assert await QueueWatch(handoffs=relay.opened.store.handoffs, live=relay.opened.live).step() == 0
    await relay.says("person")
    episodes = await relay.opened.store.desk.episodes(conversation.id)
    assert [episode.state for episode in episodes] == ["queued", "expired"]


async def test_no_case_is_promised_where_there_is_none(relay: Relay) -> None:
    """An agent took over unasked and put it back: nobody came, and nothing stays open."""
    agent = await relay.agent()
    await relay.says("hello")
    version, conversation = await relay.takes(agent), await relay.conversation()
    await relay.opened.store.handoffs.put_back(conversation.id, version, agent.id)
    await relay.opened.database.run("UPDATE handoffs SET expires_at = now() - interval '1 second'")
    assert await QueueWatch(handoffs=relay.opened.store.handoffs, live=relay.opened.live).step() == 1
    assert "case" not in (await relay.timeline())[-1]


async def test_of_many_agents_at_once_one_takes_over_and_the_others_learn_who(relay: Relay) -> None:
    """More of them than there are connections: nobody waits for a connection while holding one."""
    agents = [await relay.agent(f"agent{number}") for number in range(12)]
    await relay.says("person")
    results = await asyncio.gather(*(relay.takes(agent) for agent in agents), return_exceptions=True)
    lost = [result for result in results if isinstance(result, Conflict)]
    assert len(lost) == 11, results
    holder_id = (await relay.conversation()).agent_id
    (holder,) = [agent for agent in agents if agent.id == holder_id]
    assert {str(error) for error in lost} == {
        f"Somebody was quicker: {holder.name} has it now. Look again before you decide."
    }


async def test_who_has_no_account_any_more_takes_nothing_over(relay: Relay) -> None:
    """However it falls out at the same moment: nobody is left with a person who is gone."""
    await relay.says("hello")
    for agent in [await relay.agent(f"kim{number}") for number in range(8)]:
        await asyncio.gather(relay.takes(agent), relay.is_removed(agent), return_exceptions=True)
        conversation = await relay.conversation()
        assert conversation.control in {Control.BOT, Control.QUEUED}, conversation
        with pytest.raises(Conflict, match="Your account was removed"):
            await relay.takes(agent)


async def test_a_given_up_message_that_is_replayed_begins_an_episode_of_its_own(relay: Relay) -> None:
    """Else it would wait in the queue without a record, and for good."""
    kim = await relay.agent()
    await relay.says("boom")
    await relay.takes(kim)
    await relay.ends(kim)
    await relay.play()
    assert await relay.opened.store.inbox.replay(None) == 1
    await relay.play()
    conversation = await relay.conversation()
    episodes = await relay.opened.store.desk.episodes(conversation.id)
    assert [(episode.episode, episode.state) for episode in episodes] == [(2, "queued"), (1, "ended")]
    assert conversation.control is Control.QUEUED


async def test_who_is_verified_and_handed_off_in_one_turn_arrives_verified(relay: Relay) -> None:
    """Record and contact say the same."""
    await relay.agent()
    await relay.says("person L1")
    conversation = await relay.conversation()
    (episode,) = await relay.opened.store.desk.episodes(conversation.id)
    record = msgspec.convert(episode.record, HandoffRecord)
    assert (record.contact.verified, record.contact.business_ref) == ("two_facts", "amina")
    assert (conversation.identity.business_ref, conversation.identity.verified_facts) == ("amina", AMINA)


async def test_without_a_bot_a_closed_conversation_is_not_met_with_silence(relay: Relay) -> None:
    """Nobody has control: who writes is told, and waits for a person."""
    kim = await relay.agent()
    await relay.says("hello")
    await relay.takes(kim)
    await relay.ends(kim, "close")
    claim = await relay.writes("hello again")
    await relay.sweeper()._hand_off(claim)
    assert "the assistant isn't available right now" in (await relay.timeline())[-1]
    assert (await relay.conversation()).control is Control.QUEUED


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("your bag is here.", "kim has looked at it: your bag is here."),
        (None, "kim has looked at your case. If anything is open, tell me."),
    ],
)
async def test_without_a_bot_the_contact_still_hears_what_was_decided(
    relay: Relay, told: str | None, heard: str
) -> None:
    """In the system's words, once."""
    kim = await relay.agent()
    await relay.says("hello")
    await relay.takes(kim)
    await relay.ends(kim, told=told)
    (claim,) = await relay.opened.store.inbox.claim(10)
    await relay.sweeper()._hand_off(claim)
    await relay.play()
    assert (await relay.timeline())[-1] == f"message system: {heard}"
