"""Reads from what is kept anyway what other systems are told: nobody's transaction has to write it.

What is read carries the moment at which its transaction began (``now()``). So everything that began before the oldest
transaction that is still open has been seen by whoever looks after asking for that moment: up to there it is read,
and the next look begins there. What is met again on the way is known by where it came from.

Other processes' transactions are visible here because all of them use one role of the database.
"""

from __future__ import annotations

from relevo.store.pool import Connection

_LOCK = 0x77656268
_WANTED = """
SELECT array_agg(DISTINCT event) FROM webhooks w, unnest(w.events) AS event
WHERE w.workspace_id = 1 AND w.removed_at IS NULL AND w.disabled_at IS NULL
"""
_SAFE = """
SELECT least(now(), min(xact_start)) - interval '1 second', (SELECT read_up_to FROM webhook_news WHERE workspace_id = 1)
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
"""
_DATA_OF_HANDOFF = """
jsonb_build_object('handoff_id', h.id, 'episode', h.episode, 'trigger', h.trigger, 'case_id', h.case_id,
    'priority', h.record #>> '{priority,level}', 'outcome', h.handback ->> 'outcome')
"""
_READ = f"""
WITH changed AS MATERIALIZED (
    SELECT id, channel FROM conversations WHERE workspace_id = 1 AND updated_at >= %(since)s
), entry AS (
    SELECT e.conversation_id, e.position, e.kind, e.author, e.created_at, c.channel,
        coalesce(e.content -> 'custom', '{{}}') AS custom
    FROM changed c JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = c.id
    WHERE e.created_at >= %(since)s AND e.kind IN ('control', 'case', 'effect', 'message')
), told AS (
    SELECT e.*, CASE e.kind
        WHEN 'control' THEN CASE
            WHEN custom ->> 'to' = 'queued' THEN 'handoff.queued'
            WHEN custom ->> 'to' = 'offered' THEN 'handoff.offered'
            WHEN custom ->> 'to' = 'agent' THEN 'handoff.taken'
            WHEN custom ->> 'to' = 'expired' THEN 'handoff.expired'
            WHEN custom ->> 'from' = 'agent' AND custom ->> 'to' IN ('bot', 'wrap_up') THEN 'handoff.returned' END
        WHEN 'case' THEN CASE WHEN custom ? 'type' THEN 'case.opened' END
        WHEN 'effect' THEN CASE
            WHEN custom ?| ARRAY['approved_by', 'declined_by'] THEN 'effect.decided'
            WHEN custom ? 'changed_by' THEN 'effect.changed'
            WHEN custom ->> 'state' IN ('prepared', 'done', 'refused', 'failed') THEN 'effect.' || (custom ->> 'state')
            END
        ELSE 'message.created' END AS event
    FROM entry e
), found AS (
    SELECT 'entry:' || t.conversation_id || ':' || t.position AS source, t.event, t.conversation_id, t.created_at AS at,
        t.position, jsonb_build_object('channel', t.channel, 'position', t.position) || CASE t.kind
            WHEN 'control' THEN coalesce({_DATA_OF_HANDOFF}, '{{}}')
                || jsonb_build_object('from', custom ->> 'from', 'to', custom ->> 'to',
                    'agent_id', custom -> 'agent_id')
            WHEN 'case' THEN jsonb_build_object('case_id', custom ->> 'case', 'type', custom ->> 'type',
                'trigger', custom ->> 'trigger')
            WHEN 'effect' THEN jsonb_build_object('key', custom ->> 'key', 'state', custom ->> 'state',
                'rule', custom ->> 'rule', 'kind', f.kind, 'amount', f.amount, 'unit', f.unit, 'case_id', f.case_id,
                'decided_by', f.decided_by)
            ELSE jsonb_build_object('author', t.author) END AS data
    FROM told t
    LEFT JOIN LATERAL (SELECT * FROM handoffs h WHERE t.kind = 'control' AND h.workspace_id = 1
        AND h.conversation_id = t.conversation_id ORDER BY h.episode DESC LIMIT 1) h ON true
    LEFT JOIN effects f ON t.kind = 'effect' AND f.workspace_id = 1 AND f.key = t.custom ->> 'key'
    UNION ALL
    SELECT 'handoff:' || h.id, 'handoff.requested', h.conversation_id, h.created_at, 0,
        jsonb_build_object('channel', c.channel) || {_DATA_OF_HANDOFF}
    FROM changed c JOIN handoffs h ON h.workspace_id = 1 AND h.conversation_id = c.id
    WHERE h.created_at >= %(since)s AND h.trigger <> 'agent_takeover'
    UNION ALL
    SELECT 'closed:' || s.id || ':' || extract(epoch FROM s.closed_at), 'case.closed', s.conversation_id, s.closed_at,
        0, jsonb_build_object('case_id', s.id, 'type', s.type, 'outcome', s.outcome, 'agent_id', s.agent_id)
    FROM cases s WHERE s.workspace_id = 1 AND s.closed_at >= %(since)s AND s.status <> 'open'
), news AS (
    INSERT INTO webhook_events (source, event, conversation_id, happened_at, data)
    SELECT source, event, conversation_id, at, data FROM found WHERE event = ANY(%(wanted)s)
    ORDER BY at, conversation_id, position
    ON CONFLICT (workspace_id, source) DO NOTHING RETURNING id, event, conversation_id
)
INSERT INTO webhook_deliveries (webhook_id, event_id, conversation_id)
SELECT w.id, n.id, n.conversation_id FROM news n JOIN webhooks w ON n.event = ANY(w.events)
WHERE w.workspace_id = 1 AND w.removed_at IS NULL AND w.disabled_at IS NULL ORDER BY n.id
"""


async def read_news(connection: Connection) -> int:
    """Read within a transaction of the caller's, and give how many deliveries there are more; one process at a time."""
    held = await (await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))).fetchone()
    wanted = await (await connection.execute(_WANTED)).fetchone()
    if held != (True,) or wanted is None or not wanted[0]:
        return 0
    safe, since = await (await connection.execute(_SAFE)).fetchone() or (None, None)
    if since is None:
        return 0
    found = (await connection.execute(_READ, {"since": since, "wanted": wanted[0]})).rowcount
    await connection.execute(
        "UPDATE webhook_news SET read_up_to = greatest(read_up_to, %s) WHERE workspace_id = 1", (safe,)
    )
    return found
