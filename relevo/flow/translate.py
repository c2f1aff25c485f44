"""Has a model translate for an agent: a conversation's messages to read, and the agent's own words to send."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Feature
from relevo.contracts.store import Store
from relevo.contracts.translations import Translated
from relevo.domain.masking import Mask
from relevo.domain.messages import Entry
from relevo.errors import RequestError, TooLarge, Unreadable
from relevo.flow.asking import Asking, Suggestion
from relevo.flow.subject import subject_of
from relevo.flow.translations import Translations

MOST_TRANSLATED = 40
"""Messages that one click translates."""
MAX_TRANSLATED_CHARACTERS = 8_000
_AT_ONCE = 4
_WHOLE_SECONDS = 25.0
"""How long all translations of one click may take; those that are there by then are given."""
_PAGE = 200
_SPOKEN = frozenset({"message", "draft"})


class TranslatedEntries(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a click: translations by position, and why some are missing."""

    language: str
    by_position: Mapping[int, Translated]
    problem: RequestError | None = None


class Translating(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent may have translated."""

    asking: Asking
    store: Store
    default_language: str
    language_of: Callable[[str], str | None]
    """Tells a message's language where that is clear."""
    kept: Translations = msgspec.field(default_factory=Translations)
    whole_seconds: float = _WHOLE_SECONDS

    async def own_words(
        self, conversation_id: UUID, agent: AgentAccount, text: str, language: str | None = None
    ) -> Suggestion:
        """Say an agent's own words in the contact's language; the agent reads and sends them."""
        self.asking.demand(Feature.TRANSLATION)
        if not text.strip():
            raise Unreadable("There is no text; write something.", code="empty_text")
        subject = await subject_of(self.asking, self.store, conversation_id)
        into = language or subject.conversation.language or self.default_language
        made = await self._translated(text, into, agent, subject.mask)
        return Suggestion(text=made.text, model=made.model, language=into, left_out=made.left_out)

    async def messages(
        self, conversation_id: UUID, agent: AgentAccount, positions: Sequence[int], language: str
    ) -> TranslatedEntries:
        """Translate messages for a reader, but not those in a language that they speak.

        What is made is kept with the messages, for everybody who reads that language: nothing is asked twice.
        """
        self.asking.demand(Feature.TRANSLATION)
        subject = await subject_of(self.asking, self.store, conversation_id)
        known = await self.store.composer.translations.of(conversation_id, language, positions)
        said = {entry.position: entry.content.text or "" for entry in await self._entries(conversation_id, positions)}
        spoken, payloads = {*agent.languages, language}, subject.conversation.issued_payloads
        foreign = {
            at: text
            for at, text in said.items()
            if text and at not in known and text not in payloads and self.language_of(text) not in spoken
        }
        made = await self._all(foreign, language, agent, subject.mask)
        await self.store.composer.translations.keep(conversation_id, language, made.by_position)
        return replace(made, by_position=worth_showing({**known, **made.by_position}, said))

    async def _all(self, texts: Mapping[int, str], language: str, agent: AgentAccount, mask: Mask) -> TranslatedEntries:
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(text: str) -> Translated:
            async with places:
                return await self._translated(text, language, agent, mask)

        tasks = {position: asyncio.create_task(one(text)) for position, text in texts.items()}
        try:
            done, late = await asyncio.wait(tasks.values(), timeout=self.whole_seconds) if tasks else ((), ())
        finally:
            for task in tasks.values():
                task.cancel()  # those that are late, or all of them when nobody waits any more
        await asyncio.gather(*late, return_exceptions=True)
        made = {at: task.result() for at, task in tasks.items() if task in done and task.exception() is None}
        return TranslatedEntries(
            language=language,
            by_position=made,
            problem=_problem([error for task in done if (error := task.exception())], is_late=bool(late)),
        )

    async def _translated(self, text: str, language: str, agent: AgentAccount, mask: Mask) -> Translated:
        if known := self.kept.get(text, language):
            return known
        if len(text) > MAX_TRANSLATED_CHARACTERS:
            raise TooLarge(
                f"At most {MAX_TRANSLATED_CHARACTERS} characters are translated at once; do it in parts.",
                code="translation_too_long",
            )
        hidden = mask.hide(text)
        asked = self.asking.assistant.translate(hidden, language)
        written = await self.asking.noted(Feature.TRANSLATION, agent, len(hidden), asked)
        left_out = tuple(mask.lost(hidden, written.text))
        made = Translated(text=mask.restore(written.text), model=written.model, left_out=left_out)
        self.kept.keep(text, language, made)
        return made

    async def _entries(self, conversation_id: UUID, positions: Sequence[int]) -> list[Entry]:
        if not positions:
            return []
        found = await self.store.conversations.entries(conversation_id, min(positions) - 1, _PAGE)
        return [entry for entry in found if entry.kind in _SPOKEN and entry.position in set(positions)]


def worth_showing(translations: Mapping[int, Translated], said: Mapping[int, str]) -> Mapping[int, Translated]:
    """Leave out what says the same in both languages."""
    return {at: one for at, one in translations.items() if one.text.strip() != said.get(at, "").strip()}


def _problem(errors: Sequence[BaseException], *, is_late: bool) -> RequestError | None:
    """Give the refusal that tells most; what is no refusal is a mistake of ours, and raised."""
    for error in errors:
        if not isinstance(error, RequestError):
            raise error
    if errors:
        return errors[0] if isinstance(errors[0], RequestError) else None
    late = "Not all messages were translated in time; the others follow on the next click."
    return RequestError(late, code="assistant_late") if is_late else None
