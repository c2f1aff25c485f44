"""Rasa's message processor without what it makes for debug logs, or makes anew for each step: the same results."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from rasa.core.actions.action import Action, ActionBotResponse, ActionExtractSlots, ActionListen
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import ACTION_EXTRACT_SLOTS, ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

from relevo.brain.extraction import Fillable
from relevo.brain.in_process import InProcessAction

_KEEP_NOTHING = (ActionBotResponse, ActionExtractSlots, ActionListen, InProcessAction)
"""Actions that are the same for every run: one of each is enough."""


class QuickProcessor(MessageProcessor):
    """Rasa's message processor; what a turn needs of the domain is looked up once."""

    _known: _Known | None = None

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """Understand a message."""
        if tracker is None:
            tracker = DialogueStateTracker.from_events(message.sender_id, [])
        parsed: dict[str, Any] = self._parse_message_with_graph(message, tracker, only_output_properties)
        self._update_full_retrieval_intent(parsed)
        self._check_for_unseen_features(parsed)
        return parsed

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        """Predict the next action; raises ActionLimitReached after too many without listening."""
        if self.is_action_limit_reached(tracker, self.should_predict_another_action(tracker.latest_action_name)):
            raise ActionLimitReached("The limit of actions to predict has been reached.")
        prediction = self._predict_next_with_tracker(tracker)
        return self._get_action(self.domain.action_names_or_texts[prediction.max_confidence_index]), prediction

    def is_action_limit_reached(self, tracker: DialogueStateTracker, should_predict_another_action: bool) -> bool:
        """Tell whether so many actions came since the bot last listened."""
        names = (event.action_name for event in reversed(tracker.events) if type(event) is ActionExecuted)
        since = takewhile(lambda name: name not in (ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME), names)
        return should_predict_another_action and sum(1 for _ in since) >= self.max_number_of_predictions

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Fill slots from the newest message."""
        domain = self._of_domain().fillable.domain(tracker)
        if domain is not None:
            events = await self._get_action(ACTION_EXTRACT_SLOTS).run(output_channel, self.nlg, tracker, domain)
            await self._send_bot_messages(events, tracker, output_channel)
            tracker.update_with_events(events, self.domain)
        return tracker

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """Write all slots into no debug log."""

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        known = self._of_domain()
        entities = {entity["entity"] for entity in parse_data["entities"] or ()}
        if parse_data["intent"]["name"] not in known.intents or not entities <= known.entities:
            super()._check_for_unseen_features(parse_data)

    def _get_action(self, action_name: str) -> Action:
        known = self._of_domain().actions
        action = known.get(action_name)
        if action is None:
            action = super()._get_action(action_name)
            if type(action) in _KEEP_NOTHING:
                known[action_name] = action
        return action

    def _of_domain(self) -> _Known:
        if self._known is None or self._known.domain is not self.domain:
            self._known = _Known(self.domain)
        return self._known


class _Known:
    """What a turn needs of a domain, made once."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.intents = frozenset((*domain.intents, None, ""))
        self.entities = frozenset((*domain.entities, None, ""))
        self.fillable = Fillable(domain)
        self.actions: dict[str, Action] = {}
