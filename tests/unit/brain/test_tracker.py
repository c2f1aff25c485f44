"""The lighter tracker: the same views as Rasa's own, whatever happens in a conversation."""

from __future__ import annotations

import copy
import random
import warnings
from typing import Any

import pytest

from relevo.brain import lean

lean.install()

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    EntitiesAdded,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from relevo.brain.quick_tracker import UnsetSlots
from relevo.brain.tracker import TurnTracker

pytestmark = pytest.mark.rasa
DOMAIN_TEXT = """
version: "3.1"
intents: [ask, tell]
entities: [ticket]
slots:
  ticket: {type: text, mappings: [{type: from_entity, entity: ticket}]}
  note: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms: {credit_form: {required_slots: [ticket]}}
actions: [action_credit]
responses: {utter_hello: [{text: Hello}]}
"""
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Rasa warns of every slot mapping
    DOMAIN = Domain.from_yaml(DOMAIN_TEXT)
    OTHER_DOMAIN = Domain.from_yaml(DOMAIN_TEXT.replace("[ask, tell]", "[{ask: {use_entities: []}}, tell]"))
_SESSION = {slot.name: None for slot in DOMAIN.slots if slot.name not in ("ticket", "note")}
RULE_ONLY = {"rule_only_slots": ["ticket"], "rule_only_loops": ["credit_form"]}


def _event(chance: random.Random) -> Event:
    name = chance.choice(["action_listen", "action_listen", "action_credit", "credit_form", "utter_hello"])
    intent = {"name": chance.choice(["ask", "tell"]), "confidence": 1.0}
    return chance.choice(
        [
            ActionExecuted(name, hide_rule_turn=chance.random() < 0.3),
            ActionExecuted(name),
            UserUttered("words", intent, [{"entity": "ticket", "value": "T1"}]),
            BotUttered("words"),
            SlotSet("ticket", chance.choice(["T1", None])),
            SlotSet("note", "n"),
            ActiveLoop(chance.choice(["credit_form", None])),
            LoopInterrupted(chance.random() < 0.5),
            DefinePrevUserUtteredFeaturization(chance.random() < 0.3),
            EntitiesAdded([{"entity": "ticket", "value": "T2"}]),
            FollowupAction("action_credit"),
            ActionExecutionRejected("credit_form"),
            chance.choice([Restarted(), SessionStarted(), ActionReverted(), UserUtteranceReverted(), AllSlotsReset()]),
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_its_views_are_those_of_rasa_after_every_event(seed: int) -> None:
    """Also after reverts, restarts and loops, for stories and rules alike, and for another domain than before."""
    chance = random.Random(seed)
    ours = TurnTracker("amina", DOMAIN.slots)
    theirs = DialogueStateTracker("amina", DOMAIN.slots)
    for event in [_event(chance) for _ in range(120)]:
        ours.update(event, DOMAIN)
        theirs.update(copy.deepcopy(event), DOMAIN)
        if chance.random() < 0.5:
            assert ours.applied_events() == theirs.applied_events()
            for_stories, domain = chance.random() < 0.5, chance.choice([DOMAIN, DOMAIN, OTHER_DOMAIN])
            rule_only = chance.choice([RULE_ONLY, {}]) if for_stories else None
            all_states = theirs.past_states(domain, ignore_rule_only_turns=for_stories, rule_only_data=rule_only)
            for how_many in (1, 3, 7, 32):
                found = ours.latest_states(domain, how_many, for_stories=for_stories, rule_only_data=rule_only)
                assert found == all_states[-how_many:]
            last = (UserUttered, (ActionExecuted, SlotSet), ActiveLoop)[chance.randrange(3)]
            assert ours.get_last_event_for(last) == theirs.get_last_event_for(last)


def test_a_copy_s_slots_are_its_own() -> None:
    """Whoever sets one, or all anew, is heard by nobody else: neither by copies nor by what was copied."""
    tracker = TurnTracker("amina", DOMAIN.slots)
    tracker.update(SlotSet("ticket", "T1"), DOMAIN)
    copied = tracker.copy()
    seen = tracker.seen_with([SlotSet("note", "n")])
    tracker.update(SlotSet("ticket", "T2"), DOMAIN)
    copied.update(AllSlotsReset(), DOMAIN)
    assert tracker.current_slot_values() == {"ticket": "T2", "note": None} | _SESSION
    assert copied.current_slot_values() == {"ticket": None, "note": None} | _SESSION
    assert seen.current_slot_values() == {"ticket": "T1", "note": "n"} | _SESSION
    assert [slot.value for slot in DOMAIN.slots] == [None for _ in DOMAIN.slots]


def test_slots_that_nobody_set_are_the_same_for_all_conversations() -> None:
    """A hundred of them would be most of what a conversation takes in memory."""
    slots = UnsetSlots(DOMAIN.slots)
    trackers = [TurnTracker(name, slots) for name in ("amina", "kim")]
    trackers[0].update(SlotSet("ticket", "T1"), DOMAIN)
    assert trackers[0].slots["note"] is trackers[1].slots["note"]
    assert trackers[1].get_slot("ticket") is None


def test_a_caller_may_change_what_it_was_given() -> None:
    """The next one still sees what is."""
    tracker = TurnTracker("amina", DOMAIN.slots)
    tracker.update(UserUttered("words", {"name": "ask", "confidence": 1.0}), DOMAIN)
    before = _latest(tracker)
    before["user"]["intent"] = "changed"
    assert _latest(tracker)["user"]["intent"] == "ask"


def _latest(tracker: TurnTracker) -> dict[str, Any]:
    states = tracker.latest_states(DOMAIN, 1, for_stories=False, rule_only_data=None)
    assert states is not None
    return dict(states[-1])
