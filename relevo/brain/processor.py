"""One turn through Rasa's own processor, with failures raised instead of swallowed, and without needless copies.

Rasa's processor logs and forgets what an action raises, and the bot goes on as if nothing had happened. Here it ends
the turn. Rasa also replays the whole conversation into a fresh tracker for each action, since a form may write on the
one that it is given; other actions get a view of the real one here. What it deep-copies for debug logs, it no longer
does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.actions.loops import LoopAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelMetadata
from rasa.shared.core.events import ActionExecutionRejected, Event, ReminderScheduled, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from relevo.brain.days import with_days
from relevo.brain.loading import load
from relevo.brain.quick_processor import QuickProcessor
from relevo.brain.tracker import TurnTracker
from relevo.contracts.brain import LANGUAGE_SLOT
from relevo.metrics.numbers import count_understood
from relevo.metrics.stages import ACTIONS, POLICIES, UNDERSTANDING, stage

CHOSEN_SLOT = "chosen_language"
_log = structlog.get_logger()


class TurnProcessor(QuickProcessor):
    """Rasa's message processor for one turn at a time on a tracker that the caller owns."""

    async def run_turn(
        self, message: UserMessage, tracker: DialogueStateTracker, introduction: list[Event] | None = None
    ) -> None:
        """Answer a message by extending the tracker; raises what an action raised.

        The introduction is what is known before a conversation's first message; it follows the start of the session.
        """
        await self._update_tracker_session(tracker, message.output_channel, message.metadata)
        tracker.update_with_events(introduction or [], self.domain)
        await self._handle_message_with_tracker(message, tracker)
        await self.run_action_extract_slots(message.output_channel, tracker)
        tracker.update_with_events(list(_chosen_language(tracker)), self.domain)
        await self._run_prediction_loop(message.output_channel, tracker)

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        return Path(model_path).name, *load(Path(model_path))

    async def parse_message(self, message: UserMessage, *args: Any, **more: Any) -> dict[str, Any]:
        """Understand a message; a day that is told by its distance gets its date."""
        with stage(UNDERSTANDING):
            parsed = with_days(await super().parse_message(message, *args, **more))
        if not (message.text or "").startswith("/"):
            intent = parsed.get("intent") or {}
            count_understood(intent.get("name"), float(intent.get("confidence") or 0.0))
        return parsed

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """Have the policies choose what comes next."""
        with stage(POLICIES):
            chosen: tuple[Action, PolicyPrediction] = super().predict_next_with_tracker_if_should(tracker)
        return chosen

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        goes_on: bool = self.should_predict_another_action(action.name())
        try:
            with stage(ACTIONS):
                seen = self._seen_by(action, tracker, prediction)
                events = await action.run(output_channel, nlg, seen, self.domain)
        except ActionExecutionRejection:
            tracker.update(ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence))
            return goes_on
        self._log_action_on_tracker(tracker, action, events, prediction)
        if any(isinstance(event, UserUttered) for event in events or ()):
            await self.run_action_extract_slots(output_channel, tracker)
        await self.execute_side_effects(events or [], tracker, output_channel)
        return goes_on

    async def _schedule_reminders(
        self, events: list[Event], tracker: DialogueStateTracker, output_channel: OutputChannel
    ) -> None:
        """Set no reminder: it would act outside every turn, on another tracker, whoever has control by then."""
        names = [event.name for event in events if isinstance(event, ReminderScheduled)]
        if names:
            _log.warning("reminder.ignored", names=names)

    def _seen_by(
        self, action: Action, tracker: DialogueStateTracker, prediction: PolicyPrediction
    ) -> DialogueStateTracker:
        """Give what an action may look at: with the policies' events, which do not stand where it is rejected."""
        if isinstance(action, LoopAction) or not isinstance(tracker, TurnTracker):
            copied = tracker.copy()
            copied.update_with_events(prediction.events, self.domain)
            return copied
        return tracker.seen_with(prediction.events)

    def _log_action_on_tracker(
        self,
        tracker: DialogueStateTracker,
        action: Action,
        events: list[Event] | None,
        prediction: PolicyPrediction,
    ) -> None:
        if not any(isinstance(event, ActionExecutionRejected) for event in events or ()):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events or [], self.domain)

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Fill slots from the newest message."""
        with stage(ACTIONS):
            return await super().run_action_extract_slots(output_channel, tracker)


def _chosen_language(tracker: DialogueStateTracker) -> Iterator[Event]:
    """Give back the language that the contact asked for, where a message was read as another one."""
    chosen = tracker.get_slot(CHOSEN_SLOT) if CHOSEN_SLOT in tracker.slots else None
    if chosen is not None and tracker.get_slot(LANGUAGE_SLOT) != chosen:
        yield SlotSet(LANGUAGE_SLOT, chosen)
