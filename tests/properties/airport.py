"""Flights that went right and wrong, their passengers, and what the law owes each, counted here anew.

Everything comes from one seed. The counting is another program than the one that pays, written from the law's text.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions import rights
from actions.conversation import Heard, Memory, Talk
from actions.requests import begin
from relevo.store.aurora.demo import ZONE
from relevo.store.pool import Database
from relevo.testing import Died
from tests.properties.market import BUTTON, Chat

AT_ONCE = 25_000
"""What the business of this test lets the bot pay."""
INSIDE = {"ES", "FR", "RE", "NO"}
COUNTRIES = (*sorted(INSIDE), "ES", "ES", "GB", "US")
EXCUSES, NO_EXCUSES, UNHEARD_OF = ("weather", "bird_strike"), ("technical", "crew"), (None, "gremlins")


@dataclass(frozen=True)
class Flown:
    """One passenger's flight as this test knows it."""

    ticket: str
    number: str
    columns: dict[str, Any]
    mishap: dict[str, Any]
    was_flown: bool

    @property
    def key(self) -> str:
        """Give the key of the effect that compensates it."""
        return f"compensate_flight:{self.ticket}"

    @property
    def needs_person(self) -> bool:
        """Whether the bot may not pay it by itself, whatever it owes."""
        known = self.columns["cause"] in NO_EXCUSES
        return self.mishap["denied_boarding"] is not None or not known or self.owed() > AT_ONCE

    def owed(self) -> int:
        """Give what Articles 3 to 7 of Regulation (EC) No 261/2004 owe, in cents."""
        c, m = self.columns, self.mishap
        ends = {c["origin_country"], c["destination_country"]}
        if c["origin_country"] not in INSIDE and not {c["destination_country"], c["carrier_country"]} <= INSIDE:
            return 0
        long = c["distance_km"] > 3500 and not ends <= INSIDE
        full, hours = (25_000, 2) if c["distance_km"] <= 1500 else (60_000, 4) if long else (40_000, 3)
        other = m["rerouting"] is not None
        soon = other and m["earlier_minutes"] <= 60 and m["later_minutes"] <= 60 * hours
        excused = c["cause"] in EXCUSES and c["was_unavoidable"]
        if m["denied_boarding"] is not None:
            return 0 if m["denied_boarding"] != "involuntary" else full // 2 if soon else full
        if c["status"] == "cancelled":
            days = max(0, c["notice_days"] or 0)
            early, late = (120, 240) if days >= 7 else (60, 120)
            close = other and m["earlier_minutes"] <= early and m["later_minutes"] < late
            is_out = c["cancelled_by"] != "carrier" or days >= 14 or close or excused
            return 0 if is_out else full // 2 if soon else full
        late = c["arrival_delay_minutes"]
        if c["status"] != "flown" or not self.was_flown or late < 180 or excused:
            return 0
        return full // 2 if long and late < 240 else full


def a_flight(chance: random.Random, number: int, ticket: str) -> Flown:
    """Give a flight that went as near to every border as can be."""
    status = chance.choice(("flown", "flown", "cancelled", "scheduled"))
    minutes = (0, 40, 60, 61, 119, 120, 121, 179, 180, 181, 239, 240, 241, 400)
    denied = chance.choice((None, None, None, "involuntary", "voluntary", "reasonable_grounds"))
    is_cancelled = status == "cancelled"
    return Flown(
        ticket=ticket,
        number=f"AU{number:04}",
        columns={
            "origin_country": chance.choice(COUNTRIES),
            "destination_country": chance.choice(COUNTRIES),
            "carrier_country": chance.choice(("ES", "ES", "US")),
            "distance_km": chance.choice((300, 800, 1500, 1501, 3500, 3501, 9000)),
            "status": status,
            "departure_delay_minutes": chance.choice(minutes),
            "arrival_delay_minutes": chance.choice(minutes),
            "cause": chance.choice((*EXCUSES, *NO_EXCUSES, *NO_EXCUSES, *UNHEARD_OF)),
            "was_unavoidable": chance.random() < 0.5,
            "cancelled_by": chance.choice(("carrier", "carrier", "passenger")) if is_cancelled else None,
            "notice_days": chance.choice((None, 0, 6, 7, 13, 14)) if is_cancelled else None,
        },
        mishap={
            "denied_boarding": None if is_cancelled else denied,
            "rerouting": chance.choice((None, "offered", "taken")),
            "earlier_minutes": chance.choice(minutes),
            "later_minutes": chance.choice(minutes),
        },
        was_flown=status == "flown" and chance.random() < 0.9,
    )


async def open_airport(database: Database, chance: random.Random, people: int) -> dict[str, list[Flown]]:
    """Fill an empty airport, and give everybody's flights."""
    flown: dict[str, list[Flown]] = {}
    for place in range(people):
        ref = f"P{place:03}"
        await database.run(
            "INSERT INTO aurora_people (ref, given_names, surnames, email, phone, language)"
            " VALUES (%s, 'Amina', 'Diallo', %s, '1', 'es')",
            (ref, f"{ref}@example.com"),
        )
        numbers = [1000 + place * 4 + n for n in range(chance.randint(1, 4))]
        flown[ref] = [a_flight(chance, number, f"075{number:010}") for number in numbers]
        for flight in flown[ref]:
            await _fly(database, ref, flight)
    return flown


async def _fly(database: Database, ref: str, flight: Flown) -> None:
    day = datetime.now(ZONE).date() - timedelta(days=3)
    await database.run(
        "INSERT INTO aurora_tickets (number, booking_code, person_ref, name, flight, flown_on, origin, destination,"
        " was_flown, points_due) VALUES (%s, %s, %s, 'DIALLO/AMINA', %s, %s, 'MAD', 'LHR', %s, 0)",
        (flight.ticket, flight.number, ref, flight.number, day, flight.was_flown),
    )
    row = {"number": flight.number, "flown_on": day, "origin": "MAD", "destination": "LHR", **flight.columns}
    await _insert(database, "aurora_flights", row)
    await _insert(database, "aurora_disruptions", {"ticket": flight.ticket, **flight.mishap})


async def _insert(database: Database, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join(f"%({column})s" for column in row)
    await database.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", row)


@dataclass
class FlightChat(Chat):
    """One conversation about flights; what is shown when somebody says yes is what they agree to."""

    async def hears(self, heard: Heard) -> None:
        """Answer one message; where the process dies, the same message is answered again from where it stood."""
        offer = self.slots.get("offer")
        if self.slots.get("stage") == "confirm" and offer:
            named = set(heard.entities.get("flight", (offer["flight"],)))
            is_yes = heard == BUTTON or (heard.intent == "affirm" and heard.entities.keys() <= {"agreement", "flight"})
            if is_yes and named == {offer["flight"]}:
                self.agreed.add(f"compensate_flight:{offer['ticket']}")
        while True:
            talk = Talk(self._turn(), heard, Memory(self.slots | _named(heard)))
            try:
                await (rights.go_on(talk) if self._goes_on(heard) else begin(talk, rights.CASE_TYPE))
            except Died:
                continue
            self.slots |= _named(heard) | {event["name"]: event["value"] for event in talk.memory.events()}
            return

    def _goes_on(self, heard: Heard) -> bool:
        return bool(self.slots.get("in_request")) and heard.intent not in rights.REPORTED


def _named(heard: Heard) -> dict[str, Any]:
    """Give the slots that Rasa fills from a message before an action runs."""
    return {"flight": list(heard.entities["flight"])} if "flight" in heard.entities else {}
