"""A conversation's tracker that remembers what Rasa otherwise computes again for each of its policies.

In one turn Rasa walks the whole conversation about fifteen times, and about five times it rebuilds the state before
each of its actions by replaying all events into a fresh tracker. Here the walk is done once for each new event, and the
replay goes on from where it was; only where events were reverted does it begin anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa.shared.core.constants import PREVIOUS_ACTION
from rasa.shared.core.domain import Domain, State, SubState
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker


class TurnTracker(DialogueStateTracker):
    """Rasa's tracker, computing its views once for each new event."""

    _applied_at = -1
    _applied: list[Event]
    _replays: dict[bool, _Replay] | None = None

    def applied_events(self) -> list[Event]:
        """Give the events that were not reverted."""
        if self._applied_at != len(self.events):
            self._applied_at, self._applied = len(self.events), super().applied_events()
        return list(self._applied)

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        """Give the states before each action and the present one; the caller may change them."""
        self._replays = self._replays or {}
        if omit_unset_slots not in self._replays:
            self._replays[omit_unset_slots] = _Replay(self, omit_unset_slots)
        moments = self._replays[omit_unset_slots].moments(self, domain)
        if ignore_rule_only_turns:
            return _states_for_stories(domain, moments, rule_only_data)
        return [domain._clean_state(_copied(moment.state)) for moment in moments]


@dataclass(frozen=True)
class _Moment:
    """A conversation just before an action."""

    state: State
    previous_action: SubState
    is_followup: bool
    is_in_loop: bool
    hides_rule_turn: bool


class _Replay:
    """The moments of a conversation, extended as it grows."""

    def __init__(self, tracker: DialogueStateTracker, omit_unset_slots: bool) -> None:
        self._omit_unset_slots = omit_unset_slots
        self._moments: list[_Moment] = []
        self._count = 0
        self._last: Event | None = None
        self._begin(tracker)

    def moments(self, tracker: DialogueStateTracker, domain: Domain) -> list[_Moment]:
        applied = tracker.applied_events()
        if self._count > len(applied) or (self._count and applied[self._count - 1] is not self._last):
            self._begin(tracker)
        for event in applied[self._count :]:
            if isinstance(event, ActionExecuted):
                self._moments.append(self._moment(domain, event.hide_rule_turn))
            self._tracker.update(event)
            self._count, self._last = self._count + 1, event
        return [*self._moments, self._moment(domain, hides_rule_turn=False)]

    def _begin(self, tracker: DialogueStateTracker) -> None:
        self._tracker = tracker.init_copy()
        self._moments, self._count, self._last = [], 0, None

    def _moment(self, domain: Domain, hides_rule_turn: bool) -> _Moment:
        tracker = self._tracker
        return _Moment(
            state=domain.get_active_state(tracker, omit_unset_slots=self._omit_unset_slots),
            previous_action=domain._get_prev_action_sub_state(tracker),
            is_followup=bool(tracker.followup_action),
            is_in_loop=tracker.latest_action_name == tracker.active_loop_name,
            hides_rule_turn=hides_rule_turn,
        )


def _states_for_stories(domain: Domain, moments: list[_Moment], rule_only_data: dict[str, Any] | None) -> list[State]:
    """Leave out the turns that only rules know, as Rasa's Domain.states_for_tracker_history does."""
    states: list[State] = []
    last_action: SubState | None = None
    is_hidden = False
    for moment in moments:
        if not is_hidden:
            last_action = moment.previous_action
        if not moment.is_followup and not moment.is_in_loop:
            is_hidden = moment.hides_rule_turn
        if is_hidden:
            continue
        state = _copied(moment.state)
        domain._remove_rule_only_features(state, rule_only_data)
        if states:
            domain._substitute_rule_only_user_input(state, states[-1])
        if last_action:
            state[PREVIOUS_ACTION] = dict(last_action)
        states.append(domain._clean_state(state))
    return states


def _copied(state: State) -> State:
    return {part: dict(features) for part, features in state.items()}
