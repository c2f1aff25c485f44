"""The events of a conversation that were not reverted, carried on from event to event as Rasa's tracker finds them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    Event,
    LegacyForm,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

_LOOPS = (ActiveLoop, LegacyForm)


class AppliedEvents:
    """What ``DialogueStateTracker.applied_events`` gives, at the cost of the new events alone."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        """To be read, and changed by nobody."""
        self.cuts: list[int] = []
        """For each time that something was taken out: how many events before it stayed as they were."""
        self._seen = 0
        self._last: Event | None = None
        self._loops: set[str] = set()

    def copy(self) -> AppliedEvents:
        """Give what may be carried on by itself."""
        copied = AppliedEvents()
        copied.events, copied.cuts, copied._loops = self.events.copy(), self.cuts.copy(), self._loops.copy()
        copied._seen, copied._last = self._seen, self._last
        return copied

    def carry_on(self, tracker: DialogueStateTracker) -> AppliedEvents:
        """Take in what the tracker got since."""
        events: deque[Event] = tracker.events
        if self._seen > len(events) or (self._seen and events[self._seen - 1] is not self._last):
            self._begin_anew()
        news = [events[place] for place in range(self._seen - len(events), 0)]  # from the end: a deque is slow inside
        if any(self._is_first_of_its_loop(event) for event in news):
            self._begin_anew()  # what was done under a loop's name before is looked at in another way
            news = list(events)
            self._loops = {event.name for event in events if isinstance(event, ActiveLoop) and event.name}
        for event in news:
            self._take(tracker, event)
        if news:
            self._seen, self._last = len(events), news[-1]
        return self

    def _begin_anew(self) -> None:
        self._seen = 0
        self._keep(0)

    def _is_first_of_its_loop(self, event: Event) -> bool:
        return type(event) in _LOOPS and bool(event.name) and event.name not in self._loops

    def _take(self, tracker: DialogueStateTracker, event: Event) -> None:
        kind = type(event)
        if kind is ActionExecuted:
            if event.action_name in self._loops and not tracker._first_loop_execution_or_unhappy_path(
                event.action_name, self.events
            ):
                self._take_back_to_loop(tracker, event.action_name)
            else:
                self.events.append(event)
        elif kind is Restarted or kind is SessionStarted:
            self._keep(0)
        elif kind is ActionReverted:
            self._take_back(ActionExecuted)
        elif kind is UserUtteranceReverted:
            self._take_back(UserUttered)
            self._take_back(ActionExecuted)  # it waited for the message
        else:
            self.events.append(event)

    def _take_back(self, to: type[Event]) -> None:
        self._keep(self._place_of_last(lambda event: isinstance(event, to)))

    def _take_back_to_loop(self, tracker: DialogueStateTracker, name: str) -> None:
        place = self._place_of_last(lambda event: isinstance(event, ActionExecuted) and event.action_name == name)
        tracker._undo_till_previous_loop_execution(name, self.events)
        self.cuts.append(place)

    def _place_of_last(self, fits: Callable[[Event], bool]) -> int:
        """Give where the last such event is; 0 where there is none, since then everything goes."""
        return next((place for place in range(len(self.events) - 1, -1, -1) if fits(self.events[place])), 0)

    def _keep(self, how_many: int) -> None:
        del self.events[how_many:]
        self.cuts.append(how_many)
