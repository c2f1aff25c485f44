"""The rules on flights that are late, cancelled or full, as a business writes them down: with dates and sources.

How they are read out of policies.yml is configuration/rights.py; what they come to for one flight is domain/rights.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from relevo.domain.dated import Dated, in_force

ARTICLES = frozenset({"scope", "denied", "volunteers", "grounds", "cancelled", "extraordinary", "choice", "care"})
"""What a law's articles are asked for by name; the others stand with what they rule."""


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """Which law it is, and where in it things stand."""

    number: str
    """Such as ``261/2004``."""
    articles: Mapping[str, str]
    """By the names in ARTICLES."""


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """What flights of a range of distances are owed; the first band that a flight fits is its own."""

    article: str
    amount: int
    """In minor units."""
    halved_article: str
    halved_up_to_minutes: int
    """Arriving no later than this by another flight halves it."""
    care_from_minutes: int
    """Leaving this late brings meals and calls."""
    up_to_km: int | None = None
    is_inside: bool = False
    """Only for flights with both ends in the territory."""
    halved_below_minutes: int | None = None
    """Arriving late by less than this with the flight itself halves it too."""

    def fits(self, distance_km: int, *, is_inside: bool) -> bool:
        """Tell whether a flight belongs here."""
        return (self.up_to_km is None or distance_km <= self.up_to_km) and (is_inside or not self.is_inside)


class Compensation(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts, by distance; the last band fits every flight."""

    currency: str
    bands: tuple[Band, ...]
    halved_earlier_minutes: int
    """Nothing is halved where the other flight leaves by more than this before the booked one."""

    def band(self, distance_km: int, *, is_inside: bool) -> Band:
        """Give the band that a flight belongs to."""
        return next(band for band in self.bands if band.fits(distance_km, is_inside=is_inside))


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """From when on being late counts."""

    compensated_from_minutes: int
    """Late at arrival."""
    refunded_from_minutes: int
    """Late at departure: the passenger may have the fare back instead of flying."""
    ruling: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What being told of a cancellation so many days ahead asks of the other flight, for nothing to be owed."""

    article: str
    from_days: int
    earlier_minutes: int | None = None
    """It leaves no more than this before the booked departure; None: the notice alone is enough."""
    below_minutes: int | None = None
    """It arrives less than this after the booked arrival."""


class Causes(msgspec.Struct, frozen=True, kw_only=True):
    """Which causes lift compensation, and which never do; each with where that is written."""

    extraordinary: Mapping[str, str]
    ordinary: Mapping[str, str]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force on one day."""

    law: Law
    territory: frozenset[str]
    """Countries by ISO 3166 code."""
    compensation: Compensation
    delay: Delay
    notices: tuple[Notice, ...]
    """The longest first; the last one begins at no day."""
    causes: Causes


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """All versions of the rules; each part changes on days of its own. Without any, nothing is ever in force."""

    law: tuple[Dated[Law], ...] = ()
    territory: tuple[Dated[frozenset[str]], ...] = ()
    compensation: tuple[Dated[Compensation], ...] = ()
    delay: tuple[Dated[Delay], ...] = ()
    cancellation: tuple[Dated[tuple[Notice, ...]], ...] = ()
    causes: tuple[Dated[Causes], ...] = ()

    def on(self, day: date) -> Rules | None:
        """Give what is in force on a day; None where a part of it has not begun by then."""
        law, territory = in_force(self.law, day), in_force(self.territory, day)
        compensation, delay = in_force(self.compensation, day), in_force(self.delay, day)
        notices, causes = in_force(self.cancellation, day), in_force(self.causes, day)
        if law and territory and compensation and delay and notices and causes:
            return Rules(
                law=law,
                territory=territory,
                compensation=compensation,
                delay=delay,
                notices=notices,
                causes=causes,
            )
        return None
