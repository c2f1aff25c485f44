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

from relevo.brain.replay import KEPT_STATES
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
            for how_many in (1, 3, 7, KEPT_STATES):
                found = ours.latest_states(domain, how_many, for_stories=for_stories, rule_only_data=rule_only)
                assert found == all_states[-how_many:]
            last = (UserUttered, (ActionExecuted, SlotSet), ActiveLoop)[chance.randrange(3)]
            assert ours.get_last_event_for(last) == theirs.get_last_event_for(last)


def test_more_states_than_it_keeps_are_not_given() -> None:
    """Whoever wants them all gets them from Rasa's own."""
    tracker = TurnTracker("amina", DOMAIN.slots)
    for _ in range(KEPT_STATES + 5):
        tracker.update(ActionExecuted("action_listen"), DOMAIN)
    assert tracker.latest_states(DOMAIN, KEPT_STATES + 1, for_stories=False, rule_only_data=None) is None
    assert len(tracker.past_states(DOMAIN)) == KEPT_STATES + 6


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
