"""On which channels one person may be written to now, until when, and why not on the others.

    written in one conversation ─► there (this one) | in another one of the same person, which the agent takes over
                                └► by mail, to the address on file, for whoever was verified

An address proves nothing about who reads it: mail goes to the one that the business has on file for the person whom
this conversation was verified as, now or when the case that is open in it was opened, and to no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import Written
from relevo.contracts.mail import EMAIL
from relevo.contracts.reaching import ANSWERS_ONLY, REACHES, Reach, Spot
from relevo.domain.addresses import covered, mail_address
from relevo.domain.contacts import Level
from relevo.domain.conversations import Control, Conversation
from relevo.errors import BusinessUnavailable, Conflict, NotFound
from relevo.flow.desk import DeskWork
from relevo.flow.sight import Eyes
from relevo.flow.texts import say

MAIL = "mail"
"""What a reply names to go by mail."""
_ASK_SECONDS = 4.0

REASONS: Mapping[str, str] = {
    "with_a_colleague": "A colleague has that conversation.",
    "not_yours": "You do not have this conversation; take it over first.",
    "another_person": "Somebody else was verified there.",
    "answers_when_asked": "That channel hands words out only when its caller asks.",
    "session_over": "Their session in the web chat has ended; nobody reads there any more.",
    "window_over": "The platform takes answers only for a while after their last message, and that is over.",
    "not_written": "They have not written there, and nobody is written to unasked; answer their post in public.",
    "not_configured": "That channel is not configured here.",
    "goes_to_file": "Mail goes to the address that is on file.",
    "mail_off": "No mail account is configured.",
    "not_verified": "It is not proven who writes here, so nothing may go to anybody's address on file.",
    "no_address": "There is no mail address on file.",
    "business_unreachable": "The business's system does not answer, so nobody knows the address on file.",
}
"""Why somebody may not be written to, as a sentence."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a person, and whether this agent may take it now."""

    id: str
    """What a reply names: a conversation's id, or ``mail``."""
    channel: str
    address: str
    """Of mail on file only its first letter and its place; empty where nobody has asked for it."""
    may_write: bool
    why_not: str | None
    """One of REASONS."""
    conversation_id: UUID | None = None
    open_until: datetime | None = None
    """When the window closes; None: it stays open, or is closed."""
    is_here: bool = False
    takes_over: bool = False
    """Whether writing there takes that conversation over, so that what they answer reaches the agent."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Finds ways, and the conversation that a reply goes out in."""

    work: DeskWork
    eyes: Eyes
    """Whose: a conversation that they do not see is no way."""
    reaches: Mapping[str, Reach] = msgspec.field(default_factory=lambda: REACHES)
    """Every channel that gets words to somebody, but mail."""
    company: str | None = None
    """Who writes mails, by name; None where no mail is sent."""

    async def of(self, conversation_id: UUID, agent: AgentAccount, *, asks: bool = True) -> Sequence[Way]:
        """Give the ways to a person, this conversation first; ``asks``: whether the business is asked for the address.

        Raises NotFound.
        """
        spots = await self.work.store.composer.reaching.spots(conversation_id)
        seen = await self.eyes.among_conversations(spot.conversation_id for spot in spots)
        here, others = spots[0], [spot for spot in spots[1:] if spot.conversation_id in seen]
        first = self._here(here, agent)
        found = [first, *(self._other(spot, here, agent) for spot in others)]
        if here.channel != EMAIL:
            found.append(await self._mail(conversation_id, asks=asks))
        return list(found[:1]) + [_closed_as(first, way) for way in found[1:]]

    async def place(
        self, conversation_id: UUID, agent: AgentAccount, written: Written, way: str | None
    ) -> tuple[UUID, Written]:
        """Give where a reply goes out, made or taken over where needed; raises Conflict ``way_`` and one of REASONS."""
        if way == MAIL:
            return await self._by_mail(conversation_id, agent, written)
        if not way or way == str(conversation_id):
            await self.demand_address(conversation_id)
            return conversation_id, written
        return await self._elsewhere(conversation_id, agent, written, way)

    async def demand_address(self, conversation_id: UUID) -> None:
        """Raise Conflict for mail to an address that is not on file any more, and for words that nobody asked for."""
        conversation = await self.work.store.conversations.get(conversation_id)
        if conversation.channel in ANSWERS_ONLY:
            spot = (await self.work.store.composer.reaching.spots(conversation_id, 1))[0]
            if spot.is_unasked:
                raise _closed("not_written")
        if conversation.channel != EMAIL:
            return
        address, why_not = await self._on_file(conversation.identity.business_ref)
        if address != conversation.identity.address:
            raise _closed(why_not or "goes_to_file")

    async def _by_mail(self, conversation_id: UUID, agent: AgentAccount, written: Written) -> tuple[UUID, Written]:
        store, conversation = self.work.store, await self.work.store.conversations.get(conversation_id)
        if written.attachments:
            raise Conflict(
                "Mail carries no files; nothing was sent. Send them in the chat.", code="mail_takes_no_files"
            )
        _demand_own(conversation, agent)
        ref = await self._whose(conversation)
        address, why_not = await self._on_file(ref)
        if address is None or ref is None:
            raise _closed(why_not or "not_verified")
        there = await store.composer.reaching.mail_of(conversation_id, ref, address)
        return there, replace(written, home=conversation_id, subject=await self._subject(conversation))

    async def _elsewhere(
        self, conversation_id: UUID, agent: AgentAccount, written: Written, way: str
    ) -> tuple[UUID, Written]:
        ways = await self.of(conversation_id, agent, asks=False)
        found = next((each for each in ways if each.id == way and each.conversation_id), None)
        if found is None or found.conversation_id is None:
            raise NotFound("This person has no such conversation.", code="no_such_way")
        if found.why_not is not None:
            raise _closed(found.why_not)
        there = await self.work.store.conversations.get(found.conversation_id)
        await self.work.take_over(there.id, there.control_version, agent)
        return there.id, replace(written, home=conversation_id)

    def _here(self, spot: Spot, agent: AgentAccount) -> Way:
        is_mine = spot.control is Control.AGENT and spot.agent_id == agent.id
        opened = "not_written" if spot.is_unasked else None
        why_not = opened if is_mine else "with_a_colleague" if spot.control is Control.AGENT else "not_yours"
        way = self._way(spot, why_not)
        return replace(way, is_here=True, open_until=spot.session_until)

    def _other(self, spot: Spot, here: Spot, agent: AgentAccount) -> Way:
        is_theirs = spot.agent_id is not None and spot.agent_id != agent.id
        if is_theirs:
            return self._way(spot, "with_a_colleague")
        if None not in (spot.business_ref, here.business_ref) and spot.business_ref != here.business_ref:
            return self._way(spot, "another_person")
        if spot.channel == EMAIL:
            return self._way(spot, "goes_to_file")
        if spot.is_unasked:
            return self._way(spot, "not_written")
        until, why_not = self._window(spot)
        return replace(self._way(spot, why_not), open_until=until, takes_over=spot.agent_id != agent.id)

    def _window(self, spot: Spot) -> tuple[datetime | None, str | None]:
        """Give when the window of a conversation closes, and why it is closed."""
        reach, now = self.reaches.get(spot.channel), self.work.clock()
        if reach is None or reach.is_asked:
            return None, "not_configured" if reach is None else "answers_when_asked"
        if reach.has_session:
            is_over = spot.session_until is None or spot.session_until <= now
            return (None, "session_over") if is_over else (spot.session_until, None)
        if reach.window_seconds is None:
            return None, None
        until = spot.heard_at and spot.heard_at + timedelta(seconds=reach.window_seconds)
        return (until, None) if until and until > now else (None, "window_over")

    async def _mail(self, conversation_id: UUID, *, asks: bool) -> Way:
        ref = await self._whose(await self.work.store.conversations.get(conversation_id)) if self.company else None
        address, why_not = await self._on_file(ref, asks=asks)
        return Way(
            id=MAIL,
            channel=EMAIL,
            address=covered(address) if address else "",
            may_write=why_not is None,
            why_not=why_not,
        )

    async def _whose(self, conversation: Conversation) -> str | None:
        """Give who a conversation is with: proven now, or when what is still open in it was opened."""
        identity = conversation.identity
        if identity.level_at(self.work.clock()) is not Level.CLAIMED:
            return identity.business_ref
        cases = await self.work.store.desk.cases_of(conversation.id)
        asked = (case.business_ref for case in cases if case.is_open)
        return identity.business_ref if identity.business_ref in asked else None

    async def _on_file(self, ref: str | None, *, asks: bool = True) -> tuple[str | None, str | None]:
        """Give somebody's mail address on file, or why there is none."""
        business = self.work.business
        if self.company is None or ref is None or business is None:
            return (
                None,
                "mail_off" if self.company is None else "not_verified" if ref is None else "business_unreachable",
            )
        if not asks:
            return None, None
        try:
            person = await asyncio.wait_for(business.person(ref), _ASK_SECONDS)
        except NotFound:
            return None, "no_address"
        except (BusinessUnavailable, asyncio.TimeoutError):
            return None, "business_unreachable"
        address = mail_address(person.email)
        return address, None if address else "no_address"

    async def _subject(self, conversation: Conversation) -> str:
        cases = await self.work.store.desk.cases_of(conversation.id)
        number = next((case.id for case in cases if case.is_open), None)
        key = "mail_reply_subject" if number else "mail_reply_subject_plain"
        return say(conversation.language, key, case=number or "", company=self.company or "")

    def _way(self, spot: Spot, why_not: str | None) -> Way:
        return Way(
            id=str(spot.conversation_id),
            conversation_id=spot.conversation_id,
            channel=spot.channel,
            address=spot.address,
            may_write=why_not is None,
            why_not=why_not,
        )


def _closed_as(here: Way, way: Way) -> Way:
    """Close a way where the conversation that would be written in is not the agent's."""
    if here.may_write or way.why_not is not None:
        return way
    return replace(way, may_write=False, why_not=here.why_not, open_until=None, takes_over=False)


def _demand_own(conversation: Conversation, agent: AgentAccount) -> None:
    if conversation.control is not Control.AGENT or conversation.agent_id != agent.id:
        raise Conflict(
            "You do not have this conversation. Take it over first; nothing was written.", code="not_in_control"
        )


def _closed(reason: str) -> Conflict:
    return Conflict(f"{REASONS[reason]} Nothing was sent.", code=f"way_{reason}")
