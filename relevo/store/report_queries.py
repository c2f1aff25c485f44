"""What each report counts in the tables of report_tables.py, and which episodes stand behind one of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from relevo.domain.reports import LINES

_THEIRS = """
((%(agent)s::integer IS NULL OR h.agent_id = %(agent)s) AND (%(queue)s::text IS NULL OR h.queue = %(queue)s))
"""
# Nobody waits for whoever takes over unasked.
_WAITED = "h.trigger <> 'agent_takeover'"
_OF_EPISODE = "report_episodes r JOIN report_handoffs h ON h.episode = r.id"
_SHARE = "round(count(*) / sum(count(*)) OVER (), 6)::float8"
_KEPT = "h.answered_at <= h.due_at"
# Who went on with the bot before the time was over was not kept waiting beyond it.
_IS_PROMISED = (
    f"{_WAITED} AND h.due_at IS NOT NULL AND (h.answered_at IS NOT NULL OR h.due_at < coalesce(h.ended_at, now()))"
)
_SETTLED = "h.outcome IN ('resolved', 'refused', 'nothing_to_do')"
_TIMES = f"""
(VALUES ('to_person', h.taken_at), ('first_response', h.answered_at),
    ('resolution', CASE WHEN {_SETTLED} THEN h.ended_at END)) AS m(measure, at)
"""
_SECONDS = "extract(epoch FROM {} - h.created_at)::float8"
_MEDIAN = "percentile_cont(0.5) WITHIN GROUP (ORDER BY {})"
_RATINGS = """
report_episodes r JOIN csat q ON q.workspace_id = 1 AND q.conversation_id = r.conversation_id
    AND q.asked_at >= r.began_at AND q.asked_at < r.ends_at AND (%(agent)s::integer IS NULL OR q.agent_id = %(agent)s)
"""
_EFFECTS = """
report_episodes r JOIN effects f ON f.workspace_id = 1 AND f.conversation_id = r.conversation_id
    AND f.intended_at >= r.began_at AND f.intended_at < r.ends_at
"""
_EFFECT_ROW = "concat_ws('/', f.kind, f.state, f.unit)"
_HOUR = "extract(hour FROM r.local_at)::text"
_DAY = "to_char(r.local_at, 'YYYY-MM-DD')"
_IS_TIMED = f"m.at IS NOT NULL AND (m.measure = 'resolution' OR {_WAITED}) AND {_THEIRS}"
_RATES = f"""
SELECT 'contained', count(*) FILTER (WHERE outcome = 'contained'), count(*) FROM report_episodes
UNION ALL SELECT 'durable', count(*) FILTER (WHERE NOT is_undone), count(*) FROM report_episodes WHERE is_resolution
UNION ALL SELECT 'sla', count(*) FILTER (WHERE {_KEPT}), count(*) FROM {_OF_EPISODE} WHERE {_IS_PROMISED} AND {_THEIRS}
UNION ALL SELECT 'repeat', count(*) FILTER (WHERE is_repeated), count(*) FROM report_episodes WHERE is_old
"""
_FIRST = f"{_MEDIAN.format(_SECONDS.format('h.answered_at'))} FILTER (WHERE {_WAITED} AND h.answered_at IS NOT NULL)"
_LAST = f"{_MEDIAN.format(_SECONDS.format('h.ended_at'))} FILTER (WHERE {_SETTLED})"
_AGENTS = f"""
SELECT h.agent_id::text, h.agent_id, a.name, count(*), count(*) FILTER (WHERE h.outcome = 'resolved'),
    count(*) FILTER (WHERE h.outcome = 'refused'), {_FIRST}, {_LAST},
    count(*) FILTER (WHERE {_IS_PROMISED} AND {_KEPT}), count(*) FILTER (WHERE {_IS_PROMISED}),
    coalesce(max(q.ratings), 0), max(q.average)
FROM {_OF_EPISODE} JOIN agents a ON a.workspace_id = 1 AND a.id = h.agent_id
LEFT JOIN (SELECT q.agent_id, count(q.score) AS ratings, avg(q.score)::float8 AS average FROM {_RATINGS}
    GROUP BY q.agent_id) q ON q.agent_id = h.agent_id
WHERE h.taken_at IS NOT NULL AND {_THEIRS}
GROUP BY h.agent_id, a.name ORDER BY count(*) DESC, a.name
"""
_NOBODY_CAME = "h.taken_at IS NULL AND h.state IN ('requested', 'expired', 'failed')"
_QUEUES = f"""
SELECT h.queue, h.queue, count(*), count(h.taken_at), count(*) FILTER (WHERE {_NOBODY_CAME}),
    count(*) FILTER (WHERE h.outcome = 'resolved'), count(*) FILTER (WHERE h.outcome = 'refused'), {_FIRST}, {_LAST},
    count(*) FILTER (WHERE {_IS_PROMISED} AND {_KEPT}), count(*) FILTER (WHERE {_IS_PROMISED})
FROM {_OF_EPISODE} WHERE {_THEIRS} GROUP BY h.queue ORDER BY count(*) DESC, h.queue
"""
# What a row of handoffs may be narrowed to; its number is of episodes in which there was such a one.
_NARROWED = f"""
(%(row)s = {{0}} OR %(row)s = {{0}} || '/' || h.outcome OR %(row)s = {{0}} || '/taken' AND h.taken_at IS NOT NULL
    OR %(row)s = {{0}} || '/nobody_came' AND {_NOBODY_CAME}
    OR %(row)s = {{0}} || '/sla' AND {_IS_PROMISED} AND {_KEPT}
    OR %(row)s = {{0}} || '/sla/no' AND {_IS_PROMISED} AND ({_KEPT}) IS NOT TRUE)
"""


def _clock(goal: str, kept: str, late: str) -> str:
    """Say how many times of a goal were kept, late, and still run; of next answers there may be many."""
    at = f"k.state -> '{goal}'"
    over = f"{at} ->> 'met_at' IS NOT NULL OR {at} ->> 'dropped_at' IS NOT NULL"
    is_late = f"({at} ->> 'breached_at' IS NOT NULL)"
    return (
        f"('{goal}', {kept.format(at=at, is_late=is_late)}, {late.format(at=at, is_late=is_late)},"
        f" (jsonb_typeof({at}) = 'object' AND NOT {is_late} AND NOT ({over}))::integer)"
    )


_ONCE = ("({at} ->> 'met_at' IS NOT NULL AND NOT {is_late})::integer", "{is_late}::integer")
_OFTEN = ("k.next_responses - k.next_responses_late",
          "k.next_responses_late + ({is_late} AND {at} ->> 'met_at' IS NULL)::integer")  # fmt: skip
_CLOCKS = ", ".join((_clock("first_response", *_ONCE), _clock("next_response", *_OFTEN), _clock("resolution", *_ONCE)))
_TIMED = f"""
{_OF_EPISODE} JOIN case_sla k ON k.workspace_id = 1 AND k.handoff_id = h.id
CROSS JOIN LATERAL (VALUES {_CLOCKS}) AS m(clock, kept, late, running)
"""
_SLA = f"""
SELECT m.clock || '/' || k.level, m.clock, k.level, sum(m.kept)::integer, sum(m.late)::integer,
    sum(m.running)::integer, round(sum(m.kept)::numeric / nullif(sum(m.kept) + sum(m.late), 0), 6)::float8
FROM {_TIMED} WHERE {_THEIRS} GROUP BY m.clock, k.level HAVING sum(m.kept + m.late + m.running) > 0
ORDER BY array_position(ARRAY['first_response', 'next_response', 'resolution'], m.clock),
    array_position(ARRAY['urgent', 'high', 'normal'], k.level)
"""
_SLA_ROW = """
(m.kept > 0 AND %(row)s IN (m.clock || '/' || k.level, m.clock || '/' || k.level || '/kept')
    OR m.late > 0 AND %(row)s IN (m.clock || '/' || k.level, m.clock || '/' || k.level || '/late')
    OR m.running > 0 AND %(row)s IN (m.clock || '/' || k.level, m.clock || '/' || k.level || '/running'))
"""


class Counted(msgspec.Struct, frozen=True):
    """One report."""

    statement: str
    behind: str
    """What holds of the episodes ``r`` that the row %(row)s counts."""


def _among(what: str, holds: str) -> str:
    return f"r.id IN (SELECT r.id FROM {what} WHERE {holds})"


COUNTED: Mapping[str, Counted] = {
    "outcomes": Counted(
        f"SELECT outcome, outcome, count(*), {_SHARE} FROM report_episodes GROUP BY outcome ORDER BY count(*) DESC, 1",
        "%(row)s IN ('', r.outcome)",
    ),
    "hours": Counted(
        f"SELECT {_HOUR} || '/' || channel, {_HOUR}::integer, channel, count(*), sum(messages)::bigint"
        " FROM report_episodes r GROUP BY 1, 2, 3 ORDER BY 2, 3",
        f"%(row)s IN ({_HOUR}, {_HOUR} || '/' || r.channel)",
    ),
    "days": Counted(
        f"SELECT {_DAY} || '/' || channel, r.local_at::date, channel, count(*), sum(messages)::bigint"
        " FROM report_episodes r GROUP BY 1, 2, 3 ORDER BY 2, 3",
        f"%(row)s IN ({_DAY}, {_DAY} || '/' || r.channel)",
    ),
    "reasons": Counted(
        f"SELECT h.trigger, h.trigger, count(*), {_SHARE} FROM {_OF_EPISODE} WHERE {_THEIRS}"
        " GROUP BY h.trigger ORDER BY count(*) DESC, 1",
        _among(_OF_EPISODE, f"h.trigger = %(row)s AND {_THEIRS}"),
    ),
    "times": Counted(
        f"SELECT m.measure, m.measure, count(*), {_MEDIAN.format(_SECONDS.format('m.at'))},"
        f" percentile_cont(0.9) WITHIN GROUP (ORDER BY {_SECONDS.format('m.at')})"
        f" FROM {_OF_EPISODE} CROSS JOIN LATERAL {_TIMES} WHERE {_IS_TIMED} GROUP BY m.measure"
        " ORDER BY array_position(ARRAY['to_person', 'first_response', 'resolution'], m.measure)",
        _among(f"{_OF_EPISODE} CROSS JOIN LATERAL {_TIMES}", f"{_IS_TIMED} AND m.measure = %(row)s"),
    ),
    "rates": Counted(
        f"SELECT measure, measure, count, of, round(count::numeric / nullif(of, 0), 6)::float8"
        f" FROM ({_RATES}) AS t(measure, count, of)",
        "CASE %(row)s WHEN 'contained' THEN r.outcome = 'contained'"
        " WHEN 'durable' THEN r.is_resolution AND NOT r.is_undone"
        " WHEN 'durable/no' THEN r.is_resolution AND r.is_undone"
        " WHEN 'repeat' THEN r.is_old AND r.is_repeated"
        f" WHEN 'sla' THEN {_among(_OF_EPISODE, f'{_IS_PROMISED} AND {_KEPT} AND {_THEIRS}')}"
        f" WHEN 'sla/no' THEN {_among(_OF_EPISODE, f'{_IS_PROMISED} AND ({_KEPT}) IS NOT TRUE AND {_THEIRS}')}"
        " ELSE false END",
    ),
    "csat": Counted(
        "SELECT q.stretch, q.stretch, count(*), count(q.score), avg(q.score)::float8,"
        " count(*) FILTER (WHERE q.score >= 4),"
        " ARRAY[" + ", ".join(f"count(*) FILTER (WHERE q.score = {score})" for score in range(1, 6)) + "]"
        f" FROM {_RATINGS} GROUP BY q.stretch ORDER BY 1",
        _among(_RATINGS, "%(row)s IN (q.stretch, q.stretch || '/' || q.score)"),
    ),
    "effects": Counted(
        f"SELECT {_EFFECT_ROW}, f.kind, f.state, f.unit, count(*), sum(f.amount)::bigint FROM {_EFFECTS}"
        " GROUP BY f.kind, f.state, f.unit ORDER BY f.kind, f.state, f.unit",
        _among(_EFFECTS, f"{_EFFECT_ROW} = %(row)s"),
    ),
    "agents": Counted(
        _AGENTS,
        _among(
            _OF_EPISODE,
            f"h.taken_at IS NOT NULL AND {_THEIRS} AND {_NARROWED.format('h.agent_id::text')}",
        ),
    ),
    "queues": Counted(_QUEUES, _among(_OF_EPISODE, f"{_THEIRS} AND {_NARROWED.format('h.queue')}")),
    "sla": Counted(_SLA, _among(_TIMED, f"{_THEIRS} AND {_SLA_ROW}")),
}

BEHIND = """
SELECT r.conversation_id, r.began_at, r.last_at, r.channel, r.language, k.display_name, r.outcome, r.messages,
    c.case_id, c.type, c.goal, (SELECT q.score FROM csat q WHERE q.workspace_id = 1
        AND q.conversation_id = r.conversation_id AND q.asked_at >= r.began_at AND q.asked_at < r.ends_at
        ORDER BY q.asked_at DESC LIMIT 1)
FROM report_episodes r
JOIN conversations v ON v.workspace_id = 1 AND v.id = r.conversation_id
JOIN identities i ON i.workspace_id = 1 AND i.id = v.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
LEFT JOIN report_cases c ON c.episode = r.id AND c.place = 1
WHERE {behind} ORDER BY r.id LIMIT %(limit)s OFFSET %(after)s
"""
"""Ids of episodes count from the newest one on."""


def lines_of(name: str, found: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Make lines of the rows that a report's statement gave."""
    line = LINES[name]
    return tuple(
        line(**dict(zip(line.__struct_fields__, (tuple(v) if isinstance(v, list) else v for v in row), strict=True)))
        for row in found
    )
