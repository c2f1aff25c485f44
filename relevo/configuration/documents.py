"""YAML that remembers where each value stands, so that a mistake can be found.

A ``Spot`` is one value in a file. Asking it for a text, a number or a date gives None and notes a mistake when it is
something else; the reading goes on, so that one start shows all mistakes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from relevo.errors import ConfigurationError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A safe one, ten times as fast as ``yaml.safe_load`` wherever PyYAML is compiled."""
TWICE = "'{name}' is there twice; remove one of them."


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one value."""

    pattern: str
    """The sentence with names for its values, by which it is said in other languages."""
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)
    path: tuple[str, ...] = ()
    """Where the value is: keys and numbers, from the whole document inwards."""

    @property
    def sentence(self) -> str:
        """Give the sentence."""
        return self.pattern.format(**self.values) if self.values else self.pattern


@dataclass(slots=True)
class Mistakes:
    """Collects what is wrong, to be told at once."""

    lines: list[str] = field(default_factory=list)
    found: list[Mistake] = field(default_factory=list)

    def note(self, file: str, line: int, sentence: str, mistake: Mistake | None = None) -> None:
        """Add a mistake; the line counts from one."""
        self.lines.append(f"{file}:{line}: {sentence}")
        self.found.append(mistake or Mistake(pattern=sentence))

    def raise_if_any(self) -> None:
        """Raise ConfigurationError with one mistake a line."""
        if self.lines:
            raise ConfigurationError("\n".join(sorted(self.lines, key=_place)))


class Spot(msgspec.Struct, frozen=True):
    """One value, with where it stands and how a mistake about it is told."""

    node: Node
    name: str
    file: str
    mistakes: Mistakes
    path: tuple[str, ...] = ()

    def wrong(self, pattern: str, /, **values: Any) -> None:
        """Note a mistake about this value: a sentence, or one with names in braces for these values."""
        mistake = Mistake(pattern=pattern, values=values, path=self.path)
        self.mistakes.note(self.file, self.node.start_mark.line + 1, mistake.sentence, mistake)

    def inner(self, node: Node, name: str, step: str) -> Spot:
        """Give a value within this one."""
        return Spot(node, name, self.file, self.mistakes, (*self.path, step))

    def fields(
        self, *, required: Collection[str] = (), optional: Collection[str] = (), is_open: bool = False
    ) -> dict[str, Spot]:
        """Give the values of a mapping by key; an open one may have any keys."""
        if not isinstance(self.node, MappingNode):
            self.wrong("{name} must be a list of 'key: value' lines, indented below it.", name=self.name)
            return {}
        found: dict[str, Spot] = {}
        for key, value in self.node.value:
            spot = self.inner(value, str(key.value), str(key.value))
            at_key = self.inner(key, spot.name, spot.name)
            if spot.name in found:
                at_key.wrong(TWICE, name=spot.name)
            elif not is_open and spot.name not in {*required, *optional}:
                _is_unknown(at_key, {*required, *optional})
            else:
                found[spot.name] = spot
        for missing in (key for key in required if key not in found):
            self.wrong("{name} lacks '{missing}'; add it.", name=self.name, missing=missing)
        return found

    def part(self, *path: str) -> Spot | None:
        """Give the value below some keys, saying nothing about anything else; None where there is none."""
        found: Spot | None = self
        for key in path:
            if found is None or not isinstance(found.node, MappingNode):
                return None
            within = found
            found = next((within.inner(v, key, key) for k, v in within.node.value if k.value == key), None)
        return found

    def items(self) -> Iterator[Spot]:
        """Give the values of a list, which must hold one at least."""
        if not isinstance(self.node, SequenceNode) or not self.node.value:
            self.wrong("{name} must be a list that holds something, one '- …' a line.", name=self.name)
            return
        for number, value in enumerate(self.node.value):
            yield self.inner(value, self.name, str(number))

    @property
    def is_scalar(self) -> bool:
        """Whether it is one value, no list and nothing indented."""
        return isinstance(self.node, ScalarNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, SequenceNode)

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands after the colon."""
        return isinstance(self.node, ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def text(self) -> str | None:
        """Give a text."""
        if isinstance(self.node, ScalarNode) and not self.is_empty and self.node.value.strip():
            return str(self.node.value)
        self.wrong("{name} must be a text.", name=self.name)
        return None

    def whole_number(self, *, least: int = 0, most: int | None = None) -> int | None:
        """Give a whole number that is not below ``least``, nor above ``most``."""
        is_number = isinstance(self.node, ScalarNode) and self.node.tag == "tag:yaml.org,2002:int"
        value = yaml.safe_load(self.node.value) if is_number else None
        if not isinstance(value, int) or value < least:
            self.wrong("{name} must be a whole number, {least} or more.", name=self.name, least=least)
            return None
        if most is not None and value > most:
            self.wrong("{name} must be a whole number, {most} or less.", name=self.name, most=most)
            return None
        return value

    def switch(self) -> bool | None:
        """Give true or false."""
        is_switch = isinstance(self.node, ScalarNode) and self.node.tag == "tag:yaml.org,2002:bool"
        if not is_switch:
            self.wrong("{name} must be true or false.", name=self.name)
            return None
        return bool(yaml.safe_load(self.node.value))

    def day(self) -> date | None:
        """Give a date."""
        try:
            return date.fromisoformat(str(self.node.value))
        except ValueError:
            self.wrong("{name} must be a date such as 2025-01-31.", name=self.name)
            return None

    def choice(self, options: Collection[str]) -> str | None:
        """Give one of some words."""
        value = self.node.value if isinstance(self.node, ScalarNode) else None
        if value in options:
            return str(value)
        pattern = "{name} is '{value}', and must be one of: {options}."
        self.wrong(pattern, name=self.name, value=value, options=", ".join(sorted(options)))
        return None


def plain_yaml(text: str) -> Any:
    """Read YAML without places, as ``yaml.safe_load`` does; raises yaml.YAMLError."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one


def read_document(path: Path, mistakes: Mistakes) -> Spot | None:
    """Read a YAML file; None, with a mistake noted, when it is missing, empty or no YAML."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except FileNotFoundError:
        mistakes.note(path.name, 1, "the file is missing; take it from a fresh copy of the project.")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.note(path.name, 1, f"the file cannot be read ({type(error).__name__}); save it as UTF-8 text.")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        mistakes.note(path.name, mark.line + 1 if mark else 1, f"this is not YAML: {problem}.")
    else:
        if node is not None:
            return Spot(node, path.name, path.name, mistakes)
        mistakes.note(path.name, 1, "the file is empty; take it from a fresh copy of the project.")
    return None


def _is_unknown(key: Spot, known: Collection[str]) -> None:
    close = get_close_matches(key.name, known, n=1)
    if close:
        key.wrong("'{name}' means nothing here; did you mean '{close}'?", name=key.name, close=close[0])
    elif known:
        key.wrong("'{name}' means nothing here; known are: {known}.", name=key.name, known=", ".join(sorted(known)))
    else:
        key.wrong("'{name}' means nothing here; remove it.", name=key.name)


def _place(mistake: str) -> tuple[str, int]:
    file, line, _ = mistake.split(":", 2)
    return file, int(line)
