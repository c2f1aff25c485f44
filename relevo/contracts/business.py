"""The business's own systems: who somebody is, what they have, and doing things for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from relevo.domain.effects import EffectOrder

REFERENCE_FACTS = frozenset({"loyalty_number", "booking_code", "ticket", "order"})
"""Facts that only the contact has; at least one of two must be of these."""
OTHER_FACTS = frozenset({"name", "email", "phone"})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the business's own files; names as in the passport."""

    ref: str
    given_names: str
    surnames: str
    email: str
    language: str
    loyalty_number: str | None
    points: int | None


Record = TypeVar("Record")


class Business(Protocol):
    """The business's own systems. Every method raises BusinessUnavailable when they do not answer."""

    async def identify(self, facts: Mapping[str, str]) -> str | None:
        """Give the reference of the one person whom *all* these facts describe, or None.

        Keys are of REFERENCE_FACTS and OTHER_FACTS. Whether the facts suffice is for the caller to know; a None
        never tells which of them was wrong.
        """
        ...

    async def person(self, ref: str) -> Person:
        """Give a person by reference; raises NotFound."""
        ...

    async def records(self, kind: type[Record], ref: str) -> Sequence[Record]:
        """Give all that a person has of a kind of contracts.records, and nobody else's; nothing of an unknown kind.

        Trips come newest flight first, orders newest first, everything else by its number.
        """
        ...

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Give what anybody may know of a kind by its number, oldest first; nothing of what only somebody has.

        FlightTimes are known by the flight's number, for each day that it flies.
        """
        ...

    async def carry_out(self, order: EffectOrder) -> Mapping[str, Any]:
        """Do an effect exactly once per ``order.key`` and give its result; again with the same key, the same result.

        A ``refund`` pays ``order.amount`` back to the means that it was paid with, and is for one ``charge`` of an
        ``order``: a ``payment``, the ``delivery``, all that is left of it where it is ``undelivered``, the ``pieces``
        of a ``withdrawal``; or for the fare of a ``ticket``. Its result has amount, unit, reference and the payments.

        A ``cancel_subscription`` ends the ``subscription`` at ``ends_on``, which must be the end of what is paid. Its
        result has both, and the plan.

        A ``compensate_flight`` pays ``order.amount`` for the ``ticket`` once, to the means of payment or the account
        that whoever approves it has. Its result has ticket, flight, amount, unit and reference.

        An ``issue_voucher`` gives ``order.amount`` as a voucher. Its result has code, amount, unit and valid_until.
        A ``change_email`` puts ``email`` in the place of ``before``, a ``change_language`` does so with ``language``, a
        ``change_name`` with ``given_names`` and ``surnames``. What is not as ``before`` (or ``…_before``) says is
        refused. The result has all of these.

        A ``report_baggage`` opens a report for the ``ticket`` and gives it as ``report``; a ``change_delivery_address``
        has the bag of a ``report`` brought to the ``address``, if it was changed ``address_changes`` times before. A
        ``pay_essentials`` and a ``pay_damage`` pay ``order.amount`` for the ``ticket`` to what it was paid with, as the
        ``place``-th of their sort; their result has amount, unit, reference and the method.

        Raises Conflict when the business refuses (its sentence says why).
        """
        ...
