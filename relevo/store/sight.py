"""What an agent may see, as conditions of PostgreSQL: the one place where that is decided.

A case ``s`` is seen by whoever has or had it or is offered it, by whoever has its queue, and while it is open by
whoever serves its contact. A conversation ``c`` is seen by whoever has or had it or is offered it,
was spoken to in a note of it, or has its queue; and with each case that is seen, so that its context never lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from relevo.domain.queues import DEFAULT, SUPERVISORS, Queue, Queues
from relevo.domain.sight import Outlook, Sight
from relevo.store.rows import json_text

EACH = "jsonb_to_recordset(%(who)s::jsonb) w (number integer, agent integer, queues text[], ids uuid[])"
"""All who ask in the same moment, one a row; see ``each_of``."""

# Of few conversations: EXISTS would be answered by reading all handoffs, and all cases, into a table first.
_THEIRS = "(h.agent_id = %(sight)s OR h.offered_to = %(sight)s OR %(sight)s = ANY(h.had_by))"
_NEWEST = f"""
(SELECT CASE WHEN h.queue = ANY(%(sight_known)s) THEN h.queue ELSE '{DEFAULT}' END
    FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = c.id ORDER BY h.episode DESC LIMIT 1)
"""
_LEVEL = "CASE WHEN s.priority >= 60 THEN 'urgent' WHEN s.priority >= 30 THEN 'high' ELSE 'normal' END"
_LANGUAGE = "(SELECT v.language FROM conversations v WHERE v.workspace_id = 1 AND v.id = s.conversation_id)"
_SERVED = """
SELECT {} FROM conversations v
JOIN identities i ON i.workspace_id = 1 AND i.id = v.identity_id
JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
WHERE v.workspace_id = 1 AND v.agent_id = %(sight)s AND {} IS NOT NULL
"""
_IS_SERVED = f"""
(s.contact_id IN ({_SERVED.format("k.id", "k.id")}) OR s.business_ref IN (
    {_SERVED.format("k.business_ref", "k.business_ref")}))
"""
_OF_CASE = """
coalesce((SELECT true FROM case_conversations l WHERE l.workspace_id = 1 AND l.conversation_id = c.id LIMIT 1), false)
"""


def sees_case(sight: Sight | Outlook) -> str:
    """Give what holds of a case ``s`` that may be seen, with the values of ``values_of``; an outlook's are open."""
    has_queue = f"{queue_of_case(sight.rules)} = ANY(%(sight_queues)s)"
    if isinstance(sight, Outlook):
        return f"({has_queue} OR s.id = ANY(%(sight_beside)s))"
    return f"""
(s.agent_id = %(sight)s OR %(sight)s = ANY(s.had_by)
    OR {has_queue}
    OR s.id IN (SELECT h.case_id FROM handoffs h
        WHERE h.workspace_id = 1 AND h.offered_to = %(sight)s AND h.case_id IS NOT NULL)
    OR s.status = 'open' AND {_IS_SERVED})
"""


def queue_of_case(rules: Queues) -> str:
    """Give the queue of a case ``s``, with the values of ``values_of_rules``."""
    sensitive = f"s.trigger = ANY(%(sight_triggers)s) OR {_LEVEL} = ANY(%(sight_levels)s)"
    chosen = _chosen(rules, "s.type", _LANGUAGE, sensitive)
    return f"""
CASE WHEN s.queue IS NULL THEN {chosen} WHEN s.queue = ANY(%(sight_known)s) THEN s.queue ELSE '{DEFAULT}' END
"""


def sees_conversation(sight: Sight) -> str:
    """Give what holds of a conversation ``c`` that may be seen, with the values of ``values_of``."""
    chosen = _chosen(sight.rules, None, "c.language", None)
    return f"""
(c.agent_id = %(sight)s
    OR coalesce({_NEWEST}, CASE WHEN NOT {_OF_CASE} THEN {chosen} END) = ANY(%(sight_queues)s)
    OR (SELECT true FROM handoffs h WHERE h.workspace_id = 1 AND h.conversation_id = c.id AND {_THEIRS} LIMIT 1)
    OR c.id IN (SELECT m.conversation_id FROM mentions m WHERE m.workspace_id = 1 AND m.agent_id = %(sight)s)
    OR (SELECT true FROM case_conversations l JOIN cases s ON s.workspace_id = 1 AND s.id = l.case_id
        WHERE l.workspace_id = 1 AND l.conversation_id = c.id AND {sees_case(sight)} LIMIT 1))
"""


def for_each(condition: str) -> str:
    """Have a condition ask for the agent and the queues of each row ``w`` of EACH, in the place of one agent's."""
    return condition.replace("%(sight)s", "w.agent").replace("%(sight_queues)s", "w.queues")


def each_of(asking: Iterable[tuple[int, Collection[str], Collection[UUID]]]) -> str:
    """Give ``who`` of EACH: agents with their queues, and what each asks about, numbered from 0."""
    return json_text(
        [
            {"number": number, "agent": agent_id, "queues": list(queues), "ids": list(map(str, ids))}
            for number, (agent_id, queues, ids) in enumerate(asking)
        ]
    )


def values_of(sight: Sight | Outlook) -> dict[str, Any]:
    """Give what the conditions ask for."""
    whose = {"sight_beside": sorted(sight.beside)} if isinstance(sight, Outlook) else {"sight": sight.agent_id}
    return {**values_of_rules(sight.rules), **whose, "sight_queues": sorted(sight.queues)}


def values_of_rules(rules: Queues) -> dict[str, Any]:
    """Give what the conditions ask for that is the same for everybody."""
    chosen = {
        f"sight_{number}_{name}": value
        for number, queue in enumerate(_in_order(rules))
        for name, value in (
            ("name", queue.name),
            ("types", list(queue.case_types)),
            ("languages", list(queue.languages)),
        )
    }
    return {
        "sight_known": [queue.name for queue in rules.all],
        "sight_triggers": sorted(rules.sensitive_triggers),
        "sight_levels": sorted(rules.sensitive_priorities),
        **chosen,
    }


def _in_order(rules: Queues) -> list[Queue]:
    """Give the queues in the order in which the first that fits is chosen, as Queues.choose does."""
    named = [queue for queue in rules.named if queue.name not in (DEFAULT, SUPERVISORS)]
    return sorted(named, key=lambda queue: -queue.narrowness)


def _chosen(rules: Queues, case_type: str | None, language: str, sensitive: str | None) -> str:
    """Say which queue would be chosen; without a case there is nothing that its type or its trigger could ask for."""
    first = [f"WHEN {sensitive} THEN '{SUPERVISORS}'"] if sensitive else []
    fits = [
        f"WHEN {_fits(number, queue, case_type, language)} THEN %(sight_{number}_name)s"
        for number, queue in enumerate(_in_order(rules))
        if case_type or not queue.case_types
    ]
    whens = " ".join([*first, *fits])
    return f"CASE {whens} ELSE '{DEFAULT}' END" if whens else f"'{DEFAULT}'"


def _fits(number: int, queue: Queue, case_type: str | None, language: str) -> str:
    asked = [f"{case_type} = ANY(%(sight_{number}_types)s)"] if queue.case_types else []
    asked += [f"{language} = ANY(%(sight_{number}_languages)s)"] if queue.languages else []
    return " AND ".join(asked) or "true"
