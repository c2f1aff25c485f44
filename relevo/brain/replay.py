"""The newest states of a conversation, as policies see them, carried on while it grows.

Rasa computes the state before each action by replaying all events into a fresh tracker, for each policy and prediction.
Here the replay goes on from where it was. Where events were taken back, it goes on from before the message that they
followed; only what is older than the last few messages is replayed from the beginning.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from rasa.shared.core.constants import ACTIVE_LOOP, PREVIOUS_ACTION, SLOTS, USER
from rasa.shared.core.domain import Domain, State, SubState
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot

from relevo.brain.applied import AppliedEvents
from relevo.brain.quick_tracker import QuickTracker, like

_KEPT_MARKS = 4
"""Messages that may be taken back without replaying everything."""
_READ_MESSAGES = 32
"""Of so many it is seen where something about them is changed later."""


class View(msgspec.Struct, frozen=True):
    """How states are wanted; see Domain.states_for_tracker_history."""

    domain: Domain
    for_stories: bool
    """Whether turns that only rules know are left out."""
    rule_only_data: dict[str, Any] | None
    how_many: int
    """The newest, at most."""

    def gives(self, wanted: View) -> bool:
        """Tell whether what is wanted is in this."""
        if wanted.domain is not self.domain or wanted.for_stories is not self.for_stories:
            return False
        only, theirs = self.rule_only_data, wanted.rule_only_data
        return wanted.how_many <= self.how_many and (not self.for_stories or theirs is only or theirs == only)


@dataclass
class _Seen:
    """The states of one view, as far as a replay is."""

    view: View
    states: deque[State]
    last_action: SubState | None = None
    is_hidden: bool = False

    @classmethod
    def nothing(cls, view: View) -> _Seen:
        return cls(view, deque(maxlen=view.how_many))

    def copy(self) -> _Seen:
        return replace(self, states=self.states.copy())

    def note(self, walk: _Walk, hides_rule_turn: bool) -> None:
        """Note the state before an action, as Rasa's Domain.states_for_tracker_history does."""
        tracker, domain = walk.tracker, self.view.domain
        if self.view.for_stories:
            if not self.is_hidden:
                self.last_action = domain._get_prev_action_sub_state(tracker)
            if not tracker.followup_action and tracker.latest_action_name != tracker.active_loop_name:
                self.is_hidden = hides_rule_turn
            if self.is_hidden:
                return
        state = walk.state(domain)
        if self.view.for_stories:
            state = _copied(state)
            domain._remove_rule_only_features(state, self.view.rule_only_data)
            if self.states:
                domain._substitute_rule_only_user_input(state, self.states[-1])
            if self.last_action:
                state[PREVIOUS_ACTION] = self.last_action
            state = domain._clean_state(state)
        self.states.append(state)


@dataclass
class _Walk:
    """How far a replay is."""

    tracker: QuickTracker
    seen: list[_Seen]
    count: int = 0
    """Events that were applied."""
    _features: tuple[Mapping[str, Slot], SubState] | None = None
    """What slots say to policies, as long as none is set: see QuickTracker."""
    _made: tuple[tuple[int, int, Any], State] | None = None
    """The state after so many events, made once for all views, and before an action as well as once it is noted."""

    @classmethod
    def from_the_beginning(cls, tracker: QuickTracker, views: Sequence[View]) -> _Walk:
        """Begin before a conversation's first event, with the slots alone that policies see."""
        fresh = QuickTracker(tracker.sender_id, tracker.unset.influencing, is_rule_tracker=tracker.is_rule_tracker)
        return cls(fresh, [_Seen.nothing(view) for view in views])

    def mark(self) -> _Walk:
        """Give one that goes on from here."""
        tracker = like(self.tracker)
        tracker.active_loop = copy.copy(self.tracker.active_loop)
        return _Walk(tracker, [seen.copy() for seen in self.seen], self.count)

    def state(self, domain: Domain) -> State:
        """Give the state by now, to be read only; it is what Domain.get_active_state gives."""
        of = self.count, id(domain), _form_of(self.tracker.latest_message)
        if self._made is None or self._made[0] != of:
            parts = {
                USER: domain._get_user_sub_state(self.tracker),
                SLOTS: self._features_by_now(domain),
                PREVIOUS_ACTION: domain._get_prev_action_sub_state(self.tracker),
                ACTIVE_LOOP: domain._get_active_loop_sub_state(self.tracker),
            }
            self._made = of, domain._clean_state(parts)
        return self._made[1]

    def _features_by_now(self, domain: Domain) -> SubState:
        slots = self.tracker.slots
        if self._features is None or self._features[0] is not slots:
            self._features = slots, domain._get_slots_sub_state(self.tracker)
        return self._features[1]

    def apply(self, event: Event) -> None:
        self.count += 1
        if type(event) is not SlotSet or event.key in self.tracker.slots:
            event.apply_to(self.tracker)


class Replay:
    """The states of one conversation in all views that were asked for."""

    def __init__(self, tracker: QuickTracker, views: Sequence[View]) -> None:
        self.views = views
        self._walk = _Walk.from_the_beginning(tracker, views)
        self._cuts_seen = 0
        self._marks: deque[_Walk] = deque(maxlen=_KEPT_MARKS)
        """How far it was before each of the last messages."""
        self._read: deque[tuple[UserUttered | None, Any, int]] = deque(maxlen=_READ_MESSAGES)
        """The messages that the states were made of, as they were then."""

    def latest(self, tracker: QuickTracker, applied: AppliedEvents, how_many: int, *, view: int) -> list[State]:
        """Give the newest states in one of the views, the present one last."""
        self._carry_on(tracker, applied)
        now = self._walk.seen[view].copy()
        now.note(self._walk, hides_rule_turn=False)
        return [_copied(state) for state in list(now.states)[-how_many:]]

    def _carry_on(self, tracker: QuickTracker, applied: AppliedEvents) -> None:
        if len(applied.cuts) > self._cuts_seen:
            unchanged = min(applied.cuts[self._cuts_seen :])
            self._cuts_seen = len(applied.cuts)
            self._go_back(tracker, unchanged)
        if any(_form_of(form[0]) != form for form in self._read):
            self._go_back(tracker, 0)
        for event in applied.events[self._walk.count :]:
            self._take(event)

    def _go_back(self, tracker: QuickTracker, unchanged: int) -> None:
        """Go to the newest mark that lies within what is unchanged."""
        if self._walk.count <= unchanged:
            return
        while self._marks and self._marks[-1].count > unchanged:
            self._marks.pop()
        if self._marks:
            self._walk = self._marks.pop()
        else:
            self._walk = _Walk.from_the_beginning(tracker, self.views)
            self._read.clear()

    def _take(self, event: Event) -> None:
        if type(event) is ActionExecuted:
            if not self._read or self._read[-1][0] is not self._walk.tracker.latest_message:
                self._read.append(_form_of(self._walk.tracker.latest_message))
            for seen in self._walk.seen:
                seen.note(self._walk, event.hide_rule_turn)
        elif type(event) is UserUttered:
            self._marks.append(self._walk.mark())
        self._walk.apply(event)


def _form_of(message: UserUttered | None) -> tuple[UserUttered | None, Any, int]:
    """Give what of a message later events may change: whether it counts as text, and its entities."""
    return message, message and message.use_text_for_featurization, len(message.entities) if message else 0


def _copied(state: State) -> State:
    return {part: dict(features) for part, features in state.items()}
