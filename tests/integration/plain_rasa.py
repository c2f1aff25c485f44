"""Rasa as it is, beside our brain: its own processor, policies, trackers and replies, and nothing of ours.

It says what our brain says only where both have done the same: custom actions run once, in ours, and what they answered
is given to Rasa when it asks for the same action with the same conversation.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasa.core.actions.action
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.engine.runner.interface import GraphRunner
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from relevo.brain import lighter
from relevo.brain.days import with_days
from relevo.brain.in_process import InProcessAction
from relevo.brain.loading import load
from relevo.brain.processor import _chosen_language

VARYING = ("timestamp", "latest_event_time")

RasaRemoteAction = InProcessAction.__bases__[0]


class PlainRunner(GraphRunner):
    """Runs a graph's nodes as Dask does: each one that is needed, once, through Rasa's own node."""

    def __init__(self, schema: Any, nodes: dict[str, Any]) -> None:
        self._schema, self._nodes = schema, nodes

    @classmethod
    def create(cls, *_: Any, **__: Any) -> PlainRunner:
        """Not used: it is made of another runner's nodes."""
        raise NotImplementedError

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Give the targets' outputs."""
        done: dict[str, Any] = dict(inputs or {})
        for target in targets or self._schema.target_names:
            self._visit(target, done)
        return {target: done[target] for target in targets or self._schema.target_names}

    def _visit(self, name: str, done: dict[str, Any]) -> None:
        if name in done or name not in self._nodes:
            return
        needs = self._schema.nodes[name].needs.values()
        for need in needs:
            self._visit(need, done)
        done[name] = self._nodes[name](*((need, done[need]) if need in done else need for need in needs))[1]


class Answered(EndpointConfig):
    """What our brain's actions were asked and answered, in order; Rasa gets it by asking the same."""

    def __init__(self) -> None:
        super().__init__(url="answered", enable_selective_domain=True)
        self.waiting: deque[tuple[Any, Any]] = deque()

    def listen(self, endpoint: Any, patch: pytest.MonkeyPatch) -> None:
        """Keep what our actions are asked and answer from now on."""
        run = endpoint.request

        async def heard(*args: Any, json: dict[str, Any], **more: Any) -> Any:
            asked = _call(json)
            answer = await run(*args, json=json, **more)
            self.waiting.append((asked, copy.deepcopy(answer)))
            return answer

        patch.setattr(endpoint, "request", heard)

    async def request(self, *_: Any, json: dict[str, Any], **__: Any) -> Any:
        """Answer as ours was answered."""
        asked, answer = self.waiting.popleft()
        assert _call(json) == asked, "an action was asked something else"
        return answer


class PlainRasa(MessageProcessor):
    """Rasa's processor; what Relevo says about a turn by design is added, as in relevo.brain.processor."""

    def __init__(self, model: Path, answered: Answered) -> None:
        super().__init__(
            model,
            InMemoryTrackerStore(None),
            InMemoryLockStore(),
            TemplatedNaturalLanguageGenerator({}),
            action_endpoint=answered,
        )
        self.nlg = TemplatedNaturalLanguageGenerator(self.domain.responses)
        self.trackers: dict[str, DialogueStateTracker] = {}

    @staticmethod
    def _load_model(model_path: Any) -> tuple[str, Any, GraphRunner]:
        metadata, runner = load(model_path)
        return model_path.name, metadata, PlainRunner(runner._schema, runner._nodes)

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Warn of nothing: it makes a domain for each message, and changes nothing."""

    async def parse_message(self, *args: Any, **more: Any) -> dict[str, Any]:
        """Understand a message; a day that is told by its distance gets its date."""
        return with_days(await super().parse_message(*args, **more))

    async def turn(self, message: UserMessage, introduction: list[Event], seed: int) -> list[dict[str, Any]]:
        """Answer a message, and give the new events."""
        tracker = self.tracker(message.sender_id)
        known = len(tracker.events)
        with as_it_is():
            np.random.seed(seed)
            await self._update_tracker_session(tracker, message.output_channel, message.metadata)
            tracker.update_with_events(introduction, self.domain)
            await self._handle_message_with_tracker(message, tracker)
            await self.run_action_extract_slots(message.output_channel, tracker)
            tracker.update_with_events(list(_chosen_language(tracker)), self.domain)
            await self._run_prediction_loop(message.output_channel, tracker)
        return [event.as_dict() for event in list(tracker.events)[known:]]

    def tracker(self, sender: str) -> DialogueStateTracker:
        """Give a conversation's tracker."""
        if sender not in self.trackers:
            self.trackers[sender] = DialogueStateTracker(sender, self.domain.slots)
        return self.trackers[sender]


class Silence(OutputChannel):
    """Says nothing; what is said is in the events."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        """Give the channel's name."""
        return self._name

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Drop it."""


@contextmanager
def as_it_is() -> Iterator[None]:
    """Take off what our brain replaces in Rasa's modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rasa.core.actions.action, "RemoteAction", RasaRemoteAction)
        patch.setattr(RasaRemoteAction, "_validate_action_result", lambda *_: True)  # 25 ms to check what was checked
        patch.setattr(RulePolicy, "_get_possible_keys", lighter.ORIGINALS["possible_keys"])
        patch.setattr(Event, "resolve_by_type", staticmethod(lighter.ORIGINALS["resolve"]))
        yield


def essence(value: Any) -> Any:
    """Leave out of events and trackers when things happened."""
    if isinstance(value, dict):
        return {name: essence(each) for name, each in value.items() if name not in VARYING}
    return [essence(each) for each in value] if isinstance(value, list | tuple) else value


def _call(json: dict[str, Any]) -> Any:
    tracker = dict(json["tracker"])
    tracker["events"] = list(tracker["events"])
    return essence(copy.deepcopy({"next_action": json["next_action"], "tracker": tracker}))
