"""The demo company's vouchers: given once for each key, with a code that people can read out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relevo.contracts.records import Voucher
from relevo.domain.effects import EffectOrder
from relevo.errors import Conflict
from relevo.store.aurora.demo import ZONE, demo_data
from relevo.store.pool import Connection

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without what is taken for something else: 0 and O, 1, I and L."""
_FIELDS = ("code", "amount", "currency", "valid_until", "issued_at")
_READ = f"""
SELECT {", ".join(_FIELDS)} FROM aurora_vouchers
WHERE workspace_id = 1 AND person_ref = %s ORDER BY issued_at DESC, code
"""
_KNOWN = """
SELECT code, amount, currency, valid_until, person_ref FROM aurora_vouchers WHERE workspace_id = 1 AND key = %(key)s
"""
_KEEP = """
INSERT INTO aurora_vouchers (key, code, person_ref, amount, currency, valid_until)
VALUES (%(key)s, %(code)s, %(ref)s, %(amount)s, %(currency)s,
    (%(today)s::date + make_interval(months => %(months)s))::date)
ON CONFLICT DO NOTHING
"""


async def read_vouchers(connection: Connection, ref: str) -> list[Voucher]:
    """Give a person's vouchers, newest first; when they were given is in the company's time zone."""
    found = await (await connection.execute(_READ, (ref,))).fetchall()
    return [Voucher(**dict(zip(_FIELDS, (*row[:-1], row[-1].astimezone(ZONE)), strict=True))) for row in found]


async def issue(connection: Connection, effect: EffectOrder) -> Mapping[str, Any]:
    """Give a voucher once; raises Conflict for what is no amount of the company's money."""
    company: Mapping[str, Any] = demo_data()["company"]
    if not effect.amount or effect.amount <= 0 or effect.unit != company["currency"]:
        raise Conflict("A voucher is an amount in the company's currency.", code="voucher.amount")
    values: dict[str, Any] = {
        "key": effect.key,
        "ref": effect.business_ref,
        "amount": effect.amount,
        "currency": effect.unit,
        "today": datetime.now(ZONE).date(),
        "months": int(demo_data()["vouchers"]["valid_months"]),
    }
    while (known := await (await connection.execute(_KNOWN, values)).fetchone()) is None:
        await connection.execute(_KEEP, values | {"code": _code()})  # nothing is kept where the code is taken: again
    code, amount, currency, valid_until, ref = known
    if ref != effect.business_ref:
        raise Conflict("This voucher is another person's.", code="voucher.another_person")
    return {"code": code, "amount": amount, "unit": currency, "valid_until": valid_until.isoformat()}


def _code() -> str:
    return "AUV-" + "".join(secrets.choice(_LETTERS) for _ in range(5))
