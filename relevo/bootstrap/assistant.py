"""A model that helps the people at the desk, where relevo.yml names one; else nothing of it is even imported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from relevo.bootstrap.store import OpenStore
from relevo.configuration import Configuration
from relevo.flow.assist import Assisting

if TYPE_CHECKING:
    from relevo.assistants.openai import OpenAiAssistant
    from relevo.domain.masking import Stretch

ASSISTANT_IS_OFF = (
    "No model is named, so nothing leaves for one; docs/howto/assistant.md says how agents get summaries, translations"
    " and drafts."
)
_PERSONAL = {
    "email": "EMAIL",
    "phone": "NUMBER",
    "name": "NAME",
    **dict.fromkeys(
        ("loyalty_number", "ticket", "order", "subscription", "case", "baggage_report", "baggage_tag", "code"),
        "REFERENCE",
    ),
    "booking_code": "REFERENCE",
}
_WINDOW, _OVERLAP = 4_000, 100
"""Characters that the patterns look at, and how many twice, so that nothing is cut in two."""


def assistant_of(configuration: Configuration) -> OpenAiAssistant | None:
    """Give what asks the model; None where the business names none."""
    account = configuration.bot.assistant
    if account is None:
        return None
    from relevo.assistants.openai import OpenAiAssistant

    return OpenAiAssistant(account)


@asynccontextmanager
async def assisting(opened: OpenStore, configuration: Configuration) -> AsyncIterator[Assisting | None]:
    """Give what agents may ask the model for, and close its connections in the end."""
    assistant = assistant_of(configuration)
    if assistant is None:
        yield None
        return
    from relevo.flow.asking import Asking
    from relevo.flow.translate import Translating
    from relevo.nlu.evidence import language_of

    asking, language = Asking(assistant=assistant, finders=(_references,)), configuration.bot.default_language
    translating = Translating(asking=asking, store=opened.store, default_language=language, language_of=language_of)
    try:
        yield Assisting(asking=asking, store=opened.store, translating=translating, default_language=language)
    finally:
        await assistant.close()


def _references(text: str) -> Iterator[Stretch]:
    """Find what the bot knows as somebody's: a booking code spelt letter by letter, a name after "me llamo"."""
    from relevo.nlu.patterns import NAMELESS, find

    for begins in range(0, max(1, len(text)), _WINDOW - _OVERLAP):
        for span in find(text[begins : begins + _WINDOW], NAMELESS):
            if span.entity in _PERSONAL:
                yield begins + span.start, begins + span.end, _PERSONAL[span.entity]
