"""Erases one person in one transaction: all of it, or nothing.

What stays names nobody: the amounts that moved, under the keys that keep them from moving again, and the numbers of
cases. Nothing that is going on is cut off: what is being answered, sent or done is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from relevo.contracts.personal import ERASED, Erasure, KeptEffect, Subject
from relevo.domain.cases import PRIVACY, TO_ERASE
from relevo.errors import Conflict
from relevo.store.personal_scope import Scope, read_holdings, read_scope
from relevo.store.pool import Connection
from relevo.store.search_index import IS_FREE, REWRITE

# Turns, agents and platforms take the conversation's row first. Whoever has one is not waited for: they may want what
# is held here.
_LOCK = """
SELECT FROM conversations WHERE workspace_id = 1 AND id = ANY(%(conversations)s) ORDER BY id FOR UPDATE NOWAIT;
SELECT FROM identities WHERE workspace_id = 1 AND id = ANY(%(identities)s) ORDER BY id FOR UPDATE NOWAIT;
SELECT FROM inbox WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s)
    AND state IN ('waiting', 'held') ORDER BY id FOR UPDATE NOWAIT;
SELECT FROM deliveries WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s)
    AND state IN ('queued', 'sending') ORDER BY id FOR UPDATE NOWAIT;
SELECT FROM effects WHERE workspace_id = 1 AND key = ANY(%(effects)s) ORDER BY key FOR UPDATE NOWAIT;
SELECT FROM cases WHERE workspace_id = 1 AND id = ANY(%(cases)s) ORDER BY id FOR UPDATE NOWAIT;
SELECT FROM case_sla WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s) FOR UPDATE NOWAIT
"""

# Ends by itself in a moment.
_BUSY = """
SELECT DISTINCT 'A message of theirs is being answered right now.' FROM inbox
WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s) AND state = 'held' AND lease_until > now()
UNION SELECT 'A message to them is being sent right now.' FROM deliveries
WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s) AND state = 'sending' AND lease_until > now()
UNION SELECT key || ' is being done right now.' FROM effects
WHERE workspace_id = 1 AND key = ANY(%(effects)s) AND state = 'intended'
ORDER BY 1
"""
# Somebody has to end it, or have it ended. Whoever asked to be erased is not kept by that.
_OPEN = f"""
SELECT s.id || ' (' || s.type || ') is open.' FROM cases s
WHERE s.workspace_id = 1 AND s.id = ANY(%(cases)s) AND s.status = 'open'
  AND NOT (s.type = '{PRIVACY}' AND s.reference IS NOT DISTINCT FROM '{TO_ERASE}')
UNION SELECT key || ' waits for a decision.' FROM effects
WHERE workspace_id = 1 AND key = ANY(%(effects)s) AND state = 'prepared'
UNION SELECT 'A message of theirs waits for its answer.' FROM inbox
WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s) AND state IN ('waiting', 'held')
UNION SELECT 'They are with a person, or wait for one.' FROM conversations
WHERE workspace_id = 1 AND id = ANY(%(conversations)s)
  AND control IN ('requested', 'queued', 'offered', 'agent', 'wrap_up')
ORDER BY 1
"""
_OF_OTHERS = """
SELECT DISTINCT s.id || ' of somebody else is open in a conversation that both had; it must be closed first.'
FROM cases s JOIN case_conversations l ON l.workspace_id = 1 AND l.case_id = s.id
WHERE s.workspace_id = 1 AND s.status = 'open' AND l.conversation_id = ANY(%(conversations)s)
  AND s.id <> ALL(%(cases)s)
ORDER BY 1
"""
_OPEN_CASES = "SELECT id FROM cases WHERE workspace_id = 1 AND id = ANY(%(cases)s) AND status = 'open' ORDER BY 1"

_SENT_BY_THEM = """
a.workspace_id = 1 AND (a.conversation_id = ANY(%(conversations)s) OR a.channel || ':' || a.address = ANY(%(names)s)
    OR starts_with(a.channel, 'desk:') AND a.address = ANY(%(conversations)s::uuid[]::text[]))
"""
# Deepest first. In a browser that a family shares, the record of a contact may be another's by now.
_ERASE = f"""
DELETE FROM attachment_views v USING attachments a
    WHERE v.workspace_id = 1 AND v.attachment_id = a.id AND {_SENT_BY_THEM};
DELETE FROM attachments a WHERE {_SENT_BY_THEM};
DELETE FROM mentions WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM translations WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM held_words WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM unsent_replies WHERE workspace_id = 1
    AND (conversation_id = ANY(%(conversations)s) OR home_id = ANY(%(conversations)s));
DELETE FROM platform_events WHERE workspace_id = 1 AND channel || ':' || lane = ANY(%(names)s);
DELETE FROM channel_log WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM x_chat_encrypted WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM x_chat_messages WHERE workspace_id = 1 AND 'x:' || address = ANY(%(names)s);
DELETE FROM x_chat_keys WHERE workspace_id = 1 AND 'x:' || address = ANY(%(names)s);
DELETE FROM x_chat_public_keys WHERE workspace_id = 1 AND 'x:' || user_id = ANY(%(names)s);
DELETE FROM drafts WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM lookers WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM typing_contacts WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM deliveries WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM csat WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM teachings WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
UPDATE api_answers k SET answer = NULL WHERE k.workspace_id = 1 AND EXISTS (
    SELECT FROM unnest(%(conversations)s::text[] || %(cases)s || %(effects)s || ARRAY[%(ref)s::text]) AS theirs
    WHERE position(theirs IN k.answer) > 0);
DELETE FROM webhook_events e WHERE e.workspace_id = 1
    AND (e.conversation_id = ANY(%(conversations)s) OR e.data ->> 'case_id' = ANY(%(cases)s));
DELETE FROM handoffs WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM tracker_events WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM inbox WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM posts WHERE workspace_id = 1 AND identity_id = ANY(%(identities)s);
DELETE FROM entries WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM notices WHERE workspace_id = 1
    AND (conversation_id = ANY(%(conversations)s) OR case_id = ANY(%(cases)s));
UPDATE case_sla SET conversation_id = NULL WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s);
DELETE FROM case_conversations
    WHERE workspace_id = 1 AND (conversation_id = ANY(%(conversations)s) OR case_id = ANY(%(cases)s));
DELETE FROM case_tags WHERE workspace_id = 1 AND case_id = ANY(%(cases)s);
DELETE FROM case_followers WHERE workspace_id = 1 AND case_id = ANY(%(cases)s);
DELETE FROM case_changes WHERE workspace_id = 1 AND case_id = ANY(%(cases)s);
DELETE FROM encounters WHERE workspace_id = 1
    AND (contact_id = ANY(%(contacts)s) AND identity_id IS NULL
        OR identity_id = ANY(%(identities)s));
DELETE FROM contact_merges WHERE workspace_id = 1
    AND (kept_id = ANY(%(contacts)s) OR merged_id = ANY(%(contacts)s));
DELETE FROM case_merges WHERE workspace_id = 1
    AND (kept_case = ANY(%(cases)s) OR merged_case = ANY(%(cases)s));
DELETE FROM codes WHERE workspace_id = 1 AND (identity_id = ANY(%(identities)s) OR business_ref = %(ref)s);
DELETE FROM x_peers WHERE workspace_id = 1 AND 'x:' || address = ANY(%(names)s);
DELETE FROM visits WHERE workspace_id = 1 AND (address = ANY(%(addresses)s) OR business_ref = %(ref)s);
DELETE FROM mail_keys k USING effects f
    WHERE k.workspace_id = 1 AND k.key IN ('confirmation:' || f.key, 'confirmation:' || f.key || ':before')
    AND f.workspace_id = 1 AND f.key = ANY(%(effects)s)
    AND (f.state NOT IN ('done', 'unconfirmed') OR f.amount IS NULL);
DELETE FROM effects WHERE workspace_id = 1 AND key = ANY(%(effects)s)
    AND (state NOT IN ('done', 'unconfirmed') OR amount IS NULL);
UPDATE effects SET business_ref = '{ERASED}', arguments = '{{}}', result = '{{}}', hash = '', reason = NULL
    WHERE workspace_id = 1 AND key = ANY(%(effects)s);
UPDATE effects SET conversation_id = NULL
    WHERE workspace_id = 1 AND (key = ANY(%(effects)s) OR conversation_id = ANY(%(conversations)s));
UPDATE cases SET status = CASE status WHEN 'open' THEN 'closed' ELSE status END,
        outcome = CASE status WHEN 'open' THEN '{ERASED}' ELSE outcome END, closed_at = coalesce(closed_at, now()),
        reference = NULL, goal = NULL, detail = '{{}}', priority_reasons = '[]', contact_id = NULL, business_ref = NULL,
        merged_into = NULL
    WHERE workspace_id = 1 AND id = ANY(%(cases)s);
UPDATE cases SET conversation_id = NULL
    WHERE workspace_id = 1 AND (id = ANY(%(cases)s) OR conversation_id = ANY(%(conversations)s));
DELETE FROM conversations WHERE workspace_id = 1 AND id = ANY(%(conversations)s);
DELETE FROM identities WHERE workspace_id = 1 AND id = ANY(%(identities)s);
DELETE FROM contacts k WHERE k.workspace_id = 1 AND k.id = ANY(%(contacts)s)
    AND NOT EXISTS (SELECT FROM identities i WHERE i.workspace_id = 1 AND i.contact_id = k.id);
UPDATE contacts SET business_ref = NULL, display_name = NULL, merged_into = NULL
    WHERE workspace_id = 1 AND id = ANY(%(contacts)s);
UPDATE cases s SET contact_id = NULL WHERE s.workspace_id = 1 AND s.contact_id = ANY(%(contacts)s)
    AND NOT EXISTS (SELECT FROM contacts k WHERE k.workspace_id = 1 AND k.id = s.contact_id);
{REWRITE}
"""
_KEPT = """
SELECT key, amount, unit, state FROM effects WHERE workspace_id = 1 AND key = ANY(%(effects)s) ORDER BY intended_at, key
"""


class Busy(Exception):
    """Somebody is writing what is to be erased; look again in a moment."""


async def erase(connection: Connection, subject: Subject, *, closes_cases: bool) -> Erasure:
    """Erase within a transaction of the caller's; raises Busy, or Conflict when something is going on."""
    scope = await _held_still(connection, subject)
    values = scope.values
    await _demand_calm(connection, values, closes_cases=closes_cases)
    erased = await read_holdings(connection, scope)
    closed = await _column(connection, _OPEN_CASES, values)
    await _run(connection, _ERASE, values)
    kept = await (await connection.execute(_KEPT, values)).fetchall()
    names = ("key", "amount", "unit", "state")
    return Erasure(
        erased=erased,
        closed_cases=tuple(closed),
        kept_effects=tuple(KeptEffect(**dict(zip(names, row, strict=True))) for row in kept),
        kept_cases=tuple(scope.cases),
    )


async def _held_still(connection: Connection, subject: Subject) -> Scope:
    if (await (await connection.execute(IS_FREE)).fetchone()) != (True,):
        raise Busy
    scope = await read_scope(connection, subject)
    try:
        await _run(connection, _LOCK, scope.values)
    except psycopg.errors.LockNotAvailable:
        raise Busy from None
    if await read_scope(connection, subject) != scope:
        raise Busy
    return scope


async def _demand_calm(connection: Connection, values: Mapping[str, Any], *, closes_cases: bool) -> None:
    if busy := await _column(connection, _BUSY, values):
        raise Conflict(f"{' '.join(busy)} Try again in a moment; nothing was erased.", code="busy")
    others = await _column(connection, _OF_OTHERS, values)
    still_open = [] if closes_cases else await _column(connection, _OPEN, values)
    if others or still_open:
        raise Conflict(f"{' '.join([*others, *still_open])} Nothing was erased.", code="still_open")


async def _run(connection: Connection, statements: str, values: Mapping[str, Any]) -> None:
    for statement in statements.split(";"):
        await connection.execute(statement, values)


async def _column(connection: Connection, statement: str, values: Mapping[str, Any]) -> Sequence[str]:
    return [row[0] for row in await (await connection.execute(statement, values)).fetchall()]
