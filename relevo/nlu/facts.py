"""Rasa component that recognises a message which only gives facts: "AU48207315, RBL7Q2" is nothing to guess at."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.untrained import Untrained
from relevo.nlu.words import fold, languages

_FACTS = frozenset(
    {
        "loyalty_number",
        "ticket",
        "booking_code",
        "order",
        "subscription",
        "baggage_report",
        "baggage_tag",
        "amount",
        "code",
        "flight",
        "partner_flight",
        "carrier",
        "email",
        "phone",
        "place",
        "period",
        "impossible_date",
        "name",
        "choice",
    }
)

_ASKED_WITH = frozenset({"period", "impossible_date", "place", "name"})
"""What questions and other wishes have in them too: "is my flight today?", "wait until tomorrow"."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class FactsClassifier(Untrained):
    """Gives the intent ``inform`` to a message of facts and words that announce them; stands after every classifier."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._intent = config["intent"]
        self._factless = frozenset(config["factless"])
        self._announcing = frozenset(_announcing_words())

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the intent's name: ``inform``; and intents that facts are never said with: it is this one then."""
        return {"intent": "inform", "factless": ()}

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of each message that holds nothing but facts."""
        for message in messages:
            if self._is_telling(message):
                intent = {"name": self._intent, "confidence": 1.0}
                ranking = [other for other in message.get("intent_ranking") or [] if other["name"] != self._intent]
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent, *ranking], add_to_output=True)
        return messages

    def _is_telling(self, message: Message) -> bool:
        text, entities = message.get(TEXT) or "", message.get(ENTITIES) or []
        facts = {entity["entity"] for entity in entities} & _FACTS
        is_factless = (message.get(INTENT) or {}).get("name") in self._factless
        is_asking = "?" in text and facts <= _ASKED_WITH
        return (is_factless and bool(facts - _ASKED_WITH)) or (not is_asking and self._is_only_facts(text, entities))

    def _is_only_facts(self, text: str, entities: list[dict[str, Any]]) -> bool:
        facts = [entity for entity in entities if entity["entity"] in _FACTS]
        for fact in facts:
            text = text[: fact["start"]] + " " * (fact["end"] - fact["start"]) + text[fact["end"] :]
        return bool(facts) and self._announcing.issuperset(re.findall(r"[^\W_]+", fold(text)))


def _announcing_words() -> set[str]:
    words: set[str] = set()
    for language in languages():
        cues = " ".join(cue for cues in language.cues.values() for cue in cues)
        words.update(cues.split(), (word for word, weight in language.evidence.items() if weight == 1))
    return words - {"no", "not", "si", "xq", "pq"}
