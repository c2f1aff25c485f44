"""The list that agents work from: a page by key, counts, and what one agent sees beside its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import psycopg

from relevo.contracts.worklist import CasePage, Marks, SavedView, Tag
from relevo.domain.queues import Queues
from relevo.domain.sight import Outlook, Sight
from relevo.domain.worklist import BREACHING_SECONDS, LEVELS, CaseQuery, Place
from relevo.errors import Unreadable
from relevo.store.case_marks import PostgresCaseMarks
from relevo.store.desk import CASES, read_case
from relevo.store.pool import Database
from relevo.store.sight import EACH, each_of, for_each, sees_case, values_of
from relevo.store.together import Together

_Beside = tuple[int, Sight | None, tuple[str, ...]]
"""An agent, where their sight ends, and the cases of the page in front of them."""

# What the contact writes ends a snooze; conversations that have not changed since are not looked into.
_IS_SNOOZED = """
(s.snoozed_until IS NOT NULL AND s.snoozed_until > now() AND NOT EXISTS (
    SELECT FROM case_conversations l
    JOIN conversations t ON t.workspace_id = 1 AND t.id = l.conversation_id AND t.updated_at > s.snoozed_at
    JOIN entries e ON e.workspace_id = 1 AND e.conversation_id = t.id AND e.author = 'contact' AND e.kind = 'message'
        AND e.created_at > s.snoozed_at
    WHERE l.workspace_id = 1 AND l.case_id = s.id))
"""
_AT_WORK = f"s.status = 'open' AND NOT {_IS_SNOOZED}"
_IS_QUEUED = """
s.id IN (SELECT l.case_id FROM case_conversations l
    JOIN conversations t ON t.workspace_id = 1 AND t.id = l.conversation_id
    WHERE l.workspace_id = 1 AND t.control IN ('requested', 'queued', 'offered'))
"""
_HAS_ANSWER = """
s.id IN (SELECT l.case_id FROM case_conversations l
    JOIN conversations t ON t.workspace_id = 1 AND t.id = l.conversation_id
    WHERE l.workspace_id = 1 AND t.control = 'agent' AND (SELECT e.author FROM entries e
        WHERE e.workspace_id = 1 AND e.conversation_id = t.id AND e.kind IN ('message', 'sent_elsewhere')
        AND e.author IN ('contact', 'agent')
        ORDER BY e.position DESC LIMIT 1) = 'agent')
"""
_IS_BREACHING = f"s.due_at <= now() + interval '{BREACHING_SECONDS} seconds'"
_FOLLOWED = "s.id IN (SELECT f.case_id FROM case_followers f WHERE f.workspace_id = 1 AND f.agent_id = %(agent)s)"
_VIEWS: Mapping[str, str] = {
    "mine": f"{_AT_WORK} AND s.agent_id = %(agent)s",
    "queue": f"{_AT_WORK} AND {_IS_QUEUED}",
    "unassigned": f"{_AT_WORK} AND s.agent_id IS NULL",
    "breaching": f"{_AT_WORK} AND {_IS_BREACHING}",
    "waiting": f"{_AT_WORK} AND {_HAS_ANSWER}",
    "following": _FOLLOWED,
    "snoozed": f"s.status = 'open' AND {_IS_SNOOZED}",
    "open": _AT_WORK,
    "closed": "s.status <> 'open'",
    "all": "true",
}
_SPOKEN = """
EXISTS (SELECT FROM case_conversations l JOIN conversations t ON t.workspace_id = 1 AND t.id = l.conversation_id
    WHERE l.workspace_id = 1 AND l.case_id = s.id AND {})
"""
_FILTERS: Mapping[str, str] = {
    "channel": _SPOKEN.format("t.channel = %(channel)s"),
    "language": _SPOKEN.format("t.language = %(language)s"),
    "type": "s.type = %(type)s",
    "priority": "s.priority >= %(from_score)s AND s.priority < %(below_score)s",
    "tag": "EXISTS (SELECT FROM case_tags g WHERE g.workspace_id = 1 AND g.case_id = s.id AND g.tag = %(tag)s)",
}
_ENDED = "coalesce(s.closed_at, s.opened_at)"
# Open ones first, soonest due first; then the others, latest first.
_BOTH = f"""
CASE WHEN s.status = 'open' THEN extract(epoch FROM coalesce(s.due_at, '9999-01-01'))
    ELSE 1e15 - extract(epoch FROM {_ENDED}) END
"""
_KEYS: Mapping[str, tuple[str, str, str]] = {
    "due": ("coalesce(s.due_at, 'infinity')", "timestamptz", "ASC"),
    "ended": (_ENDED, "timestamptz", "DESC"),
    "both": (_BOTH, "numeric", "ASC"),
    "newest": ("s.opened_at", "timestamptz", "DESC"),
    "oldest": ("s.opened_at", "timestamptz", "ASC"),
}
"""By what is sorted: an expression that is never null, its type, and which way."""

_COUNT = f"""
SELECT s.agent_id, count(*) FILTER (WHERE NOT snoozed), count(*) FILTER (WHERE NOT snoozed AND queued),
    count(*) FILTER (WHERE NOT snoozed AND breaching), count(*) FILTER (WHERE NOT snoozed AND answered),
    count(*) FILTER (WHERE snoozed)
FROM (SELECT s.agent_id, {_IS_SNOOZED} AS snoozed, coalesce({_IS_BREACHING}, false) AS breaching,
        {_IS_QUEUED} AS queued, {_HAS_ANSWER} AS answered
    FROM cases s WHERE s.workspace_id = 1 AND s.status = 'open' AND {{sees}}) s
GROUP BY s.agent_id
"""
_COUNTED = ("open", "queue", "breaching", "waiting", "snoozed")
_CHOICES = """
SELECT ARRAY(SELECT DISTINCT s.type FROM cases s WHERE s.workspace_id = 1 AND s.status = 'open' AND {sees} ORDER BY 1),
    ARRAY(SELECT DISTINCT c.channel FROM cases s JOIN conversations c ON c.workspace_id = 1 AND c.id = s.conversation_id
        WHERE s.workspace_id = 1 AND s.status = 'open' AND {sees} ORDER BY 1),
    ARRAY(SELECT DISTINCT c.language FROM cases s JOIN conversations c ON c.workspace_id = 1
        AND c.id = s.conversation_id
        WHERE s.workspace_id = 1 AND s.status = 'open' AND {sees} AND c.language IS NOT NULL ORDER BY 1)
"""
# What agents see beside a page of the list, each their own: every open desk asks this after every change. What is alike
# for all of them stands in the first row.
_OWN = f"""
SELECT w.number, ARRAY(SELECT DISTINCT l.case_id FROM case_conversations l
        JOIN conversations c ON c.workspace_id = 1 AND c.id = l.conversation_id
        LEFT JOIN conversation_looks k ON k.workspace_id = 1 AND k.agent_id = w.agent AND k.conversation_id = c.id
        WHERE l.workspace_id = 1 AND l.case_id = ANY(%(cases)s) AND c.last_position > coalesce(k.position, 0)),
    ARRAY(SELECT case_id FROM case_followers
        WHERE workspace_id = 1 AND agent_id = w.agent AND case_id = ANY(%(cases)s)),
    (SELECT count(*) FROM case_followers f JOIN cases s ON s.workspace_id = 1 AND s.id = f.case_id
        WHERE f.workspace_id = 1 AND f.agent_id = w.agent AND {{sees}}),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(v.id, v.name, v.query) ORDER BY lower(v.name), v.id), '[]')
        FROM saved_views v WHERE v.workspace_id = 1 AND v.agent_id = w.agent),
    CASE WHEN w.number = 0 THEN ARRAY(SELECT ARRAY[g.case_id, g.tag, t.colour] FROM case_tags g
        JOIN tags t ON t.workspace_id = 1 AND t.name = g.tag
        WHERE g.workspace_id = 1 AND g.case_id = ANY(%(cases)s) ORDER BY g.tag) END,
    CASE WHEN w.number = 0 THEN
        (SELECT coalesce(jsonb_object_agg(s.id, extract(epoch FROM s.snoozed_until)), '{{{{}}}}') FROM cases s
        WHERE s.workspace_id = 1 AND s.id = ANY(%(cases)s) AND s.status = 'open' AND {_IS_SNOOZED}) END
FROM {EACH} ORDER BY w.number
"""


class PostgresWorklist(PostgresCaseMarks):
    """The list on PostgreSQL; see contracts.worklist.Worklist."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._marks = Together(self._read_marks)

    async def page(self, query: CaseQuery, after: Place | None, until: Place | None, limit: int) -> CasePage:
        """Give what comes after a place."""
        order = _order(query)
        if any(place is not None and place.sort != order for place in (after, until)):
            raise Unreadable(
                "“cursor” must be what “next_cursor” said, with the same view and order.", code="bad_cursor"
            )
        try:
            found = await self._database.rows(_page(query, order, after, until), _values(query, after, until, limit))
        except psycopg.errors.DataError:
            raise Unreadable("“cursor” must be what “next_cursor” said.", code="bad_cursor") from None
        shown = [case_id for case_id, _ in found[:limit]]
        rows = await self._database.rows(f"{CASES} AND s.id = ANY(%s)", (shown,)) if shown else []
        cases = {row[0]: read_case(row) for row in rows}
        last = Place(sort=order, key=found[limit - 1][1], case_id=shown[-1]) if len(found) > limit else None
        return CasePage(cases=[cases[case_id] for case_id in shown if case_id in cases], after=last)

    async def ids(self, query: CaseQuery, limit: int) -> Sequence[str]:
        """Give the numbers of the first cases of a list."""
        values = {**_values(query, None, None, limit), "limit": limit}
        return [row[0] for row in await self._database.rows(_page(query, _order(query), None, None), values)]

    async def triggers(self, case_ids: Sequence[str]) -> Mapping[str, str]:
        """Give why each of these cases was opened."""
        found = await self._database.rows(
            "SELECT id, trigger FROM cases WHERE workspace_id = 1 AND id = ANY(%s)", (list(case_ids),)
        )
        return dict(found)

    async def counts(self, sight: Sight | Outlook | None = None) -> Mapping[int | None, Mapping[str, int]]:
        """Count open cases by agent and view."""
        found = await self._database.rows(*_seen(_COUNT, sight))
        return {row[0]: dict(zip(_COUNTED, row[1:], strict=True)) for row in found}

    async def choices(self, sight: Sight | Outlook | None = None) -> Mapping[str, Sequence[str]]:
        """Give the channels, languages and types that open cases have."""
        (row,) = await self._database.rows(*_seen(_CHOICES, sight))
        return dict(zip(("type", "channel", "language"), row, strict=True))

    async def marks(self, agent_id: int, case_ids: Sequence[str], sight: Sight | None = None) -> Marks:
        """Give what an agent sees beside these cases."""
        found = await self._marks.get((agent_id, sight, tuple(case_ids)))
        assert found is not None
        return found

    async def _read_marks(self, asked: list[_Beside]) -> Mapping[_Beside, Marks]:
        together: dict[tuple[Queues | None, tuple[str, ...]], list[_Beside]] = {}
        for each in asked:
            _, sight, case_ids = each
            together.setdefault((sight.rules if sight else None, case_ids), []).append(each)
        found: dict[_Beside, Marks] = {}
        for (rules, case_ids), those in together.items():
            who = each_of((agent_id, sight.queues if sight else (), ()) for agent_id, sight, _ in those)
            statement, values = _seen(_OWN, Sight(agent_id=0, queues=(), rules=rules) if rules else None)
            rows = await self._database.rows(for_each(statement), {**values, "who": who, "cases": list(case_ids)})
            tags, snoozed = _read_tags(rows[0][5]), _read_snoozed(rows[0][6])
            found |= {those[row[0]]: _read_own(row, tags, snoozed) for row in rows}
        return found


def _read_tags(tagged: Sequence[Sequence[str]]) -> Mapping[str, Sequence[Tag]]:
    tags: dict[str, list[Tag]] = {}
    for case_id, name, colour in tagged:
        tags.setdefault(case_id, []).append(Tag(name=name, colour=colour))
    return tags


def _read_snoozed(until: Mapping[str, float]) -> Mapping[str, datetime]:
    return {case_id: datetime.fromtimestamp(float(at), timezone.utc) for case_id, at in until.items()}


def _read_own(row: Sequence[Any], tags: Mapping[str, Sequence[Tag]], snoozed: Mapping[str, datetime]) -> Marks:
    _, unread, followed, follows, views = row[:5]
    return Marks(
        unread=frozenset(unread),
        tags=tags,
        followed=frozenset(followed),
        snoozed=snoozed,
        follows=follows,
        views=[SavedView(id=view[0], name=view[1], query=view[2]) for view in views],
    )


def _seen(statement: str, sight: Sight | Outlook | None) -> tuple[str, dict[str, Any]]:
    """Give a statement about the cases that somebody sees."""
    if sight is None:
        return statement.format(sees="true"), {}
    return statement.format(sees=sees_case(sight)), values_of(sight)


def _order(query: CaseQuery) -> str:
    if query.sort != "due":
        return query.sort
    return {"closed": "ended", "all": "both", "following": "both"}.get(query.show, "due")


def _page(query: CaseQuery, order: str, after: Place | None, until: Place | None) -> str:
    key, kind, way = _KEYS[order]
    conditions = [_VIEWS[query.show], *(_FILTERS[name] for name in query.filters)]
    if query.sight is not None:
        conditions.append(sees_case(query.sight))
    further, back = (">", "<=") if way == "ASC" else ("<", ">=")
    if after is not None:
        conditions.append(f"({key}, s.id) {further} (%(after_key)s::{kind}, %(after_id)s)")
    if until is not None:
        conditions.append(f"({key}, s.id) {back} (%(until_key)s::{kind}, %(until_id)s)")
    return (
        f"SELECT s.id, ({key})::text FROM cases s WHERE s.workspace_id = 1 AND {' AND '.join(conditions)}"
        f" ORDER BY {key} {way}, s.id {way} LIMIT %(limit)s"
    )


def _values(query: CaseQuery, after: Place | None, until: Place | None, limit: int) -> dict[str, Any]:
    low, high = LEVELS.get(query.priority or "", (0, 0))
    values = {**query.filters, "agent": query.agent_id, "from_score": low, "below_score": high, "limit": limit + 1}
    if query.sight is not None:
        values |= values_of(query.sight)
    for name, place in (("after", after), ("until", until)):
        if place is not None:
            values |= {f"{name}_key": place.key, f"{name}_id": place.case_id}
    return values
