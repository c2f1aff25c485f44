"""Agents propose what a message means; whoever leads looks through it before the bot learns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import structlog

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.live import Live
from relevo.contracts.teaching import Teachings
from relevo.domain.messages import clean_text
from relevo.domain.teaching import (
    MAX_MARKS,
    MAX_WORDS_CHARACTERS,
    EntityMark,
    Lesson,
    State,
    Teaching,
    is_still_personal,
    nlu_yaml,
)
from relevo.errors import AccessDenied, Conflict, Unreadable
from relevo.flow.reports import leads

_log = structlog.get_logger()


class Intents(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot can be taught: the intents of its domain, with the names that people read, by language."""

    names: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    titles: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)

    def title(self, language: str, intent: str) -> str:
        """Give an intent's name for readers, or the intent itself where it has none."""
        return self.titles.get(language, {}).get(intent, intent)


NOTHING_TAUGHT = Intents()


class Teacher(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs of teaching; all refusals are sentences for the agent."""

    teachings: Teachings
    intents: Intents
    live: Live

    async def propose(
        self, conversation_id: UUID, position: int, agent: AgentAccount, intent: str, marks: Sequence[EntityMark] = ()
    ) -> Teaching:
        """Say what a contact's message means."""
        self._demand_known(intent, marks)
        kept = await self.teachings.propose(conversation_id, position, agent.id, intent, marks=tuple(marks))
        self._changed(conversation_id, "propose", agent)
        return kept

    async def propose_goal(self, conversation_id: UUID, agent: AgentAccount, intent: str) -> None:
        """Say, at the end of a handoff, what it was about; words that are no single message teach nothing."""
        self._demand_known(intent)
        if await self.teachings.propose_goal(conversation_id, agent.id, intent):
            self._changed(conversation_id, "propose", agent)

    async def listed(self, agent: AgentAccount, state: State, after: int = 0, limit: int = 50) -> list[Teaching]:
        """Give what waits for a decision, or was decided."""
        _demand_leading(agent)
        return await self.teachings.listed(state, limit, after)

    async def accept(self, teaching_id: int, agent: AgentAccount, lesson: Lesson, *, keeps_personal: bool) -> None:
        """Have the bot learn words as they were edited.

        Raises Conflict (``still_personal``) for words that may tell who somebody is, unless they are kept knowingly:
        those are erased with the contact.
        """
        _demand_leading(agent)
        known = await self.teachings.get(teaching_id)
        lesson = self._checked(lesson)
        is_personal = is_still_personal(lesson.text, [known.contact_name] if known.contact_name else [])
        if is_personal and not keeps_personal:
            raise Conflict(
                "There may be something personal in these words. Mask it, or say that it is nobody's.",
                code="still_personal",
            )
        await self.teachings.accept(teaching_id, agent.id, lesson, is_nobodys=not is_personal)
        self._changed(known.conversation_id, "accept", agent)

    async def reject(self, teaching_id: int, agent: AgentAccount) -> None:
        """Have the bot not learn it."""
        _demand_leading(agent)
        known = await self.teachings.get(teaching_id)
        await self.teachings.reject(teaching_id, agent.id)
        self._changed(known.conversation_id, "reject", agent)

    async def export(self, agent: AgentAccount, language: str | None) -> str:
        """Give what was accepted as Rasa NLU data."""
        _demand_leading(agent)
        return nlu_yaml(await self.teachings.accepted(language))

    def _checked(self, lesson: Lesson) -> Lesson:
        self._demand_known(lesson.intent, lesson.marks)
        text = " ".join(clean_text(lesson.text).split())
        if not text or len(text) > MAX_WORDS_CHARACTERS or text.startswith("/"):
            raise Unreadable(
                f"The words must have 1 to {MAX_WORDS_CHARACTERS} characters and not begin with “/”.", code="bad_words"
            )
        if missing := _not_in(text, lesson.marks):
            raise Unreadable(f"“{missing}” is not in the words.", code="not_in_words")
        return Lesson(text=text, language=lesson.language, intent=lesson.intent, marks=lesson.marks)

    def _demand_known(self, intent: str, marks: Sequence[EntityMark] = ()) -> None:
        if intent not in self.intents.names:
            raise Unreadable("The bot has no such intent; choose one of its own.", code="unknown_intent")
        if len(marks) > MAX_MARKS or any(mark.entity not in self.intents.entities for mark in marks):
            raise Unreadable(
                f"At most {MAX_MARKS} parts may be marked, each with an entity of the bot's.", code="unknown_entity"
            )

    def _changed(self, conversation_id: UUID | None, verb: str, agent: AgentAccount) -> None:
        self.live.changed(conversation_id)
        _log.info("teaching", verb=verb, agent=agent.id)


def _not_in(text: str, marks: Sequence[EntityMark]) -> str | None:
    line = " ".join(text.split())
    values = [" ".join(mark.value.split()) for mark in marks]
    return next((value for value in values if not value or value not in line), None)


def _demand_leading(agent: AgentAccount) -> None:
    if not leads(agent):
        raise AccessDenied("A supervisor decides what the bot learns.", code="not_leading")
