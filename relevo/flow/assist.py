"""Has a model sum up a conversation for an agent, and draft what they might answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Feature, Matter, Said, Written
from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.store import Store
from relevo.domain.formality import is_formal
from relevo.domain.masking import Mask
from relevo.domain.messages import Author, Entry
from relevo.flow.asking import Asking, Suggestion
from relevo.flow.record import newest_record
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subject:
    """A conversation as a model may see it."""

    mask: Mask
    matter: Matter
    told: str
    """All that it is written from, with nothing hidden."""


@dataclass(frozen=True, kw_only=True)
class Assisting:
    """What an agent may ask a model for."""

    asking: Asking
    store: Store
    translating: Translating
    default_language: str

    async def summarise(self, conversation_id: UUID, agent: AgentAccount, language: str) -> Suggestion:
        """Sum up what a conversation has come to, in the reader's language."""
        self.asking.demand(Feature.SUMMARY)
        subject = await self._subject(conversation_id, language)
        return await self._written(subject, Feature.SUMMARY, agent, self.asking.assistant.summarise)

    async def draft(self, conversation_id: UUID, agent: AgentAccount, language: str | None = None) -> Suggestion:
        """Propose what an agent might answer, in the contact's language; whoever sends it is the agent."""
        self.asking.demand(Feature.DRAFT)
        subject = await self._subject(conversation_id, language)
        return await self._written(subject, Feature.DRAFT, agent, self.asking.assistant.draft)

    async def _written(
        self, subject: _Subject, feature: Feature, agent: AgentAccount, ask: Callable[[Matter], Awaitable[Written]]
    ) -> Suggestion:
        matter = subject.matter
        size = len(matter.facts) + sum(len(said.text) for said in matter.transcript)
        written = await self.asking.noted(feature, agent, size, ask(matter))
        text = subject.mask.restore(written.text)
        unfounded = tuple(_unfounded(text, subject.told))[:_MOST_UNFOUNDED]
        return Suggestion(text=text, model=written.model, language=matter.language, unfounded=unfounded)

    async def _subject(self, conversation_id: UUID, language: str | None) -> _Subject:
        line = await self.store.desk.conversation(conversation_id)
        conversation = await self.store.conversations.get(conversation_id)
        record = newest_record(await self.store.desk.episodes(conversation_id))
        after = max(0, conversation.last_position - _LOOK_BACK)
        transcript = transcript_of(await self.store.conversations.entries(conversation_id, after, _LOOK_BACK))
        into = language or conversation.language or self.default_language
        facts = summary_of(record, into) if record else ""
        mask = self.asking.mask(
            [line.address, conversation.identity.business_ref, *_references(record)],
            names=[line.contact_name, line.agent_name, *_names(record)],
        )
        hidden = [Said(by=said.by, text=mask.hide(said.text)) for said in transcript]
        matter = Matter(language=into, facts=mask.hide(facts), transcript=hidden, is_formal=is_formal(into))
        return _Subject(mask=mask, matter=matter, told="\n".join([facts, *(said.text for said in transcript)]))


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


def _references(record: HandoffRecord | None) -> Iterator[str]:
    """Give what a record knows somebody by, names apart."""
    for slot in record.slots if record else ():
        if slot.is_personal and slot.name != "name":
            yield from _texts(slot.value)
    for reference in record.business_refs if record else ():
        yield reference.id


def _names(record: HandoffRecord | None) -> Iterator[str]:
    for slot in record.slots if record else ():
        if slot.name == "name":
            yield from _texts(slot.value)
    if record and record.contact.display_name:
        yield record.contact.display_name


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _unfounded(text: str, told: str) -> Iterator[str]:
    """Give numbers, addresses and links that a model has made up, or worked out: an agent must look at them."""
    numbers = _forms(told)
    for found in dict.fromkeys(match[0].rstrip(".,:;)") for match in _CHECKED.finditer(text)):
        if found not in told and not (found[0].isdigit() and _forms(found) <= numbers):
            yield found


def _forms(text: str) -> set[str]:
    """Give the parts of numbers, however they are put together: 45.99 is 45,99, and 2026-11-03 has 2026 in it."""
    return {part.lstrip("0") for part in re.findall(r"\d+", text)}
