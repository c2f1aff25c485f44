"""Rasa's policies without what they do for logs and over the whole conversation: the same predictions.

They take the place of Rasa's own in one loaded model; other models and the training keep Rasa's. Their names are
Rasa's, since events tell which policy predicted an action.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.core.policies.memoization import MemoizationPolicy as RasaMemoizationPolicy
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RULES_NOT_IN_STORIES
from rasa.core.policies.rule_policy import RulePolicy as RasaRulePolicy
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

from relevo.brain.tracker import TurnTracker

_OF_ANY_INTENT = ((ACTION_LISTEN_NAME, None), (None, None))
_SORTED = json.JSONEncoder(sort_keys=True)
_NOTHING: MappingProxyType[str, Any] = MappingProxyType({})


def hasten(components: Iterable[Any]) -> None:
    """Have the policies among a loaded model's components be ours."""
    for component in components:
        if isinstance(component, Policy) and type(component.featurizer) is MaxHistoryTrackerFeaturizer:
            component.featurizer.__class__ = LatestStates
        if type(component) is RasaRulePolicy:
            component.__class__ = RulePolicy
            component.look_back_no_further_than_needed()
        elif type(component) is RasaMemoizationPolicy:
            component.__class__ = MemoizationPolicy
            component.unpack()


class LatestStates(MaxHistoryTrackerFeaturizer):
    """Gives a policy the states it looks at, and computes no others."""

    def prediction_states(
        self,
        trackers: list[DialogueStateTracker],
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
        ignore_action_unlikely_intent: bool = False,
    ) -> list[list[State]]:
        """Give the newest states of each tracker."""
        found = []
        for tracker in trackers:
            states = (
                tracker.latest_states(
                    domain, self.max_history, for_stories=ignore_rule_only_turns, rule_only_data=rule_only_data
                )
                if isinstance(tracker, TurnTracker) and self.max_history
                else None
            )
            kept = self._remove_action_unlikely_intent_from_states(states or [])
            if states is None or (ignore_action_unlikely_intent and len(kept) < len(states)):
                return list(
                    super().prediction_states(
                        trackers,
                        domain,
                        use_text_for_last_user_input,
                        ignore_rule_only_turns,
                        rule_only_data,
                        ignore_action_unlikely_intent,
                    )
                )
            found.append(states)
        self._choose_last_user_input(found, use_text_for_last_user_input)
        return found


class MemoizationPolicy(RasaMemoizationPolicy):
    """Rasa's memoization without copies for a log, and without packing what it looks for."""

    _by_states: Mapping[str, str]

    def unpack(self) -> None:
        """Keep what was remembered by the states as they are written, which Rasa compresses for its file."""
        is_packed = self.config["enable_feature_string_compression"]
        self._by_states = {
            zlib.decompress(base64.b64decode(key)).decode() if is_packed else key: action
            for key, action in self.lookup.items()
        }

    def _recall_states(self, states: list[State]) -> str | None:
        return self._by_states.get(_SORTED.encode(states).replace('"', "")) if states else None

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **_: Any,
    ) -> PolicyPrediction:
        """Predict what followed in the stories."""
        states = self._prediction_states(tracker, domain, rule_only_data=rule_only_data)
        action = self.recall(states, tracker, domain, rule_only_data=rule_only_data)
        return self._prediction(
            self._default_predictions(domain) if action is None else self._prediction_result(action, tracker, domain)
        )


class RulePolicy(RasaRulePolicy):
    """Rasa's rules, looked up by what a conversation's newest state must be."""

    _indexes: tuple[RuleIndex, ...]

    def look_back_no_further_than_needed(self) -> None:
        """Bound how many states are compared: to one more than any rule has, so that what is left out is no rule's."""
        self._indexes = tuple(RuleIndex(self.lookup.get(name, {})) for name in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH))
        self.lookup[RULES_NOT_IN_STORIES] = frozenset(self.lookup.get(RULES_NOT_IN_STORIES, ()))
        self.featurizer.max_history = 1 + max(index.longest for index in self._indexes)

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        """Look for a rule; for one that asks for a message's very words only where a rule does."""
        if use_text_for_last_user_input and not any(index.reads_words for index in self._indexes):
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        index = next((each for each in self._indexes if each.lookup is lookup), None) or RuleIndex(lookup)
        return index.agreeing(states)

    @staticmethod
    def format_tracker_states(states: list[dict[str, Any]]) -> str:
        """Give nothing: only a debug log reads it."""
        return ""


class Step(msgspec.Struct, frozen=True):
    """What one state of a rule asks of a conversation's state, as RulePolicy._does_rule_match_state compares them."""

    is_beginning: bool
    wanted: tuple[tuple[str, str, Any], ...]
    unset: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, state: State) -> Step:
        """Take a rule's state apart."""
        asked = [(part, name, value) for part, features in state.items() for name, value in features.items()]
        return cls(
            is_beginning=not state.get(PREVIOUS_ACTION),
            wanted=tuple(
                (part, name, tuple(value) if isinstance(value, list) else value)
                for part, name, value in asked
                if value and value != SHOULD_NOT_BE_SET
            ),
            unset=tuple((part, name) for part, name, value in asked if value == SHOULD_NOT_BE_SET),
        )

    def agrees(self, state: State) -> bool:
        """Tell whether a conversation's state is as asked."""
        if self.is_beginning or not state.get(PREVIOUS_ACTION):
            return self.is_beginning and not state.get(PREVIOUS_ACTION)
        return all(state.get(part, _NOTHING).get(name) == value for part, name, value in self.wanted) and all(
            state.get(part, _NOTHING).get(name) in (None, SHOULD_NOT_BE_SET) for part, name in self.unset
        )

    @property
    def asks(self) -> tuple[Any, Any]:
        """Give the action and the intent that it asks for, each None where it asks for none."""
        wanted = {} if self.is_beginning else {(part, name): value for part, name, value in self.wanted}
        return wanted.get((PREVIOUS_ACTION, ACTION_NAME)), wanted.get((USER, INTENT))


@lru_cache(maxsize=10_000)
def steps_of(key: str) -> tuple[Step, ...]:
    """Give a rule's steps, the newest first; the key is the rule's states, as Rasa writes them."""
    return tuple(Step.of(state) for state in reversed(json.loads(key)))


class RuleIndex:
    """Rules by the action and the intent that the newest state must have."""

    def __init__(self, lookup: dict[str, str]) -> None:
        self.lookup = lookup
        self.longest = 0
        self.reads_words = False
        """Whether a rule may agree with a message of which no intent is told, only its words."""
        self._rules: defaultdict[tuple[Any, Any], list[tuple[str, tuple[Step, ...]]]] = defaultdict(list)
        for key in lookup:
            steps = steps_of(key)
            self.longest = max(self.longest, len(steps))
            self._rules[steps[0].asks].append((key, steps))
            self.reads_words |= not steps[0].is_beginning and steps[0].asks in _OF_ANY_INTENT

    def agreeing(self, states: list[State]) -> set[str]:
        """Give the rules that agree with all states, a rule looking back no further than it is long."""
        if not states:
            return set(self.lookup)
        newest = states[-1]
        action, intent = newest.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), newest.get(USER, {}).get(INTENT)
        backwards = states[: -self.longest - 1 : -1]
        return {
            key
            for place in {(action, intent), (action, None), (None, intent), (None, None)}
            for key, steps in self._rules.get(place, ())
            if all(map(Step.agrees, steps, backwards))
        }
