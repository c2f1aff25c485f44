"""Reads sites of relevo.yml: the websites that the web chat stands on."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from relevo.configuration.documents import Spot
from relevo.configuration.hours import read_calendar
from relevo.configuration.site_parts import (
    read_consent,
    read_prechat,
    read_proactive,
    read_suggestions,
    read_theme,
    read_uploads,
)
from relevo.domain.calendar import Calendar
from relevo.domain.sites import LEAST_KEY_BYTES, MAX_ORIGIN_CHARACTERS, Site, Sites, origin_problem

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KNOWN = (
    *("name", "origins", "webview", "frames", "images", "languages", "default_language", "hours", "holidays"),
    *("timezone", "theme", "suggestions", "prechat", "consent", "visit_days", "retention_days", "identity_key_env"),
    *("uploads", "proactive", "sound", "powered_by"),
)


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a site has of the installation where it says nothing itself."""

    languages: tuple[str, ...]
    default_language: str
    calendar: Calendar
    environment: Mapping[str, str]


def read_sites(spot: Spot, around: Around) -> Sites:
    """Read the sites; what is wrong is noted and left out."""
    found = [_site(name, one, around) for name, one in spot.fields(is_open=True).items()]
    if not found:
        spot.wrong("sites must name at least one site, or be left out.")
        return Sites()
    return Sites(named=tuple(found))


def _site(name: str, spot: Spot, around: Around) -> Site:
    if not _NAME.fullmatch(name):
        spot.wrong(f"'{name}' is no name of a site; write small letters, digits and -, such as shop.")
    parts = spot.fields(optional=_KNOWN) if not spot.is_empty else {}
    languages = _languages(parts.get("languages"), around)
    default = around.default_language if around.default_language in languages else languages[0]
    if "default_language" in parts:
        default = parts["default_language"].choice(languages) or default
    given = _lists(parts) | _numbers(parts) | _parts(parts, languages)
    if "name" in parts and (title := parts["name"].text()):
        given["title"] = title
    if "identity_key_env" in parts:
        given["identity_keys"] = _keys(parts["identity_key_env"], around.environment)
    calendar = read_calendar(parts, around.calendar)
    return Site(name=name, languages=languages, default_language=default, calendar=calendar, **given)


def _languages(spot: Spot | None, around: Around) -> tuple[str, ...]:
    found = [item.choice(around.languages) for item in spot.items()] if spot else []
    return tuple(code for code in found if code) or around.languages


def _lists(parts: Mapping[str, Spot]) -> dict[str, Any]:
    return {name: _origins(parts[name]) for name in ("origins", "frames", "images") if name in parts}


def _origins(spot: Spot) -> tuple[str, ...]:
    found = []
    for item in spot.items():
        text = (item.text() or "").strip()
        problem = origin_problem(text)
        if len(text) > MAX_ORIGIN_CHARACTERS or problem:
            item.wrong(problem or f"an origin has at most {MAX_ORIGIN_CHARACTERS} characters.")
        else:
            found.append(text)
    return tuple(dict.fromkeys(found))


def _numbers(parts: Mapping[str, Spot]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if "visit_days" in parts and (days := parts["visit_days"].whole_number(least=1)):
        given["visit_seconds"] = days * 86_400.0
    if "retention_days" in parts and (days := parts["retention_days"].whole_number(least=1)):
        given["retention_days"] = days
    for key, name in (("webview", "may_have_no_origin"), ("sound", "has_sound"), ("powered_by", "is_branded")):
        if key in parts and (switched := parts[key].switch()) is not None:
            given[name] = switched
    return given


def _parts(parts: Mapping[str, Spot], languages: Collection[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, read in (
        ("theme", read_theme),
        ("suggestions", read_suggestions),
        ("prechat", read_prechat),
        ("consent", read_consent),
        ("proactive", read_proactive),
    ):
        if name in parts:
            given[name] = read(parts[name], languages)
    if "uploads" in parts:
        given["uploads"] = read_uploads(parts["uploads"])
    return {name: value for name, value in given.items() if value is not None}


def _keys(spot: Spot, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Read the keys; two of them while one takes the other's place."""
    names = [item.text() or "" for item in spot.items()] if spot.is_list else [spot.text() or ""]
    found = []
    for name in names:
        if not (name.isascii() and name.isidentifier() and name.upper() == name):
            spot.wrong("identity_key_env must be the name of an environment variable, such as SHOP_WIDGET_KEY.")
            continue
        key = environment.get(name, "").strip()
        if not key:
            spot.wrong(f"identity_key_env takes the key from {name}, and it is not set in the environment.")
        elif len(key.encode()) < LEAST_KEY_BYTES:
            spot.wrong(
                f"the key in {name} has fewer than {LEAST_KEY_BYTES} characters and can be guessed; "
                "make one with: openssl rand -base64 32."
            )
        else:
            found.append(key)
    return tuple(found)
