"""Has a model sum up a conversation for an agent, and draft what they might answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Feature, Matter, Said
from relevo.contracts.store import Store
from relevo.domain.formality import is_formal
from relevo.domain.messages import Author, Entry
from relevo.flow.asking import Asking, Suggestion
from relevo.flow.subject import Subject, subject_of
from relevo.flow.summary import summary_of
from relevo.flow.translate import Translating

MOST_MESSAGES = 30
"""Newest messages that a model reads."""
MOST_SAID_CHARACTERS = 2_000
"""Of each of them."""
MOST_TRANSCRIPT_CHARACTERS = 24_000
"""Of all of them; the oldest are left out first."""
_LOOK_BACK = 200
_MOST_UNFOUNDED = 5
_CHECKED = re.compile(r"https?://[^\s<>\"]+|[\w.+-]+@[\w-]+\.[\w.-]+|\d[\d.,:/\-]*\d")


class Assisting(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent may ask a model for."""

    asking: Asking
    store: Store
    translating: Translating
    default_language: str

    async def summarise(self, conversation_id: UUID, agent: AgentAccount, language: str) -> Suggestion:
        """Sum up what a conversation has come to, in the reader's language."""
        self.asking.demand(Feature.SUMMARY)
        return await self._written(conversation_id, Feature.SUMMARY, agent, language)

    async def draft(self, conversation_id: UUID, agent: AgentAccount, language: str | None = None) -> Suggestion:
        """Propose what the agent might answer, in the contact's language; whoever sends it is the agent."""
        self.asking.demand(Feature.DRAFT)
        return await self._written(conversation_id, Feature.DRAFT, agent, language)

    async def _written(
        self, conversation_id: UUID, feature: Feature, agent: AgentAccount, language: str | None
    ) -> Suggestion:
        subject = await subject_of(self.asking, self.store, conversation_id)
        into = language or subject.conversation.language or self.default_language
        facts = summary_of(subject.record, into) if subject.record else ""
        transcript = await self._transcript(subject)
        hidden = [Said(by=said.by, text=subject.mask.hide(said.text)) for said in transcript]
        matter = Matter(language=into, facts=subject.mask.hide(facts), transcript=hidden, is_formal=is_formal(into))
        assistant = self.asking.assistant
        asked = assistant.summarise(matter) if feature is Feature.SUMMARY else assistant.draft(matter)
        size = len(matter.facts) + sum(len(said.text) for said in hidden)
        written = await self.asking.noted(feature, agent, size, asked)
        text = subject.mask.restore(written.text)
        unfounded = tuple(_unfounded(text, "\n".join([facts, *(said.text for said in transcript)])))
        return Suggestion(text=text, model=written.model, language=into, unfounded=unfounded[:_MOST_UNFOUNDED])

    async def _transcript(self, subject: Subject) -> list[Said]:
        conversation = subject.conversation
        after = max(0, conversation.last_position - _LOOK_BACK)
        return transcript_of(await self.store.conversations.entries(conversation.id, after, _LOOK_BACK))


def transcript_of(entries: Sequence[Entry]) -> list[Said]:
    """Give the newest messages, oldest first, as many as fit."""
    spoken = [entry for entry in entries if entry.kind == "message" and entry.content.text][-MOST_MESSAGES:]
    said, left = [], MOST_TRANSCRIPT_CHARACTERS
    for entry in reversed(spoken):
        text = _cut(entry.content.text or "")
        left -= len(text)
        if left < 0:
            break
        by = "customer" if entry.author is Author.CONTACT else entry.author.value
        said.append(Said(by=by, text=text))
    return said[::-1]


def _cut(text: str) -> str:
    """Give the beginning, and no half of a word: half a reference would not be known as one."""
    is_long = len(text) > MOST_SAID_CHARACTERS
    return " ".join(text[:MOST_SAID_CHARACTERS].rsplit(maxsplit=1)[:-1]) + " …" if is_long else text


def _unfounded(text: str, told: str) -> Iterator[str]:
    """Give numbers, addresses and links that a model has made up, or worked out: an agent must look at them."""
    numbers = _forms(told)
    for found in dict.fromkeys(match[0].rstrip(".,:;)") for match in _CHECKED.finditer(text)):
        if found not in told and not (found[0].isdigit() and _forms(found) <= numbers):
            yield found


def _forms(text: str) -> set[str]:
    """Give the parts of numbers, however they are put together: 45.99 is 45,99, and 2026-11-03 has 2026 in it."""
    return {part.lstrip("0") for part in re.findall(r"\d+", text)}
