"""The brain that a bot process answers with: the newest model that can be loaded, exchanged while it runs.

Loading blocks the process for a moment, on purpose: Rasa's parts are not made for threads, and a lease outlasts it.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from relevo.brain.action_modules import import_actions
from relevo.brain.lean import importing_rasa
from relevo.configuration.formal import Formal
from relevo.contracts.brain import Answer, History, Question
from relevo.contracts.models import ModelSource, Offer
from relevo.errors import BrainUnavailable, ConfigurationError, Damaged, RelevoError

if TYPE_CHECKING:
    from relevo.brain.rasa_brain import RasaBrain

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


class _Refused(msgspec.Struct, frozen=True):
    sentence: str
    retry_at: float = math.inf


def import_rasa() -> None:
    """Import Rasa, which takes about a second, before there need be a model."""
    with importing_rasa(to_answer_only=True):
        for module in _PARTS:
            importlib.import_module(module)


class CurrentBrain:
    """Answers with the newest model that can be loaded; see contracts.brain.Brain."""

    def __init__(
        self, source: ModelSource, *, actions: str = "actions", formal: Mapping[str, Formal] | None = None
    ) -> None:
        self._source = source
        self._actions = actions
        self._formal = formal
        self._brain: RasaBrain | None = None
        self._loaded: Offer | None = None
        self._refused: dict[Offer, _Refused] = {}
        self.model: str | None = None
        """File name of the model that answers."""
        self.problem: str | None = None
        """Why the newest model, or any, does not answer, as a sentence."""

    @property
    def is_loaded(self) -> bool:
        """Whether there is a model to answer with."""
        return self._brain is not None

    @property
    def knows(self) -> frozenset[str]:
        """What the model that answers knows; see brain.knowing."""
        return self._brain.knows if self._brain is not None else frozenset()

    async def refresh(self) -> bool:
        """Load the newest model that was not refused before, and tell whether something changed; raises Unavailable."""
        before = (self._loaded, self.problem)
        offers = await self._source.offers()
        for offer in offers:
            if offer == self._loaded:
                break
            refused = self._refused.get(offer)
            if (refused is None or time.monotonic() >= refused.retry_at) and await self._is_loaded_now(offer):
                break
        self._refused = {offer: why for offer, why in self._refused.items() if offer in offers}
        self.problem = self._problem(offers)
        return (self._loaded, self.problem) != before

    def _problem(self, offers: Sequence[Offer]) -> str | None:
        if not offers:
            return None if self.is_loaded else "There is no model yet; train one with: relevo train."
        refused = self._refused.get(offers[0])
        return refused.sentence if refused else None

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer a question."""
        if self._brain is None:
            raise BrainUnavailable(self.problem)
        return await self._brain.answer(question, history)

    async def _is_loaded_now(self, offer: Offer) -> bool:
        """Load a model, or refuse it: an earlier one goes on answering."""
        try:
            self._brain = self._load(await self._source.at_hand(offer))
        except (BrainUnavailable, Damaged) as error:  # whatever a damaged file makes Rasa raise
            self._refuse(offer, error)
        except ConfigurationError as error:
            self._refuse(offer, error, retry_at=time.monotonic() + _RETRY_SECONDS)
        else:
            self._loaded, self.model = offer, offer.name
            self._refused.pop(offer, None)
            _log.info("bot.model_loaded", model=offer.name)
            return True
        return False

    def _load(self, model: Path) -> RasaBrain:
        import_actions(self._actions)
        import_rasa()
        from relevo.brain.rasa_brain import RasaBrain

        return RasaBrain(model, actions=self._actions, formal=self._formal)

    def _refuse(self, offer: Offer, error: RelevoError, retry_at: float = math.inf) -> None:
        self._refused[offer] = _Refused(str(error), retry_at)
        _log.error("bot.model_refused", model=offer.name, goes_on_with=self.model, exc_info=error.__cause__)
