"""What of Rasa is replaced gives what Rasa's own gives."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from relevo.brain import lean

lean.install()

import numpy as np
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from relevo.brain import lighter
from relevo.brain.rasa_brain import RasaBrain

ACTIONS = "tests.spike.bot.actions"
pytestmark = [pytest.mark.rasa, pytest.mark.filterwarnings("ignore::UserWarning")]
TEXTS = (
    "credit my points",
    "it is T0001",
    "yes please",
    "something else entirely",
    "ñ",
    "POINTS points",
    "T0001 T0002",
)


@pytest.fixture
def nodes(spike_model: Path) -> dict[str, Any]:
    """The loaded components of the spike's bot, by the name of their class."""
    runner = RasaBrain(spike_model, actions=ACTIONS)._processor.graph_runner
    return {type(node._component).__name__: node._component for node in runner._nodes.values()}


@pytest.mark.parametrize("text", TEXTS)
def test_the_classifier_gives_the_same_intents_with_the_same_confidence(nodes: dict[str, Any], text: str) -> None:
    """The same ranking, to the last digits of floating point."""
    messages = nodes["NLUMessageConverter"].convert_user_message([UserMessage(text)])
    for name in ("WhitespaceTokenizer", "CountVectorsFeaturizer"):
        messages = nodes[name].process(messages)
    theirs = copy.deepcopy(messages)
    classifier = nodes["LogisticRegressionClassifier"]
    ours, theirs = classifier.process(messages)[0], lighter.ORIGINALS["process"](classifier, theirs)[0]
    assert [line["name"] for line in ours.get("intent_ranking")] == [
        line["name"] for line in theirs.get("intent_ranking")
    ]
    assert np.allclose(
        [line["confidence"] for line in ours.get("intent_ranking")],
        [line["confidence"] for line in theirs.get("intent_ranking")],
    )


def test_several_messages_at_once_are_classified_like_each_alone(nodes: dict[str, Any]) -> None:
    """The clauses of one message are read together."""
    classifier = nodes["LogisticRegressionClassifier"]
    messages = [
        each for text in TEXTS for each in nodes["NLUMessageConverter"].convert_user_message([UserMessage(text)])
    ]
    for name in ("WhitespaceTokenizer", "CountVectorsFeaturizer"):
        messages = nodes[name].process(messages)
    alone = [classifier.process([copy.deepcopy(message)])[0] for message in messages]
    together = classifier.process(messages)
    assert [each.get("intent_ranking") for each in together] == [each.get("intent_ranking") for each in alone]


def test_the_same_rules_agree_with_a_conversation(nodes: dict[str, Any]) -> None:
    """For conversations of every length up to one longer than any rule, with states that match and that do not."""
    policy = nodes["RulePolicy"]
    lookup = policy.lookup["rules"]
    listen = {"prev_action": {"action_name": "action_listen"}}
    moments = [
        {},
        {"user": {"intent": "credit"}, **listen},
        {
            "user": {"intent": "credit"},
            "prev_action": {"action_name": "credit_form"},
            "active_loop": {"name": "credit_form"},
        },
        {"user": {"intent": "affirm"}, **listen, "active_loop": {"name": "credit_form"}},
        {"user": {"intent": "affirm"}, "prev_action": {"action_name": "credit_form"}},
        {"user": {"intent": "inform"}, **listen},
    ]
    found = 0
    for start in range(len(moments)):
        for end in range(start + 1, len(moments) + 1):
            states = moments[start:end]
            theirs = lighter.ORIGINALS["possible_keys"](policy, lookup, states)
            assert policy._get_possible_keys(lookup, states) == theirs
            found += len(theirs)
    assert found, "no rule agreed with anything: the test would show nothing"


def test_an_event_is_read_as_its_own_class() -> None:
    """Every event that Rasa knows by name."""
    lighter.lighten()
    assert Event.resolve_by_type("slot") is lighter.ORIGINALS["resolve"]("slot") is SlotSet


def test_examples_are_merged_as_by_rasa() -> None:
    """Into the same data; where all others are empty, without a copy."""
    lighter.lighten()
    one = TrainingData([Message({"text": "hello", "intent": "greet"})], entity_synonyms={"bcn": "BCN"})
    other = TrainingData([Message({"text": "bye", "intent": "bye"})], responses={"utter_bye": [{"text": "Bye"}]})
    for parts in (
        (one, other),
        (TrainingData(), one, other),
        (one, TrainingData(), None),
        (TrainingData(), TrainingData()),
    ):
        first, *others = parts
        assert first.merge(*others).fingerprint() == lighter.ORIGINALS["merge"](first, *others).fingerprint()
    assert TrainingData().merge(one) is one
