"""Who calls the desk's API: an agent's page by its session, or a program by its token."""

from __future__ import annotations

import secrets

from sanic.request import Request

from relevo.contracts.api_access import READ, WRITE
from relevo.errors import AccessDenied, NotAuthenticated, TooMany
from relevo.web.limits import Rate, whole_seconds
from relevo.web.openapi import Operation
from relevo.web.origins import bearer, client_address, header, token_hash
from relevo.web.services import services_of
from relevo.web.settings import WebSettings
from relevo.web.sign_in import Session, demand_own_call, session_of

_PREFIX = "rlv_"
_MAY_NOT = "Your role may not do this; ask somebody whose role may."


class CallLimits:
    """How often one caller may ask and change, and how often an address may come with tokens that do not hold."""

    def __init__(self, settings: WebSettings) -> None:
        self._of_agents = (
            Rate(settings.desk_reads_per_second, settings.desk_reads_burst),
            Rate(settings.desk_writes_per_second, settings.desk_writes_burst),
        )
        self._of_tokens = (
            Rate(settings.token_reads_per_second, settings.token_reads_burst),
            Rate(settings.token_writes_per_second, settings.token_writes_burst),
        )
        self._strangers = Rate(settings.bad_tokens_per_second, settings.bad_tokens_burst)

    def demand(self, session: Session, *, changes: bool) -> None:
        """Count a call; raises TooMany."""
        rates = self._of_agents if session.token is None else self._of_tokens
        sentence = (
            "You change things faster than anybody works; wait a moment."
            if changes
            else "The desk is asked too often; wait a moment."
        )
        rates[changes].demand(session.caller, sentence)

    def refused(self, address: str) -> None:
        """Count a token that does not hold; raises TooMany."""
        wait = self._strangers.take(address)
        if wait:
            raise TooMany("Too many tokens that do not hold; wait a moment.", retry_after_seconds=whole_seconds(wait))


def new_token() -> str:
    """Make a token: 256 random bits, and a beginning by which it is found where it should not be."""
    return _PREFIX + secrets.token_urlsafe(32)


async def caller_of(request: Request, limits: CallLimits) -> Session:
    """Give who calls; raises NotAuthenticated.

    A request that brings a token is judged by it alone, whatever cookies come with it.
    """
    if "authorization" in request.headers:
        return await _program(request, limits)
    session = await session_of(request)
    if session is None:
        raise NotAuthenticated("Sign in at /desk/login first, or send a token as “Authorization: Bearer rlv_…”.")
    return session


def demand_allowed(request: Request, operation: Operation, session: Session) -> None:
    """Refuse who may not: by role, by a token's scope, or a call that no page of theirs made; raises AccessDenied."""
    if session.agent.role not in operation.roles:
        raise AccessDenied(_MAY_NOT, code="role")
    token = session.token
    if token is None:
        if operation.changes:
            demand_own_call(request)
        return
    if operation.is_for_people:
        raise AccessDenied("Only somebody who is signed in at the desk may do this, no token.", code="people_only")
    needed = WRITE if operation.changes else READ
    if needed not in token.scopes:
        raise AccessDenied(f"This token lacks the scope “{needed}”.", code="scope")


async def _program(request: Request, limits: CallLimits) -> Session:
    services, given = services_of(request), bearer(request) or ""
    found = await services.store.tokens.find(token_hash(given)) if given.startswith(_PREFIX) else None
    if found is None:
        limits.refused(client_address(request, services.settings.trusted_proxies))
        raise NotAuthenticated("This token does not hold: it is unknown, over or revoked.", code="bad_token")
    token, agent = found
    return Session(agent, "", token)


def idempotency_key(request: Request) -> str | None:
    """Give the key of a request that is to be carried out once, or None."""
    return header(request, "idempotency-key") or None
