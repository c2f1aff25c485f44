"""Numbers, money, dates and whole lines as a language writes them; another one is another file in ``languages/``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from relevo.domain.formality import is_formal, laid_over
from relevo.domain.names import name_words

FALLBACK = "es"
_NUMBERS = ("order", "ticket", "booking_code", "flight")
_SUMS = ("goods", "delivery", "total", "paid")
_DAYS = ("flown_on", "promised_on", "delivered_on")
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


class Wording:
    """How one language writes what sentences are filled with."""

    def __init__(self, data: Mapping[str, Any], language: str = FALLBACK) -> None:
        self._data = data
        self._language = language

    @property
    def numbers(self) -> Mapping[str, int]:
        """Words for small numbers of pieces."""
        numbers: Mapping[str, int] = self._data["numbers"]
        return numbers

    def words(self, group: str) -> frozenset[str]:
        """Give the words of a group by which a text about pieces is read, such as ``only``."""
        return frozenset(self._data["pieces"][group])

    @property
    def names(self) -> Sequence[str]:
        """How this language is called, in any language."""
        names: Sequence[str] = self._data["called"]
        return names

    @property
    def refusing(self) -> Sequence[str]:
        """Words after which a language is named that is not wanted."""
        words: Sequence[str] = self._data["refusing"]
        return words

    def number(self, value: int) -> str:
        """Write a whole number with the language's thousands sign."""
        return f"{value:,}".replace(",", self._data["thousands"])

    def money(self, amount: int, currency: str) -> str:
        """Write an amount of a currency whose minor unit is a hundredth, such as "7.455,00 €"."""
        whole, cents = divmod(amount, 100)
        number = f"{self.number(whole)}{self._data['decimal']}{cents:02}"
        text: str = self._data["money"].format(number=number, symbol=_SYMBOLS.get(currency, currency))
        return text

    def means(self, method: str | None) -> str:
        """Write a means of payment, such as "your card ending 0982"; one that the language does not know stays."""
        if method is None:
            return str(self._data["original_means"])
        for begins, words in self._data["means"].items():
            if method.startswith(begins):
                return str(words) + method[len(begins) :]
        return method

    def charge(self, facts: Mapping[str, Any]) -> str:
        """Write one line about a charge that goes back: what exactly, how much, why, and to which means."""
        place, payment = next(
            ((place, one) for place, one in enumerate(facts["payments"]) if one["id"] == facts["payment"]), (0, facts)
        )
        is_part, ordinals = facts["amount"] < payment["amount"], self._data["ordinals"]
        form = f"charge_{facts['charge']}{'_part' if is_part else '_whole' if facts.get('is_with_delivery') else ''}"
        line: str = self._data[form].format(
            payment=ordinals[place] if place < len(ordinals) else facts["payment"],
            means=self.parts(facts["parts"], facts["currency"]),
            amount=self.money(facts["amount"], facts["currency"]),
            **self.named(facts),
        )
        more = [self._data["settled_with_seller"].format(seller=facts["seller"])] if facts["is_third_party"] else []
        if facts.get("is_divisible"):
            more.append(self._data["divisible"])
        return " ".join([line, *more])

    def named(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Write everything that sentences may name of a charge: numbers, days, what things cost."""
        kept = {name: str(facts[name]) for name in _NUMBERS if facts.get(name)}
        kept |= {name: self.money(facts[name], facts["currency"]) for name in _SUMS if name in facts}
        kept |= {name: self.date(facts[name]) for name in _DAYS if facts.get(name)}
        kept |= {name: self.place(facts[name]) for name in ("origin", "destination") if facts.get(name)}
        if facts.get("owed_for"):
            law = self._data["by_law"].format(law=facts["law"]) if facts["law"] else ""
            kept |= {"why": self._data["owed_for"][facts["owed_for"]], "by_law": law}
        if facts.get("order"):
            kept |= {"bill": self.bill(facts), "what": self.what(facts.get("pieces", ()))}
        return kept

    def what(self, pieces: Iterable[Mapping[str, Any]]) -> str:
        """Write pieces as people count them, such as "2 × Travel pillow"."""
        return self.join(f"{piece['count']} × {piece['names'].get(self._language, piece['name'])}" for piece in pieces)

    def parts(self, parts: Sequence[Mapping[str, Any]], currency: str) -> str:
        """Write where money goes: the means, each with its own amount where there are several."""
        amounts: Counter[str] = Counter()
        for part in parts:
            amounts[self.means(part["method"])] += part["amount"]
        if len(amounts) < 2:
            return self.join(amounts)
        return self.join(f"{means} ({self.money(amount, currency)})" for means, amount in amounts.items())

    def sum(self, charges: Iterable[Mapping[str, Any]]) -> str:
        """Write what charges come to, each currency by itself."""
        totals: Counter[str] = Counter()
        for facts in charges:
            totals[facts["currency"]] += facts["amount"]
        return self.join(self.money(amount, currency) for currency, amount in totals.items())

    def means_of(self, methods: Iterable[str]) -> str:
        """Write means of payment, each once."""
        return self.join(dict.fromkeys(map(self.means, methods)))

    def bill(self, facts: Mapping[str, Any]) -> str:
        """Write what an order cost and what was paid for it."""
        currency = facts["currency"]
        paid = [
            self._data["paid_with"].format(amount=self.money(one["amount"], currency), means=self.means(one["method"]))
            for one in facts["payments"]
        ]
        line: str = self._data["bill"].format(
            order=facts["order"],
            paid=self.join(paid or [self._data["nothing"]]),
            **{name: self.money(facts[name], currency) for name in ("goods", "delivery", "total")},
        )
        return line

    def thing(self, facts: Mapping[str, Any]) -> str:
        """Write one line about an order or a ticket, to choose among several."""
        line: str = self._data["order" if facts["order"] else "fare"].format(
            date=self.date(facts["placed_on"]),
            amount=self.money(facts["amount"], facts["currency"]),
            **self.named(facts),
        )
        return line

    def subscription(self, facts: Mapping[str, Any]) -> str:
        """Write one line about a subscription, to choose among several."""
        line: str = self._data["subscription"].format(
            subscription=facts["subscription"], plan=facts["plan"], price=self.price(facts)
        )
        return line

    def price(self, facts: Mapping[str, Any]) -> str:
        """Write what a subscription costs for each period, such as "€14.99 a month"."""
        text: str = self._data["prices"].get(facts["period"], "{amount}")
        return text.format(amount=self.money(facts["price"], facts["currency"]))

    def tells_to_cancel(self, text: str) -> bool:
        """Tell whether a text says to cancel what is being talked about, and nothing else; "cancel" alone does not."""
        words = self._said(text) - set(self._data["courtesies"])
        cancelling, beside = set(self._data["cancelling"]), set(self._data["beside_cancelling"])
        says_only_that = words <= cancelling | beside and "?" not in text
        return says_only_that and bool(words & cancelling) and bool(words & beside)

    def speaks_of_cancelling(self, text: str) -> bool:
        """Tell whether a text has a word for cancelling in it."""
        return not self._said(text).isdisjoint(self._data["cancelling"])

    def only_cancels(self, text: str) -> bool:
        """Tell whether a text says to cancel, and not what."""
        said = self._said(text)
        return bool(said & {*self._data["cancelling"]}) and said <= {
            *self._data["cancelling"],
            *self._data["nothing_named"],
        }

    def one_of(self, name: str, text: str) -> str | None:
        """Give the first of a list of words or phrases that a text has in it, as the list writes it."""
        said = f" {' '.join(name_words(text))} "
        words: list[str] = self._data[name]
        return next((word for word in words if f" {' '.join(name_words(word))} " in said), None)

    def address(self, text: str) -> str | None:
        """Give the address in a text: from what begins one to the end of the line."""
        match = re.search(self._data["address"], text, re.IGNORECASE)
        return match[0].strip(" .,;") if match else None

    def _said(self, text: str) -> set[str]:
        return {word.lower() for word in name_words(text)}

    def announces_new(self, words: Sequence[str]) -> bool:
        """Tell whether the words before something say that it is to be the new one: "to …", "my new address is …"."""
        said = [fold(word) for word in words]
        return bool(said) and (said[-1] in self._data["before_new"] or not set(said).isdisjoint(self._data["new"]))

    def without_lead(self, text: str) -> str:
        """Give a text without the words that lead to a name in it: "it should be …", "me llamo …"."""
        for lead in sorted(self._data["before_name"], key=len, reverse=True):
            if fold(text).startswith(f"{lead} "):
                return text[len(lead) :].strip(" :,")
        return text

    def date(self, day: date | str) -> str:
        """Write a date, such as "5 oct 2025"; takes ISO text too."""
        when = day if isinstance(day, date) else date.fromisoformat(day)
        month = self._data["months"][when.month - 1]
        text: str = self._data["date"].format(day=when.day, month=month, year=when.year)
        return text

    def duration(self, minutes: int) -> str:
        """Write how long something took, such as "3 h 35 min"."""
        hours, rest = divmod(minutes, 60)
        return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])

    def cause(self, cause: str | None) -> str:
        """Write why a flight went wrong; a cause without words stays as it is written down."""
        text: str = self._data["causes"].get(cause or "", cause or self._data["no_cause"])
        return text

    def choice(self, intent: str) -> str | None:
        """Give what a request is called on a button, or None where nobody is to choose it."""
        title: str | None = self._data["choices"].get(intent)
        return title

    def phrase(self, name: str, **values: object) -> str:
        """Write one of the language's own phrases."""
        text: str = self._data[name].format(**values)
        return text

    def trip(self, trip: Mapping[str, Any]) -> str:
        """Write one line about a trip: flight, places, date, points."""
        line: str = self._data["trip"].format(
            flight=trip["flight"],
            origin=self.place(trip["origin"]),
            destination=self.place(trip["destination"]),
            date=self.date(trip["flown_on"]),
            points=self.number(trip["points"]),
        )
        return line

    def line(self, name: str, **values: str) -> str:
        """Write one of the lines that say where something stands."""
        text: str = self._data["lines"][name]
        return text.format(**values)

    def has_line(self, name: str) -> bool:
        """Tell whether the language has such a line."""
        return name in self._data["lines"]

    def moment(self, at: datetime, zone: tzinfo) -> str:
        """Write a date with its time where the business is, such as "5 Oct 2025, 18:30"."""
        there = at.astimezone(zone)
        return f"{self.date(there.date())}, {there:%H:%M}"

    def join(self, words: Iterable[str]) -> str:
        """Write a list of words as speech does: "a, b and c"."""
        *first, last = list(words) or [""]
        return self._data["and"].join([", ".join(first), last]) if first else last

    def place(self, code: str) -> str:
        """Write an airport's place; one that the language does not know stays."""
        name: str = self._data["places"].get(code, code)
        return name


def language_meant(text: str) -> str | None:
    """Give the language that a text asks for, None where it does not tell; "I don't speak English" asks for another."""
    refused = "|".join(word for code in codes() for word in wording(code).refusing)
    named = {code: _is_wanted(fold(text), "|".join(wording(code).names), refused) for code in codes()}
    wanted = [code for code, is_wanted in named.items() if is_wanted]
    others = [code for code, is_wanted in named.items() if is_wanted is None]
    if not wanted and len(others) < len(named):
        wanted = others
    return wanted[0] if len(wanted) == 1 else None


def _is_wanted(folded: str, names: str, refused: str) -> bool | None:
    """Tell whether a language is named as the one to speak, or only as one that is not; None where it is not named."""
    if not re.search(rf"\b(?:{names})\b", folded):
        return None
    left = re.sub(rf"\b(?:{refused})\b[^,.;:]{{0,30}}?\b(?:{names})\b", "", folded)
    return bool(re.search(rf"\b(?:{names})\b", left))


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    """Give the languages that there is wording in."""
    files = resources.files("actions").joinpath("languages").iterdir()
    return tuple(sorted(file.name.removesuffix(".yml") for file in files if file.name.endswith(".yml")))


def fold(text: str) -> str:
    """Write a text in lower case without accents."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("’", "'")


def wording(language: str | None) -> Wording:
    """Give a language's wording; one that has no file gets Spanish."""
    known = language if language in codes() else FALLBACK
    return _wording(known, is_formal=is_formal(known))


@lru_cache
def _wording(language: str, *, is_formal: bool) -> Wording:
    folder = resources.files("actions").joinpath("languages")
    data, formal = (
        yaml.safe_load((folder / f"{language}.yml").read_text("utf-8")),
        folder / "formal" / f"{language}.yml",
    )
    if is_formal and formal.is_file():
        data = laid_over(data, yaml.safe_load(formal.read_text("utf-8")))
    return Wording(data, language)
