"""A conversation's tracker that costs the same however long the conversation is.

In one turn Rasa walks the whole conversation about fifteen times, and about five times it rebuilds the state before
each of its actions by replaying all events into a fresh tracker. Here both are carried on from event to event, and only
the newest states are kept: that is as far as policies look back. Who asks for every state gets Rasa's own answer.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import EventVerbosity

from relevo.brain.applied import AppliedEvents
from relevo.brain.quick_tracker import QuickTracker, like
from relevo.brain.replay import Replay, View


class TurnTracker(QuickTracker):
    """Rasa's tracker, computing its views once for each new event."""

    views: list[View]
    """How policies have wanted to see states; where trackers share it, each finds all of them in one replay."""
    _applied: AppliedEvents | None = None
    _replay: Replay | None = None

    def __init__(self, *rest: Any, **options: Any) -> None:
        super().__init__(*rest, **options)
        self.views = []

    def applied_events(self) -> list[Event]:
        """Give the events that were not reverted."""
        return list(self._carried_on().events)

    def latest_states(
        self, domain: Domain, how_many: int, *, for_stories: bool, rule_only_data: dict[str, Any] | None
    ) -> list[State] | None:
        """Give the newest of what ``past_states`` gives, oldest first; the caller may change them.

        None where the tracker forgets old events. For stories, the turns that only rules know are left out.
        """
        if self._max_event_history is not None:
            return None
        view = self._view(View(domain, for_stories, rule_only_data, how_many))
        if self._replay is None or len(self._replay.views) <= view:
            self._replay = Replay(self, tuple(self.views))
        return self._replay.latest(self, self._carried_on(), how_many, view=view)

    def _view(self, wanted: View) -> int:
        for place, view in enumerate(self.views):
            if view.gives(wanted):
                return place
        self.views.append(wanted)
        return len(self.views) - 1

    def get_last_event_for(
        self,
        event_type: type[Event] | tuple[type[Event], ...],
        action_names_to_exclude: list[str] | None = None,
        skip: int = 0,
        event_verbosity: EventVerbosity = EventVerbosity.APPLIED,
    ) -> Event | None:
        """Give the last event of a type that was not reverted, without copying them all."""
        if event_verbosity is not EventVerbosity.APPLIED or skip or action_names_to_exclude:
            found: Event | None = super().get_last_event_for(event_type, action_names_to_exclude, skip, event_verbosity)
            return found
        return next((event for event in reversed(self._carried_on().events) if isinstance(event, event_type)), None)

    def _carried_on(self) -> AppliedEvents:
        if self._applied is None or self._max_event_history is not None:  # then old events go, and nothing tells so
            self._applied = AppliedEvents()
        return self._applied.carry_on(self)

    def copy(self) -> TurnTracker:
        """Give a tracker like it that may be written on, without replaying the conversation."""
        copied = self._like_it()
        copied.events = self.events.copy()
        if self._applied is not None:
            copied._applied = self._applied.copy()
        return copied

    def seen_with(self, events: Sequence[Event]) -> TurnTracker:
        """Give a tracker to look at, in which these events have happened already."""
        seen = self._like_it()
        seen.events = self.events.copy() if events else self.events
        seen.update_with_events(events, None)
        return seen

    def _like_it(self) -> TurnTracker:
        copied = like(self)
        copied.followup_action = self._followup_by_events()
        copied.active_loop = copy.copy(self.active_loop)
        copied._applied, copied._replay = None, None
        return copied

    def _followup_by_events(self) -> str | None:
        """Give the follow-up that a replay would find: on the tracker itself Rasa clears it when it predicts."""
        for event in reversed(self.events):
            kind = type(event)
            if kind is UserUttered or kind is ActionExecuted:
                return None
            if isinstance(event, FollowupAction):
                return str(event.action_name)
            if kind is Restarted:
                return str(ACTION_SESSION_START_NAME)
            if kind is UserUtteranceReverted or kind is ActionReverted:
                replayed: str | None = super().copy().followup_action
                return replayed
            if kind is SessionStarted:
                break
        return str(ACTION_LISTEN_NAME)
