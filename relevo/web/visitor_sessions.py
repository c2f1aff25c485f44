"""How a visitor's session begins and ends, and how it becomes that of somebody whom their site vouches for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.visits import Signed, Visit
from relevo.domain.addresses import mail_address
from relevo.domain.messages import clean_text
from relevo.domain.sites import PrechatField, Site, missing_fields
from relevo.errors import BusinessUnavailable, Conflict, Incomplete, NotFound, TooMany, Unreadable
from relevo.web.identities import Claims, bad_identity, read_identity
from relevo.web.limits import whole_seconds
from relevo.web.origins import client_address, token_hash
from relevo.web.services import WebServices, services_of
from relevo.web.visitor_doors import Visitor, demand_site, demand_visitor, visit_seconds, visitor_of
from relevo.web.wire import json_answer, read_json

_LANGUAGE_CHARACTERS = 35
"""Longest language tag that RFC 5646 asks implementations to hold."""
_MOST_CHARACTERS = 500
"""Of a pre-chat answer."""


class SessionAsked(msgspec.Struct):
    """What a page posts to begin."""

    language: str | None = None
    site: str | None = None
    prechat: dict[str, str] = {}
    consent: bool = False


class IdentityShown(msgspec.Struct):
    """What a page posts to say who its visitor is."""

    jwt: str
    site: str | None = None


_session_decoder = msgspec.json.Decoder(SessionAsked)
_identity_decoder = msgspec.json.Decoder(IdentityShown)


async def begin_session(request: Request) -> HTTPResponse:
    """Give a token for a visitor whom nobody knows."""
    services = services_of(request)
    asked = read_json(request.body, _session_decoder) if request.body else SessionAsked()
    demand_language(asked.language)
    site = await demand_site(request, asked.site)
    prechat = _answers(site, asked.prechat)
    now = services.clock()
    consented_at = _consented(site, asked.consent, now)
    await _demand_few(request, f"visit:{_caller(request)}", services.settings.sessions_per_address)
    await _demand_few(request, f"visits_of:{site.name}", services.settings.sessions_per_site)
    visit = Visit(
        address=str(uuid4()),
        expires_at=now + timedelta(seconds=visit_seconds(services, site)),
        site=site.name,
        prechat=prechat,
        consented_at=consented_at,
        is_introduced=not prechat and consented_at is None,
    )
    token = secrets.token_urlsafe(32)
    await services.store.visits.open(token_hash(token), visit)
    return _answer(token, visit, 201)


async def identify_visitor(request: Request) -> HTTPResponse:
    """Give a token for whom a site vouches for, in the place of the one that was sent."""
    services = services_of(request)
    shown = read_json(request.body, _identity_decoder)
    visitor = await visitor_of(request)
    site = visitor.site if visitor and shown.site in (None, visitor.site.name) else None
    if site is None:
        visitor, site = None, await demand_site(request, shown.site)
    if not site.identity_keys:
        raise Conflict(
            f"The site “{site.name}” has no key, so nobody is identified; identity_key_env in relevo.yml names one.",
            code="identity_off",
        )
    await _demand_few(request, f"identify:{_caller(request)}", services.settings.identifies_per_address)
    claims = read_identity(shown.jwt, site.identity_keys, site.name, services.clock())
    visit = await _signed_visit(services, site, claims, visitor)
    token = secrets.token_urlsafe(32)
    before = visitor.token_hash if visitor else None
    found = await services.store.visits.identify(before, token_hash(token), visit)
    if visitor is not None:
        services.live.visitor_moved(visitor.address)
    if found.conversation_id is not None:
        services.live.changed(found.conversation_id)
    return _answer(token, visit, 200)


async def end_session(request: Request) -> HTTPResponse:
    """End a token; what was said with it stays."""
    visitor = await demand_visitor(request)
    services = services_of(request)
    await services.store.visits.close(visitor.token_hash)
    services.live.visitor_moved(visitor.address)
    return HTTPResponse(None, 204)


def demand_language(tag: str | None) -> str | None:
    """Give a language tag; raises Unreadable for what is none."""
    if tag is not None and not (
        0 < len(tag) <= _LANGUAGE_CHARACTERS and tag.isascii() and tag.replace("-", "").isalnum()
    ):
        raise Unreadable("“language” must be a language tag such as “es” or “en-GB”.", code="bad_language")
    return tag


async def _signed_visit(services: WebServices, site: Site, claims: Claims, before: Visitor | None) -> Visit:
    now = services.clock()
    signed = Signed(
        ref=claims.sub,
        name=await _name(services, claims),
        email=mail_address(claims.email) if claims.email else None,
        verified_until=now + timedelta(seconds=services.verification_seconds),
    )
    visit = Visit(
        address=f"{site.name}:{claims.sub}",
        expires_at=now + timedelta(seconds=visit_seconds(services, site)),
        site=site.name,
        signed=signed,
        is_introduced=False,
    )
    if before is None or before.visit.is_introduced:
        return visit
    return replace(visit, prechat=before.visit.prechat, consented_at=before.visit.consented_at)


async def _name(services: WebServices, claims: Claims) -> str | None:
    """Give the name on file; where the business cannot be asked, the one that was signed."""
    business = services.decider.business if services.decider else None
    try:
        person = await business.person(claims.sub) if business else None
    except BusinessUnavailable:
        person = None
    except NotFound:
        raise bad_identity("sub", "The business knows nobody by this “sub”; send its own reference.") from None
    return f"{person.given_names} {person.surnames}".strip() if person else claims.name


def _answers(site: Site, given: Mapping[str, str]) -> dict[str, str]:
    known = {one.name: one for one in site.prechat}
    answers = {name: clean_text(value).strip() for name, value in given.items() if name in known and value.strip()}
    if missing := list(missing_fields(site, answers)):
        raise Incomplete(
            f"Before the first message this site asks for: {', '.join(missing)}.",
            code="prechat_required",
            details={"fields": ", ".join(missing)},
        )
    for name, value in answers.items():
        _demand_fits(known[name], value)
    return answers


def _demand_fits(field: PrechatField, value: str) -> None:
    fits = len(value) <= _MOST_CHARACTERS
    if field.type == "email":
        fits = mail_address(value) is not None
    elif field.type == "choice":
        fits = value in {option.value for option in field.options}
    if not fits:
        raise Incomplete(
            f"What was given as “{field.name}” cannot be that; correct it.",
            code="bad_prechat",
            details={"field": field.name},
        )


def _consented(site: Site, consent: bool, now: datetime) -> datetime | None:
    if site.consent is None:
        return None
    if not consent:
        raise Incomplete("This site asks for an agreement before the first message.", code="consent_required")
    return now


async def _demand_few(request: Request, bucket: str, most: int) -> None:
    services = services_of(request)
    wait = await services.store.accounts.take(bucket, most, services.settings.sessions_window_seconds)
    if wait:
        raise TooMany("Too many chats were begun from here; wait a moment.", retry_after_seconds=whole_seconds(wait))


def _caller(request: Request) -> str:
    return client_address(request, services_of(request).settings.trusted_proxies)


def _answer(token: str, visit: Visit, status: int) -> HTTPResponse:
    known: dict[str, object] = {"verified": visit.signed is not None}
    if visit.signed is not None and visit.signed.name:
        known["name"] = visit.signed.name
    told = {"token": token, "expires_at": visit.expires_at, "position": 0, "visitor": known}
    return json_answer(told, status)
