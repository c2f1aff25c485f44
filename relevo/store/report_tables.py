"""The tables that reports are counted from, made for one report and gone with its transaction.

What an episode and its outcome are is told in domain/reports.py; here it is said to PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from relevo.domain.reports import EPISODE_ENDS_AFTER, LASTS_FOR, Asked

# Of a taken handoff alone is it known how long somebody waited: one that expired may have been waited for by nobody.
_IS_WITH_PERSON = """
EXISTS (SELECT FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = g.conversation_id
    AND h.created_at < g.created_at AND (h.ended_at IS NULL OR h.ended_at > g.created_at)
    AND (h.taken_at IS NOT NULL OR h.state IN ('queued', 'offered')))
"""

# Looks further than the period, so that episodes end where the next one begins, and whoever comes again is seen.
STARTS = f"""
CREATE TEMPORARY TABLE report_starts ON COMMIT DROP AS
WITH line AS (
    SELECT conversation_id, position, created_at, kind, author FROM entries
    WHERE workspace_id = 1 AND created_at >= %(begins_at)s::timestamptz - %(silence)s::interval
      AND created_at < %(horizon)s::timestamptz
      AND (kind = 'message' OR kind = 'control' AND content #>> '{{custom,to}}' = 'closed')
), gaps AS (
    SELECT *, lag(created_at) OVER lane AS before, lag(kind) OVER lane AS after FROM line
    WINDOW lane AS (PARTITION BY conversation_id ORDER BY position)
), begun AS (
    SELECT *, CASE WHEN author = 'contact' AND created_at >= %(begins_at)s::timestamptz
            AND (before IS NULL OR after = 'control' OR created_at - before >= %(silence)s::interval)
        THEN NOT {_IS_WITH_PERSON} ELSE false END AS begins
    FROM gaps g
), numbered AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY conversation_id ORDER BY position) AS number FROM begun
), stretches AS (
    SELECT conversation_id, min(created_at) AS began_at, max(created_at) AS last_at,
        count(*) FILTER (WHERE author = 'contact') AS messages
    FROM numbered WHERE number > 0 GROUP BY conversation_id, number
)
SELECT row_number() OVER (ORDER BY s.began_at DESC, s.conversation_id) AS id, s.*, c.channel, c.language,
    s.began_at AT TIME ZONE %(zone)s AS local_at, s.began_at < %(ends_at)s::timestamptz AS is_counted,
    coalesce(lead(s.began_at) OVER (PARTITION BY s.conversation_id ORDER BY s.began_at), %(horizon)s) AS ends_at,
    lead(s.began_at) OVER (PARTITION BY coalesce(k.business_ref, k.id::text) ORDER BY s.began_at) AS again_at,
    s.last_at < now() - %(lasts)s::interval AS is_old
FROM stretches s
JOIN conversations c ON c.workspace_id = 1 AND c.id = s.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
"""

HANDOFFS = """
CREATE TEMPORARY TABLE report_handoffs ON COMMIT DROP AS
SELECT e.id AS episode, h.id, h.queue, h.state, h.trigger, h.agent_id, h.created_at, h.taken_at, h.ended_at,
    h.handback ->> 'outcome' AS outcome, h.handback IS NOT NULL AS is_dealt_with,
    coalesce(k.first_response_due_at, (h.record #>> '{sla,first_response_due_at}')::timestamptz) AS due_at,
    coalesce((SELECT min(m.created_at) FROM entries m WHERE m.workspace_id = 1
            AND m.conversation_id = h.conversation_id AND m.kind = 'message' AND m.author = 'agent'
            AND m.created_at >= h.created_at AND m.created_at <= coalesce(h.ended_at, 'infinity')),
        CASE WHEN h.handback IS NOT NULL THEN h.ended_at END) AS answered_at,
    row_number() OVER (PARTITION BY e.id ORDER BY h.created_at DESC) = 1 AS is_last
FROM handoffs h JOIN report_starts e ON e.conversation_id = h.conversation_id
    AND h.created_at >= e.began_at AND h.created_at < e.ends_at
LEFT JOIN case_sla k ON k.workspace_id = 1 AND k.handoff_id = h.id
WHERE h.workspace_id = 1 AND e.is_counted
  AND h.created_at >= %(begins_at)s::timestamptz AND h.created_at < %(horizon)s::timestamptz
"""

CASES = """
CREATE TEMPORARY TABLE report_cases ON COMMIT DROP AS
WITH told AS (
    SELECT e.id AS episode, n.content #>> '{custom,case}' AS case_id, min(n.created_at) AS first_at,
        max(n.position) AS position
    FROM entries n
    JOIN report_starts e ON e.conversation_id = n.conversation_id
        AND n.created_at >= e.began_at AND n.created_at < e.ends_at
    WHERE n.workspace_id = 1 AND n.kind = 'case'
      AND n.created_at >= %(begins_at)s::timestamptz AND n.created_at < %(horizon)s::timestamptz
    GROUP BY 1, 2
)
SELECT t.episode, t.case_id, s.type, s.goal, s.status, s.outcome, s.agent_id, t.position,
    lead(t.first_at) OVER (PARTITION BY t.case_id ORDER BY t.first_at) AS again_at,
    row_number() OVER (PARTITION BY t.episode ORDER BY t.position DESC) AS place
FROM told t JOIN cases s ON s.workspace_id = 1 AND s.id = t.case_id
"""

_OUTCOME = """
CASE
    WHEN h.is_waiting OR h.is_with_person THEN 'open'
    WHEN h.said IN ('resolved', 'refused') THEN h.said
    WHEN h.said = 'nothing_to_do' THEN 'otherwise'
    WHEN c.ended_as IN ('resolved', 'approved') THEN 'resolved'
    WHEN c.ended_as = 'refused' THEN 'refused'
    WHEN h.said IS NOT NULL THEN CASE WHEN c.has_open THEN 'open' ELSE 'otherwise' END
    WHEN h.last_state IN ('requested', 'expired', 'failed') AND c.ended_as IS NULL THEN 'nobody_came'
    WHEN h.last_state = 'ended' AND c.ended_as IS NULL THEN 'abandoned'
    WHEN c.has_open OR s.last_at > now() - %(silence)s::interval THEN 'open'
    WHEN c.ended_as IS NOT NULL THEN 'otherwise'
    ELSE 'contained'
END
"""

# While one of an episode's cases is open, the others do not settle it.
EPISODES = f"""
CREATE TEMPORARY TABLE report_episodes ON COMMIT DROP AS
WITH h AS (
    SELECT episode, bool_or(state IN ('queued', 'offered')) AS is_waiting,
        bool_or(state IN ('agent', 'wrap_up')) AS is_with_person,
        (array_agg(outcome ORDER BY created_at DESC) FILTER (WHERE is_dealt_with))[1] AS said,
        max(state) FILTER (WHERE is_last) AS last_state,
        array_agg(agent_id) FILTER (WHERE agent_id IS NOT NULL) AS agents, array_agg(queue) AS queues
    FROM report_handoffs GROUP BY episode
), c AS (
    SELECT l.episode, bool_or(l.status = 'open') AS has_open,
        CASE WHEN NOT bool_or(l.status = 'open')
            THEN (array_agg(coalesce(l.outcome, 'closed') ORDER BY l.position DESC))[1] END AS ended_as,
        array_agg(l.agent_id) FILTER (WHERE l.agent_id IS NOT NULL) AS agents,
        coalesce(bool_or(l.again_at < s.last_at + %(lasts)s::interval), false) AS is_asked_again
    FROM report_cases l JOIN report_starts s ON s.id = l.episode GROUP BY l.episode
), told AS (
    SELECT s.*, {_OUTCOME} AS outcome, coalesce(h.agents, '{{}}') || coalesce(c.agents, '{{}}') AS agents, h.queues,
        coalesce(s.again_at < s.last_at + %(lasts)s::interval, false) AS is_repeated,
        CASE WHEN c.episode IS NULL THEN coalesce(s.again_at < s.last_at + %(lasts)s::interval, false)
            ELSE c.has_open OR c.is_asked_again END AS is_undone
    FROM report_starts s LEFT JOIN h ON h.episode = s.id LEFT JOIN c ON c.episode = s.id
    WHERE s.is_counted AND (%(channel)s::text IS NULL OR s.channel = %(channel)s)
      AND (%(language)s::text IS NULL OR s.language = %(language)s)
)
SELECT *, is_old AND outcome IN ('contained', 'resolved') AS is_resolution FROM told
WHERE (%(agent)s::integer IS NULL OR %(agent)s = ANY(agents))
  AND (%(queue)s::text IS NULL OR %(queue)s = ANY(queues))
"""

MAKING = (
    STARTS,
    "ANALYZE report_starts",
    HANDOFFS,
    CASES,
    "ANALYZE report_handoffs, report_cases",
    EPISODES,
    "ANALYZE report_episodes",
)
"""What makes the tables, in order."""


def values_of(asked: Asked) -> Mapping[str, Any]:
    """Give what the statements ask for."""
    period = asked.period
    return {
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
        "horizon": period.ends_at + LASTS_FOR + timedelta(days=1),
        "zone": period.zone,
        "silence": EPISODE_ENDS_AFTER,
        "lasts": LASTS_FOR,
        "channel": asked.channel,
        "language": asked.language,
        "agent": asked.agent_id,
        "queue": asked.queue,
    }
