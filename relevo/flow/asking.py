"""Asks a model on an agent's behalf: only for what the business has switched on, and every use is noted.

    what an agent sees ─► masked ─► the model ─► words put back ─► the agent's eyes

Nothing here writes to a conversation, sends a message or prepares an effect, and nothing runs unless an agent asks.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Iterable, Sequence

import msgspec
import structlog

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Assistant, Feature, Written
from relevo.domain.masking import Finder, Mask
from relevo.errors import Conflict, RequestError

_log = structlog.get_logger()


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a model wrote for an agent, and what to look at in it."""

    text: str
    model: str
    language: str
    left_out: tuple[str, ...] = ()
    """Names, references and addresses of the text that its translation lacks."""
    unfounded: tuple[str, ...] = ()
    """Numbers, addresses and links that stand nowhere in what the model was given."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A model, and what must not leave for it."""

    assistant: Assistant
    finders: Sequence[Finder] = ()
    """Know further forms of what is personal than Mask does."""

    def demand(self, feature: Feature) -> None:
        """Raise Conflict for what the business has not switched on."""
        if feature not in self.assistant.features:
            raise Conflict(
                f"The model is not asked for this: add {feature.value} to 'assistant' in relevo.yml.",
                code="assistant_off",
            )

    def mask(self, known: Iterable[str | None] = (), *, names: Iterable[str | None] = ()) -> Mask:
        """Give a mask for one conversation, whose contact and agents are known by these references and names."""
        return Mask([word for word in known if word], names=[name for name in names if name], finders=self.finders)

    async def noted(self, feature: Feature, agent: AgentAccount, size: int, asked: Awaitable[Written]) -> Written:
        """Wait for an answer and note the use: by whom, how long and how much, and never what."""
        began, outcome, received = time.monotonic(), "cancelled", 0
        try:
            written = await asked
            outcome, received = "done", len(written.text)
        except RequestError as error:
            outcome = error.reason
            raise
        finally:
            _log.info(
                "assistant.used",
                feature=feature.value,
                model=self.assistant.model,
                agent=agent.id,
                outcome=outcome,
                milliseconds=round((time.monotonic() - began) * 1000),
                sent=size,
                received=received,
            )
        return written
