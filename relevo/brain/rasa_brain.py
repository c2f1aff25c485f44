"""The bot's brain: one message through Rasa in our process, nothing written.

A conversation's tracker is kept in memory between turns, under the version that its last commit gave it. Another
version means that somebody else wrote meanwhile (another bot process, a hand-back): it is read again. A turn takes it
out and its commit puts it back: whatever else becomes of the turn, the retry starts from what the database holds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.events import Event, SlotSet

from relevo.brain.formal import reworded
from relevo.brain.in_process import InProcessActions
from relevo.brain.knowing import ending, known_by, needed_by
from relevo.brain.lighter import lighten
from relevo.brain.policies import hasten
from relevo.brain.processor import TurnProcessor
from relevo.brain.quick_tracker import UnsetSlots
from relevo.brain.replay import View
from relevo.brain.replies import Replies
from relevo.brain.tracker import TurnTracker
from relevo.configuration.formal import Formal
from relevo.contracts.brain import LANGUAGE_SLOT, Answer, History, Question
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Button, Content
from relevo.errors import BrainUnavailable, NotKnown, RelevoError, TurnFailed, Unavailable

ATTACHMENT_SENT = "/send_attachment"
"""What Rasa hears of a message that is files only; nobody can type it, since a typed slash is taken off."""

_CACHED_TRACKERS = 2000


class RasaBrain:
    """Answers with a trained Rasa model; see contracts.brain.Brain."""

    def __init__(
        self,
        model: Path,
        *,
        actions: str = "actions",
        default_language: str = "es",
        formal: Mapping[str, Formal] | None = None,
    ) -> None:
        lighten()
        self._default_language = default_language
        try:
            self._processor = TurnProcessor(
                model_path=model,
                tracker_store=InMemoryTrackerStore(None),
                lock_store=InMemoryLockStore(),
                generator=TemplatedNaturalLanguageGenerator({}),
                action_endpoint=InProcessActions(actions),
            )
        except RelevoError:
            raise
        except Exception as error:
            raise BrainUnavailable(
                f"The model {model.name} cannot be loaded ({type(error).__name__}). Train a new one: relevo train."
            ) from error
        hasten(self._processor.graph_runner.components)
        self._domain = self._processor.domain
        self.knows = known_by(self._domain)
        """What conversations may be in the middle of; see brain.knowing."""
        self._processor.nlg = Replies(reworded(self._domain.responses, formal or {}, default_language))
        self._unset = UnsetSlots(self._domain.slots)
        self._views: list[View] = []
        self._trackers: OrderedDict[UUID, tuple[int, TurnTracker]] = OrderedDict()

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer a question; see contracts.brain.Brain.answer."""
        tracker = await self._tracker(question.conversation, history)
        known = len(tracker.events)
        said = _Said(question.conversation.channel)
        try:
            await self._processor.run_turn(_message(question, said), tracker, self._introduction(question, tracker))
        except Unavailable:
            raise
        except Exception as error:
            raise TurnFailed(f"{type(error).__name__} while answering.") from error
        return Answer(
            messages=tuple(said.messages),
            tracker_events=tuple(_encode(tracker.events[place]) for place in range(known - len(tracker.events), 0)),
            language=_language(tracker),
            committed_as=partial(self._keep, question.conversation.id, tracker),
        )

    async def intent_of(self, text: str) -> str:
        """Give the intent that a text is understood as; nothing is answered and nothing kept."""
        return str((await self.understand(text))["intent"]["name"])

    async def understand(self, text: str) -> Mapping[str, Any]:
        """Give what a text is understood as, in Rasa's form; nothing is answered and nothing kept."""
        understood: Mapping[str, Any] = await self._processor.parse_message(UserMessage(text=text))
        return understood

    async def _tracker(self, conversation: Conversation, history: History) -> TurnTracker:
        """Take a conversation's tracker out of memory, or read it: until its turn is committed it is nobody else's."""
        version, tracker = self._trackers.pop(conversation.id, (None, None))
        if tracker is None or version != conversation.tracker_version:
            tracker = self._restored(conversation, await history() if conversation.tracker_version else ())
        return tracker

    def _keep(self, conversation_id: UUID, tracker: TurnTracker, version: int) -> None:
        self._trackers.pop(conversation_id, None)
        self._trackers[conversation_id] = (version, tracker)
        if len(self._trackers) > _CACHED_TRACKERS:
            self._trackers.popitem(last=False)

    def _introduction(self, question: Question, tracker: TurnTracker) -> list[Event]:
        if tracker.events or LANGUAGE_SLOT not in tracker.slots:
            return []
        return [SlotSet(LANGUAGE_SLOT, question.conversation.language or self._default_language)]

    def _restored(self, conversation: Conversation, turns: Any) -> TurnTracker:
        past = [event for turn in turns for event in msgspec.json.decode(turn)]
        if unknown := needed_by(past) - self.knows:
            raise NotKnown(unknown, ending())
        events = [Event.from_parameters(event) for event in past]
        tracker: TurnTracker = TurnTracker.from_events(str(conversation.id), events, self._unset, domain=self._domain)
        tracker.views = self._views
        return tracker


class _Said(OutputChannel):
    """Collects what the bot says, one content for each bot message."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: list[Content] = []

    def name(self) -> str:
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        buttons = message.get("buttons") or message.get("quick_replies") or ()
        content = Content(
            text=message.get("text"),
            buttons=tuple(Button(title=str(b["title"]), payload=str(b.get("payload", b["title"]))) for b in buttons),
            image=message.get("image"),
            custom=message.get("custom") or None,
        )
        if content != Content():
            self.messages.append(content)


def _message(question: Question, said: _Said) -> UserMessage:
    text = question.text if question.is_issued_payload else question.text.lstrip("/ \t\r\n")
    if question.attachments and not question.text:
        text = ATTACHMENT_SENT
    return UserMessage(
        text=text,
        output_channel=said,
        sender_id=str(question.conversation.id),
        input_channel=question.conversation.channel,
        message_id=question.message_id,
        metadata=dict(question.metadata),
    )


def _encode(event: Event) -> bytes:
    return msgspec.json.encode(event.as_dict(), enc_hook=_plain)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def _language(tracker: TurnTracker) -> str | None:
    value = tracker.get_slot(LANGUAGE_SLOT) if LANGUAGE_SLOT in tracker.slots else None
    return value if isinstance(value, str) else None
