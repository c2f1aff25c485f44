"""The demo company's flights: what its file says reaches the rules, and compensation is paid once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from actions.flights import facts
from relevo.contracts.records import Flight
from relevo.domain.effects import EffectOrder
from relevo.domain.rights import Answer
from relevo.errors import Conflict
from relevo.store.aurora.company import Aurora
from relevo.store.pool import Database
from tests.flights import owed

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 30, 10, 0, tzinfo=timezone.utc)
LATE, CANCELLED, DENIED, PUNCTUAL, TO_COME = (
    ("C007", "0751000000071"),
    ("C007", "0751000000072"),
    ("C006", "0751000000061"),
    ("C003", "0751000000031"),
    ("C003", "0751000000032"),
)
ORDER = EffectOrder(
    key="compensate_flight:0751000000071",
    kind="compensate_flight",
    business_ref="C007",
    arguments={"ticket": "0751000000071"},
    amount=25000,
    unit="EUR",
)


@pytest.fixture
async def aurora(database: str) -> AsyncIterator[Aurora]:
    """The demo company, loaded as of NOW."""
    opened = Database(database, size=8)
    await opened.open()
    business = Aurora(opened)
    assert await business.load(NOW)
    yield business
    await opened.close()


async def _flight(aurora: Aurora, whose: tuple[str, str]) -> Flight:
    ref, ticket = whose
    (found,) = [flight for flight in await aurora.records(Flight, ref) if flight.ticket == ticket]
    return found


@pytest.mark.parametrize(
    ("whose", "answer", "amount"),
    [
        (LATE, Answer.OWED, 25000),
        (CANCELLED, Answer.OWED, 25000),
        (DENIED, Answer.OWED, 25000),
        (PUNCTUAL, Answer.SHORT_DELAY, 0),
        (TO_COME, Answer.NOT_YET, 0),
    ],
    ids=["AU2210 215 minutes late", "AU2401 cancelled", "AU3411 left behind", "AU0455 40 minutes late", "AU0900"],
)
async def test_the_demo_owes_what_its_file_says(
    aurora: Aurora, whose: tuple[str, str], answer: Answer, amount: int
) -> None:
    """From the row of the flight to the sum."""
    found = owed(facts(await _flight(aurora, whose)))
    assert (found.answer, found.amount) == (answer, amount)


async def test_a_cancelled_flight_leaves_the_choice_of_its_fare(aurora: Aurora) -> None:
    """Whoever was not flown may have the fare back."""
    assert owed(facts(await _flight(aurora, CANCELLED))).may_be_refunded
    assert not owed(facts(await _flight(aurora, LATE))).may_be_refunded


async def test_flights_are_ones_own(aurora: Aurora) -> None:
    """Somebody else on the same flight has a ticket of their own."""
    assert {flight.ticket for flight in await aurora.records(Flight, "C006")} == {DENIED[1]}
    (ollie,) = [flight for flight in await aurora.records(Flight, "C002") if flight.flight == "AU3411"]
    assert (ollie.denied_boarding, ollie.arrival_delay_minutes) == (None, 25)
    assert await aurora.records(Flight, "C999") == []


async def test_a_flight_is_compensated_once_under_pressure(aurora: Aurora) -> None:
    """Twenty at the same moment are one, with one result."""
    results = await asyncio.gather(*(aurora.carry_out(ORDER) for _ in range(20)))
    assert results == [results[0]] * 20
    assert {name: results[0][name] for name in ("ticket", "flight", "amount", "unit")} == {
        "ticket": LATE[1],
        "flight": "AU2210",
        "amount": 25000,
        "unit": "EUR",
    }
    paid = (await _flight(aurora, LATE)).compensated
    assert paid is not None
    assert (paid.amount, paid.reference) == (25000, results[0]["reference"])


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (replace(ORDER, key="compensate_flight:again"), "flight.already_compensated"),
        (replace(ORDER, business_ref="C006", key="k"), "flight.unknown_ticket"),
        (replace(ORDER, arguments={"ticket": CANCELLED[1]}, amount=0, key="k"), "flight.amount"),
        (replace(ORDER, arguments={"ticket": CANCELLED[1]}, unit=None, key="k"), "flight.amount"),
    ],
)
async def test_what_is_not_owed_to_this_person_is_refused(aurora: Aurora, order: EffectOrder, code: str) -> None:
    """Another's ticket, another key for the same ticket, or no money at all."""
    await aurora.carry_out(ORDER)
    with pytest.raises(Conflict) as refused:
        await aurora.carry_out(order)
    assert refused.value.reason == code


async def test_a_reset_forgets_what_was_paid(aurora: Aurora) -> None:
    """The demo can be played again."""
    await aurora.carry_out(ORDER)
    await aurora.reset(NOW + timedelta(days=1))
    assert (await _flight(aurora, LATE)).compensated is None
