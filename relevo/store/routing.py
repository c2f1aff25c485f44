"""Offers: what waits is given to whoever may take it, by one router at a time, each step of control on the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from relevo.contracts.routing import Manner, Routed
from relevo.domain.cases import level_of
from relevo.domain.conversations import Control
from relevo.domain.routing import Colleague, InLine, Offer, next_round_at, offers
from relevo.errors import Conflict, NotFound
from relevo.store import rows
from relevo.store.handoff_reads import COLLEAGUES, colleague
from relevo.store.handoffs import ASSIGN, FOLLOW, HAS_ACCOUNT, HOLD, PASS, SAY, quicker, step
from relevo.store.pool import Connection
from relevo.store.waiting import WaitingReads

# One router at a time, on whatever host: what it reads under this lock no other router changes.
ONE_ROUTER = "SELECT pg_advisory_xact_lock(hashtextextended('relevo routing', 1))"
_WAITING = """
SELECT h.conversation_id, h.queue, coalesce(c.language, h.record ->> 'language'),
    greatest(s.priority, (h.record #>> '{priority,score}')::integer, 0), coalesce(h.waits_since, h.created_at),
    h.asked, h.asked_at, h.state = 'requested'
FROM handoffs h
JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
LEFT JOIN cases s ON s.workspace_id = 1 AND s.id = h.case_id
WHERE h.workspace_id = 1 AND h.state IN ('requested', 'queued') AND h.expires_at > now()
  AND (h.state = 'queued' AND c.control = 'queued'
    OR h.state = 'requested' AND c.control = 'bot' AND (s.id IS NULL OR s.status = 'open'))
"""
_ABOUT = """
SELECT h.conversation_id, coalesce(h.record ->> 'case_type', ''), h.trigger FROM handoffs h
WHERE h.workspace_id = 1 AND h.conversation_id = ANY(%s) AND h.state IN ('requested', 'queued')
"""
_MOVE = """
UPDATE handoffs SET queue = %(queue)s
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN ('requested', 'queued')
"""
_ENDED = """
SELECT h.conversation_id, h.offered_to, h.offer_ends_at <= now()
FROM handoffs h LEFT JOIN agents a ON a.workspace_id = 1 AND a.id = h.offered_to
WHERE h.workspace_id = 1 AND h.state = 'offered' AND (h.offer_ends_at <= now() OR h.offered_to IS NULL
    OR a.removed_at IS NOT NULL OR a.is_away OR a.seen_at < now() - make_interval(secs => %s))
"""
_RETURN = """
UPDATE handoffs SET state = 'queued', offered_to = NULL, offer_ends_at = NULL, asked_at = now(),
    asked = CASE WHEN %(counts)s THEN array_append(asked, %(agent)s::integer) ELSE asked END
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state = 'offered'
"""
_OFFER = """
UPDATE handoffs SET state = 'offered', offered_to = %(agent)s, offer_ends_at = now() + make_interval(secs => %(secs)s),
    asked = CASE WHEN %(begins)s THEN '{}' ELSE asked END,
    waits_since = CASE WHEN state = 'requested' THEN now() ELSE coalesce(waits_since, created_at) END,
    expires_at = CASE WHEN state = 'requested' THEN now() + make_interval(secs => %(queue)s) ELSE expires_at END
WHERE workspace_id = 1 AND conversation_id = %(id)s AND state IN ('requested', 'queued')
"""
_NOW = """
SELECT now(), (SELECT extract(epoch FROM min(offer_ends_at) - now())::float FROM handoffs
    WHERE workspace_id = 1 AND state = 'offered')
"""
_OFFERED_TO = "SELECT offered_to FROM handoffs WHERE workspace_id = 1 AND conversation_id = %s AND state = 'offered'"
_WELCOME = """
UPDATE handoffs SET asked = array_remove(asked, %(agent)s::integer)
WHERE workspace_id = 1 AND state = 'queued' AND %(agent)s = ANY(asked)
"""


class PostgresRouting(WaitingReads):
    """Offers on PostgreSQL; see contracts.routing.Routing."""

    async def route(self, manner: Manner) -> Routed:
        """End offers that ran out, and make those that can be made now."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(ONE_ROUTER)
            returned = await _end_offers(connection, manner)
            waiting = [_in_line(row) for row in await _all(connection, _WAITING)]
            waiting, moved = await _move(connection, waiting, manner)
            there: list[Colleague] = []
            if waiting:
                there = [colleague(row) for row in await _all(connection, COLLEAGUES, (manner.presence_seconds,))]
            ((now, _),) = await _all(connection, _NOW)
            made = [
                offer
                for offer in offers(waiting, there, manner.rules, now)
                if await _make(connection, offer, manner, _languages(waiting))
            ]
            ((_, soonest),) = await _all(connection, _NOW)
            rounds = [(at - now).total_seconds() for one in waiting if (at := next_round_at(one, manner.rules))]
        soon = [seconds for seconds in (soonest, *rounds) if seconds is not None and seconds > 0]
        seen = {one.conversation_id for one in waiting}
        return Routed(
            offers=made, returned=returned, moved=moved, waiting=seen, next_at_seconds=min(soon, default=None)
        )

    async def accept(self, conversation_id: UUID, agent_id: int) -> int:
        """Give an agent control of what they are offered."""
        async with self._database.connection() as connection, connection.transaction():
            await _demand_account(connection, agent_id)
            await _demand_offer(connection, conversation_id, agent_id)
            return await _give(connection, conversation_id, (Control.OFFERED,), agent_id)

    async def decline(self, conversation_id: UUID, agent_id: int) -> None:
        """Let an offer go on to the next."""
        async with self._database.connection() as connection, connection.transaction():
            await _demand_offer(connection, conversation_id, agent_id)
            await _return(connection, conversation_id, agent_id, "declined")

    async def assign(self, conversation_id: UUID, version: int, agent_id: int, by_agent_id: int) -> int:
        """Give what a colleague has, or what waits, to an agent."""
        more = {"assigned_by": by_agent_id}
        async with self._database.connection() as connection, connection.transaction():
            await _demand_account(connection, agent_id)
            held = step(conversation_id, (Control.AGENT,), Control.QUEUED, version=version)
            await connection.execute(PASS, held)
            return await _give(connection, conversation_id, (Control.QUEUED, Control.OFFERED), agent_id, more)

    async def welcome(self, agent_id: int) -> None:
        """Forget that somebody who was away until now was asked."""
        await self._database.run(_WELCOME, {"agent": agent_id})


async def _move(connection: Connection, waiting: list[InLine], manner: Manner) -> tuple[list[InLine], list[UUID]]:
    """Have what waits in queues that are no more wait where it belongs by now; whoever has a queue keeps it."""
    queues, lost = manner.rules.queues, {one.conversation_id: one for one in waiting}
    lost = {key: one for key, one in lost.items() if not queues.has(one.queue)}
    moved: dict[UUID, InLine] = {}
    for key, case_type, trigger in await _all(connection, _ABOUT, (list(lost),)) if lost else ():
        level, language = level_of(lost[key].score), lost[key].language
        queue = queues.choose(case_type=case_type, language=language, trigger=trigger, priority=level)
        await connection.execute(_MOVE, {"id": key, "queue": queue.name})
        moved[key] = replace(lost[key], queue=queue.name)
    return [moved.get(one.conversation_id, one) for one in waiting], list(moved)


async def _end_offers(connection: Connection, manner: Manner) -> list[UUID]:
    returned = []
    for conversation_id, agent_id, ran_out in await _all(connection, _ENDED, (manner.presence_seconds,)):
        if await _return(connection, conversation_id, agent_id, "timed_out" if ran_out else "left"):
            returned.append(conversation_id)
    return returned


async def _return(connection: Connection, conversation_id: UUID, agent_id: int, because: str) -> bool:
    """Put an offer's conversation back; who has left is asked again when they are there."""
    told = {"agent_id": agent_id, "because": because}
    values = step(conversation_id, (Control.OFFERED,), Control.QUEUED) | {"custom": rows.json_text(told)}
    if not (await connection.execute(PASS, values)).rowcount:
        return False
    kept = {"id": conversation_id, "agent": agent_id, "counts": because != "left"}
    await connection.execute(_RETURN, kept)
    return True


async def _make(connection: Connection, offer: Offer, manner: Manner, languages: Mapping[UUID, str | None]) -> bool:
    """Pass control as an offer says; False when it passed elsewhere meanwhile."""
    conversation_id = offer.conversation_id
    if offer.is_requested:
        for before, after in ((Control.BOT, Control.REQUESTED), (Control.REQUESTED, Control.QUEUED)):
            if not (await connection.execute(PASS, step(conversation_id, (before,), after))).rowcount:
                return False
    told = rows.json_text({"agent_id": offer.agent_id})
    values = step(conversation_id, (Control.QUEUED,), Control.OFFERED) | {"custom": told}
    if not (await connection.execute(PASS, values)).rowcount:
        return False
    kept: dict[str, Any] = {"id": conversation_id, "agent": offer.agent_id, "begins": offer.begins_round}
    await connection.execute(_OFFER, kept | {"secs": manner.offer_seconds, "queue": manner.queue_seconds})
    if offer.is_requested:
        text = manner.here_now(languages.get(conversation_id))
        await connection.execute(SAY, {"id": conversation_id, "content": rows.json_text({"text": text})})
    return True


async def _give(
    connection: Connection,
    conversation_id: UUID,
    sources: tuple[Control, ...],
    agent_id: int,
    more: Mapping[str, Any] | None = None,
) -> int:
    values = step(conversation_id, sources, Control.AGENT, agent=agent_id)
    values["custom"] = rows.json_text({"agent_id": agent_id, **(more or {})})
    row = await (await connection.execute(PASS, values)).fetchone()
    if row is None:
        raise await quicker(connection, conversation_id)
    await connection.execute(FOLLOW, {"id": conversation_id, "state": "agent", "agent": agent_id, "handback": None})
    await connection.execute(ASSIGN, {"id": conversation_id, "agent": agent_id})
    version: int = row[0]
    return version


async def _demand_account(connection: Connection, agent_id: int) -> None:
    if not (await connection.execute(HAS_ACCOUNT, {"agent": agent_id})).rowcount:
        raise Conflict("This account was removed; somebody who has one must take it.", code="no_account")


async def _demand_offer(connection: Connection, conversation_id: UUID, agent_id: int) -> None:
    """Hold a conversation and look whose it is to decide: a fresh look, under the lock."""
    if not (await connection.execute(HOLD, {"id": conversation_id})).rowcount:
        raise NotFound("There is no such conversation.")
    found = await _all(connection, _OFFERED_TO, (conversation_id,))
    if found and found[0][0] == agent_id:
        return
    refusal = await quicker(connection, conversation_id)
    if "has it now" in str(refusal):
        raise refusal
    raise Conflict("This offer has ended, and went on to somebody else or the queue.", code="offer_gone")


async def _all(connection: Connection, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement, values)).fetchall()


def _languages(waiting: list[InLine]) -> Mapping[UUID, str | None]:
    return {one.conversation_id: one.language for one in waiting}


def _in_line(row: tuple[Any, ...]) -> InLine:
    return InLine(
        conversation_id=row[0],
        queue=row[1],
        language=row[2],
        score=row[3],
        since=row[4],
        asked=tuple(row[5]),
        asked_at=row[6],
        is_requested=row[7],
    )
