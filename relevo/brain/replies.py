"""Rasa's own words for replies, with the variations of each reply sorted once instead of for every message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.nlg.generator import ResponseVariationFilter

Variation = Mapping[str, Any]


class Replies(TemplatedNaturalLanguageGenerator):
    """Gives what TemplatedNaturalLanguageGenerator gives, from replies that stay as they are."""

    def __init__(self, responses: Mapping[str, Sequence[Variation]]) -> None:
        super().__init__(responses)
        self._sorted: dict[tuple[str, str], Sequence[Sequence[Variation]]] = {}

    def generate_from_slots(
        self, utter_action: str, filled_slots: dict[str, Any], output_channel: str, **more: Any
    ) -> dict[str, Any] | None:
        """Choose a variation and fill it; a reply without one gives None."""
        chosen = self._random_response_for(utter_action, output_channel, filled_slots)
        return None if chosen is None else dict(self._fill_response(_copied(chosen), filled_slots, **more))

    def _random_response_for(
        self, utter_action: str, output_channel: str, filled_slots: Mapping[str, Any]
    ) -> Variation | None:
        sorts = self._sorted.get((utter_action, output_channel))
        if sorts is None:
            sorts = self._sorted[utter_action, output_channel] = _sorted(
                self.responses.get(utter_action, ()), output_channel
            )
        for sort in sorts:
            fitting = [each for each in sort if ResponseVariationFilter._matches_filled_slots(filled_slots, each)]
            if fitting:
                return fitting[0] if len(fitting) == 1 else fitting[np.random.choice(len(fitting))]
        return None


def _copied(written: Any) -> Any:
    """Copy what was read from YAML, which ``copy.deepcopy`` takes five times as long for."""
    if isinstance(written, dict):
        return {name: _copied(value) for name, value in written.items()}
    return [_copied(each) for each in written] if isinstance(written, list) else written


def _sorted(variations: Sequence[Variation], channel: str) -> list[list[Variation]]:
    """Give the variations by what Rasa prefers: this channel's, and with a condition, before others."""
    conditional = [each for each in variations if each.get("condition")]
    plain = [each for each in variations if each.get("condition") is None]
    return [
        [each for each in some if each.get("channel") == wanted]
        for wanted in (channel, None)
        for some in (conditional, plain)
    ]
