"""The demo company's subscriptions: what people have, and cancelling at the end of what is paid.

cancel: marked with the key, if active and paid until the day that was shown
            └─ not marked: under this key already? its result; else refused, and why
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relevo.contracts.records import Subscription
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.pool import Connection

_FIELDS = ("id", "plan", "price", "currency", "period", "paid_until", "is_active")
_READ = f"""
SELECT {", ".join(_FIELDS)} FROM aurora_subscriptions WHERE workspace_id = 1 AND person_ref = %s ORDER BY id
"""
_CANCEL = """
UPDATE aurora_subscriptions SET is_active = false, key = %(key)s
WHERE workspace_id = 1 AND id = %(id)s AND person_ref = %(ref)s AND is_active AND paid_until = %(ends_on)s::date
"""
_KNOWN = """
SELECT plan, paid_until, is_active, key FROM aurora_subscriptions
WHERE workspace_id = 1 AND id = %(id)s AND person_ref = %(ref)s
"""


async def read_subscriptions(connection: Connection, ref: str) -> list[Subscription]:
    """Give a person's subscriptions, by number."""
    found = await (await connection.execute(_READ, (ref,))).fetchall()
    return [Subscription(**dict(zip(_FIELDS, row, strict=True))) for row in found]


async def cancel(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Cancel a subscription once; raises Conflict for one that is not theirs, ended before, or ends another day."""
    values = {
        "key": effect.key,
        "ref": effect.business_ref,
        "id": str(effect.arguments["subscription"]),
        "ends_on": str(effect.arguments["ends_on"]),
    }
    await connection.execute(_CANCEL, values)
    known = await (await connection.execute(_KNOWN, values)).fetchone()
    if known is None:
        raise Conflict("This person has no such subscription.", code="subscription.unknown")
    plan, paid_until, is_active, key = known
    if is_active:
        raise Conflict("The subscription does not end on this day.", code="subscription.other_end")
    if key != effect.key:
        raise Conflict("The subscription was cancelled already.", code="subscription.active")
    return {"subscription": values["id"], "plan": plan, "ends_on": paid_until.isoformat()}
