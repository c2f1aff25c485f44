"""What came in: kept once, claimed in order, settled with everything its turn writes.

Order is a condition, not a hope: a row may be claimed when nothing before it on its conversation is waiting or held.
The token, not the clock, decides who may settle: whoever lost the lease writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.store import Backlog, Claim, Committed, DeadLetter, Received, Reply, TurnOutcome
from relevo.domain.handoff import Handback
from relevo.domain.messages import Arrival
from relevo.errors import LeaseLost
from relevo.store import rows
from relevo.store.pool import Database
from relevo.store.receiving import receive
from relevo.store.steadiness import Steadiness
from relevo.store.turns import write_turn

LONGEST_LEFT_SECONDS = 60
"""A message that is left to some bots for longer was left before the clock was put back."""
# synchronous_commit is off for this statement: a claim that is lost in a crash of PostgreSQL is simply made again.
# The clock may have been put back since a row was written: what was never tried is due whatever it says, and no lease
# reaches so far ahead. Attempts are never negative: saying so lets the queue's index be used. OFFSET 0 has each head's
# lane looked up by its conversation, however the planner rates the queue, which is empty whenever it takes statistics.
_CLAIM = f"""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), head AS (
    SELECT w.id, w.due_at FROM inbox w
    WHERE w.workspace_id = 1 AND w.state IN ('waiting', 'held') AND w.attempts >= 0
      AND (w.state = 'waiting' AND (w.due_at <= now() OR w.attempts = 0)
        OR w.state = 'held' AND (w.lease_until < now() OR w.lease_until > now() + make_interval(secs => 2 * %(lease)s)))
      AND (%(silence)s = 0 OR w.received_at
        <= now() - make_interval(secs => CASE WHEN w.attempts = 0 THEN %(queueing)s ELSE %(silence)s END))
      AND (w.for_bots IS NULL OR %(bot)s::text IS NULL OR %(bot)s = ANY (w.for_bots)
        OR w.for_bots_until NOT BETWEEN now() AND now() + make_interval(secs => {LONGEST_LEFT_SECONDS}))
      AND NOT EXISTS (
        SELECT FROM inbox b WHERE b.workspace_id = 1 AND b.conversation_id = w.conversation_id
          AND b.position < w.position AND b.state IN ('waiting', 'held') OFFSET 0)
    ORDER BY w.due_at, w.id LIMIT %(limit)s FOR UPDATE OF w SKIP LOCKED
), held AS (
    UPDATE inbox q SET state = 'held', token = gen_random_uuid(), attempts = q.attempts + 1,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM head WHERE q.workspace_id = 1 AND q.id = head.id
    RETURNING q.id, q.token, q.attempts, q.channel, q.external_id, q.text, q.metadata, q.received_at, q.kind,
        q.attachments, q.conversation_id, head.due_at
)
SELECT h.id, h.token, h.attempts, h.channel, h.external_id, h.text, h.metadata, h.received_at, h.kind, h.attachments,
    {rows.CONVERSATION_COLUMNS}
FROM held h CROSS JOIN quick
JOIN conversations c ON c.workspace_id = 1 AND c.id = h.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
ORDER BY h.due_at, h.id
"""

_GIVE_BACK = """
UPDATE inbox SET state = 'waiting', token = NULL, lease_until = NULL, attempts = attempts - 1,
    for_bots = %(bots)s::text[], for_bots_until = now() + make_interval(secs => %(seconds)s)
WHERE workspace_id = 1 AND id = ANY(%(ids)s) AND token = ANY(%(tokens)s) AND state = 'held'
"""

# What was handed out and not yet known to be is handed out again after a crash, so this need not be on disk either.
# A reply reaches as far as its turn's own last word, or where it has none, up to the next message; what it takes along
# is marked as its own, so that a caller who lost the answer gets the same one again. Only then is all that the
# conversation ever delivered looked through: a first answer costs the same however long the conversation is.
_REPLY = """
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), own AS MATERIALIZED (
    SELECT e.position, CASE WHEN d.id IS NOT NULL THEN d.external_id IS NOT DISTINCT FROM %(reply)s END AS was_heard
    FROM entries e LEFT JOIN deliveries d
        ON d.workspace_id = 1 AND d.conversation_id = e.conversation_id AND d.position = e.position
    WHERE e.workspace_id = 1 AND e.inbox_id = %(id)s AND e.author <> 'contact'
), asked AS (
    SELECT q.conversation_id, coalesce((SELECT bool_or(was_heard) FROM own), true) AS is_again, coalesce(
        (SELECT max(position) FROM own),
        (SELECT min(n.position) - 1 FROM inbox n
         WHERE n.workspace_id = 1 AND n.conversation_id = q.conversation_id AND n.id > %(id)s),
        9223372036854775807) AS last_position
    FROM inbox q WHERE q.workspace_id = 1 AND q.id = %(id)s AND q.state IN ('settled', 'dead')
), fresh AS (
    UPDATE deliveries d SET state = 'delivered', ended_at = now(), external_id = %(reply)s
    WHERE d.workspace_id = 1 AND d.conversation_id = (SELECT conversation_id FROM asked) AND d.state = 'queued'
      AND d.position <= (SELECT last_position FROM asked)
    RETURNING d.position
), heard AS (
    SELECT position FROM own
    UNION SELECT position FROM fresh
    UNION SELECT d.position FROM deliveries d
    WHERE d.workspace_id = 1 AND d.conversation_id = (SELECT conversation_id FROM asked WHERE is_again)
      AND d.external_id = %(reply)s
)
SELECT e.* FROM asked CROSS JOIN heard CROSS JOIN LATERAL (
    SELECT e.position, e.kind, e.author, e.content, e.created_at, e.external_id FROM entries e
    WHERE e.workspace_id = 1 AND e.conversation_id = asked.conversation_id AND e.position = heard.position
      AND e.kind = 'message' AND e.author <> 'contact' LIMIT 1) e
UNION ALL SELECT 0, '', 'system', '{}', now(), NULL FROM asked CROSS JOIN quick
ORDER BY 1
"""

_TRACKER_EVENTS = """
SELECT events FROM tracker_events WHERE workspace_id = 1 AND conversation_id = %s ORDER BY version
"""
_RENEW = """
UPDATE inbox SET lease_until = now() + make_interval(secs => %s)
WHERE workspace_id = 1 AND id = ANY(%s) AND token = ANY(%s) AND state = 'held'
"""
_DEFER = """
UPDATE inbox SET state = 'waiting', token = NULL, lease_until = NULL, due_at = now() + make_interval(secs => %s)
WHERE workspace_id = 1 AND id = %s AND token = %s AND state = 'held'
"""

_BACKLOG = """
SELECT count(*) FILTER (WHERE state <> 'dead'),
    count(DISTINCT conversation_id) FILTER (WHERE state <> 'dead' AND received_at < now() - make_interval(secs => %s)),
    min(received_at) FILTER (WHERE state <> 'dead'),
    count(*) FILTER (WHERE state = 'dead')
FROM inbox WHERE workspace_id = 1 AND state IN ('waiting', 'held', 'dead')
"""

# received_at says since when it waits; when the contact wrote it stays on the timeline. Left as it was, the next sweep
# would hand it to a person again.
_REPLAY = """
UPDATE inbox SET state = 'waiting', attempts = 0, due_at = now(), received_at = now(), settled_at = NULL, error = NULL
WHERE workspace_id = 1 AND state = 'dead' AND id = coalesce(%s, id)
"""


class PostgresInbox:
    """The inbox on PostgreSQL; see contracts.store.Inbox."""

    def __init__(
        self, database: Database, *, lease_seconds: float = 60.0, passing: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._steadiness = Steadiness(passing)

    async def receive(self, arrivals: Sequence[Arrival]) -> list[Received]:
        """Keep messages, all or none, and put them on their timelines."""
        return await receive(self._database, arrivals)

    async def claim(self, limit: int, bot: str | None = None) -> list[Claim]:
        """Take the heads of free lanes, those first that have waited longest; not what is left to other bots."""
        return await self._claim({"limit": limit, "silence": 0.0, "queueing": 0.0, "bot": bot})

    async def abandoned(self, silence_seconds: float, queueing_seconds: float | None = None) -> list[Claim]:
        """Take messages that no bot has taken for so long, to be settled without one; none while the clock jumped."""
        queueing = silence_seconds if queueing_seconds is None else queueing_seconds
        steady = self._steadiness.seconds((await self._database.rows("SELECT now()"))[0][0])
        if steady < max(silence_seconds, queueing):
            return []
        return await self._claim({"limit": 20, "silence": silence_seconds, "queueing": queueing, "bot": None})

    async def _claim(self, values: dict[str, Any]) -> list[Claim]:
        values["lease"] = self._lease_seconds
        return [_claim(row, values["bot"]) for row in (await self._database.quick(_CLAIM, values)).rows]

    async def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong leases that are still ours."""
        await self._database.quick(
            _RENEW, (self._lease_seconds, [c.inbox_id for c in claims], [c.token for c in claims])
        )

    async def defer(self, claim: Claim, seconds: float) -> None:
        """Give a row back for later; it keeps its place."""
        if not (await self._database.quick(_DEFER, (seconds, claim.inbox_id, claim.token))).touched:
            raise LeaseLost

    async def leave(self, claim: Claim, bots: Sequence[str], seconds: float) -> None:
        """Give a row back as if never taken, for these bots alone for so long."""
        if not await self._give_back([claim], list(bots), min(seconds, LONGEST_LEFT_SECONDS)):
            raise LeaseLost

    async def release(self, claims: Sequence[Claim]) -> None:
        """Give rows back as if never taken."""
        await self._give_back(claims, None, 0.0)

    async def _give_back(self, claims: Sequence[Claim], bots: list[str] | None, seconds: float) -> int:
        values = {"bots": bots, "seconds": seconds, "ids": [c.inbox_id for c in claims]}
        return await self._database.run(_GIVE_BACK, {**values, "tokens": [c.token for c in claims]})

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        """End the turn: everything in one transaction."""
        return await write_turn(self._database, claim, outcome)

    async def tracker_events(self, conversation_id: UUID) -> Sequence[bytes]:
        """Give a conversation's committed tracker events, a JSON array for each turn, oldest first."""
        return [row[0] for row in (await self._database.quick(_TRACKER_EVENTS, (conversation_id,))).rows]

    async def reply(self, inbox_id: int) -> Reply | None:
        """Give what the contact hears for a message, or None while its turn is not over."""
        found = (await self._database.quick(_REPLY, {"id": inbox_id, "reply": f"reply:{inbox_id}"})).rows
        if not found:
            return None
        entries = [rows.entry(row) for row in found if row[0]]
        return Reply(entries=tuple(entries), last_position=entries[-1].position if entries else 0)

    async def backlog(self, overdue_seconds: float) -> Backlog:
        """Count what waits and what was given up."""
        waiting, overdue, oldest_at, dead = (await self._database.rows(_BACKLOG, (overdue_seconds,)))[0]
        return Backlog(waiting=waiting, overdue_lanes=overdue, oldest_at=oldest_at, dead=dead)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Give the messages that were given up, newest first."""
        found = await self._database.rows(
            "SELECT id, channel, conversation_id, received_at, attempts, error FROM inbox"
            " WHERE workspace_id = 1 AND state = 'dead' ORDER BY id DESC LIMIT %s",
            (limit,),
        )
        names = ("inbox_id", "channel", "conversation_id", "received_at", "attempts", "reason")
        return [DeadLetter(**dict(zip(names, row, strict=True))) for row in found]

    async def replay(self, inbox_id: int | None) -> int:
        """Have a given-up message answered again, or every one of them, and give their number."""
        return await self._database.run(_REPLAY, (inbox_id,))


def _claim(row: tuple[Any, ...], bot: str | None) -> Claim:
    conversation = rows.conversation(row[10:])
    return Claim(
        inbox_id=row[0],
        token=row[1],
        attempts=row[2],
        arrival=Arrival(
            channel=row[3],
            address=conversation.identity.address,
            external_id=row[4],
            text=row[5],
            metadata=row[6],
            attachments=rows.attachments(row[9]),
        ),
        received_at=row[7],
        conversation=conversation,
        handback=_handback(row[6]) if row[8] == "handback" else None,
        bot=bot,
    )


def _handback(record: Mapping[str, Any]) -> Handback:
    return Handback(
        outcome=str(record.get("outcome")),
        agent=str(record.get("agent") or ""),
        told=record.get("told"),
        slots=record.get("slot_updates") or {},
    )
