"""The brain: Rasa in our process answers as Rasa does, and fails so that somebody notices."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog

from relevo.brain import lean

lean.install()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))

import msgspec
from rasa.core import jobs
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa_sdk.events import ReminderScheduled

from relevo.brain.in_process import InProcessActions
from relevo.brain.rasa_brain import RasaBrain
from relevo.contracts import runtime
from relevo.contracts.brain import Answer, Question
from relevo.domain.contacts import Identity
from relevo.domain.conversations import Control, Conversation
from relevo.domain.effects import EffectResult, EffectState
from relevo.errors import BrainUnavailable, NotKnown, TurnFailed
from tests.spike.bot.actions import ActionCredit

pytestmark = [pytest.mark.anyio, pytest.mark.rasa, pytest.mark.filterwarnings("ignore::UserWarning")]
ACTIONS = "tests.spike.bot.actions"
SAID = ("credit my points", "ticket T0001", "yes", "credit my points", "yes", "T0002", "yes please")


@pytest.fixture
async def brain(spike_model: Path) -> AsyncIterator[RasaBrain]:
    """A brain whose only effect succeeds."""
    _enter(_done)
    yield RasaBrain(spike_model, actions=ACTIONS)
    runtime.enter(None)


async def _done(kind: str, reference: str, arguments: Any) -> EffectResult:
    return EffectResult(key=reference, state=EffectState.DONE, result={"balance": 100})


async def _raise(kind: str, reference: str, arguments: Any) -> EffectResult:
    raise RuntimeError("the business is on fire")


def _enter(perform: Any) -> None:
    turn: Any = SimpleNamespace(perform=perform)
    runtime.enter(turn)


def _conversation(version: int = 0, identifier: UUID | None = None) -> Conversation:
    identity = Identity(id=uuid4(), contact_id=uuid4(), channel="rest", address="amina")
    return Conversation(
        id=identifier or uuid4(),
        channel="rest",
        identity=identity,
        control=Control.BOT,
        control_version=0,
        tracker_version=version,
        language=None,
        last_position=0,
    )


async def _say(brain: RasaBrain, conversation: Conversation, text: str, **more: Any) -> Answer:
    question = Question(conversation=conversation, message_id=uuid4().hex, text=text, **more)
    return await brain.answer(question, _never)


async def _never() -> Sequence[bytes]:
    raise AssertionError("the history was read although the tracker is in memory")


def _texts(answer: Answer) -> list[str | None]:
    return [message.text for message in answer.messages]


async def test_a_typed_intent_is_text_and_only_an_issued_payload_is_obeyed(brain: RasaBrain) -> None:
    """Text that begins with a slash triggers nothing unless the server issued that payload."""
    typed = await _say(brain, _conversation(), "/credit")
    issued = await _say(brain, _conversation(), "/credit", is_issued_payload=True)
    assert b'"text":"credit"' in b"".join(typed.tracker_events)
    assert b'"text":"/credit"' in b"".join(issued.tracker_events)
    assert _texts(issued) == ["Which ticket?"]


async def test_an_action_that_raises_fails_the_turn(brain: RasaBrain) -> None:
    """What an action raises is not swallowed as Rasa does."""
    conversation = _conversation()
    for version, text in enumerate(("credit my points", "ticket T0001")):
        (await _say(brain, conversation, text)).committed_as(version + 1)
        conversation = _conversation(version + 1, conversation.id)
    _enter(_raise)
    with pytest.raises(TurnFailed) as failure:
        await _say(brain, conversation, "yes")
    assert "on fire" in str(failure.value.__cause__)


async def test_a_tracker_of_another_version_is_read_again(brain: RasaBrain) -> None:
    """What somebody else committed meanwhile is taken up, and what was not committed is dropped."""
    conversation = _conversation()
    first = await _say(brain, conversation, "credit my points")
    committed = [b"[" + b",".join(first.tracker_events) + b"]"]

    async def history() -> Sequence[bytes]:
        return committed

    moved_on = _conversation(1, conversation.id)
    question = Question(conversation=moved_on, message_id="2", text="ticket T0007")
    assert _texts(await brain.answer(question, history)) == ["Credit ticket T0007?"]
    assert _texts(await brain.answer(question, history)) == ["Credit ticket T0007?"]


async def test_what_another_model_is_in_the_middle_of_is_left_to_it(brain: RasaBrain) -> None:
    """A form that this model does not have is no turn's failure; once it is closed, the bot answers as ever."""
    past = [
        {"event": "action", "name": "action_session_start"},
        {"event": "user", "text": "a lounge, please", "parse_data": {"intent": {"name": "book_lounge"}}},
        {"event": "active_loop", "name": "lounge_form"},
        {"event": "slot", "name": "lounge", "value": "T4"},
        {"event": "slot", "name": "requested_slot", "value": "day"},
        {"event": "action", "name": "action_listen"},
    ]
    committed = [msgspec.json.encode(past)]

    async def history() -> Sequence[bytes]:
        return committed

    conversation = _conversation(1)
    question = Question(conversation=conversation, message_id="2", text="credit my points")
    with pytest.raises(NotKnown) as unknown:
        await brain.answer(question, history)
    assert unknown.value.names == {"intent:book_lounge", "action:lounge_form", "slot:lounge"}
    committed.append(b"[" + b",".join(unknown.value.ending) + b"]")
    assert _texts(await brain.answer(question, history)) == ["Which ticket?"]


@pytest.mark.parametrize("broken", ["missing.tar.gz", "broken.tar.gz"])
async def test_a_model_that_cannot_be_loaded_says_what_to_do(tmp_path: Path, broken: str) -> None:
    """A missing or damaged model is a sentence."""
    (tmp_path / "broken.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(BrainUnavailable, match="relevo train"):
        RasaBrain(tmp_path / broken, actions=ACTIONS)


async def test_a_reminder_that_an_action_sets_never_fires(spike_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would act outside every turn, perhaps while a person has control; the event is kept, and nothing is timed."""
    run = ActionCredit.run

    async def and_reminds(self: ActionCredit, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        reminder = ReminderScheduled("EXTERNAL_news", datetime.now(timezone.utc), name="news")
        return [*await run(self, dispatcher, tracker, domain), reminder]

    monkeypatch.setattr(ActionCredit, "run", and_reminds)
    brain, conversation = RasaBrain(spike_model, actions=ACTIONS), _conversation()
    _enter(_done)
    events: list[bytes] = []
    for version, text in enumerate(SAID[:3]):
        answer = await _say(brain, _conversation(version, conversation.id), text)
        answer.committed_as(version + 1)
        events += answer.tracker_events
    assert any(b'"reminder"' in event for event in events)
    assert (await jobs.scheduler()).get_jobs() == []


async def test_our_turn_writes_the_events_that_rasa_itself_would(brain: RasaBrain, spike_model: Path) -> None:
    """Made lighter, not different: the same conversation through Rasa's own processor gives the same events."""
    conversation = _conversation()
    ours: list[dict[str, Any]] = []
    for version, text in enumerate(SAID):
        answer = await _say(brain, _conversation(version, conversation.id), text)
        answer.committed_as(version + 1)
        ours += [msgspec.json.decode(event) for event in answer.tracker_events]
    theirs = await _events_of_rasa(spike_model)
    assert [_essence(event) for event in ours] == [_essence(event) for event in theirs]
    assert sum(event["event"] == "bot" for event in ours) >= 4, "the conversation must say something"


async def _events_of_rasa(spike_model: Path) -> list[dict[str, Any]]:
    stock = MessageProcessor(
        spike_model,
        InMemoryTrackerStore(None),
        InMemoryLockStore(),
        TemplatedNaturalLanguageGenerator({}),
        action_endpoint=InProcessActions(ACTIONS),
    )
    stock.nlg = TemplatedNaturalLanguageGenerator(stock.domain.responses)
    stock.tracker_store.domain = stock.domain
    for text in SAID:
        await stock.handle_message(UserMessage(text, sender_id="amina", input_channel="rest"))
    tracker = await stock.get_tracker("amina")
    return [event.as_dict() for event in tracker.events]


def _essence(event: dict[str, Any]) -> dict[str, Any]:
    varying = {"timestamp", "metadata", "message_id", "parse_data", "input_channel"}
    return {key: value for key, value in event.items() if key not in varying}
