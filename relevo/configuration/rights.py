"""Reads the section ``rights`` of policies.yml into ``relevo.domain.passenger_rules``.

Every part is a list of versions; what is wrong in one is noted with its line and left out, and the reading goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from relevo.configuration.documents import Spot
from relevo.domain.dated import Dated
from relevo.domain.passenger_rules import ARTICLES, Band, Causes, Compensation, Delay, Law, Notice, Rights

Part = TypeVar("Part")
Fields = Mapping[str, Spot]

_PARTS = ("law", "territory", "compensation", "delay", "cancellation", "causes")
_INSIDE = {"both_ends": True, "any": False}


def read_rights(spot: Spot) -> Rights | None:
    """Read what passengers are owed; None, with mistakes noted, where a part of it cannot be read."""
    parts = spot.fields(required=_PARTS)
    rights = Rights(
        law=_versions(parts.get("law"), ("number", "articles"), _law),
        territory=_versions(parts.get("territory"), ("countries",), _countries),
        compensation=_versions(
            parts.get("compensation"), ("currency", "halved_earlier_minutes", "bands"), _compensation
        ),
        delay=_versions(parts.get("delay"), ("compensated_from_minutes", "refunded_from_minutes", "ruling"), _delay),
        cancellation=_versions(parts.get("cancellation"), ("notices",), _notices),
        causes=_versions(parts.get("causes"), ("extraordinary", "ordinary"), _causes),
    )
    return rights if all(getattr(rights, name) for name in _PARTS) else None


def _versions(
    spot: Spot | None, named: tuple[str, ...], read: Callable[[Fields], Part | None]
) -> tuple[Dated[Part], ...]:
    versions: dict[date, Dated[Part]] = {}
    for item in spot.items() if spot else ():
        version = _version(item, named, read)
        if version and version.valid_from in versions:
            item.wrong(f"two versions begin on {version.valid_from}; keep one of them.")
        elif version:
            versions[version.valid_from] = version
    return tuple(versions.values())


def _version(item: Spot, named: tuple[str, ...], read: Callable[[Fields], Part | None]) -> Dated[Part] | None:
    parts = Spot(item.node, "a version", item.file, item.mistakes).fields(
        required=("valid_from", "source", *named), optional=("valid_until",)
    )
    begins = parts["valid_from"].day() if "valid_from" in parts else None
    ends = parts["valid_until"].day() if "valid_until" in parts else None
    source = parts["source"].text() if "source" in parts else None
    part = read(parts) if parts.keys() >= set(named) else None
    if begins and ends and ends < begins:
        parts["valid_until"].wrong("valid_until is before valid_from; a version is valid for a day at least.")
    if begins is None or source is None or part is None:
        return None
    return Dated(valid_from=begins, source=source, part=part, valid_until=ends)


def _law(parts: Fields) -> Law | None:
    number = parts["number"].text()
    articles = _texts(parts["articles"].fields(required=ARTICLES))
    return Law(number=number, articles=articles) if number and articles.keys() >= ARTICLES else None


def _countries(parts: Fields) -> frozenset[str] | None:
    return frozenset(code for item in parts["countries"].items() if (code := _country(item))) or None


def _country(spot: Spot) -> str | None:
    code = spot.text()
    if code and not re.fullmatch(r"[A-Z]{2}", code):
        spot.wrong(f"'{code}' must be a country's code of two capital letters, such as ES.")
        return None
    return code


def _compensation(parts: Fields) -> Compensation | None:
    currency, earlier = parts["currency"].text(), parts["halved_earlier_minutes"].whole_number()
    bands = [band for item in parts["bands"].items() if (band := _band(item))]
    if bands and (bands[-1].up_to_km is not None or bands[-1].is_inside):
        parts["bands"].wrong("the last band must fit every flight; leave up_to_km and territory out of it.")
        return None
    if currency is None or earlier is None or not bands:
        return None
    return Compensation(currency=currency, bands=tuple(bands), halved_earlier_minutes=earlier)


def _band(item: Spot) -> Band | None:
    parts = Spot(item.node, "a band", item.file, item.mistakes).fields(
        required=("article", "amount", "halved_article", "halved_up_to_minutes", "care_from_minutes"),
        optional=("up_to_km", "territory", "halved_below_minutes"),
    )
    amount = _number(parts, "amount", least=1)
    halved_up_to, care_from = _number(parts, "halved_up_to_minutes"), _number(parts, "care_from_minutes")
    article, halved_article = _text(parts, "article"), _text(parts, "halved_article")
    if amount and amount % 2:
        parts["amount"].wrong("amount must be an even number of minor units, so that half of it is exact.")
        return None
    if amount is None or halved_up_to is None or care_from is None or article is None or halved_article is None:
        return None
    return Band(
        article=article,
        amount=amount,
        halved_article=halved_article,
        halved_up_to_minutes=halved_up_to,
        care_from_minutes=care_from,
        up_to_km=_number(parts, "up_to_km", least=1),
        is_inside="territory" in parts and _INSIDE.get(parts["territory"].choice(_INSIDE) or "", False),
        halved_below_minutes=_number(parts, "halved_below_minutes", least=1),
    )


def _delay(parts: Fields) -> Delay | None:
    compensated = _number(parts, "compensated_from_minutes", least=1)
    refunded, ruling = _number(parts, "refunded_from_minutes", least=1), parts["ruling"].text()
    if compensated is None or refunded is None or ruling is None:
        return None
    return Delay(compensated_from_minutes=compensated, refunded_from_minutes=refunded, ruling=ruling)


def _notices(parts: Fields) -> tuple[Notice, ...] | None:
    notices = [notice for item in parts["notices"].items() if (notice := _notice(item))]
    if not notices:
        return None
    longest_first = sorted(notices, key=lambda notice: notice.from_days, reverse=True)
    if longest_first[-1].from_days != 0:
        parts["notices"].wrong("one of the notices must begin with from_days: 0, for whoever was told last.")
        return None
    return tuple(longest_first)


def _notice(item: Spot) -> Notice | None:
    parts = Spot(item.node, "a notice", item.file, item.mistakes).fields(
        required=("article", "from_days"), optional=("earlier_minutes", "below_minutes")
    )
    article, from_days = _text(parts, "article"), _number(parts, "from_days")
    if ("earlier_minutes" in parts) != ("below_minutes" in parts):
        item.wrong("a notice has both earlier_minutes and below_minutes, or neither: then it is enough by itself.")
        return None
    if article is None or from_days is None:
        return None
    return Notice(
        article=article,
        from_days=from_days,
        earlier_minutes=_number(parts, "earlier_minutes"),
        below_minutes=_number(parts, "below_minutes"),
    )


def _causes(parts: Fields) -> Causes | None:
    extraordinary, ordinary = parts["extraordinary"].fields(is_open=True), parts["ordinary"].fields(is_open=True)
    for cause in extraordinary.keys() & ordinary.keys():
        ordinary[cause].wrong(f"'{cause}' cannot be both extraordinary and ordinary; keep one of them.")
    found = Causes(extraordinary=_texts(extraordinary), ordinary=_texts(ordinary))
    return found if found.extraordinary and found.ordinary else None


def _texts(spots: Fields) -> dict[str, str]:
    return {name: text for name, spot in spots.items() if (text := spot.text())}


def _text(parts: Fields, name: str) -> str | None:
    return parts[name].text() if name in parts else None


def _number(parts: Fields, name: str, *, least: int = 0) -> int | None:
    return parts[name].whole_number(least=least) if name in parts else None
