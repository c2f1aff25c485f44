"""Numbers, dates, places and trips as a language writes them; another one is another file in ``languages/``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

FALLBACK = "es"


class Wording:
    """How one language writes what sentences are filled with."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def number(self, value: int) -> str:
        """Write a whole number with the language's thousands sign."""
        return f"{value:,}".replace(",", self._data["thousands"])

    def date(self, day: date | str) -> str:
        """Write a date, such as "5 oct 2025"; takes ISO text too."""
        when = day if isinstance(day, date) else date.fromisoformat(day)
        month = self._data["months"][when.month - 1]
        text: str = self._data["date"].format(day=when.day, month=month, year=when.year)
        return text

    def trip(self, trip: Mapping[str, Any]) -> str:
        """Write one line about a trip: flight, places, date, points."""
        line: str = self._data["trip"].format(
            flight=trip["flight"],
            origin=self._place(trip["origin"]),
            destination=self._place(trip["destination"]),
            date=self.date(trip["flown_on"]),
            points=self.number(trip["points"]),
        )
        return line

    def join(self, words: Iterable[str]) -> str:
        """Write a list of words as speech does: "a, b and c"."""
        *first, last = words
        return self._data["and"].join([", ".join(first), last]) if first else last

    def _place(self, code: str) -> str:
        name: str = self._data["places"].get(code, code)
        return name


@lru_cache
def wording(language: str | None) -> Wording:
    """Give a language's wording; one that has no file gets Spanish."""
    folder = resources.files("actions").joinpath("languages")
    file = folder.joinpath(f"{language or FALLBACK}.yml")
    return Wording(yaml.safe_load((file if file.is_file() else folder.joinpath(f"{FALLBACK}.yml")).read_text("utf-8")))
