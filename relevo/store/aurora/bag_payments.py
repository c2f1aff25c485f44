"""What the demo company pays for bags, to the means that the ticket was paid with.

pay: ticket locked ─► paid under this key already? its result ─► as many paid as when it was shown? kept
                                                                     └─ another one meanwhile: refused
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relevo.contracts.records import DAMAGE, ESSENTIALS, BagPayment
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Connection

KINDS = {"pay_essentials": ESSENTIALS, "pay_damage": DAMAGE}
"""What each kind of effect pays for."""
_READ = """
SELECT kind, ticket, report, amount, currency, number, paid_at FROM aurora_bag_payments
WHERE workspace_id = 1 AND person_ref = %s ORDER BY number
"""
_LOCK = """
SELECT t.paid_with FROM aurora_tickets t
WHERE t.workspace_id = 1 AND t.number = %(ticket)s AND t.person_ref = %(ref)s AND (%(report)s::text IS NULL
    OR EXISTS (SELECT FROM aurora_bags b WHERE b.workspace_id = 1 AND b.report = %(report)s AND b.ticket = t.number))
FOR UPDATE
"""
_KNOWN = """
SELECT amount, currency, method, number FROM aurora_bag_payments WHERE workspace_id = 1 AND key = %(key)s
"""
_KEEP = """
INSERT INTO aurora_bag_payments (key, person_ref, kind, ticket, report, place, amount, currency, method)
SELECT %(key)s, %(ref)s, %(kind)s, %(ticket)s, %(report)s, %(place)s, %(amount)s, %(currency)s, %(method)s
WHERE (SELECT count(*) FROM aurora_bag_payments
    WHERE workspace_id = 1 AND kind = %(kind)s AND ticket = %(ticket)s) = %(place)s - 1
RETURNING amount, currency, method, number
"""


async def read_payments(connection: Connection, ref: str) -> list[BagPayment]:
    """Give what was paid to a person for their bags, oldest first; days are the company's."""
    found = await (await connection.execute(_READ, (ref,))).fetchall()
    return [
        BagPayment(
            kind=kind,
            ticket=ticket,
            report=report,
            amount=amount,
            currency=currency,
            reference=f"BG-{number}",
            paid_on=paid_at.astimezone(ZONE).date(),
        )
        for kind, ticket, report, amount, currency, number, paid_at in found
    ]


async def pay(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Pay once for a bag; raises Conflict for what is not theirs, and where another payment came in between."""
    told = effect.arguments
    values: dict[str, Any] = {
        "key": effect.key,
        "ref": effect.business_ref,
        "kind": KINDS[effect.kind],
        "ticket": str(told["ticket"]),
        "report": told.get("report"),
        "place": int(told["place"]),
        "amount": effect.amount or 0,
        "currency": effect.unit,
    }
    ticket = await (await connection.execute(_LOCK, values)).fetchone()
    if ticket is None:
        raise Conflict("This person has no such ticket, or no such report for it.", code="baggage.unknown_ticket")
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is None:
        if values["amount"] <= 0 or values["currency"] != "EUR":
            raise Conflict("Only amounts in euros are paid.", code="baggage.not_payable")
        known = await (await connection.execute(_KEEP, values | {"method": ticket[0]})).fetchone()
    if known is None:
        raise Conflict("Something else was paid for this meanwhile.", code="baggage.paid_meanwhile")
    amount, unit, method, number = known
    return {"amount": amount, "unit": unit, "method": method, "reference": f"BG-{number}", "ticket": values["ticket"]}
