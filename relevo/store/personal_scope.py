"""Whose what is: everything that belongs to one person, by its keys.

A person is a reference of the business's; where nobody knows one, a single contact. An identity belongs to whom it was
verified as last. A browser that a family shares is one identity: a conversation that two of them were verified in is
shared, and what each of them said in it cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from relevo.contracts.mail import EMAIL
from relevo.contracts.personal import ERASED, Holdings, Subject
from relevo.domain.addresses import mail_address
from relevo.store.pool import Connection

_WHOSE = "coalesce(i.business_ref, k.business_ref)"

_FIND = f"""
WITH named AS (
    SELECT {_WHOSE} AS ref, k.id AS contact_id, i.channel || ':' || i.address AS known_as
    FROM identities i JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
    WHERE i.workspace_id = 1 AND (i.channel = %(channel)s AND i.address = %(address)s
        OR i.channel = '{EMAIL}' AND i.address = %(mail)s OR lower(i.verified_facts ->> 'email') = %(mail)s)
), known AS (
    SELECT business_ref AS ref FROM contacts WHERE workspace_id = 1
    UNION SELECT business_ref FROM identities WHERE workspace_id = 1
    UNION SELECT business_ref FROM cases WHERE workspace_id = 1
    UNION SELECT business_ref FROM effects WHERE workspace_id = 1
    UNION SELECT business_ref FROM codes WHERE workspace_id = 1
    UNION SELECT content #>> '{{custom,ref}}' FROM entries WHERE workspace_id = 1 AND kind = 'verification'
)
SELECT ref, NULL::uuid, ref FROM known WHERE ref IN (%(term)s, %(ref)s) AND ref NOT IN ('', '{ERASED}')
UNION SELECT business_ref, NULL, business_ref FROM codes WHERE workspace_id = 1 AND address = %(mail)s
UNION SELECT ref, CASE WHEN ref IS NULL THEN contact_id END, coalesce(ref, known_as) FROM named
ORDER BY 3
"""

_SCOPE = f"""
WITH RECURSIVE theirs AS MATERIALIZED (
    SELECT i.id, i.channel, i.address, i.contact_id, c.id AS conversation_id
    FROM identities i JOIN contacts k ON k.workspace_id = 1 AND k.id = i.contact_id
    LEFT JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = i.id
    WHERE i.workspace_id = 1 AND {_WHOSE} IS NOT DISTINCT FROM %(ref)s
      AND (%(ref)s::text IS NOT NULL OR i.contact_id = %(contact)s)
), named AS (
    SELECT id FROM contacts WHERE workspace_id = 1 AND (business_ref = %(ref)s OR id = %(contact)s)
    UNION SELECT k.id FROM theirs t JOIN contacts k ON k.workspace_id = 1 AND k.id = t.contact_id
        WHERE k.business_ref IS NULL
    UNION SELECT k.id FROM named JOIN contacts k ON k.workspace_id = 1 AND k.merged_into = named.id
), verified AS (
    SELECT conversation_id, business_ref AS ref FROM effects WHERE workspace_id = 1
    UNION ALL SELECT conversation_id, business_ref FROM cases WHERE workspace_id = 1
    UNION ALL SELECT l.conversation_id, s.business_ref FROM case_conversations l
        JOIN cases s ON s.workspace_id = 1 AND s.id = l.case_id WHERE l.workspace_id = 1
    UNION ALL SELECT c.id, o.business_ref FROM codes o
        JOIN conversations c ON c.workspace_id = 1 AND c.identity_id = o.identity_id WHERE o.workspace_id = 1
    UNION ALL SELECT conversation_id, content #>> '{{custom,ref}}' FROM entries
        WHERE workspace_id = 1 AND kind = 'verification'
), shared AS (
    SELECT DISTINCT v.conversation_id FROM verified v
    LEFT JOIN theirs t ON t.conversation_id = v.conversation_id
    WHERE v.conversation_id IS NOT NULL AND v.ref NOT IN ('', '{ERASED}')
      AND (t.id IS NULL) = coalesce(v.ref = %(ref)s, false)
)
SELECT
    ARRAY(SELECT id FROM named ORDER BY 1), ARRAY(SELECT id FROM theirs ORDER BY 1),
    ARRAY(SELECT channel || ':' || address FROM theirs ORDER BY 1), ARRAY(SELECT address FROM theirs ORDER BY 1),
    ARRAY(SELECT conversation_id FROM theirs WHERE conversation_id IS NOT NULL
        AND conversation_id NOT IN (SELECT conversation_id FROM shared) ORDER BY 1),
    ARRAY(SELECT conversation_id FROM shared ORDER BY 1),
    ARRAY(SELECT id FROM cases WHERE workspace_id = 1 AND (business_ref = %(ref)s
        OR business_ref IS NULL AND contact_id IN (SELECT id FROM named)) ORDER BY 1),
    ARRAY(SELECT key FROM effects WHERE workspace_id = 1 AND (business_ref = %(ref)s
        OR business_ref = '' AND conversation_id IN (SELECT conversation_id FROM theirs)) ORDER BY 1)
"""

_COUNT = """
SELECT (SELECT count(*) FROM entries WHERE workspace_id = 1 AND conversation_id = ANY(%(conversations)s)),
    (SELECT count(*) FROM attachments a WHERE a.workspace_id = 1 AND (a.conversation_id = ANY(%(conversations)s)
        OR a.conversation_id IS NULL AND a.channel || ':' || a.address = ANY(%(names)s)))
"""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of everything that belongs to one person."""

    ref: str | None
    contacts: list[UUID]
    identities: list[UUID]
    names: list[str]
    addresses: list[str]
    own: list[UUID]
    """Conversations that nobody else was verified in."""
    shared: list[UUID]
    cases: list[str]
    effects: list[str]

    @property
    def conversations(self) -> list[UUID]:
        """Give all their conversations, the shared ones too."""
        return [*self.own, *self.shared]

    @property
    def values(self) -> Mapping[str, Any]:
        """Give what statements ask for."""
        names = ("ref", "contacts", "identities", "names", "addresses", "own", "conversations", "cases", "effects")
        return {name: getattr(self, name) for name in names}


async def find_subjects(connection: Connection, term: str, business_ref: str | None) -> list[Subject]:
    """Give everybody whom a term may mean."""
    channel, colon, address = term.partition(":")
    values = {
        "term": term,
        "ref": business_ref,
        "channel": channel if colon else None,
        "address": address,
        "mail": mail_address(term),
    }
    found = await (await connection.execute(_FIND, values)).fetchall()
    return [Subject(business_ref=row[0], contact_id=row[1], known_as=row[2]) for row in found]


async def read_scope(connection: Connection, subject: Subject) -> Scope:
    """Give the keys of everything that belongs to somebody now."""
    values = {"ref": subject.business_ref, "contact": subject.contact_id}
    row = await (await connection.execute(_SCOPE, values)).fetchone()
    assert row is not None
    names = ("contacts", "identities", "names", "addresses", "own", "shared", "cases", "effects")
    return Scope(ref=subject.business_ref, **dict(zip(names, row, strict=True)))


async def read_holdings(connection: Connection, scope: Scope) -> Holdings:
    """Count what a scope holds."""
    row = await (await connection.execute(_COUNT, scope.values)).fetchone()
    assert row is not None
    return Holdings(
        names=len(scope.contacts),
        identities=tuple(scope.names),
        conversations=len(scope.own),
        shared=len(scope.shared),
        entries=row[0],
        attachments=row[1],
        cases=len(scope.cases),
        effects=len(scope.effects),
    )
