"""The examples that a bot is taught, each with the language of the folder that its file is in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relevo.brain.bot_files import BotFiles
from relevo.brain.lean import importing_rasa
from relevo.errors import ConfigurationError
from relevo.evaluation.examples import NO_LANGUAGE, Example, Span

_LANGUAGE = re.compile(r"[a-z]{2}([-_][A-Za-z]{2,4})?")
ELSEWHERE = "other"
"""Where examples in no language's folder are counted, of a bot that has such folders."""


class Taught:
    """A bot's training data as Rasa reads it; the examples can be taken out and put back in."""

    def __init__(self, files: BotFiles) -> None:
        with importing_rasa():
            from rasa.shared.importers.importer import TrainingDataImporter

        self._importer = TrainingDataImporter.load_nlu_importer_from_config(
            str(files.config), str(files.domain), [str(files.data)]
        )
        self.config: dict[str, Any] = self._importer.get_config()
        self._data = self._importer.get_nlu_data()
        self._messages = [message for message in self._data.intent_examples if message.get("text")]
        taken = {id(message) for message in self._messages}
        self._always = [message for message in self._data.training_examples if id(message) not in taken]
        self.examples = _examples(self._messages, _languages(files.data))
        if not self.examples:
            raise ConfigurationError(
                f"{files.data} has no examples of what people say. Write some for each intent in {files.data / 'nlu'}."
            )

    def without(self, held_back: set[int]) -> Any:
        """Give an importer of everything but these examples, by number."""
        from rasa.shared.importers.importer import NluDataImporter
        from rasa.shared.nlu.training_data.training_data import TrainingData

        kept = [message for number, message in enumerate(self._messages) if number not in held_back]
        whole = self._data
        learnt = TrainingData(
            training_examples=[_fresh(message) for message in (*kept, *self._always)],
            entity_synonyms=whole.entity_synonyms,
            regex_features=whole.regex_features,
            lookup_tables=whole.lookup_tables,
            responses=whole.responses,
        )

        class _Importer(NluDataImporter):
            def get_nlu_data(self, language: str | None = "en") -> TrainingData:
                return learnt

        return _Importer(self._importer)


def _fresh(message: Any) -> Any:
    """Training writes on messages; the next fold must not see it."""
    from rasa.shared.nlu.training_data.message import Message

    return Message(data=dict(message.data), output_properties=set(message.output_properties))


def _examples(messages: list[Any], languages: dict[tuple[str, str], list[str]]) -> tuple[Example, ...]:
    known = sorted({code for codes in languages.values() for code in codes})
    nowhere = [ELSEWHERE if known else NO_LANGUAGE]
    return tuple(
        Example(
            text=str(message.get("text")),
            intent=str(message.get("intent")),
            languages=tuple(languages.get((message.get("intent"), message.get("text")), nowhere)),
            entities=spans(message),
        )
        for message in messages
    )


def spans(message: Any) -> frozenset[Span]:
    """Give a message's entities that stand somewhere in it."""
    return frozenset(
        Span(str(entity["entity"]), int(entity["start"]), int(entity["end"]))
        for entity in message.get("entities") or ()
        if entity.get("start") is not None and entity.get("end") is not None
    )


def _languages(data: Path) -> dict[tuple[str, str], list[str]]:
    """Read the files of each language by themselves: Rasa does not keep where an example came from."""
    from rasa.shared.nlu.training_data.loading import load_data

    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, file in _files_by_language(data):
        for message in load_data(str(file)).intent_examples:
            codes = found[message.get("intent"), message.get("text")]
            if code not in codes:
                codes.append(code)
    return dict(found)


def _files_by_language(data: Path) -> Iterator[tuple[str, Path]]:
    from rasa.shared.data import get_data_files, is_nlu_file

    for name in sorted(get_data_files([str(data)], is_nlu_file)):
        folders = Path(name).relative_to(data).parts[:-1]
        code = folders[folders.index("nlu") + 1 :][:1] if "nlu" in folders else ()
        if code and _LANGUAGE.fullmatch(code[0]):
            yield code[0], Path(name)
