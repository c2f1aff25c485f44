"""How an agent writes: replies that may be taken back, notes that speak to colleagues, and what the bot wanted to say.

    reply ─► waits (undo_seconds) ─► timeline and outbox, here or by another way (flow/ways.py)
                 └─► taken back: the agent's draft again

What waits is written before control passes on; whoever has no control when it is due finds it as their draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.composer import Composer, Looker, Written
from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.domain.mentions import mentioned
from relevo.domain.messages import Author, Content
from relevo.domain.service import Service
from relevo.domain.variables import fill
from relevo.errors import Conflict, NotFound, Unreadable
from relevo.flow.desk import demand_client_id, send_waiting, words
from relevo.flow.known_values import known_values
from relevo.flow.receive import demand_few
from relevo.flow.texts import say
from relevo.flow.ways import Ways

PRESENCE_SECONDS = 15
"""How long somebody counts as looking, or typing, after they last said so."""

_log = structlog.get_logger()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a reply."""

    conversation_id: UUID
    """Where it goes out."""
    position: int | None
    """Where it was written; None while it waits."""
    due_at: datetime | None = None


class Composing(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs of whoever writes; all refusals are sentences for the agent."""

    store: Store
    live: Live
    service: Service = msgspec.field(default_factory=Service)
    clock: Clock = msgspec.field(default=system_clock)
    ways: Ways | None = None
    """Where else the contact may be written to; None: nowhere."""

    async def reply(
        self,
        conversation_id: UUID,
        agent: AgentAccount,
        written: Written,
        *,
        may_undo: bool = False,
        way: str | None = None,
    ) -> Outcome:
        """Write to the contact as an agent who has control, once for each client id, at once or after a moment.

        ``way`` is the id of a way of flow/ways.py; None: this conversation.
        """
        demand_client_id(written.client_id)
        _demand_files(written.attachments)
        written = replace(written, text=await self._filled(conversation_id, agent, written))
        there, written = await self._place(conversation_id, agent, written, way)
        seconds = self.service.undo_seconds if may_undo else 0
        if seconds:
            position = await self._composer.unsent.hold(there, agent.id, written, seconds)
            due_at = self.clock() + timedelta(seconds=seconds) if position is None else None
        else:
            await self._send_waiting(conversation_id, agent)
            await self._send_waiting(there, agent)
            position, due_at = await self._composer.writing.reply(there, agent.id, written), None
        self._changed(conversation_id, "reply", agent)
        if there != conversation_id:
            self.live.changed(there)
        self.live.wake_senders()
        return Outcome(conversation_id=there, position=position, due_at=due_at)

    async def take_back(self, conversation_id: UUID, agent: AgentAccount, client_id: str) -> str:
        """Give the words of a reply back that has not gone out yet; they are the agent's draft again."""
        demand_client_id(client_id)
        unsent = await self._composer.unsent.take_back(conversation_id, agent.id, client_id)
        self._changed(unsent.home_id or conversation_id, "take_back", agent)
        return unsent.text

    async def note(self, conversation_id: UUID, agent: AgentAccount, text: str, client_id: str) -> int:
        """Write for agents alone, once for each client id; colleagues whom it names with an @ find it."""
        demand_client_id(client_id)
        text = words(text)
        others = {each.id: each.name for each in await self._composer.desktop.colleagues() if each.id != agent.id}
        called = mentioned(text, others) if "@" in text else ()
        position = await self._composer.writing.note(conversation_id, agent.id, text, client_id, called)
        self._changed(conversation_id, "note", agent)
        return position

    async def send_held(self, conversation_id: UUID, agent: AgentAccount, position: int, seen: int | None) -> int:
        """Write what the bot wanted to say as the agent's own words, once."""
        await self._send_waiting(conversation_id, agent)
        written = await self._composer.writing.send_held(conversation_id, agent.id, position, seen)
        self._changed(conversation_id, "send_held", agent)
        self.live.wake_senders()
        return written

    async def drop_held(self, conversation_id: UUID, agent: AgentAccount, position: int) -> None:
        """Decide that what the bot wanted to say is not said."""
        await self._composer.writing.drop_held(conversation_id, agent.id, position)
        self._changed(conversation_id, "drop_held", agent)

    async def transfer(
        self, conversation_id: UUID, version: int, agent: AgentAccount, to_agent_id: int, note: str
    ) -> int:
        """Give a conversation to a colleague, with a note that they find among their mentions, and tell the contact."""
        if to_agent_id == agent.id:
            raise Conflict("You have it already; choose a colleague.", code="own_transfer")
        note = words(note) if note.strip() else ""
        names = {each.id: each.name for each in await self._composer.desktop.colleagues()}
        if to_agent_id not in names:
            raise NotFound("There is no such colleague, or their account was removed.", code="no_colleague")
        await self._send_waiting(conversation_id, agent)
        passed = await self._composer.writing.transfer(conversation_id, version, agent.id, to_agent_id, note)
        conversation = await self.store.conversations.get(conversation_id)
        told = say(conversation.language, "agent_passed", name=names[to_agent_id])
        await self.store.conversations.say(conversation_id, Author.SYSTEM, Content(text=told))
        self._changed(conversation_id, "transfer", agent)
        self.live.wake_senders()
        return passed

    async def look(self, conversation_id: UUID, agent: AgentAccount, *, is_typing: bool) -> Sequence[Looker]:
        """Note that an agent is at a conversation, and give who else is."""
        await self.store.conversations.get(conversation_id)
        desktop = self._composer.desktop
        return await desktop.look(conversation_id, agent.id, is_typing=is_typing, within_seconds=PRESENCE_SECONDS)

    async def _place(
        self, conversation_id: UUID, agent: AgentAccount, written: Written, way: str | None
    ) -> tuple[UUID, Written]:
        """Give where a reply goes out; what went out before is never asked about its way again."""
        if self.ways is None:
            return conversation_id, written
        sent = await self._composer.writing.sent_from(conversation_id, agent.id, written.client_id) if way else None
        if sent is not None:
            return sent, replace(written, home=conversation_id)
        return await self.ways.place(conversation_id, agent, written, way)

    async def _send_waiting(self, conversation_id: UUID, agent: AgentAccount) -> None:
        """Write what this agent still may take back: what was written first is read first."""
        if (await self.store.conversations.get(conversation_id)).agent_id == agent.id:
            await send_waiting(self.store, self.live, conversation_id)

    async def _filled(self, conversation_id: UUID, agent: AgentAccount, written: Written) -> str:
        if written.attachments and not written.text.strip():
            return ""
        text = words(written.text)
        if "{{" not in text:
            return text
        filled = fill(text, await known_values(self.store, conversation_id, agent))
        if filled.missing:
            names = ", ".join(filled.missing)
            raise Conflict(
                f"Nobody knows {names} here. Write it yourself, or take it out; nothing was sent.",
                code="empty_variable",
                details={"names": names},
            )
        return filled.text

    @property
    def _composer(self) -> Composer:
        return self.store.composer

    def _changed(self, conversation_id: UUID, verb: str, agent: AgentAccount) -> None:
        self.live.changed(conversation_id)
        _log.info("desk", verb=verb, agent=agent.id, conversation=str(conversation_id))


def _demand_files(ids: Sequence[UUID]) -> None:
    demand_few(ids)
    if len(set(ids)) != len(ids):
        raise Unreadable("The same file is named twice; name each once.", code="attachment_twice")
