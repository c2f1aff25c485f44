"""A brain that answers by a function: for tests of everything around it, and for trying a channel without a model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable

import msgspec

from relevo.contracts.brain import Answer, History, Question
from relevo.domain.messages import Content

Said = str | Content | Sequence[str | Content]
Script = Callable[[Question], Said | Awaitable[Said]]


class ScriptedBrain:
    """Says what its script says; see contracts.brain.Brain.

    A script gives a text, a Content, or several, now or later; what it raises is the turn's error.
    """

    def __init__(self, script: Script, *, language: str | None = None) -> None:
        self._script = script
        self._language = language
        self.asked: list[Question] = []
        """Every question so far, oldest first; a turn that is run again asks again."""

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer a question by the script."""
        self.asked.append(question)
        said = self._script(question)
        if isawaitable(said):
            said = await said
        event = {"event": "user", "text": question.text, "message_id": question.message_id}
        return Answer(messages=_contents(said), tracker_events=(msgspec.json.encode(event),), language=self._language)


def echo(question: Question) -> str:
    """Say what was asked: the shortest script."""
    return question.text


def _contents(said: Said) -> tuple[Content, ...]:
    if isinstance(said, (str, Content)):
        said = [said]
    return tuple(Content(text=one) if isinstance(one, str) else one for one in said)
