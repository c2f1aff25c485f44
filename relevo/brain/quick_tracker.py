"""Rasa's tracker, made several times a turn: trackers share what is the same.

A slot is never changed once trackers have it: where Rasa sets it, another one takes its place, in another mapping. So
a tracker costs no slots but those that were said, and who copies one copies none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

T = TypeVar("T")


class UnsetSlots(dict[str, Slot]):
    """Slots before anything was said, by name."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        super().__init__((slot.name, _unset(slot)) for slot in slots)

    @cached_property
    def influencing(self) -> UnsetSlots:
        """Give those that policies see."""
        return UnsetSlots(slot for slot in self.values() if slot.influence_conversation)


class QuickTracker(DialogueStateTracker):
    """Rasa's tracker; its slots may be others' too, and are set by its events alone."""

    slots: Mapping[str, Slot]

    def __init__(self, sender_id: str, slots: Iterable[Slot], *rest: Any, **options: Any) -> None:
        self.unset = slots if isinstance(slots, UnsetSlots) else UnsetSlots(slots)
        super().__init__(sender_id, (), *rest, **options)

    def current_slot_values(self) -> dict[str, Any]:
        """Give the values of all slots, without asking a property for each of a hundred and more."""
        return {name: slot._value for name, slot in self.slots.items()}

    def _reset_slots(self) -> None:
        self.slots = self.unset

    def _set_slot(self, key: str, value: Any) -> None:
        if key in self.slots:
            self.slots = {**self.slots, key: like(self.slots[key])}
        super()._set_slot(key, value)


def like(thing: T) -> T:
    """Give a copy of which each field is the same; ``copy.copy`` would first ask how it is pickled."""
    copied = object.__new__(type(thing))
    vars(copied).update(vars(thing))
    return copied


def _unset(slot: Slot) -> Slot:
    fresh = like(slot)
    fresh.reset()
    return fresh
