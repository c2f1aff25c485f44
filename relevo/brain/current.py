"""The brain that a bot process answers with: the newest model that can be loaded, exchanged while it runs.

Loading blocks the process for a moment, on purpose: Rasa's parts are not made for threads, and a lease outlasts it.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from relevo.brain.action_modules import import_actions
from relevo.brain.lean import importing_rasa
from relevo.brain.models import Models
from relevo.configuration.formal import Formal
from relevo.contracts.brain import Answer, Brain, History, Question
from relevo.domain.conversations import Conversation
from relevo.errors import BrainUnavailable, ConfigurationError, RelevoError

_PARTS = (
    "relevo.brain.rasa_brain",
    "rasa.engine.recipes.default_recipe",
    "rasa.core.actions.forms",
    "rasa.core.actions.two_stage_fallback",
)
"""What a bot consists of; Rasa would import the last ones in the first turn, with all of its channels."""
_RETRY_SECONDS = 10.0
"""When to try again after the actions could not be imported: somebody may have mended them, with the same model."""

_log = structlog.get_logger()


class CurrentBrain:
    """Answers with the newest model; see contracts.brain.Brain."""

    def __init__(self, models: Models, *, actions: str = "actions", formal: Mapping[str, Formal] | None = None) -> None:
        self._models = models
        self._actions = actions
        self._formal = formal
        self._brain: Brain | None = None
        self._tried: tuple[Path, int] | None = None
        self._retry_at = math.inf
        self.model: str | None = None
        """File name of the model that answers."""
        self.problem: str | None = None
        """Why the newest model, or any, does not answer, as a sentence."""

    @property
    def is_loaded(self) -> bool:
        """Whether there is a model to answer with."""
        return self._brain is not None

    def prepare(self) -> None:
        """Import Rasa, which takes seconds, before there need be a model."""
        with importing_rasa():
            for module in _PARTS:
                importlib.import_module(module)

    def refresh(self) -> bool:
        """Load the newest model unless that was tried before, and tell whether something changed."""
        found = self._models.stamp()
        before = (self.model, self.problem)
        if found is not None and (found != self._tried or time.monotonic() >= self._retry_at):
            self._tried, self._retry_at = found, math.inf
            self._load(found[0])
        elif found is None and not self.is_loaded:
            self.problem = "There is no model yet; train one with: relevo train."
        return (self.model, self.problem) != before

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer a question."""
        if self._brain is None:
            raise BrainUnavailable(self.problem)
        return await self._brain.answer(question, history)

    def forget(self, conversation: Conversation) -> None:
        """Drop what is cached for a conversation whose turn was not committed."""
        if self._brain is not None:
            self._brain.forget(conversation)

    def committed(self, conversation: Conversation, tracker_version: int) -> None:
        """Learn that the last answer was committed and is now this version."""
        if self._brain is not None:
            self._brain.committed(conversation, tracker_version)

    def _load(self, model: Path) -> None:
        try:
            import_actions(self._actions)
            self.prepare()
            from relevo.brain.rasa_brain import RasaBrain

            self._brain = RasaBrain(model, actions=self._actions, formal=self._formal)
        except BrainUnavailable as error:
            # Whatever a damaged file makes Rasa raise; an earlier model goes on answering.
            self._refuse(model, error)
        except ConfigurationError as error:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            self._refuse(model, error)
        else:
            self.model, self.problem = model.name, None
            _log.info("bot.model_loaded", model=model.name)

    def _refuse(self, model: Path, error: RelevoError) -> None:
        self.problem = str(error)
        _log.error("bot.model_refused", model=model.name, goes_on_with=self.model, exc_info=error.__cause__)
