"""Shows Rasa's slot extraction only the slots that a message can fill: for each of them it does a lot."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.constants import ACTION_VALIDATE_SLOT_MAPPINGS, DEFAULT_SLOT_NAMES
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker


class Fillable:
    """Tells which of a domain's slots a message can fill."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._is_validated = ACTION_VALIDATE_SLOT_MAPPINGS in domain.user_actions
        asked = [(slot, _entities_of(slot)) for slot in domain.slots if slot.name not in DEFAULT_SLOT_NAMES]
        self._asked = [(slot, entities) for slot, entities in asked if entities is None or entities]

    def domain(self, tracker: DialogueStateTracker) -> Any:
        """Give the domain as the extraction should see it for the newest message; None where it would find nothing."""
        if tracker.active_loop is not None:
            return self._domain  # forms compare all slots with each other
        named = {entity["entity"] for entity in tracker.latest_message.entities} if tracker.latest_message else set()
        slots = [slot for slot, entities in self._asked if entities is None or entities & named]
        if not slots and not self._is_validated:
            return None
        return _FewerSlots(self._domain, slots)


class _FewerSlots:
    """A domain of which all but some slots are hidden."""

    def __init__(self, domain: Domain, slots: list[Slot]) -> None:
        self._domain = domain
        self.slots = slots

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)


def _entities_of(slot: Slot) -> frozenset[str] | None:
    """Give the entities that fill a slot, none where only custom actions do; None where it is about something else."""
    entities = set()
    for mapping in slot.mappings:
        if mapping.get("type") == "from_entity":
            entities.add(str(mapping.get("entity")))
        elif mapping.get("type") != "custom" or mapping.get("action"):
            return None
    return frozenset(entities)
