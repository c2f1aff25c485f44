"""What agents read and decide; each method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.contracts.worklist import CaseChange
from relevo.domain.cases import Case, Priority
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control
from relevo.domain.effects import EffectOrder, EffectResult, PreparedEffect
from relevo.domain.handoff import Episode, Handoff
from relevo.domain.routing import Colleague
from relevo.domain.sight import Sight


class ConversationLine(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as a list shows it."""

    id: UUID
    channel: str
    contact_name: str | None
    address: str
    control: Control
    level: Level
    updated_at: datetime
    preview: str | None
    open_cases: int
    control_version: int = 0
    agent_id: int | None = None
    agent_name: str | None = None
    """Who has control."""


class Desk(Protocol):
    """What agents read."""

    async def conversations(self, limit: int = 100, sight: Sight | None = None) -> list[ConversationLine]:
        """Give conversations, latest change first; of those that changed long ago, none of who sees few."""
        ...

    async def conversation(self, conversation_id: UUID) -> ConversationLine:
        """Give one conversation as the list shows it; raises NotFound."""
        ...

    async def cases(self, limit: int = 100, *, is_open: bool | None = None, agent_id: int | None = None) -> list[Case]:
        """Give cases, open ones first, soonest due first; where asked for, open or closed ones, or an agent's."""
        ...

    async def case(self, case_id: str) -> Case:
        """Give one case; raises NotFound."""
        ...

    async def conversations_about(self, case_id: str) -> list[ConversationLine]:
        """Give the conversations in which a case was spoken about, latest change first."""
        ...

    async def cases_of(self, conversation_id: UUID) -> list[Case]:
        """Give the cases that a conversation is about, open ones first."""
        ...

    async def effects_of(self, case_id: str) -> list[PreparedEffect]:
        """Give the effects that are decided about in a case, oldest first."""
        ...

    async def episodes(self, conversation_id: UUID) -> list[Episode]:
        """Give a conversation's handoffs, newest first."""
        ...

    async def agent_name(self, agent_id: int) -> str | None:
        """Give an agent's name, also of one who was removed."""
        ...


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows beside the conversation itself, for a handoff's record."""

    open_cases: tuple[str, ...]
    cases_in_90_days: int
    episodes: int
    first_position: int
    last_position: int
    messages: int
    attempts: tuple[PreparedEffect, ...]
    display_name: str | None
    attachments: tuple[str, ...] = ()
    """Ids of what was sent in the conversation, oldest first."""
    posts: tuple[Mapping[str, Any], ...] = ()
    """What its contact wrote in public and what became of it, as the record has it."""


class Handoffs(Protocol):
    """Control passing between bot and people, with the record of each episode."""

    async def colleagues(self, within_seconds: float) -> list[Colleague]:
        """Give everybody who was at the desk so recently and is not away, with what they see to."""
        ...

    async def ahead(self, queue: str, score: int) -> int:
        """Count the conversations that wait in a queue and are served before a new one of this priority."""
        ...

    async def usual_wait(self, queue: str) -> int | None:
        """Give how many seconds it took lately in a queue until a person answered; None where too little is known."""
        ...

    async def background(self, conversation_id: UUID) -> Background:
        """Give what a record needs of the store."""
        ...

    async def find_open_case(self, business_ref: str, case_type: str, reference: str | None) -> Case | None:
        """Give a person's newest open case of this type, about this reference where one is given."""
        ...

    async def posted_case(self, conversation_id: UUID) -> Case | None:
        """Give the newest open case of what was posted in public by whoever writes here, of the last 14 days."""
        ...

    async def own_cases(self, business_ref: str | None, conversation_id: UUID) -> list[Case]:
        """Give a person's cases, newest first, with those opened in a conversation before anybody knew who writes."""
        ...

    async def own_effects(self, business_ref: str) -> list[PreparedEffect]:
        """Give what was ever asked for a person, newest first."""
        ...

    async def take_over(self, conversation_id: UUID, version: int, agent_id: int, handoff: Handoff | None) -> int:
        """Give an agent control from whoever has it, by compare-and-set, and give the new version.

        An open handoff is taken; where there is none, the one given is kept as taken. Raises Conflict (``taken_over``)
        naming who was quicker.
        """
        ...

    async def hand_back(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> int:
        """Give the bot control and the record in one transaction, and give the inbox row that makes it open.

        A settled outcome ends the handoff's case, unless something in it waits for a decision. The same again gives
        the same row. Raises Conflict unless this agent has control at this version.
        """
        ...

    async def close(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> None:
        """End an agent's stretch without the bot saying anything; who writes again is the bot's."""
        ...

    async def put_back(self, conversation_id: UUID, version: int, agent_id: int) -> None:
        """Put what an agent has back into the queue, for somebody else. Raises Conflict as ``hand_back`` does."""
        ...

    async def request(self, conversation_id: UUID, handoff: Handoff) -> bool:
        """Keep a handoff that no turn asked for: the bot goes on until somebody can take it.

        False where somebody else than the bot has control, or the same was kept before.
        """
        ...

    async def reopen(self, conversation_id: UUID) -> None:
        """Give the bot control of a conversation that nobody has; nothing happens to any other."""
        ...

    async def give_up_waiting(self, conversation_id: UUID, text: str, state: str) -> bool:
        """Give the bot control of a conversation that still waits for a person, and say so to the contact.

        ``state`` is ``ended`` when the contact took it back, ``expired`` when nobody came. False when it waits no more,
        or waits anew and is not overdue.
        """
        ...

    async def overdue(self, limit: int = 20) -> list[tuple[UUID, str | None, str]]:
        """Give conversation, language and case number of those that waited beyond their handoff's expiry."""
        ...

    async def release(self, agent_id: int) -> list[UUID]:
        """Put back into the queue what an agent has, who is gone; gives the conversations."""
        ...

    async def held_by(self, agent_id: int) -> list[UUID]:
        """Give the conversations that an agent has."""
        ...

    async def left_behind(self) -> list[int]:
        """Give agents whose account was removed and who still have conversations or drafts."""
        ...


class Approvals(Protocol):
    """Prepared effects on their way to a decision."""

    async def get(self, key: str) -> PreparedEffect:
        """Give an effect; raises NotFound."""
        ...

    async def prepare(
        self, order: EffectOrder, case: Case, agent_id: int, *, rule: str, expires_at: datetime, is_for_others: bool
    ) -> PreparedEffect:
        """Keep what an agent asks for in an open case; the same key again gives what is kept. Raises Conflict.

        Where it ``is_for_others``, the agent counts as who last changed it, and may not approve it.
        """
        ...

    async def approve(
        self, key: str, hash_: str, agent_id: int, *, window_days: int | None = None, spent: int = 0
    ) -> PreparedEffect:
        """Mark as approved by compare-and-set: prepared, unexpired, this hash, not asked for or changed by this agent.

        Raises Conflict with the reason, and StaleVerdict when ``spent`` within the window is another sum by now.
        """
        ...

    async def decline(self, key: str, hash_: str, agent_id: int, reason: str, text: str) -> PreparedEffect:
        """Refuse a prepared effect and say so to the contact, in one transaction. Raises Conflict."""
        ...

    async def change(self, key: str, hash_: str, agent_id: int, order: EffectOrder) -> PreparedEffect:
        """Put another order of the same key in its place; its hash is new, and this agent may not approve it."""
        ...

    async def finish(self, key: str, result: EffectResult, text: str, *, closes_case: bool) -> bool:
        """Record what became of an effect that was begun, tell the contact and close the case, in one transaction.

        False when somebody else recorded it already; then nothing is said again.
        """
        ...

    async def unfinished(self, older_than_seconds: float, limit: int = 20) -> list[PreparedEffect]:
        """Give effects that were begun and that nobody ends, after so long.

        Whoever approved them is gone, or the turn that began them is not run again: a person took its message.
        """
        ...

    async def expired(self, limit: int = 20) -> list[PreparedEffect]:
        """Give prepared effects that nobody decided about in time."""
        ...

    async def expire(self, key: str, text: str) -> bool:
        """Refuse an expired effect, say so to the contact and raise its case, at once; False when it was decided."""
        ...


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A promised time that has passed."""

    case: Case
    language: str | None
    conversation_id: UUID | None
    business_ref: str | None


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is, as an agent has found out."""

    business_ref: str
    name: str
    verified_until: datetime


class CaseWork(Protocol):
    """What happens to a case at the desk and by the clock."""

    async def verify(self, conversation_id: UUID, version: int, agent_id: int, found: ByHand) -> None:
        """Know whoever writes as by two facts, as an agent who has control has found out, and forget wrong tries.

        What was proved better about the same person stays. Raises Conflict unless this agent has control at this
        version, and while they are verified as somebody else; NotFound.
        """
        ...

    async def unverify(self, conversation_id: UUID, version: int, agent_id: int, reason: str) -> None:
        """Know no more who writes: what was proven was wrong. Raises as verify, and Conflict where nothing is known.

        Cases stay whose they are, for people to look at.
        """
        ...

    async def promise(self, case_id: str, promised_at: datetime, agent_id: int | None = None) -> None:
        """Keep until when the contact was promised an answer. Raises Conflict for a case that is closed."""
        ...

    async def prioritise(self, case_id: str, level: str, agent_id: int | None = None) -> CaseChange | None:
        """Have a case be ``normal``, ``high`` or ``urgent``. Raises Conflict when it is closed, or stays urgent.

        Gives what changed, None where it was so before.
        """
        ...

    async def close(self, case_id: str, agent_id: int, outcome: str) -> None:
        """Close a case. Raises Conflict when it is closed already, or waits for an approval."""
        ...

    async def missed_promises(self, limit: int = 20) -> Sequence[Promise]:
        """Give open cases whose promised time has passed and was not answered for yet."""
        ...

    async def miss(self, case_id: str, priority: Priority, text: str | None) -> bool:
        """Write to the contact first and raise the case, in one transaction; False when that was done already."""
        ...
