"""What all doors of the visitor API have in common: which pages may use them, and whom a token stands for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import wraps
from typing import Any

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.visits import Visit
from relevo.domain.sites import DEFAULT, MAX_ORIGIN_CHARACTERS, Site
from relevo.errors import AccessDenied, NotAuthenticated, NotFound, RequestError
from relevo.web.channel_refusals import count_refusal
from relevo.web.errors import refusal
from relevo.web.origins import bearer, header, is_same_origin, token_hash
from relevo.web.services import WebServices, services_of

CHANNEL = "widget"
PREFIX = "/widget/api/v1"
_PROLONGED_SECONDS = 86_400.0
"""A token that is used is prolonged at most this often."""

Door = Callable[..., Coroutine[Any, Any, HTTPResponse | None]]


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks."""

    visit: Visit
    site: Site
    token_hash: bytes

    @property
    def address(self) -> str:
        """Where they write from, on the web chat's channel."""
        return self.visit.address


def visitor_door(handler: Door, *methods: str) -> Door:
    """Check the page's origin, and let pages of allowed origins read the answer, refusals too."""

    @wraps(handler)
    async def door(request: Request, **named: Any) -> HTTPResponse | None:
        request.ctx.cors = await _cors(request, methods or ("GET", "POST"))
        if request.method == "OPTIONS":
            return HTTPResponse(None, 204, request.ctx.cors)
        try:
            response = await handler(request, **named)
        except RequestError as error:
            response = refusal(error)
            count_refusal(request, response)
        if response is not None:
            response.headers.update(request.ctx.cors)
        return response

    return door


async def _cors(request: Request, methods: tuple[str, ...]) -> dict[str, str]:
    origin = header(request, "origin")
    if not origin or is_same_origin(request, origin):
        return {}
    services = services_of(request)
    if not any(allows(services, site, origin) for site in services.sites.named):
        raise await _refused(request, origin, services.sites.named[0].name)
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Headers": "authorization, content-type, last-event-id, x-file-name",
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


def allows(services: WebServices, site: Site, origin: str) -> bool:
    """Tell whether pages of an origin may use a site's chat."""
    return site.allows(origin) or (site.name == DEFAULT and origin in services.settings.allowed_origins)


async def _refused(request: Request, origin: str, site: str) -> AccessDenied:
    """Give the refusal, and write down whom it met for whoever looks why."""
    shown = origin[:MAX_ORIGIN_CHARACTERS] if origin.isprintable() else "?"
    if not request.app.ctx.noted_origins.take(f"{shown} {site}"):
        await services_of(request).store.visits.refused(shown, site)
    return AccessDenied(
        f"Pages of {shown} may not use the chat of the site “{site}”. Whoever runs it can allow exactly this origin: "
        "sites, origins in relevo.yml.",
        code="origin",
    )


async def demand_site(request: Request, name: str | None) -> Site:
    """Give a site by name whose chat the page may use; raises NotFound and AccessDenied."""
    services = services_of(request)
    site = services.sites.get(name)
    if site is None:
        raise NotFound("There is no such site; its name is in relevo.yml, under sites.", code="unknown_site")
    await demand_origin(request, site)
    return site


async def demand_origin(request: Request, site: Site) -> None:
    """Refuse pages of origins that may not use this site's chat, whatever others they may use."""
    origin = header(request, "origin")
    if origin and not is_same_origin(request, origin) and not allows(services_of(request), site, origin):
        raise await _refused(request, origin, site.name)


async def demand_visitor(request: Request) -> Visitor:
    """Give whom the request's token stands for, and let it hold for longer; raises NotAuthenticated."""
    visitor = await visitor_of(request)
    if visitor is None:
        raise NotAuthenticated("This chat session has ended or never was; begin one with POST /widget/api/v1/session.")
    return visitor


async def visitor_of(request: Request) -> Visitor | None:
    """Give whom the request's token stands for, or None where it stands for nobody."""
    token, services = bearer(request), services_of(request)
    if not token:
        return None
    hashed = token_hash(token)
    visit = await services.store.visits.find(hashed)
    site = services.sites.get(visit.site) if visit else None
    if visit is None or site is None:
        return None
    await demand_origin(request, site)
    visitor = Visitor(visit=visit, site=site, token_hash=hashed)
    await _prolong(services, visitor)
    return visitor


def visit_seconds(services: WebServices, site: Site) -> float:
    """Give how long a token holds that is not used."""
    return site.visit_seconds or services.settings.visit_lifetime_seconds


async def _prolong(services: WebServices, visitor: Visitor) -> None:
    seconds = visit_seconds(services, visitor.site)
    until = services.clock() + timedelta(seconds=seconds)
    if (until - visitor.visit.expires_at).total_seconds() > min(_PROLONGED_SECONDS, seconds / 2):
        await services.store.visits.prolong(visitor.token_hash, until)
