"""Reads everything that is held about one person, as of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from psycopg.rows import dict_row

from relevo.contracts.personal import (
    CONTACT,
    ContactRecord,
    HeldArrival,
    HeldAttachment,
    HeldCase,
    HeldCaseMerge,
    HeldCode,
    HeldContact,
    HeldConversation,
    HeldEffect,
    HeldEncounter,
    HeldEntry,
    HeldHandoff,
    HeldIdentity,
    HeldMerge,
    HeldView,
    Withheld,
)
from relevo.contracts.personal_words import HeldDraft, HeldPost, HeldRating, HeldTeaching, HeldTranslation
from relevo.store.personal_scope import Scope
from relevo.store.pool import Connection

Held = TypeVar("Held")

_CONTACTS = """
SELECT id, display_name, business_ref, created_at FROM contacts
WHERE workspace_id = 1 AND id = ANY(%(contacts)s) ORDER BY created_at, id
"""
_IDENTITIES = """
SELECT id, channel, address, business_ref, level, verified_until, verified_facts, failed_tries, created_at
FROM identities WHERE workspace_id = 1 AND id = ANY(%(identities)s) ORDER BY created_at, id
"""
_CODES = """
SELECT address, wrong_tries, answer, sent_at, expires_at, ended_at FROM codes
WHERE workspace_id = 1 AND (business_ref = %(ref)s OR %(ref)s::text IS NULL AND identity_id = ANY(%(identities)s))
ORDER BY id
"""
_CONVERSATIONS = """
SELECT c.id, c.channel, i.address, c.language, c.control, c.created_at, c.updated_at
FROM conversations c JOIN identities i ON i.workspace_id = 1 AND i.id = c.identity_id
WHERE c.workspace_id = 1 AND c.id = ANY(%(own)s) ORDER BY c.created_at, c.id
"""
_WITHHELD = "SELECT id, channel FROM conversations WHERE workspace_id = 1 AND id = ANY(%(shared)s) ORDER BY created_at"
_TIMELINE = """
SELECT e.position, e.kind, e.author, e.content, e.created_at, CASE WHEN d.id IS NOT NULL THEN jsonb_build_object(
    'state', d.state, 'attempts', d.attempts, 'reason', d.reason, 'ended_at', d.ended_at) END AS delivery
FROM entries e LEFT JOIN deliveries d
    ON d.workspace_id = 1 AND d.conversation_id = e.conversation_id AND d.position = e.position
WHERE e.workspace_id = 1 AND e.conversation_id = %(id)s ORDER BY e.position
"""
_ARRIVALS = """
SELECT text, metadata, translate(encode(raw, 'base64'), E'\\n', '') AS raw_base64, state, error, received_at
FROM inbox WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY position
"""
_HANDOFFS = """
SELECT state, record, handback, created_at, ended_at FROM handoffs
WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY episode
"""
_DRAFTS = """
SELECT kind, text, updated_at FROM drafts WHERE workspace_id = 1 AND conversation_id = %(id)s
UNION ALL SELECT 'reply', text, created_at FROM unsent_replies WHERE workspace_id = 1 AND conversation_id = %(id)s
ORDER BY updated_at
"""
_RATINGS = """
SELECT stretch, case_id, asked_at, score, comment, answered_at FROM csat
WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY id
"""
_TEACHINGS = """
SELECT text, language, intent, state, proposed_at, decided_at FROM teachings
WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY id
"""
_TRANSLATIONS = """
SELECT position, language, text, model, made_at FROM translations
WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY position, language
"""
_MEMORY = "SELECT events FROM tracker_events WHERE workspace_id = 1 AND conversation_id = %(id)s ORDER BY version"
_CASES = """
SELECT id, type, trigger, status, reference, goal, detail, outcome, contacted, opened_at, promised_at, closed_at
FROM cases WHERE workspace_id = 1 AND id = ANY(%(cases)s) ORDER BY opened_at, id
"""
_ENCOUNTERS = """
SELECT source, external_id, kind, direction, summary, is_answered, impressions, followers, url, happened_at
FROM encounters WHERE workspace_id = 1 AND (contact_id = ANY(%(contacts)s) AND identity_id IS NULL
        OR identity_id = ANY(%(identities)s))
ORDER BY happened_at, id
"""
_POSTS = """
SELECT channel, post_id, username, name, followers, text, posted_at, impressions, language, sort, topic, state, case_id
FROM posts WHERE workspace_id = 1 AND identity_id = ANY(%(identities)s) ORDER BY posted_at, id
"""
_MERGES = """
SELECT kept_id, merged_id, evidence, reason, merged_at, split_reason, split_at FROM contact_merges
WHERE workspace_id = 1 AND kept_id = ANY(%(contacts)s) AND merged_id = ANY(%(contacts)s) ORDER BY id
"""
_CASE_MERGES = """
SELECT kept_case, merged_case, reason, merged_at, split_reason, split_at FROM case_merges
WHERE workspace_id = 1 AND kept_case = ANY(%(cases)s) AND merged_case = ANY(%(cases)s) ORDER BY id
"""
_EFFECTS = """
SELECT key, kind, arguments, amount, unit, state, rule, result, reason, case_id, intended_at, ended_at
FROM effects WHERE workspace_id = 1 AND key = ANY(%(effects)s) ORDER BY intended_at, key
"""
_ATTACHMENTS = """
SELECT id, channel, address, name, mime, size_bytes, sha256, kind, case_id, created_at, erased_at FROM attachments
WHERE workspace_id = 1 AND (conversation_id = ANY(%(own)s)
    OR conversation_id IS NULL AND channel || ':' || address = ANY(%(names)s)) ORDER BY created_at, id
"""
_VIEWS = """
SELECT a.name AS agent, v.is_thumbnail, v.viewed_at
FROM attachment_views v JOIN agents a ON a.workspace_id = 1 AND a.id = v.agent_id
WHERE v.workspace_id = 1 AND v.attachment_id = %(id)s ORDER BY v.viewed_at, v.id
"""


async def read_record(connection: Connection, scope: Scope, exported_at: datetime) -> ContactRecord:
    """Give everything; the connection's transaction decides as of when."""
    values = {**scope.values, "shared": scope.shared}
    return ContactRecord(
        schema=CONTACT,
        exported_at=exported_at,
        business_ref=scope.ref,
        contacts=await _all(connection, HeldContact, _CONTACTS, values),
        identities=await _all(connection, HeldIdentity, _IDENTITIES, values),
        codes=await _all(connection, HeldCode, _CODES, values),
        conversations=[await _conversation(connection, row) for row in await _rows(connection, _CONVERSATIONS, values)],
        withheld=await _all(connection, Withheld, _WITHHELD, values),
        cases=await _all(connection, HeldCase, _CASES, values),
        encounters=await _all(connection, HeldEncounter, _ENCOUNTERS, values),
        merges=await _all(connection, HeldMerge, _MERGES, values),
        case_merges=await _all(connection, HeldCaseMerge, _CASE_MERGES, values),
        effects=await _all(connection, HeldEffect, _EFFECTS, values),
        attachments=[await _attachment(connection, row) for row in await _rows(connection, _ATTACHMENTS, values)],
        posts=await _all(connection, HeldPost, _POSTS, values),
    )


async def _conversation(connection: Connection, row: Mapping[str, Any]) -> HeldConversation:
    turns = await _rows(connection, _MEMORY, row)
    return HeldConversation(
        **row,
        timeline=await _all(connection, HeldEntry, _TIMELINE, row),
        arrivals=await _all(connection, HeldArrival, _ARRIVALS, row),
        handoffs=await _all(connection, HeldHandoff, _HANDOFFS, row),
        ratings=await _all(connection, HeldRating, _RATINGS, row),
        teachings=await _all(connection, HeldTeaching, _TEACHINGS, row),
        bot_memory=[event for turn in turns for event in msgspec.json.decode(bytes(turn["events"]))],
        translations=await _all(connection, HeldTranslation, _TRANSLATIONS, row),
        drafts=await _all(connection, HeldDraft, _DRAFTS, row),
    )


async def _attachment(connection: Connection, row: Mapping[str, Any]) -> HeldAttachment:
    return HeldAttachment(**row, views=await _all(connection, HeldView, _VIEWS, row))


async def _all(connection: Connection, kind: type[Held], statement: str, values: Mapping[str, Any]) -> list[Held]:
    return [msgspec.convert(row, kind) for row in await _rows(connection, statement, values)]


async def _rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()
