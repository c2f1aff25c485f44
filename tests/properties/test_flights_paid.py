"""What flights bring is what the law owes, to the cent: not without a yes, not twice, and by a person where one must.

Two thousand conversations on a real database, written by a seed: yeses with a but, other people's flights, several
conversations at once about one flight, a business that is silent or dies before and after the deed.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from actions.conversation import Heard
from relevo.bootstrap.store import open_store
from relevo.domain.policies import Policies
from relevo.flow.turn import TurnServices
from relevo.store.aurora.company import Aurora
from tests.flights import policies
from tests.measured import Measured
from tests.properties.airport import AT_ONCE, FlightChat, Flown, open_airport
from tests.properties.market import BUTTON, NO_YES, PLAIN_YES, FailingAurora

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SEED, PEOPLE, CONVERSATIONS = 26_100, 200, 10
KIND = "compensate_flight"
REPORTS = ("report_delay", "report_flight_cancelled", "report_denied_boarding")


async def test_what_flights_bring_is_what_the_law_owes(database: str, measured: Measured) -> None:
    """For every flight, whoever says yes how often and whatever fails."""
    chance = random.Random(SEED)
    async with open_store(database, size=8, name="relevo flights") as opened:
        flown = await open_airport(opened.database, chance, PEOPLE)
        business: Any = FailingAurora(Aurora(opened.database), SEED)
        allowed = _paying_at_once()
        services = TurnServices(
            business=business, effects=opened.store.effects, policies=allowed, rights=allowed.rights
        )
        agreed: dict[str, set[str]] = {person: set() for person in flown}
        for person in flown:
            others = [flight.number for flight in flown[chance.choice(list(flown))]]
            talks = [
                _talk(FlightChat(person, services, agreed[person]), flown[person], others, chance.randint(0, 2**40))
                for _ in range(CONVERSATIONS)
            ]
            await asyncio.gather(*talks)
        kept = await opened.database.rows("SELECT key, business_ref, state, rule, amount FROM effects")
        paid = dict(await opened.database.rows("SELECT key, amount FROM aurora_compensations"))
    _check(flown, {key for keys in agreed.values() for key in keys}, kept, paid)
    measured.conversations["flights"] += PEOPLE * CONVERSATIONS


async def _talk(chat: FlightChat, own: list[Flown], others: list[str], seed: int) -> None:
    chance = random.Random(seed)
    await chat.hears(_opening(own, others, chance))
    for _ in range(chance.randint(1, 4)):
        named = chance.choice(own).number
        yes = Heard("sí", "affirm", {**PLAIN_YES.entities, "flight": (named,)})
        again = _opening(own, others, chance)
        await chat.hears(chance.choice((PLAIN_YES, PLAIN_YES, BUTTON, yes, again, chance.choice(NO_YES))))


def _opening(own: list[Flown], others: list[str], chance: random.Random) -> Heard:
    named = chance.choice(((), (chance.choice(own).number,), (chance.choice(own).number,), (chance.choice(others),)))
    return Heard("mi vuelo", chance.choice(REPORTS), {"flight": named} if named else {})


def _paying_at_once() -> Policies:
    known = policies()
    policy = known.by_kind[KIND]
    rules = tuple(
        replace(rule, versions=tuple(replace(version, parameters={"limit": AT_ONCE}) for version in rule.versions))
        if rule.name == "flight.at_once_limit"
        else rule
        for rule in policy.rules
    )
    return replace(known, by_kind={KIND: replace(policy, rules=rules)})


def _check(flown: dict[str, list[Flown]], agreed: set[str], kept: list[tuple[Any, ...]], paid: dict[str, int]) -> None:
    by_key = {flight.key: (person, flight) for person, flights in flown.items() for flight in flights}
    seen: Counter[str] = Counter()
    assert {key for key, *_ in kept} == agreed, "something was recorded without a yes, or a yes was forgotten"
    for key, ref, state, rule, amount in kept:
        person, flight = by_key[key]
        assert (ref, amount) == (person, flight.owed()), f"{flight} owes {flight.owed()}, not {amount}"
        assert amount > 0
        assert (state == "prepared") is flight.needs_person, f"{flight} is {state}"
        assert state in ("prepared", "done", "unconfirmed")
        assert state != "done" or key in paid
        seen[state] += 1
        seen[str(rule)] += 1
    for key, amount in paid.items():
        assert amount == by_key[key][1].owed(), "more or less was paid than the law owes"
        assert not by_key[key][1].needs_person, "a person was needed"
    owed = {key for key, (_, flight) in by_key.items() if flight.owed()}
    assert len(agreed) > 0.5 * len(owed), "the conversations tell too little"
    assert seen.keys() >= {"prepared", "done", "flight.denied_boarding", "flight.unclear_cause", "flight.at_once_limit"}
