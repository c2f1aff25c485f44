"""Reads a bot's files for Rasa, and adds what follows from them, so that nobody writes it down.

A reply after which no rule goes on ends the turn; a refusal (``utter_rule_…``) is followed by ``utter_offer_person``
unless a rule begins with it. A value ``{said_x}`` in a reply is a slot ``said_x``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, RULE_SNIPPET_ACTION_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import dump_obj_as_yaml_to_string

REFUSAL, PERSON = "utter_rule_", "utter_offer_person"
_SLOT = {"type": "text", "influence_conversation": False, "mappings": [{"type": "custom"}]}

Responses = dict[str, list[dict[str, Any]]]


class BotImporter(RasaFileImporter):
    """Rasa's own importer, with slots and rules that the replies imply; named in config.yml."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        **_: Any,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        self._examples: TrainingData | None = None
        self._replies: Responses = {}
        self._domain: Domain | None = None

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Give the examples, read once whatever the language; the replies that stand beside them are the domain's."""
        if self._examples is None:
            self._examples = super().get_nlu_data(language)
            self._replies, self._examples.responses = self._examples.responses, {}
        return self._examples

    def get_domain(self) -> Domain:
        """Give the domain with every reply, and with the slots that replies are filled from."""
        if self._domain is None:
            self.get_nlu_data()
            domain = super().get_domain().merge(Domain.from_dict({"responses": self._replies}))
            missing = _values(domain.responses) - {slot.name for slot in domain.slots}
            self._domain = domain.merge(Domain.from_dict({"slots": {name: dict(_SLOT) for name in sorted(missing)}}))
        return self._domain

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Give the rules and stories that are written, and those that end a turn."""
        written = super().get_stories(exclusion_percentage)
        rules = list(_endings(self.get_domain(), _going_on(written)))
        text = dump_obj_as_yaml_to_string({"version": "3.1", "rules": rules})
        steps = YAMLStoryReader().read_from_string(text) if rules else []
        return written.merge(StoryGraph(steps))


def _going_on(written: StoryGraph) -> set[str]:
    """Give the replies after which a rule or story says what follows, or that nothing does."""
    names = [[_name(event) for event in step.events] for step in written.story_steps]
    acted = [[name for name in step if name not in (RULE_SNIPPET_ACTION_NAME, ACTION_LISTEN_NAME)] for step in names]
    begins = {step[0] for step in acted if step and step[0]}
    return begins | {name for step in acted for name, after in pairwise(step) if name and after}


def _name(event: Event) -> str | None:
    return event.action_name if isinstance(event, ActionExecuted) else None


def _endings(domain: Domain, going_on: set[str]) -> Iterator[dict[str, Any]]:
    for reply in sorted(domain.responses.keys() - going_on):
        follows = [PERSON] if reply.startswith(REFUSAL) and PERSON in domain.responses else []
        yield {"rule": f"after {reply}", "steps": [{"action": action} for action in (reply, *follows)]}


def _values(responses: Responses) -> set[str]:
    return {name for text in _texts(responses.values()) for name in re.findall(r"{(said_\w+)}", text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(value.values())
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)
