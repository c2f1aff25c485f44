"""The desk's API around queues: what waits, what one is offered, who is there, and giving conversations to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.handoff import Moment
from relevo.contracts.routing import Member, QueueEntry
from relevo.domain.roles import LEADERS
from relevo.domain.waits import places
from relevo.flow.offers import OfferWork, demand_leading, may_take
from relevo.web import desk_wire as wire
from relevo.web.desk_board import board_of
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation
from relevo.web.services import WebServices


class Decided(msgspec.Struct, kw_only=True):
    """Accepts or declines the offer of a conversation; there is nothing else to say."""


class AssignConversation(msgspec.Struct, kw_only=True):
    """Gives a conversation, as it was at this version of its control, to an agent."""

    version: wire.Version
    agent_id: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class WaitingLine(msgspec.Struct, kw_only=True):
    """One conversation that waits for a person."""

    conversation_id: UUID
    control_version: int
    queue: str
    place: int
    """In its queue, 1 for the next."""
    language: str | None
    channel: str
    contact_name: str | None
    address: str
    case_id: str | None
    case_type: str
    goal: str | None
    trigger: str
    priority: str
    since: Moment
    offered_to: int | None
    offered_to_name: str | None
    seconds_left: float | None
    """Until its offer ends."""


class Offers(msgspec.Struct, kw_only=True):
    """What the caller is offered, in the order in which it waits."""

    offers: Sequence[WaitingLine]


class QueueLine(msgspec.Struct, kw_only=True):
    """One queue."""

    name: str
    is_open: bool
    opens_at: Moment | None
    """When its people are there next; null while they should be, or where they never are."""
    waiting: Sequence[WaitingLine]
    """What the caller may take from it, next one first."""
    usual_wait_seconds: int | None
    """Until a person answered lately; null where too little is known."""


class QueueList(msgspec.Struct, kw_only=True):
    """The queues that the caller may take from."""

    queues: Sequence[QueueLine]


class HeldLine(msgspec.Struct, kw_only=True):
    """A conversation that somebody has."""

    conversation_id: UUID
    control_version: int
    contact_name: str | None
    address: str
    updated_at: Moment


class MemberLine(msgspec.Struct, kw_only=True):
    """Somebody of the team."""

    id: int
    name: str
    role: str
    queues: Sequence[str]
    """None named: all but the supervisors'."""
    languages: Sequence[str]
    skills: Sequence[str]
    capacity: int
    load: int
    """Conversations that they have or are offered."""
    is_online: bool
    is_away: bool
    seen_at: Moment | None
    held: Sequence[HeldLine]


class Team(msgspec.Struct, kw_only=True):
    """Who is there and what they see to."""

    members: Sequence[MemberLine]


async def give_offers(call: Call) -> Offers:
    """Give what the caller is offered."""
    line = await board_of(call.request).waiting()
    return Offers(offers=[one for one in _lines(line) if one.offered_to == call.agent.id])


async def give_queues(call: Call) -> QueueList:
    """Give the queues with what waits in them."""
    return QueueList(queues=await queue_lines(call.services, call.agent))


async def queue_lines(services: WebServices, agent: AgentAccount) -> Sequence[QueueLine]:
    """Give every queue with what an agent may take from it."""
    routing, queues, now = services.store.routing, services.service.queues, services.clock()
    entries, waits = await routing.line(), await routing.usual_waits()
    shown = {entry.conversation_id for entry in entries if may_take(entry, agent, queues)}
    lines = [line for line in _lines(entries) if line.conversation_id in shown]
    found = []
    for queue in queues.all:
        opens_at = services.service.calendar_of(queue).opens_after(now)
        found.append(
            QueueLine(
                name=queue.name,
                is_open=opens_at == now,
                opens_at=None if opens_at == now else opens_at,
                waiting=[line for line in lines if queues.get(line.queue).name == queue.name],
                usual_wait_seconds=waits.get(queue.name),
            )
        )
    return found


async def give_team(call: Call) -> Team:
    """Give who is there; supervisors alone see it."""
    demand_leading(call.agent)
    found = await call.services.store.routing.team(call.services.service.presence_seconds)
    return Team(members=[member_line(member) for member in found])


async def accept(call: Call, _body: Decided, conversation_id: UUID) -> wire.Conversation:
    """Take what the caller is offered."""
    await _work(call).accept(conversation_id, call.agent)
    return await _conversation(call, conversation_id)


async def decline(call: Call, _body: Decided, conversation_id: UUID) -> wire.Conversation:
    """Let it go on to the next."""
    await _work(call).decline(conversation_id, call.agent)
    return await _conversation(call, conversation_id)


async def assign(call: Call, body: AssignConversation, conversation_id: UUID) -> wire.Conversation:
    """Give it to somebody."""
    await _work(call).assign(conversation_id, body.version, body.agent_id, call.agent)
    return await _conversation(call, conversation_id)


def member_line(member: Member) -> MemberLine:
    """Give a member of the team as the API shows them."""
    return msgspec.convert(member, MemberLine, from_attributes=True)


def _lines(entries: Sequence[QueueEntry]) -> list[WaitingLine]:
    counted = zip(entries, places(entry.queue for entry in entries), strict=True)
    return [
        WaitingLine(place=place, **{name: getattr(entry, name) for name in _SHOWN if name != "place"})
        for entry, place in counted
    ]


def _work(call: Call) -> OfferWork:
    return OfferWork(store=call.services.store, live=call.services.live)


async def _conversation(call: Call, conversation_id: UUID) -> wire.Conversation:
    return wire.conversation_line(await call.services.store.desk.conversation(conversation_id))


_SHOWN = WaitingLine.__struct_fields__
_ONE = "/conversations/{conversation_id}"

OPERATIONS = (
    Operation(
        method="GET", path="/offers", name="offers", about="What I am offered.", handler=give_offers, answer=Offers
    ),
    Operation(method="GET", path="/queues", name="queues", about="What waits.", handler=give_queues, answer=QueueList),
    Operation(
        method="GET", path="/team", name="team", about="Who is there.", handler=give_team, answer=Team, who=LEADERS
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/accept",
        name="accept",
        about="Take what I am offered.",
        handler=accept,
        body=Decided,
        answer=wire.Conversation,
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/decline",
        name="decline",
        about="Let an offer go on.",
        handler=decline,
        body=Decided,
        answer=wire.Conversation,
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/assign",
        name="assign_conversation",
        about="Give a conversation to somebody.",
        handler=assign,
        body=AssignConversation,
        answer=wire.Conversation,
        who=LEADERS,
    ),
)
