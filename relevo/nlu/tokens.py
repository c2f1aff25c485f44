"""Rasa tokenizer for classifiers that should learn from words, not from numbers: each reference becomes one word."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.patterns import LONGEST_TEXT, find

_STAND_IN = "fact"
_REPLACED = frozenset(
    {
        "loyalty_number",
        "ticket",
        "booking_code",
        "order",
        "case",
        "baggage_report",
        "flight",
        "partner_flight",
        "email",
        "phone",
        "name",
    }
)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FactTokenizer(WhitespaceTokenizer):
    """Splits at white space, with "fact" in place of booking codes, numbers, addresses and names.

    What is beyond LONGEST_TEXT is not looked at: nobody's request begins there, and it would take seconds.
    """

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Give the tokens of a message's text."""
        text = (message.get(attribute) or "")[:LONGEST_TEXT]
        if attribute == TEXT:
            for span in find(text):
                if span.entity in _REPLACED:
                    stand_in = _STAND_IN.ljust(span.end - span.start)
                    text = text[: span.start] + stand_in + text[span.end :]
        tokens: list[Token] = super().tokenize(Message({attribute: text}), attribute)
        return tokens
