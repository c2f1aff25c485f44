"""The lighter tracker: the same views as Rasa's own, whatever happens in a conversation."""

from __future__ import annotations

import random
import warnings

import pytest

from relevo.brain import lean

lean.install()

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

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
            chance.choice([Restarted(), SessionStarted(), ActionReverted(), UserUtteranceReverted(), BotUttered("x")]),
        ]
    )


@pytest.mark.parametrize("seed", range(40))
def test_its_views_are_those_of_rasa_after_every_event(seed: int) -> None:
    """Also after reverts, restarts and loops, and for stories and rules alike."""
    chance = random.Random(seed)
    ours = TurnTracker("amina", DOMAIN.slots)
    theirs = DialogueStateTracker("amina", DOMAIN.slots)
    for event in [_event(chance) for _ in range(60)]:
        ours.update(event, DOMAIN)
        theirs.update(event, DOMAIN)
        if chance.random() < 0.5:
            assert ours.applied_events() == theirs.applied_events()
            for arguments in (
                (False, False, None),
                (True, False, None),
                (False, True, RULE_ONLY),
                (True, True, RULE_ONLY),
            ):
                assert ours.past_states(DOMAIN, *arguments) == theirs.past_states(DOMAIN, *arguments)


def test_a_caller_may_change_what_it_was_given() -> None:
    """The next one still sees what is."""
    tracker = TurnTracker("amina", DOMAIN.slots)
    tracker.update(UserUttered("words", {"name": "ask", "confidence": 1.0}), DOMAIN)
    before = tracker.past_states(DOMAIN)
    before[-1]["user"]["intent"] = "changed"
    assert tracker.past_states(DOMAIN)[-1]["user"]["intent"] == "ask"
