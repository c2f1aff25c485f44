"""What a turn's commit writes: all of it or nothing, a draft where an agent has control, a reply for each message."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.store import Claim, Inbox, TurnOutcome, Verification
from relevo.domain.cases import CaseRequest, Trigger
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.effects import EffectResult, EffectState
from relevo.domain.messages import Author, Button, Content
from relevo.errors import LeaseLost
from tests.integration.hands import claimed, do_nothing_at_once, everything, lines, spoken, timeline, written

pytestmark = pytest.mark.anyio

UNTIL = datetime.now(timezone.utc) + timedelta(hours=1)
CASE = CaseRequest(
    id="CASE-1", type="points", trigger=Trigger.POLICY_RULE, reference="T1", goal="my points", detail={"rule": "r"}
)
EFFECT = EffectResult(key="credit:T1", state=EffectState.DONE, rule="points.ok", result={"balance": 3})


def verified(failed_tries: int = 0) -> Verification:
    """Give what identifying by two facts teaches."""
    return Verification(
        level=Level.TWO_FACTS, business_ref="C001", verified_until=UNTIL, failed_tries=failed_tries, name="Amina D."
    )


def whole_turn(verification: Verification | None = None) -> TurnOutcome:
    """Give an outcome that writes everything that a turn can write."""
    return TurnOutcome(
        messages=(
            Content(text="Done.", buttons=(Button(title="Thanks", payload="/thanks"),)),
            Content(image="https://example.com/a.png", custom={"k": [1]}),
        ),
        tracker_events=(b'{"event":"user"}', b'{"event":"bot"}'),
        language="es",
        verification=verification or verified(),
        cases=(CASE,),
        effects=(EFFECT,),
    )


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """Give a store of this test alone."""
    async with open_store(database) as opened:
        yield opened


@pytest.fixture
def inbox(opened: OpenStore) -> Inbox:
    """Give its inbox."""
    return opened.store.inbox


async def take_control(opened: OpenStore, claim: Claim, to: Control = Control.AGENT) -> None:
    """Let an agent take control while a turn runs."""
    conversation = await opened.store.conversations.get(claim.conversation.id)
    await opened.store.conversations.pass_control(conversation.id, conversation.control_version, to)


async def queued(opened: OpenStore) -> list[Any]:
    """Give the positions that wait in the outbox."""
    return [row[0] for row in await opened.database.rows("SELECT position FROM deliveries ORDER BY position")]


async def test_a_turn_writes_everything_at_once(opened: OpenStore, inbox: Inbox) -> None:
    """Words, deliveries, effects, cases, verification, language, payloads, tracker events, and the settled message."""
    claim = await claimed(inbox)
    committed = await inbox.settle(claim, whole_turn())
    assert (committed.tracker_version, committed.was_drafted, committed.has_next) == (1, False, False)
    entries = await timeline(opened, claim)
    assert [(entry.position, entry.kind, entry.author.value) for entry in entries] == [
        (1, "message", "contact"),
        (2, "effect", "bot"),
        (3, "message", "bot"),
        (4, "message", "bot"),
        (5, "verification", "system"),
        (6, "case", "system"),
    ]
    assert entries[1].content.custom == {"key": "credit:T1", "state": "done", "rule": "points.ok", "balance": 3}
    assert (entries[2].content, entries[3].content) == whole_turn().messages
    assert await queued(opened) == [3, 4]
    assert [json.loads(turn) for turn in await inbox.tracker_events(claim.conversation.id)] == [
        [{"event": "user"}, {"event": "bot"}]
    ]
    (case,) = await opened.store.desk.cases()
    assert (case.id, case.goal, case.detail, case.contact_name) == ("CASE-1", "my points", {"rule": "r"}, "Amina D.")
    after = await opened.store.conversations.get(claim.conversation.id)
    assert (after.language, after.issued_payloads, after.last_position) == ("es", ("/thanks",), 6)
    assert (after.identity.level, after.identity.business_ref) == (Level.TWO_FACTS, "C001")
    assert after.identity.verified_until == UNTIL


@pytest.mark.parametrize("way", ["at once", "the long way"])
async def test_who_identified_themselves_is_known_with_the_words_that_say_so(
    opened: OpenStore, inbox: Inbox, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written or neither; a worker whose lease ended writes neither, even where another wrote the same."""
    if way == "the long way":
        do_nothing_at_once(monkeypatch)
    claim = await claimed(inbox)
    outcome = TurnOutcome(messages=(Content(text="Hi Amina."),), tracker_events=(b"{}",), verification=verified())
    late = replace(claim, token=uuid4())
    before = await everything(opened.database)
    with pytest.raises(LeaseLost):
        await inbox.settle(late, outcome)
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        await inbox.settle(claim, replace(outcome, verification=verified(failed_tries=100_000)))
    assert await everything(opened.database) == before
    committed = await inbox.settle(claim, outcome)
    assert (committed.tracker_version, committed.was_drafted, committed.has_next) == (1, False, False)
    after = await opened.store.conversations.get(claim.conversation.id)
    assert (after.identity.level, after.identity.business_ref, after.last_position) == (Level.TWO_FACTS, "C001", 3)
    assert [entry.kind for entry in await timeline(opened, claim)] == ["message", "message", "verification"]
    written_by_now = await everything(opened.database)
    with pytest.raises(LeaseLost):
        await inbox.settle(late, replace(outcome, verification=verified(failed_tries=7)))
    assert await everything(opened.database) == written_by_now


async def test_a_turn_that_cannot_be_written_whole_leaves_nothing(opened: OpenStore, inbox: Inbox) -> None:
    """A last part that the database refuses takes the first ones back; the message is still in its worker's hands."""
    claim = await claimed(inbox)
    before = await everything(opened.database)
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        await inbox.settle(claim, whole_turn(verified(failed_tries=100_000)))
    assert await everything(opened.database) == before
    await inbox.settle(claim, whole_turn())


async def test_control_taken_in_the_middle_of_a_turn_makes_its_words_a_draft(opened: OpenStore, inbox: Inbox) -> None:
    """Nothing is delivered; what the turn did is named, what it learned is kept."""
    claim = await claimed(inbox)
    await take_control(opened, claim)
    committed = await inbox.settle(claim, whole_turn())
    assert (committed.was_drafted, committed.tracker_version) == (True, 1)
    entries = await timeline(opened, claim)
    assert [entry.kind for entry in entries] == [
        "message",
        "control",
        "effect",
        "draft",
        "draft",
        "verification",
        "case",
    ]
    assert await queued(opened) == []
    assert len(await inbox.tracker_events(claim.conversation.id)) == 1
    reply = await inbox.reply(claim.inbox_id)
    assert reply is not None
    assert reply.entries == ()


@pytest.mark.parametrize("control", [Control.REQUESTED, Control.AGENT])
async def test_the_system_s_own_words_are_sent_whoever_holds_control(
    opened: OpenStore, inbox: Inbox, control: Control
) -> None:
    """That no bot answers is said even while an agent has taken over."""
    claim = await claimed(inbox)
    await take_control(opened, claim, control)
    await inbox.settle(claim, TurnOutcome(messages=lines("The bot is away."), author=Author.SYSTEM))
    assert spoken(await timeline(opened, claim))[-1] == "message system: The bot is away."
    assert len(await queued(opened)) == 1


async def test_a_turn_on_a_stale_tracker_writes_nothing(opened: OpenStore, inbox: Inbox) -> None:
    """Somebody else wrote to the conversation's tracker meanwhile: what was answered may be nonsense by now."""
    claim = await claimed(inbox)
    await opened.database.run("UPDATE conversations SET tracker_version = tracker_version + 1")
    before = await everything(opened.database)
    with pytest.raises(LeaseLost):
        await inbox.settle(claim, whole_turn())
    assert await everything(opened.database) == before


async def test_a_message_that_arrives_during_a_turn_gets_a_place_of_its_own(opened: OpenStore, inbox: Inbox) -> None:
    """The answer is written behind it, and the next turn sees the tracker that this one left."""
    claim = await claimed(inbox, written("first", number=1))
    await inbox.receive([written("second", number=2)])
    committed = await inbox.settle(claim, TurnOutcome(messages=lines("re first"), tracker_events=(b"{}",)))
    assert committed.has_next
    assert [entry.content.text for entry in await timeline(opened, claim)] == ["first", "second", "re first"]
    (second,) = await inbox.claim(1)
    assert (second.arrival.text, second.conversation.tracker_version) == ("second", 1)


async def test_a_turn_without_tracker_events_leaves_the_tracker_s_version(opened: OpenStore, inbox: Inbox) -> None:
    """A message kept for an agent does not make a cached tracker stale."""
    claim = await claimed(inbox)
    assert (await inbox.settle(claim, TurnOutcome())).tracker_version == 0
    assert await inbox.tracker_events(claim.conversation.id) == []


async def test_the_newest_payloads_are_remembered_and_old_ones_forgotten(opened: OpenStore, inbox: Inbox) -> None:
    """A button's payload is obeyed for a while, not for ever."""
    for number in range(30):
        claim = await claimed(inbox, written(number=number))
        button = Button(title="Yes", payload=f"/yes{number}")
        await inbox.settle(claim, TurnOutcome(messages=(Content(text="?", buttons=(button,)),)))
    conversation = await opened.store.conversations.find("push", "amina")
    assert conversation is not None
    assert conversation.issued_payloads == tuple(f"/yes{number}" for number in range(29, 5, -1))


async def test_a_case_is_opened_once_however_often_it_is_written(opened: OpenStore, inbox: Inbox) -> None:
    """Its number was given out before: the same number is the same case."""
    for number in (1, 2):
        await inbox.settle(await claimed(inbox, written(number=number)), TurnOutcome(cases=(CASE,)))
    assert [case.id for case in await opened.store.desk.cases()] == ["CASE-1"]


@pytest.mark.parametrize("dirt", ["\x00", "\ud800", "a\x00\udfffb"])
async def test_words_that_no_database_can_hold_do_not_stop_a_turn(opened: OpenStore, inbox: Inbox, dirt: str) -> None:
    """Whatever an action or a business system gives, the answer, its effects, cases and errors are written, cleaned."""
    claim = await claimed(inbox)
    button = Button(title=dirt, payload=f"/a{dirt}")
    outcome = TurnOutcome(
        messages=(Content(text=f"So {dirt}", custom={dirt: [dirt]}, buttons=(button,)),),
        effects=(EffectResult(key="credit:T1", state=EffectState.DONE, result={"said": f"ok{dirt}"}),),
        cases=(CaseRequest(id="CASE-1", type="x", trigger=Trigger.ACTION_ERROR, goal=dirt, reference=dirt),),
        language="es",
        dead_letter=f"raised {dirt}",
    )
    await inbox.settle(claim, outcome)
    assert spoken(await timeline(opened, claim))[2].startswith("message bot: So ")
    assert (await opened.store.desk.cases())[0].id == "CASE-1"


async def heard(inbox: Inbox, inbox_id: int) -> list[str | None]:
    """Give the texts of a reply."""
    reply = await inbox.reply(inbox_id)
    assert reply is not None
    return [entry.content.text for entry in reply.entries]


async def test_a_reply_is_there_when_the_turn_is_over(inbox: Inbox) -> None:
    """None before; afterwards the turn's own messages, as often as they are asked for."""
    (received,) = await inbox.receive([written()])
    assert await inbox.reply(received.inbox_id) is None
    (claim,) = await inbox.claim(1)
    assert await inbox.reply(received.inbox_id) is None
    await inbox.settle(claim, TurnOutcome(messages=lines("one", "two")))
    for _ in range(2):
        assert await heard(inbox, received.inbox_id) == ["one", "two"]
    reply = await inbox.reply(received.inbox_id)
    assert reply is not None
    assert reply.last_position == 3


async def test_a_reply_to_an_unknown_message_is_none(inbox: Inbox) -> None:
    """There is nothing to wait for either."""
    assert await inbox.reply(12345) is None


async def test_a_reply_brings_what_an_agent_said_since(opened: OpenStore, inbox: Inbox) -> None:
    """It comes with the next message's reply, in the order of the timeline, and to a second question again."""
    first = await claimed(inbox, written(number=1))
    await inbox.settle(first, TurnOutcome(messages=lines("bot")))
    assert await heard(inbox, first.inbox_id) == ["bot"]
    await opened.store.conversations.say(first.conversation.id, Author.AGENT, Content(text="agent"))
    second = await claimed(inbox, written(number=2))
    await inbox.settle(second, TurnOutcome(messages=lines("bot again")))
    assert await heard(inbox, first.inbox_id) == ["bot"], "an answered message never changes its answer"
    for _ in range(2):
        assert await heard(inbox, second.inbox_id) == ["agent", "bot again"], "a caller that lost it asks again"


async def test_what_an_agent_says_after_the_answer_waits_for_the_next_message(opened: OpenStore, inbox: Inbox) -> None:
    """A message that was answered keeps its answer."""
    first = await claimed(inbox, written(number=1))
    await inbox.settle(first, TurnOutcome(messages=lines("bot")))
    assert await heard(inbox, first.inbox_id) == ["bot"]
    await opened.store.conversations.say(first.conversation.id, Author.AGENT, Content(text="agent"))
    assert await heard(inbox, first.inbox_id) == ["bot"]


async def test_nothing_is_said_twice_in_two_replies(inbox: Inbox) -> None:
    """Two messages sent at once: each gets the answer to itself, whoever asks first."""
    first = await claimed(inbox, written("first", number=1))
    await inbox.receive([written("second", number=2)])
    await inbox.settle(first, TurnOutcome(messages=lines("re first")))
    (second,) = await inbox.claim(1)
    assert await heard(inbox, first.inbox_id) == ["re first"]
    await inbox.settle(second, TurnOutcome(messages=lines("re second")))
    assert await heard(inbox, second.inbox_id) == ["re second"]


async def test_an_answer_that_nobody_fetched_comes_with_the_next_one(inbox: Inbox) -> None:
    """Whoever stopped waiting and wrote again hears both."""
    first = await claimed(inbox, written("first", number=1))
    await inbox.settle(first, TurnOutcome(messages=lines("re first")))
    second = await claimed(inbox, written("second", number=2))
    await inbox.settle(second, TurnOutcome(messages=lines("re second")))
    assert await heard(inbox, second.inbox_id) == ["re first", "re second"]
