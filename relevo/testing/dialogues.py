"""Dialogues as people read them, played on a stage with the real bot: YAML in, an assertion with the transcript out.

    - dialogue: cancelled in two messages
      bar: 2
      steps:
      - customer: cancel my wifi subscription, I'm AU73915024, oliver.whitfield@example.com
      - bot: [Wi-Fi Unlimited (SUB-301), €14.99 a month]
      - presses: "Yes"
      - bot: is cancelled
      - effects: {"cancel_subscription:SUB-301": done}
      - cases: []

What the customer does: ``customer`` (says a text; ``{code}`` is the newest one-time code), ``presses`` (a button of the
last answer), ``sends`` (a photo, with a text or none). What is demanded: ``bot`` and ``never`` (fragments that all, or
none of which, are in the answer; ``{case}`` is the newest case), ``mail`` (fragments of the last mail), ``effects``
(all so far, with their states; ``*`` in a key stands for anything), ``cases`` (all that the bot opened, oldest first,
with the given facts). What else happens: ``passes`` (time without a word, such as ``1 day``), ``business`` (SQL behind
everybody's back), ``agent`` (``online``, ``takes over``, ``{says: …}``, ``{hands back: outcome, told: …}``),
``approved`` and ``declined`` (by a supervisor).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

VERBS = frozenset({
    "customer", "presses", "sends", "bot", "never", "mail", "effects", "cases", "passes", "business", "agent",
    "approved", "declined",
})  # fmt: skip
AGENT = ("online", "takes over")
AGENT_DOES = ({"says"}, {"hands back"}, {"hands back", "told"})
_NEEDED = ("dialogue", "steps")
_PARTS = frozenset({*_NEEDED, "bar"})
SPEAKING = frozenset({"customer", "presses", "sends"})


class Dialogue(msgspec.Struct, frozen=True, kw_only=True):
    """One story, with the most messages that its customer should need."""

    name: str
    file: str
    steps: Sequence[tuple[str, Any]]
    bar: int | None = None

    @property
    def messages(self) -> int:
        """How many messages the customer sends."""
        return sum(verb in SPEAKING for verb, _ in self.steps)


def read_dialogues(file: Path) -> list[Dialogue]:
    """Read a file of dialogues; raises ValueError with a sentence for what is no dialogue."""
    written = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) or []  # "yes" is what a customer says
    return [_dialogue(each, file.name) for each in written]


def _dialogue(written: Any, file: str) -> Dialogue:
    if not isinstance(written, dict) or written.keys() - _PARTS or not all(written.get(part) for part in _NEEDED):
        raise ValueError(f"{file}: each dialogue has 'dialogue', 'steps' and perhaps 'bar', not {written}.")
    name, bar = str(written["dialogue"]), written.get("bar")
    if bar is not None and not str(bar).isdigit():
        raise ValueError(f"{file}, '{name}': the bar is a number of messages, not '{bar}'.")
    if not isinstance(written["steps"], list) or not all(isinstance(step, dict) for step in written["steps"]):
        raise ValueError(f"{file}, '{name}': each step is a verb and what belongs to it, such as '- customer: hello'.")
    steps = [pair for step in written["steps"] for pair in step.items()]
    for verb, about in steps:
        if verb not in VERBS:
            raise ValueError(f"{file}, '{name}': '{verb}' is no step; known are {', '.join(sorted(VERBS))}.")
        if verb == "agent" and not _is_known_of_agents(about):
            raise ValueError(f"{file}, '{name}': an agent is {', '.join(AGENT)}, says or hands back; not {about}.")
    return Dialogue(name=name, file=file, steps=steps, bar=int(bar) if bar is not None else None)


def _is_known_of_agents(about: Any) -> bool:
    return about.keys() in AGENT_DOES if isinstance(about, dict) else about in AGENT


@dataclass(kw_only=True)
class Transcript:
    """What was said and done so far, for whoever reads why a dialogue failed."""

    lines: list[str] = field(default_factory=list)

    def note(self, who: str, text: object) -> None:
        """Add a line."""
        self.lines.append(f"{who:>9}: {text}")

    def demand(self, is_so: bool, why: str) -> None:
        """Raise AssertionError with everything so far, unless it is so."""
        assert is_so, "\n".join([why, *self.lines])


def fragments(written: Any) -> list[str]:
    """Give one fragment or several as a list."""
    return [str(each) for each in (written if isinstance(written, list) else [written])]
