"""One passenger's flight for tests of what it is owed, and the rules that come with the bot."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from relevo.configuration import Mistakes, read_policies
from relevo.domain.passenger_rules import Rights
from relevo.domain.policies import Policies
from relevo.domain.rights import Disruption, Entitlement, entitlement

FLOWN_ON = date(2026, 6, 1)
PUNCTUAL: dict[str, Any] = {
    "flown_on": FLOWN_ON.isoformat(),
    "event": "delayed",
    "origin_country": "ES",
    "destination_country": "FR",
    "carrier_country": "ES",
    "distance_km": 830,
    "was_flown": True,
    "departure_delay_minutes": 0,
    "arrival_delay_minutes": 0,
    "cause": None,
    "was_unavoidable": False,
    "cancelled_by": None,
    "notice_days": None,
    "denied_boarding": None,
    "rerouting": None,
    "earlier_minutes": 0,
    "later_minutes": 0,
    "is_overnight": False,
}
"""Barcelona to Paris, on time."""
CANCELLED: dict[str, Any] = PUNCTUAL | {
    "event": "cancelled",
    "was_flown": False,
    "cancelled_by": "carrier",
    "cause": "technical",
    "notice_days": 1,
}
DENIED: dict[str, Any] = PUNCTUAL | {"event": "denied", "was_flown": False, "denied_boarding": "involuntary"}

SHORT = {"distance_km": 1500}
INSIDE = {"distance_km": 1501}
"""Within the territory, above the first border."""
FAR_INSIDE = {"distance_km": 9370, "destination_country": "RE"}
"""Paris to Réunion and the like: within the territory, however far."""
MEDIUM = {"distance_km": 3500, "destination_country": "EG"}
LONG = {"distance_km": 3501, "destination_country": "AE"}


@lru_cache(maxsize=1)
def policies() -> Policies:
    """Give the policies that come with the bot."""
    mistakes = Mistakes()
    read = read_policies(Path(__file__).parents[1] / "policies.yml", mistakes)
    mistakes.raise_if_any()
    return read


def rights() -> Rights:
    """Give the rules that come with the bot."""
    return policies().rights


def owed(flight: dict[str, Any]) -> Entitlement:
    """Give what a flight's passenger is owed."""
    return entitlement(Disruption.of(flight), rights())


def late(minutes: int, **changed: Any) -> dict[str, Any]:
    """Give a flight that left and arrived so late for a technical reason."""
    delays = {"departure_delay_minutes": minutes, "arrival_delay_minutes": minutes}
    return PUNCTUAL | {"cause": "technical"} | delays | changed


def other_flight(*, earlier: int = 0, later: int = 0) -> dict[str, Any]:
    """Give what is on file of another flight that was offered."""
    return {"rerouting": "offered", "earlier_minutes": earlier, "later_minutes": later}
