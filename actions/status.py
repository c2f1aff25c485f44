"""Where an order is, and what became of money that goes back: read where it stands, told line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from actions.conversation import Talk
from actions.question import Question, named
from relevo.contracts.records import Order
from relevo.domain.effects import DECLINED, EXPIRED, POINTS, EffectState, PreparedEffect

VOUCHER = "issue_voucher"
MOST_LINES = 3
_REFERENCES = ("order", "booking_code", "ticket")
RECENT = timedelta(days=30)
"""How long something that is over is told without being asked for by its number."""


async def tell_orders(talk: Talk) -> bool:
    """Tell where the named orders are, else those that are still to come, else the newest."""
    orders, numbers = await talk.turn.own(Order), named(talk, "order")
    meant = [order for order in orders if order.id in numbers] if numbers else _current(orders)
    if not meant:
        talk.memory.forget("order")
        talk.say("utter_order_not_found")
        return False
    today = talk.turn.today
    talk.say("utter_order_status", orders="\n".join(_order_line(talk, order, today) for order in meant))
    if any(_is_late(order, today) for order in meant):
        talk.say("utter_order_late")
    return True


def _current(orders: Sequence[Order]) -> Sequence[Order]:
    coming = [order for order in orders if order.delivered_on is None]
    return coming[:MOST_LINES] or orders[:1]


def _is_late(order: Order, today: date) -> bool:
    return order.delivered_on is None and order.promised_on < today


def _order_line(talk: Talk, order: Order, today: date) -> str:
    write, state = talk.wording, "delivered" if order.delivered_on else order.status
    line = write.line(
        f"order_{state}" if write.has_line(f"order_{state}") else "order_other",
        order=order.id,
        items=", ".join(order.items),
        date=write.date(order.placed_on),
        delivered=write.date(order.delivered_on or order.placed_on),
    )
    if order.delivered_on:
        return line
    return line + write.line(
        "order_late" if _is_late(order, today) else "order_due", date=write.date(order.promised_on)
    )


class _Asked(msgspec.Struct, frozen=True):
    """Which sums are asked about: those of named orders, bookings or tickets, else those of late."""

    numbers: frozenset[str]
    since: datetime

    def means(self, about: Collection[str], at: datetime) -> bool:
        return not self.numbers.isdisjoint(about) if self.numbers else at >= self.since


async def tell_refunds(talk: Talk) -> bool:
    """Tell what was paid back and what waits; of an order that is not theirs, the same as of one without any."""
    draft = talk.memory["draft"] or {}
    numbers = (*named(talk, "order"), *draft.get("booking_code", ()), *draft.get("ticket", ()))
    asked = _Asked(frozenset(numbers), talk.turn.now - RECENT)
    lines = [
        *_paid_back(talk, await talk.turn.own(Order), asked),
        *_asked_for(talk, await talk.turn.own_effects(), asked),
    ]
    if not lines:
        talk.memory.forget("order")
        talk.say("utter_refund_unknown")
        return False
    talk.say("utter_refund_status", refunds="\n".join(lines[:MOST_LINES]))
    return True


def _paid_back(talk: Talk, orders: Sequence[Order], asked: _Asked) -> Iterator[str]:
    write = talk.wording
    for order, refund in [(one, refund) for one in orders for refund in one.refunds]:
        if asked.means({order.id}, refund.refunded_at):
            yield write.line(
                "refund_paid",
                amount=write.money(refund.amount, order.currency),
                means=write.means_of(refund.methods),
                date=write.date(refund.refunded_at.date()),
                reference=refund.reference,
                about=write.line("about_order", order=order.id),
            )


def _asked_for(talk: Talk, effects: Sequence[PreparedEffect], asked: _Asked) -> Iterator[str]:
    """Write a line about each sum that waits, is checked or was declined; what an order got back is told already."""
    for effect in effects:
        name, about = _line_of(effect), _about(effect)
        if name and asked.means(about, effect.intended_at):
            yield _effect_line(talk, effect, name, about)


def _line_of(effect: PreparedEffect) -> str | None:
    """Give which line is written about an effect; None about what moves no money back."""
    order = effect.order
    if order.amount is None or order.unit in (None, POINTS) or order.kind == VOUCHER:
        return None
    if effect.state is EffectState.DONE:
        return None if order.arguments.get("order") else "refund_paid_otherwise"
    if effect.state is EffectState.REFUSED:
        return {DECLINED: "refund_declined", EXPIRED: "refund_expired"}.get(effect.rule or "")
    return "refund_waiting" if effect.state is EffectState.PREPARED else "refund_checked"


def _about(effect: PreparedEffect) -> tuple[str, ...]:
    arguments: dict[str, Any] = dict(effect.order.arguments)
    return tuple(str(arguments[name]) for name in _REFERENCES if arguments.get(name))


def _effect_line(talk: Talk, effect: PreparedEffect, name: str, about: Sequence[str]) -> str:
    write, order = talk.wording, effect.order
    at = effect.decided_at or effect.intended_at
    return write.line(
        name,
        amount=write.money(order.amount or 0, order.unit or ""),
        date=talk.day(at),
        case=effect.case_id or "",
        about=write.line("about", reference=about[0]) if about else "",
    )


ORDERS = Question(
    case_type="order_status",
    asking="utter_ask_identity_order",
    references=frozenset({"order"}),
    answer=tell_orders,
)
REFUNDS = Question(
    case_type="refund_status",
    asking="utter_ask_identity_order",
    references=frozenset({"order", "booking_code", "ticket"}),
    answer=tell_refunds,
)
