"""The newest states of a conversation, as policies see them, carried on while it grows.

Rasa computes the state before each action by replaying all events into a fresh tracker, for each policy and prediction.
Here the replay goes on from where it was. Where events were taken back, it goes on from before the message that they
followed; only what is older than the last few messages is replayed from the beginning.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rasa.shared.core.constants import PREVIOUS_ACTION
from rasa.shared.core.domain import Domain, State, SubState
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

from relevo.brain.applied import AppliedEvents

KEPT_STATES = 32
"""More than any rule looks back; who wants more gets Rasa's own slow answer."""
_KEPT_MARKS = 4
"""Messages that may be taken back without replaying everything."""


@dataclass(frozen=True)
class View:
    """How states are wanted; see Domain.states_for_tracker_history."""

    domain: Domain
    for_stories: bool
    """Whether turns that only rules know are left out."""
    rule_only_data: dict[str, Any] | None

    def is_of(self, domain: Domain, for_stories: bool, rule_only_data: dict[str, Any] | None) -> bool:
        """Tell whether this is what is wanted."""
        if domain is not self.domain or for_stories is not self.for_stories:
            return False
        return not for_stories or rule_only_data is self.rule_only_data or rule_only_data == self.rule_only_data


@dataclass
class _Walk:
    """How far a replay is."""

    tracker: DialogueStateTracker
    count: int = 0
    """Events that were applied."""
    states: deque[State] = field(default_factory=lambda: deque(maxlen=KEPT_STATES))
    total: int = 0
    """States there were, kept or not."""
    last_action: SubState | None = None
    is_hidden: bool = False

    @classmethod
    def from_the_beginning(cls, tracker: DialogueStateTracker) -> _Walk:
        """Begin before a conversation's first event, with the slots alone that policies see."""
        slots = [slot for slot in tracker.slots.values() if slot.influence_conversation]
        return cls(QuickTracker(tracker.sender_id, slots, is_rule_tracker=tracker.is_rule_tracker))

    def copy(self) -> _Walk:
        tracker = copy.copy(self.tracker)
        tracker.slots = slots_like(self.tracker.slots)
        tracker.active_loop = copy.copy(self.tracker.active_loop)
        return replace(self, tracker=tracker, states=self.states.copy())

    def apply(self, event: Event) -> None:
        self.count += 1
        if not isinstance(event, SlotSet) or event.key in self.tracker.slots:
            event.apply_to(self.tracker)

    def note_state(self, view: View, hides_rule_turn: bool) -> None:
        """Note the state before an action, as Rasa's Domain.states_for_tracker_history does."""
        tracker, domain = self.tracker, view.domain
        if view.for_stories:
            if not self.is_hidden:
                self.last_action = domain._get_prev_action_sub_state(tracker)
            if not tracker.followup_action and tracker.latest_action_name != tracker.active_loop_name:
                self.is_hidden = hides_rule_turn
            if self.is_hidden:
                return
        state = domain.get_active_state(tracker)
        if view.for_stories:
            domain._remove_rule_only_features(state, view.rule_only_data)
            if self.states:
                domain._substitute_rule_only_user_input(state, self.states[-1])
            if self.last_action:
                state[PREVIOUS_ACTION] = self.last_action
            state = domain._clean_state(state)
        self.states.append(state)
        self.total += 1


class Replay:
    """The states of one conversation in one view."""

    def __init__(self, tracker: DialogueStateTracker, view: View) -> None:
        self.view = view
        self._walk = _Walk.from_the_beginning(tracker)
        self._cuts_seen = 0
        self._marks: deque[_Walk] = deque(maxlen=_KEPT_MARKS)
        """How far it was before each of the last messages."""
        self._read: deque[tuple[UserUttered | None, Any, int]] = deque(maxlen=KEPT_STATES)
        """The messages that the states were made of, as they were then."""

    def latest(self, tracker: DialogueStateTracker, applied: AppliedEvents, how_many: int) -> list[State] | None:
        """Give the newest states, oldest first, the present one last; None where not so many are kept."""
        self._carry_on(tracker, applied)
        now = replace(self._walk, states=self._walk.states.copy())
        now.note_state(self.view, hides_rule_turn=False)
        if how_many > len(now.states) < now.total:
            return None
        return [_copied(state) for state in list(now.states)[-how_many:]]

    def _carry_on(self, tracker: DialogueStateTracker, applied: AppliedEvents) -> None:
        if len(applied.cuts) > self._cuts_seen:
            unchanged = min(applied.cuts[self._cuts_seen :])
            self._cuts_seen = len(applied.cuts)
            self._go_back(tracker, unchanged)
        if any(_form_of(form[0]) != form for form in self._read):
            self._go_back(tracker, 0)
        for event in applied.events[self._walk.count :]:
            self._take(event)

    def _go_back(self, tracker: DialogueStateTracker, unchanged: int) -> None:
        """Go to the newest mark that lies within what is unchanged."""
        if self._walk.count <= unchanged:
            return
        while self._marks and self._marks[-1].count > unchanged:
            self._marks.pop()
        if self._marks:
            self._walk = self._marks.pop()
        else:
            self._walk = _Walk.from_the_beginning(tracker)
            self._read.clear()

    def _take(self, event: Event) -> None:
        if isinstance(event, ActionExecuted):
            if not self._read or self._read[-1][0] is not self._walk.tracker.latest_message:
                self._read.append(_form_of(self._walk.tracker.latest_message))
            self._walk.note_state(self.view, event.hide_rule_turn)
        elif isinstance(event, UserUttered):
            self._marks.append(self._walk.copy())
        self._walk.apply(event)


class QuickTracker(DialogueStateTracker):
    """Rasa's tracker, made several times a turn."""

    def __init__(self, sender_id: str, slots: Iterable[Slot] | None, *rest: Any, **options: Any) -> None:
        super().__init__(sender_id, None if slots is None else (), *rest, **options)
        if slots is not None:
            self.slots = slots_like({slot.name: slot for slot in slots})
            self._reset_slots()


def slots_like(slots: Mapping[str, Slot]) -> dict[str, Slot]:
    """Give copies that may be set; ``copy.copy`` would ask each slot how it is pickled, and take ten times as long."""
    copies = {name: object.__new__(type(slot)) for name, slot in slots.items()}
    for name, copied in copies.items():
        vars(copied).update(vars(slots[name]))
    return copies


def _form_of(message: UserUttered | None) -> tuple[UserUttered | None, Any, int]:
    """Give what of a message later events may change: whether it counts as text, and its entities."""
    return message, message and message.use_text_for_featurization, len(message.entities) if message else 0


def _copied(state: State) -> State:
    return {part: dict(features) for part, features in state.items()}
