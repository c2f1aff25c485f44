"""What a message may mean stays with it; what it surely does not is not stored with every message."""

from __future__ import annotations

from relevo.brain import lean

lean.install()

import pytest
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.likely import LikelyIntents

pytestmark = pytest.mark.rasa


def test_only_likely_intents_stay_in_a_ranking() -> None:
    """In their order; what a person may be asked about is among them."""
    assert _kept(0.9, 0.06, 0.02, 0.005, 0.001) == [0.9, 0.06, 0.02]


def test_the_first_one_stays_however_unlikely_it_is() -> None:
    """Of a hundred intents, none need be likely."""
    assert _kept(0.004, 0.003) == [0.004]


def test_what_the_fallback_took_the_place_of_stays() -> None:
    """Whoever asks what a message most likely meant finds it behind the fallback."""
    assert _kept(0.7, 0.004, 0.003, first="nlu_fallback") == [0.7, 0.004]


def test_a_message_without_a_ranking_stays_as_it_is() -> None:
    """A button's, for one."""
    (message,) = LikelyIntents(LikelyIntents.get_default_config()).process([Message({"text": "/greet"})])
    assert message.get("intent_ranking") is None


def _kept(*confidences: float, first: str = "intent_0") -> list[float]:
    ranking = [{"name": f"intent_{place}", "confidence": each} for place, each in enumerate(confidences)]
    ranking[0]["name"] = first
    component = LikelyIntents(LikelyIntents.get_default_config())
    (message,) = component.process([Message({"text": "words", "intent_ranking": ranking})])
    return [each["confidence"] for each in message.get("intent_ranking")]
