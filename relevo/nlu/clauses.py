"""Rasa components that find two requests in one message, such as "cancel my wifi, and where is my order AO-50044?".

``ClauseSplitter`` stands first: it puts the clauses of a long enough message behind it, so that every component reads
them too. ``ClauseJoiner`` stands last and takes them off again. Where clauses are surely different requests, the
message keeps the first one's intent and references, and gets an entity ``also`` for each further one, with its intent
as value, its place in the text, and its own ``entities``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from relevo.nlu.joints import clauses
from relevo.nlu.untrained import Untrained

ALSO = "also"
_CLAUSE = "clause"
_RANKING = "intent_ranking"
_REFERENCES = frozenset({"order", "booking_code", "ticket", "flight", "subscription", "case", "baggage_report"})
_WHO = frozenset({"loyalty_number", "email", "phone", "name", "language"})
"""Entities that tell who writes, whichever clause they stand in."""
_SURELY, _MOST_SURELY = 0.85, 0.95
"""How sure to be of both clauses where a mere "and" stands between them: it joins one request's halves more often."""

Parsed = Mapping[str, Any]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClauseSplitter(Untrained):
    """Puts a message's clauses behind it, as messages of their own."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Give each message with its clauses after it."""
        return [each for message in messages for each in (message, *_clauses_of(message))]


def _clauses_of(message: Message) -> Iterator[Message]:
    for clause in clauses(message.get(TEXT) or ""):
        yield Message({TEXT: clause.text, _CLAUSE: clause})


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClauseJoiner(Untrained, EntityExtractorMixin):
    """Reads the clauses' intents into the message that they are of, and takes them off."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._beside = frozenset(config["beside"])
        self._following = frozenset(config["following"])
        self._first = frozenset(config["first"])
        self._facts = str(config["facts"])
        self._topics = [frozenset(topic) for topic in config["topics"]]
        self._least = float(config["least_confidence"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give how sure to be, and lists of intents; config.yml says what each is for."""
        return {"beside": (), "following": (), "first": (), "topics": (), "facts": "inform", "least_confidence": 0.6}

    def process(self, messages: list[Message]) -> list[Message]:
        """Give the messages without their clauses."""
        whole: list[tuple[Message, list[Message]]] = []
        for message in messages:
            if message.get(_CLAUSE) is None:
                whole.append((message, []))
            else:
                whole[-1][1].append(message)
        for message, parts in whole:
            self._join(message, parts)
        return [message for message, _ in whole]

    def _join(self, message: Message, parts: Sequence[Message]) -> None:
        if not parts or _name(message) in self._first:
            return
        urgent = next((part for part in parts if _name(part) in self._first and self._is_sure(part)), None)
        requests = self._requests(message, parts)
        if urgent is not None:
            message.set(INTENT, urgent.get(INTENT), add_to_output=True)
        elif len(requests) > 1:
            first, *others = requests
            message.set(INTENT, first[0].get(INTENT), add_to_output=True)
            message.set(ENTITIES, self._entities(message, others), add_to_output=True)

    def _requests(self, message: Message, parts: Sequence[Message]) -> list[list[Message]]:
        """Give the clauses of each request, what is no request of its own with the one before it."""
        found: list[list[Message]] = []
        is_apart = any(part.get(_CLAUSE).is_strong for part in parts)
        for part in parts:
            if self._is_new(message, part, found, is_apart=is_apart):
                found.append([part])
            elif found and _name(part) != self._facts and not _says_who(part):  # facts alone are everybody's
                found[-1].append(part)
        return found

    def _is_new(self, message: Message, part: Message, found: Sequence[Sequence[Message]], *, is_apart: bool) -> bool:
        name, clause = _name(part), part.get(_CLAUSE)
        if name in self._beside or not self._is_sure(part):
            return False
        if not found:  # "I married and changed my name": two halves of one sentence say no more than the whole
            return is_apart or _is_likely(message, part)
        if name in [_name(request[0]) for request in found]:
            return False
        if clause.is_strong:
            return True
        is_of_them = name in self._following or any(self._is_about_the_same(part, request) for request in found)
        return not is_of_them and _is_likely(message, part)

    def _is_about_the_same(self, part: Message, request: Sequence[Message]) -> bool:
        """Tell whether a clause is of a request's topic, with no reference of its own."""
        names = {_name(part), _name(request[0])}
        known = {value for before in request for value in _references(before)}
        return any(names <= topic for topic in self._topics) and _references(part) <= known

    def _is_sure(self, part: Message) -> bool:
        return bool(part.get(_CLAUSE).is_sentence) and _confidence(part) >= self._least

    def _entities(self, message: Message, others: Sequence[Sequence[Message]]) -> list[dict[str, Any]]:
        spans = [(parts[0].get(_CLAUSE).start, parts[-1].get(_CLAUSE).end) for parts in others]
        kept: list[dict[str, Any]] = []
        moved: list[list[dict[str, Any]]] = [[] for _ in others]
        for entity in message.get(ENTITIES) or []:
            place = next((n for n, (start, end) in enumerate(spans) if start <= entity["start"] < end), None)
            if place is None or entity["entity"] in _WHO:
                kept.append(entity)
            else:
                moved[place].append(entity)
        also = [
            {"entity": ALSO, "value": _name(parts[0]), "start": start, "end": end, "entities": entities}
            for parts, (start, end), entities in zip(others, spans, moved, strict=True)
        ]
        return [*kept, *self.add_extractor_name(also)]


def _says_who(message: Message) -> bool:
    return any(entity["entity"] in _WHO for entity in message.get(ENTITIES) or () if entity["entity"] != "language")


def _name(message: Message) -> str:
    return str((message.get(INTENT) or {}).get("name"))


def _confidence(message: Message) -> float:
    return float((message.get(INTENT) or {}).get("confidence") or 0.0)


def _references(message: Message) -> set[str]:
    """Give what a message is about; a booking beside a member number or an address only tells who writes."""
    about = _REFERENCES - {"booking_code"} if _says_who(message) else _REFERENCES
    return {str(entity["value"]) for entity in message.get(ENTITIES) or [] if entity["entity"] in about}


def _is_likely(message: Message, part: Message) -> bool:
    """Tell whether the message as a whole sounds like this clause: what it does not is no request of its own."""
    ranking: Sequence[Parsed] = message.get(_RANKING) or []
    most = 2 if _confidence(part) < _MOST_SURELY else 5
    return _confidence(part) >= _SURELY and _name(part) in {str(each["name"]) for each in ranking[:most]}
