"""The demo company's missing bags: reports, how they stand, where they are brought.

report:  number drawn ─► kept under the key, opened at the airport of arrival; the key again: the same report
address: bag locked ─► changed under this key already? its result ─► not delivered and as often changed as shown? kept
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from relevo.contracts.records import DELIVERED, Bag, BagEvent
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.pool import Connection

_FIELDS = (
    "report", "ticket", "flight", "flown_on", "tag", "description", "reported_on", "status", "delivered_on",
    "delivery_address", "address_changes",
)  # fmt: skip
_READ = """
SELECT b.report, b.ticket, t.flight, t.flown_on, b.tag, b.description, b.reported_on, b.status, b.delivered_on,
    b.delivery_address,
    (SELECT count(*) FROM aurora_bag_addresses a WHERE a.workspace_id = 1 AND a.report = b.report),
    (SELECT coalesce(json_agg(json_build_array(e.happened_on, e.event, e.place) ORDER BY e.position), '[]')
        FROM aurora_bag_events e WHERE e.workspace_id = 1 AND e.report = b.report)
FROM aurora_bags b JOIN aurora_tickets t ON t.workspace_id = 1 AND t.number = b.ticket
WHERE b.workspace_id = 1 AND b.person_ref = %s ORDER BY b.report
"""
_KNOWN_REPORT = "SELECT report, person_ref FROM aurora_bags WHERE workspace_id = 1 AND key = %(key)s"
_TICKET = (
    "SELECT destination FROM aurora_tickets WHERE workspace_id = 1 AND number = %(ticket)s AND person_ref = %(ref)s"
)
_REPORT = """
WITH drawn AS (
    SELECT %(airport)s || 'AU' || lpad(nextval('aurora_bag_reports')::text, 5, '0') AS report
), reported AS (
    INSERT INTO aurora_bags
        (report, person_ref, ticket, tag, description, reported_on, status, delivery_address, key)
    SELECT report, %(ref)s, %(ticket)s, %(tag)s, %(description)s, %(reported_on)s::date, 'not_located', %(address)s,
        %(key)s FROM drawn
    RETURNING workspace_id, report, reported_on
)
INSERT INTO aurora_bag_events (workspace_id, report, position, happened_on, event, place)
SELECT workspace_id, report, 1, reported_on, 'opened', %(airport)s FROM reported RETURNING report
"""
_LOCK = """
SELECT status FROM aurora_bags WHERE workspace_id = 1 AND report = %(report)s AND person_ref = %(ref)s FOR UPDATE
"""
_KNOWN_ADDRESS = "SELECT address FROM aurora_bag_addresses WHERE workspace_id = 1 AND key = %(key)s"
_KEEP_ADDRESS = """
INSERT INTO aurora_bag_addresses (key, report, address) SELECT %(key)s, %(report)s, %(address)s
WHERE (SELECT count(*) FROM aurora_bag_addresses WHERE workspace_id = 1 AND report = %(report)s) = %(changes)s
"""
_BRING_TO = """
UPDATE aurora_bags SET delivery_address = %(address)s WHERE workspace_id = 1 AND report = %(report)s
"""


async def read_bags(connection: Connection, ref: str) -> list[Bag]:
    """Give a person's bags that were reported missing, by report number."""
    return [_bag(row) for row in await (await connection.execute(_READ, (ref,))).fetchall()]


async def report(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Report a bag missing once; raises Conflict where the ticket is not theirs."""
    told = effect.arguments
    values = {name: told.get(name) for name in ("ticket", "tag", "description", "address", "reported_on")}
    values |= {"key": effect.key, "ref": effect.business_ref}
    # One at a time for each key: a number is drawn before the key is known to be taken.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 0))", values)
    known = await (await connection.execute(_KNOWN_REPORT, values)).fetchone()
    if known is not None and known[1] != effect.business_ref:
        raise Conflict("This bag was reported by somebody else.", code="baggage.unknown_ticket")
    if known is None:
        ticket = await (await connection.execute(_TICKET, values)).fetchone()
        if ticket is None:
            raise Conflict("This person has no such ticket.", code="baggage.unknown_ticket")
        known = await (await connection.execute(_REPORT, values | {"airport": ticket[0]})).fetchone()
        assert known is not None
    return {"report": known[0], "ticket": values["ticket"]}


async def bring_to(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Change where a bag is brought, once; raises Conflict for one that is not theirs, or was delivered."""
    told = effect.arguments
    values = {
        "key": effect.key,
        "ref": effect.business_ref,
        "report": str(told["report"]),
        "address": str(told["address"]),
        "changes": int(told["address_changes"]),
    }
    bag = await (await connection.execute(_LOCK, values)).fetchone()
    if bag is None:
        raise Conflict("This person has no such report.", code="baggage.unknown_report")
    known = await (await connection.execute(_KNOWN_ADDRESS, values)).fetchone()
    if known is not None:
        return {"report": values["report"], "address": known[0]}
    if bag[0] == DELIVERED:
        raise Conflict("The bag was delivered already.", code="baggage.delivered")
    if not (await connection.execute(_KEEP_ADDRESS, values)).rowcount:
        raise Conflict("The address was changed meanwhile.", code="baggage.changed_meanwhile")
    await connection.execute(_BRING_TO, values)
    return {"report": values["report"], "address": values["address"]}


def _bag(row: tuple[Any, ...]) -> Bag:
    events = tuple(
        BagEvent(happened_on=date.fromisoformat(day), event=event, place=place) for day, event, place in row[-1]
    )
    return Bag(**dict(zip(_FIELDS, row[:-1], strict=True)), events=events)
