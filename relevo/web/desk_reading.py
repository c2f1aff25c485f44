"""Gathers what an agent's page shows: one conversation or case with everything about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.contacts import ContactView
from relevo.contracts.deliveries import Place
from relevo.contracts.desk import ConversationLine
from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.store import Store
from relevo.contracts.translations import Translated
from relevo.contracts.worklist import CaseChange, Marks
from relevo.domain.attachments import Attachment, AttachmentState
from relevo.domain.cases import Case
from relevo.domain.conversations import Conversation
from relevo.domain.effects import PreparedEffect
from relevo.domain.messages import Author, Entry
from relevo.flow.record import newest_record
from relevo.flow.sight import Eyes
from relevo.web.desk_delivery import Deliveries, has_delivery, place_of
from relevo.web.desk_offer import Offer
from relevo.web.desk_proof import shown_for
from relevo.web.desk_translations import read_translations

TRANSCRIPT_PAGE = 100
"""Entries on one page of a transcript."""

AGENT_KEYS = frozenset({"by", "agent_id", "approved_by", "declined_by", "changed_by", "assigned_by"})
"""What an entry may name the agent under who did it."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a conversation."""

    line: ConversationLine
    conversation: Conversation
    entries: Sequence[Entry]
    cases: Sequence[Case]
    earlier: int | None
    """Cursor of the page before this one, where there is one."""
    is_newest: bool
    names: Mapping[int, str]
    """Of the agents who did something in it."""
    person: ContactView
    """Who writes, across channels."""
    files: Mapping[UUID, AttachmentState]
    """Whether each attachment may be opened."""
    changes: Sequence[CaseChange]
    """What people did to its cases among themselves."""
    language: str
    """What the agent reads."""
    translations: Mapping[int, Translated]
    """What was translated for them before, by position."""
    deliveries: Deliveries = msgspec.field(default_factory=dict)
    """How each message fares, also of what was written here and sent elsewhere."""
    elsewhere: Mapping[Place, Entry] = msgspec.field(default_factory=dict)
    """What was sent elsewhere."""
    pages: Mapping[int, str] = msgspec.field(default_factory=dict)
    """On which page of a website the contact wrote, by position, where that changed."""
    offer: Offer | None = None
    """A model that the agent may ask about it."""


class CaseReading(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a case."""

    case: Case
    effects: Sequence[PreparedEffect]
    contact_id: UUID | None
    record: HandoffRecord | None
    """Of its newest handoff, where there was one."""
    conversations: Sequence[ConversationLine]
    agents: Sequence[AgentAccount]
    names: Mapping[int, str]
    marks: Marks
    changes: Sequence[CaseChange]
    """What people did to it among themselves, where no conversation shows it."""
    files: Mapping[UUID, tuple[Attachment, AttachmentState]]
    """What its effects were prepared for: photos and bills, and whether they may be opened."""
    offer: Offer | None = None
    """A model that the agent may ask about it."""


async def read_conversation(eyes: Eyes, conversation_id: UUID, after: int | None, language: str) -> Reading:
    """Read a page of a conversation, the newest one when no cursor is given; raises NotFound."""
    store = eyes.store
    conversation = await store.conversations.get(conversation_id)
    newest = max(0, conversation.last_position - TRANSCRIPT_PAGE)
    start = newest if after is None else min(after, newest)
    entries = await store.conversations.entries(conversation_id, start, TRANSCRIPT_PAGE)
    has_files = any(entry.content.attachments for entry in entries)
    cases = await eyes.cases(await store.desk.cases_of(conversation_id))
    went = [place for entry in entries if (place := place_of(entry))]
    said = [(conversation_id, entry.position) for entry in entries if has_delivery(entry)]
    return Reading(
        line=await store.desk.conversation(conversation_id),
        conversation=conversation,
        entries=entries,
        cases=cases,
        earlier=max(0, start - TRANSCRIPT_PAGE) if start else None,
        is_newest=start == newest,
        names=await names_of(store, {agent for entry in entries if (agent := agent_of(entry)) is not None}),
        person=await eyes.person(await store.contacts.get(conversation.identity.contact_id)),
        files=await store.attachments.states(conversation_id) if has_files else {},
        changes=await store.worklist.changes([case.id for case in cases]),
        language=language,
        translations=await read_translations(store, conversation_id, entries, language),
        deliveries=await store.deliveries.at([*said, *went]),
        elsewhere=await store.deliveries.entries(went),
        pages=await store.chats.pages(conversation_id, start),
    )


async def read_case(eyes: Eyes, case: Case, agent_id: int) -> CaseReading:
    """Read a case with its effects, and with what was known when it was handed off."""
    store = eyes.store
    effects = await store.desk.effects_of(case.id)
    about = await eyes.conversations(await store.desk.conversations_about(case.id))
    episodes = [episode for line in about for episode in await store.desk.episodes(line.id)]
    decided = {agent for effect in effects for agent in (effect.changed_by, effect.decided_by) if agent is not None}
    return CaseReading(
        case=case,
        effects=effects,
        contact_id=await store.contacts.of_case(case.id),
        record=newest_record([episode for episode in episodes if episode.case_id == case.id] or episodes),
        conversations=about,
        agents=await store.accounts.agents(),
        names=await names_of(store, decided),
        marks=await store.worklist.marks(agent_id, [case.id]),
        changes=[] if case.conversation_id else await store.worklist.changes([case.id]),
        files=await store.attachments.among(named) if (named := shown_for(case, effects)) else {},
    )


def agent_of(entry: Entry) -> int | None:
    """Give which agent did what an entry tells."""
    named = next((value for key, value in (entry.content.custom or {}).items() if key in AGENT_KEYS), None)
    if isinstance(named, int):
        return named
    _, _, rest = (entry.external_id or "").partition("agent:")
    number = rest.partition(":")[0]
    return int(number) if entry.author is Author.AGENT and number.isascii() and number.isdigit() else None


async def names_of(store: Store, agents: set[int]) -> Mapping[int, str]:
    """Give the names of agents, by their numbers."""
    found = {agent: await store.desk.agent_name(agent) for agent in agents}
    return {agent: name for agent, name in found.items() if name}
