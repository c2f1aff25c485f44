"""Runs the business's custom actions in our process, through rasa-sdk's own executor.

Rasa speaks to actions as if they were on another machine: it serialises the whole conversation for each call and checks
each answer against a JSON schema (25 ms a call, measured 2026-11). Here the conversation is serialised only if an
action looks at it, and the answer, which rasa-sdk has checked already, is taken as it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, overload

import rasa.core.actions.action
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection as Rejection

from relevo.errors import ConfigurationError


class InProcessActions(EndpointConfig):
    """What Rasa takes for an action server; calls go to the executor, not over the network."""

    def __init__(self, package: str = "actions") -> None:
        super().__init__(url="in-process", enable_selective_domain=True)
        self._executor = ActionExecutor()
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ConfigurationError(f"The custom actions cannot be imported: {error}.") from error
        self._executor.register_package(package)
        rasa.core.actions.action.RemoteAction = InProcessAction

    async def request(self, *_: Any, json: dict[str, Any], **__: Any) -> Any:
        """Run an action and give its events and responses; what it rejects is rejected as Rasa says it."""
        try:
            return await self._executor.run(json)
        except Rejection as rejection:
            raise ActionExecutionRejection(rejection.action_name, rejection.message) from rejection


class InProcessAction(RemoteAction):
    """A custom action that lives in this process."""

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        """Run the action and give its events, as Rasa does with an action server's answer."""
        assert self.action_endpoint is not None
        answer = await self.action_endpoint.request(json=self._action_call_format(tracker, domain))
        said: list[Event] = list(await self._utter_responses(answer["responses"], output_channel, nlg, tracker))
        return [*said, *deserialise_events(answer["events"])]

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"] = _Events(tracker)
        call = {"next_action": self._name, "sender_id": tracker.sender_id, "tracker": state}
        if domain.does_custom_action_explicitly_need_domain(self._name):
            call["domain"] = domain.as_dict()
        return call


class _Events(Sequence[dict[str, Any]]):
    """A conversation's events as dictionaries, each made when somebody looks at it."""

    def __init__(self, tracker: DialogueStateTracker) -> None:
        self._events = tracker.events
        self._made: dict[int, dict[str, Any]] = {}

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        places = range(len(self._events))[index]
        return [self._event(place) for place in places] if isinstance(places, range) else self._event(places)

    def __len__(self) -> int:
        return len(self._events)

    def _event(self, place: int) -> dict[str, Any]:
        if place not in self._made:
            self._made[place] = self._events[place].as_dict()
        return self._made[place]
