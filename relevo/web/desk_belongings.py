"""What a person has at the business, as a piece of a page that is asked for when somebody opens it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from relevo.contracts.records import Bag, Fare, Membership, Order, Subscription, Trip, Voucher
from relevo.flow.amounts import amount_in, day, number
from relevo.flow.belongings import READ, Belongings, masked_mail
from relevo.web.languages import WORDS, Words
from relevo.web.markup import document, facts, known, moment, text

_MOST = 20
"""Records of a kind that are shown; the business has the others."""


def belongings_page(language: str, found: Belongings) -> str:
    """Give the piece as a document of its own, which works without the page around it too."""
    words = WORDS[language]
    body = f'<body><div class="fragment" role="status">{_inside(language, words, found)}</div></body>'
    return document(language, words["person.business"], "", body)


def _inside(language: str, words: Words, found: Belongings) -> str:
    if found.state != READ:
        return f'<p class="empty state-{found.state}">{text(words[f"person.business_{found.state}"])}</p>'
    shown = _Shown(language, words)
    parts = (
        shown.person(found),
        shown.kind("trips", map(shown.trip, found.trips)),
        shown.kind("orders", map(shown.order, found.orders)),
        shown.kind("bags", map(shown.bag, found.bags)),
        shown.kind("subscriptions", map(shown.subscription, found.subscriptions)),
        shown.kind("fares", map(shown.fare, found.fares)),
        shown.kind("vouchers", map(shown.voucher, found.vouchers)),
    )
    read = f'<p class="quiet">{text(words["person.read_at"])} {moment(found.read_at)}</p>'
    return "".join(parts) + read


class _Shown:
    """Each kind of record in a line or two."""

    def __init__(self, language: str, words: Words) -> None:
        self._language, self._words = language, words

    def person(self, found: Belongings) -> str:
        person, words = found.person, self._words
        if person is None:
            return ""
        pairs = [
            (words["person.name"], text(f"{person.given_names} {person.surnames}".strip())),
            (words["fact.email"], f"<code>{text(masked_mail(person.email))}</code>"),
            (words["fact.language"], text(person.language)),
        ]
        if person.loyalty_number:
            pairs.append((words["fact.loyalty_number"], f"<code>{text(person.loyalty_number)}</code>"))
        pairs += [self._membership(membership) for membership in found.memberships]
        return facts(pairs)

    def _membership(self, membership: Membership) -> tuple[str, str]:
        until = membership.expires_on
        said = f" · {text(self._words['person.expires'])} {self._day(until)}" if until else ""
        return self._words["fact.points"], text(number(self._language, membership.points)) + said

    def kind(self, name: str, lines: Iterable[str]) -> str:
        found = list(lines)
        if not found:
            return ""
        items = "".join(f"<li>{line}</li>" for line in found[:_MOST])
        more = f'<p class="quiet">{text(self._words["person.more_there"])}</p>' if len(found) > _MOST else ""
        return f'<h3>{text(self._words[f"person.{name}"])}</h3><ul class="seen">{items}</ul>{more}'

    def trip(self, trip: Trip) -> str:
        state = "flown" if trip.was_flown else "to_come"
        return (
            f"<b>{text(trip.flight)}</b> {text(trip.origin)} → {text(trip.destination)}, {self._day(trip.flown_on)}"
            f" <code>{text(trip.ticket)}</code> <code>{text(trip.booking_code)}</code> {self._badge(state)}"
            + (self._badge("credited") if trip.credited_at else "")
        )

    def order(self, order: Order) -> str:
        items = ", ".join(order.items)
        paid = self._amount(order.paid, order.currency)
        return (
            f"<b>{text(order.id)}</b> {self._day(order.placed_on)} · {paid} {self._badge(order.status)}"
            f'<p class="quiet" dir="auto">{text(items)} · {text(order.seller)}</p>'
        )

    def bag(self, bag: Bag) -> str:
        where = f'<p class="quiet" dir="auto">{text(bag.delivery_address)}</p>' if bag.delivery_address else ""
        tag = f" <code>{text(bag.tag)}</code>" if bag.tag else ""
        return (
            f"<b>{text(bag.report)}</b> {text(bag.flight)}, {self._day(bag.reported_on)}{tag}"
            f" {self._badge(bag.status)}{where}"
        )

    def subscription(self, subscription: Subscription) -> str:
        price = self._amount(subscription.price, subscription.currency)
        state = "renews" if subscription.is_active else "cancelled"
        period = known(self._words, "person.per", subscription.period)
        return (
            f"<b>{text(subscription.plan)}</b> <code>{text(subscription.id)}</code> {price} {period}"
            f" · {self._day(subscription.paid_until)} {self._badge(state)}"
        )

    def fare(self, fare: Fare) -> str:
        back = self._badge("paid_back") if fare.refund else ""
        amount = self._amount(fare.amount, fare.currency)
        return f"<b>{text(fare.ticket)}</b> {text(fare.flight)} · {amount} · {text(fare.method)} {back}"

    def voucher(self, voucher: Voucher) -> str:
        amount = self._amount(voucher.amount, voucher.currency)
        return f"<code>{text(voucher.code)}</code> {amount} · {self._day(voucher.valid_until)}"

    def _badge(self, state: str) -> str:
        return f'<span class="badge">{known(self._words, "person.state", state)}</span>'

    def _amount(self, amount: int, currency: str) -> str:
        return text(amount_in(self._language, amount, currency))

    def _day(self, when: date) -> str:
        return text(day(self._language, when))
