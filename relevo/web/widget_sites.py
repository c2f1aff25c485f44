"""What a page may know of its site before anybody writes: words, looks, hours, what is asked and what may be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.domain.calendar import Calendar
from relevo.domain.formality import is_formal
from relevo.domain.sites import Site, Words, in_language
from relevo.web.languages import WORDS, words_for_contacts
from relevo.web.origins import header
from relevo.web.services import WebServices, services_of
from relevo.web.visitor_doors import PREFIX, demand_site, visitor_door
from relevo.web.wire import json_answer

_SECONDS = 300


def add_widget_sites(app: Sanic) -> None:
    """Open ``/widget/api/v1/sites/<site>``."""
    door = visitor_door(_give_site)
    app.add_route(door, f"{PREFIX}/sites/<site_name:str>", methods=["GET", "OPTIONS"], name="visitor_site")


async def _give_site(request: Request, site_name: str) -> HTTPResponse:
    services, site = services_of(request), await demand_site(request, site_name)
    told = public_settings(services, site, services.clock())
    etag = f'"{hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:20]}"'
    headers = {"Cache-Control": f"public, max-age={_SECONDS}", "ETag": etag, "Vary": "Origin"}
    if header(request, "if-none-match") == etag:
        return HTTPResponse(None, 304, headers)
    return json_answer(told, 200, headers)


def public_settings(services: WebServices, site: Site, now: datetime) -> dict[str, Any]:
    """Give what everybody may know of a site."""
    theme = site.theme
    looks = {"color": theme.color, "position": theme.position, "launcher": theme.launcher}
    if theme.color_dark:
        looks["color_dark"] = theme.color_dark
    can_mail = services.mailer is not None and services.mailer.is_on
    return {
        "site": site.name,
        "name": site.title,
        "languages": site.languages,
        "default_language": site.default_language,
        "formal": [language for language in site.languages if is_formal(language)],
        "theme": {
            **looks,
            "title": _words(site, theme.title, "widget.title"),
            "greeting": _words(site, theme.greeting, "widget.greeting"),
        },
        "suggestions": site.suggestions,
        "prechat": _prechat(site),
        "consent": _consent(site),
        "hours": _hours(site, site.calendar or services.service.calendar, now),
        "uploads": {
            "max_bytes": site.uploads.max_bytes,
            "types": site.uploads.types,
            "at_once": site.uploads.at_once,
        },
        "proactive": [_proactive(one) for one in site.proactive],
        "sound": site.has_sound,
        "powered_by": site.is_branded,
        "identity": bool(site.identity_keys),
        "transcript": {"download": True, "mail": can_mail},
        "version": services.widget.version,
    }


def _words(site: Site, own: Words, key: str) -> Words:
    """Give a text in each language of the site: its own, else ours."""
    return {
        language: in_language(own, language) if own else _ours(language)[key].format(name=site.title)
        for language in site.languages
    }


def _ours(language: str) -> Words:
    return words_for_contacts(language if language in WORDS else "en")


def _prechat(site: Site) -> dict[str, Any] | None:
    fields = [
        {
            "name": one.name,
            "label": one.label,
            "type": one.type,
            "required": one.is_required,
            **({"options": [{"value": o.value, "title": o.title} for o in one.options]} if one.options else {}),
        }
        for one in site.prechat
    ]
    return {"fields": fields} if fields else None


def _consent(site: Site) -> dict[str, Any] | None:
    consent = site.consent
    if consent is None:
        return None
    return {"text": consent.text, **({"url": consent.url} if consent.url else {})}


def _hours(site: Site, calendar: Calendar, now: datetime) -> dict[str, Any]:
    is_open = calendar.is_open_at(now)
    opens = None if is_open else calendar.opens_after(now)
    said = {language: _hours_text(language, is_open, opens, calendar.timezone) for language in site.languages}
    return {"open": is_open, "text": said}


def _hours_text(language: str, is_open: bool, opens: datetime | None, zone: str) -> str:
    words = _ours(language)
    if is_open:
        return words["widget.open"]
    if opens is None:
        return words["widget.closed"]
    local = opens.astimezone(ZoneInfo(zone))
    days: Sequence[str] = words["widget.days"].split("|")
    return words["widget.opens"].format(day=days[local.weekday()], time=f"{local:%H:%M}")


def _proactive(one: Any) -> dict[str, Any]:
    when = {
        name: value for name in ("path", "seconds", "scroll_percent", "visits") if (value := getattr(one.when, name))
    }
    return {"id": one.id, "text": one.text, "when": when}
