"""The spike's only action: one effect for each confirmed form."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from relevo.contracts import runtime


class ActionCredit(Action):
    """Credits the ticket of the form, once."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_credit"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[Any]:
        """Perform the effect and say what became of it."""
        turn = runtime.current()
        assert turn is not None
        ticket = tracker.get_slot("ticket")
        done = await turn.perform("credit", ticket, {"points": 100})
        dispatcher.utter_message(text=f"{ticket} {done.state.value}: {done.result.get('balance')}")
        return [SlotSet("ticket", None), SlotSet("confirmed", None)]
