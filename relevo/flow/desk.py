"""What an agent does at the desk: takes a conversation, answers, notes, hands it back; promises and closes cases.

    take over ─► verify, reply and note (flow/composing.py)
        ─► hand back (the bot opens with what was decided) | close | put back

Each verb is one transaction of the store and then wakes whoever must look. Who comes second hears who was first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.business import Business, Person
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.desk import ByHand
from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.contracts.worklist import CaseChange
from relevo.domain.cases import Case, CaseStatus
from relevo.domain.conversations import ENDED, Control, Conversation
from relevo.domain.handoff import Handback
from relevo.domain.messages import MAX_TEXT_BYTES, Author, Content, clean_text
from relevo.domain.routing import LEADING_ROLES
from relevo.domain.service import Service
from relevo.errors import AccessDenied, BusinessUnavailable, Conflict, NotFound, TooLarge, Unavailable, Unreadable
from relevo.flow.contacts import demand_reason
from relevo.flow.handoff import count_handoff, takeover
from relevo.flow.record import handback_record
from relevo.flow.texts import say

MAX_CLIENT_ID_CHARACTERS = 100
MAX_TOLD_CHARACTERS = 2_000
"""Longest sentence that the bot opens with for a person."""
MAX_OUTCOME_CHARACTERS = 50
MAX_SLOTS = 20
MAX_SLOT_CHARACTERS = 4_096
MAX_PROMISE_DAYS = 90

_ROUTED = frozenset({"take_over", "hand_back", "close", "put_back"})
"""After these somebody has room, or something waits."""
_log = structlog.get_logger()


class DeskWork(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs of an agent; all refusals are sentences for the agent."""

    store: Store
    live: Live
    service: Service = msgspec.field(default_factory=Service)
    clock: Clock = msgspec.field(default=system_clock)
    business: Business | None = None
    """Who knows the people that are verified by hand; None where no business is connected."""
    verification_seconds: float = 3600.0
    """How long that holds, as for any verification."""

    async def take_over(self, conversation_id: UUID, version: int, agent: AgentAccount) -> int:
        """Give an agent control, by compare-and-set, and give its new version; taking what one has changes nothing."""
        conversation = await self.store.conversations.get(conversation_id)
        if _has_control(conversation, agent):
            return conversation.control_version
        if conversation.control in ENDED and conversation.control_version == version:
            await self.store.handoffs.reopen(conversation_id)  # as when the contact writes again
            conversation, version = await self.store.conversations.get(conversation_id), version + 1
        case = await self._case_of(conversation_id)
        handoff = await takeover(conversation, case, self.store.handoffs, self.store.inbox, self.clock(), self.service)
        await send_waiting(self.store, self.live, conversation_id)
        taken = await self.store.handoffs.take_over(conversation_id, version, agent.id, handoff)
        count_handoff(handoff, conversation)
        if not (await self.store.composer.reaching.spots(conversation_id, 1))[0].is_unasked:
            here = say(conversation.language, "agent_here", name=agent.name)
            await self.store.conversations.say(conversation_id, Author.SYSTEM, Content(text=here))
        self._changed(conversation_id, "take_over", agent)
        self.live.wake_senders()
        return taken

    async def verify(self, conversation_id: UUID, version: int, agent: AgentAccount, business_ref: str) -> None:
        """Know whoever writes as a person of the business: an agent who has control has found out who it is."""
        person = await self._person(business_ref)
        if agent.business_ref == person.ref:
            raise AccessDenied("You may not verify yourself; somebody else has to.", code="own_contact")
        until = self.clock() + timedelta(seconds=self.verification_seconds)
        name = f"{person.given_names} {person.surnames}"
        found = ByHand(business_ref=person.ref, name=name, verified_until=until)
        await self.store.case_work.verify(conversation_id, version, agent.id, found)
        self._changed(conversation_id, "verify", agent)

    async def unverify(self, conversation_id: UUID, version: int, agent: AgentAccount, reason: str) -> None:
        """Know no more who writes: an agent who has control has found out that it was somebody else."""
        await self.store.case_work.unverify(conversation_id, version, agent.id, demand_reason(reason))
        self._changed(conversation_id, "unverify", agent)

    async def hand_back(self, conversation_id: UUID, version: int, agent: AgentAccount, handback: Handback) -> None:
        """Give the bot control; it opens with what was decided, and knows what the person learned."""
        record = await self._record(conversation_id, agent, handback)
        await send_waiting(self.store, self.live, conversation_id)
        await self.store.handoffs.hand_back(conversation_id, version, agent.id, record)
        self._changed(conversation_id, "hand_back", agent)
        self.live.wake_bots()

    async def close(self, conversation_id: UUID, version: int, agent: AgentAccount, handback: Handback) -> None:
        """End an agent's stretch without the bot saying anything."""
        conversation = await self.store.conversations.get(conversation_id)
        if conversation.control is Control.CLOSED and conversation.control_version == version + 2:
            return  # sent again: wrapping up and closing are two steps of control
        record = await self._record(conversation_id, agent, handback)
        await send_waiting(self.store, self.live, conversation_id)
        await self.store.handoffs.close(conversation_id, version, agent.id, record)
        self._changed(conversation_id, "close", agent)

    async def put_back(self, conversation_id: UUID, version: int, agent: AgentAccount) -> None:
        """Put a conversation back into the queue: one's own, or as a supervisor anybody's."""
        conversation = await self.store.conversations.get(conversation_id)
        holder = conversation.agent_id if agent.role in LEADING_ROLES else agent.id
        await send_waiting(self.store, self.live, conversation_id)
        await self.store.handoffs.put_back(conversation_id, version, holder or agent.id)
        self._changed(conversation_id, "put_back", agent)

    async def promise(self, case_id: str, agent: AgentAccount, promised_at: datetime) -> None:
        """Keep until when the contact was promised an answer; missing it raises the case and tells the contact."""
        now = self.clock()
        if promised_at.tzinfo is None:
            raise Unreadable("The time needs its time zone, such as 2026-05-04T12:00:00Z.", code="bad_promise")
        if not now < promised_at <= now + timedelta(days=MAX_PROMISE_DAYS):
            raise Unreadable(
                f"Promise a time that is still to come, within {MAX_PROMISE_DAYS} days.", code="bad_promise"
            )
        case = await self.store.desk.case(case_id)
        await self.store.case_work.promise(case_id, promised_at, agent.id)
        self._changed(case.conversation_id, "promise", agent)

    async def prioritise(self, case_id: str, agent: AgentAccount, level: str) -> CaseChange | None:
        """Say how urgent an open case is, whatever else makes it so, and give what changed; the sensitive stays so."""
        case = await self.store.desk.case(case_id)
        change = await self.store.case_work.prioritise(case_id, level, agent.id)
        self._changed(case.conversation_id, "prioritise", agent)
        return change

    async def close_case(self, case_id: str, agent: AgentAccount, outcome: str) -> None:
        """Close a case that nothing waits in; the same again changes nothing."""
        outcome = _outcome(outcome)
        case = await self.store.desk.case(case_id)
        if (case.status, case.outcome, case.agent_id) == (CaseStatus.CLOSED.value, outcome, agent.id):
            return
        await self.store.case_work.close(case_id, agent.id, outcome)
        self._changed(case.conversation_id, "close_case", agent)

    async def _person(self, business_ref: str) -> Person:
        if self.business is None:
            raise Conflict("No business system is connected, so nobody can be verified.", code="no_business")
        try:
            return await self.business.person(clean_text(business_ref).strip())
        except NotFound:
            raise NotFound("Nobody has this reference in the business's files.", code="unknown_person") from None
        except BusinessUnavailable as error:
            raise Unavailable(f"{error} Nobody was verified; repeat it in a moment.") from error

    async def _record(self, conversation_id: UUID, agent: AgentAccount, handback: Handback) -> Mapping[str, Any]:
        episodes = await self.store.desk.episodes(conversation_id)
        case_id = episodes[0].case_id if episodes else None
        effects = await self.store.desk.effects_of(case_id) if case_id else []
        return handback_record(
            _checked(replace(handback, agent=agent.name)),
            handoff_id=episodes[0].id if episodes else None,
            ended_at=self.clock(),
            effects=effects,
        )

    async def _case_of(self, conversation_id: UUID) -> Case | None:
        cases = await self.store.desk.cases_of(conversation_id)
        return cases[0] if cases and cases[0].is_open else None

    def _changed(self, conversation_id: UUID | None, verb: str, agent: AgentAccount) -> None:
        self.live.changed(conversation_id)
        if verb in _ROUTED:
            self.live.wake_routers()
        _log.info("desk", verb=verb, agent=agent.id, conversation=str(conversation_id))


def _has_control(conversation: Conversation, agent: AgentAccount) -> bool:
    return conversation.control is Control.AGENT and conversation.agent_id == agent.id


def _checked(handback: Handback) -> Handback:
    told, note = _optional(handback.told), _optional(handback.note)
    if told is not None and len(told) > MAX_TOLD_CHARACTERS:
        raise TooLarge(
            f"The words for the customer have {len(told)} characters; at most {MAX_TOLD_CHARACTERS} fit. Write the"
            " rest as a reply before you hand back.",
            code="text_too_long",
        )
    slots = handback.slots
    if len(slots) > MAX_SLOTS or len(json.dumps(slots, default=str)) > MAX_SLOT_CHARACTERS:
        raise TooLarge(
            f"At most {MAX_SLOTS} facts of {MAX_SLOT_CHARACTERS} characters in all go back to the bot.",
            code="too_many_slots",
        )
    return replace(handback, outcome=_outcome(handback.outcome), told=told, note=note)


def _outcome(outcome: str) -> str:
    if not outcome.strip() or len(outcome) > MAX_OUTCOME_CHARACTERS or not outcome.isprintable():
        raise Unreadable(
            "Say with which outcome: resolved, refused, promised, nothing_to_do, or a word of your own.",
            code="bad_outcome",
        )
    return outcome.strip()


def _optional(text: str | None) -> str | None:
    return words(text) if text and text.strip() else None


def words(text: str) -> str:
    """Give what an agent wrote, cleaned; raises TooLarge, and Unreadable where there is nothing."""
    cleaned = clean_text(text)
    size = len(cleaned.encode())
    if size > MAX_TEXT_BYTES:
        raise TooLarge(f"The text has {size} bytes; at most {MAX_TEXT_BYTES} fit.", code="text_too_long")
    if not cleaned.strip():
        raise Unreadable("There is no text; write something.", code="empty_text")
    return cleaned


async def send_waiting(store: Store, live: Live, conversation_id: UUID) -> None:
    """Write what may still be taken back in a conversation, or was written there, before control passes on."""
    for changed in await store.composer.unsent.send(conversation_id):
        live.changed(changed)
        live.wake_senders()


def demand_client_id(client_id: str) -> None:
    """Raise Unreadable for what is no client id."""
    if not 0 < len(client_id) <= MAX_CLIENT_ID_CHARACTERS or not client_id.isprintable():
        raise Unreadable(
            f"“client_id” must be 1 to {MAX_CLIENT_ID_CHARACTERS} printable characters, the same in every retry.",
            code="bad_client_id",
        )
