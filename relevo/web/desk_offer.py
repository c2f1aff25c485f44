"""What the desk offers of a model: which buttons an agent sees, and in which languages they read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Feature
from relevo.flow.assist import Assisting


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A model that this agent may ask."""

    model: str
    features: frozenset[Feature]
    language: str
    """What the agent reads: the page's language where they speak it, else their first one."""
    spoken: Sequence[str]


def offer_of(assisting: Assisting | None, agent: AgentAccount, page_language: str) -> Offer | None:
    """Give what is offered to an agent on a page; None where the business names no model."""
    if assisting is None:
        return None
    assistant = assisting.asking.assistant
    return Offer(
        model=assistant.model,
        features=assistant.features,
        language=reading_language(agent, page_language),
        spoken=agent.languages or (page_language,),
    )


def reading_language(agent: AgentAccount, page_language: str) -> str:
    """Give the language that an agent reads best."""
    speaks_it = not agent.languages or page_language in agent.languages
    return page_language if speaks_it else agent.languages[0]
