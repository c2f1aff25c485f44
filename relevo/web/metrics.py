"""``/metrics`` for Prometheus, and the time that every request's answer takes."""

from __future__ import annotations

from time import perf_counter

from sanic import Sanic
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse

from relevo.errors import AccessDenied, NotAuthenticated, NotFound
from relevo.metrics.exposition import CONTENT_TYPE
from relevo.metrics.numbers import http_seconds
from relevo.web.origins import bearer, is_from_this_machine, is_same_secret
from relevo.web.services import services_of

_UNMATCHED = "(none)"


def add_metrics(app: Sanic) -> None:
    """Open ``/metrics`` and time the other doors; a stream counts until it begins."""
    app.register_middleware(_began, "request")
    app.register_middleware(_answered, "response")
    app.add_route(_metrics, "/metrics", methods=["GET"])


async def _began(request: Request) -> None:
    request.ctx.began_at = perf_counter()


async def _answered(request: Request, response: BaseHTTPResponse) -> None:
    began = getattr(request.ctx, "began_at", None)
    if began is not None and response is not None:
        route = f"/{request.route.path}" if request.route is not None else _UNMATCHED
        http_seconds.labels(route, response.status).observe(perf_counter() - began)


async def _metrics(request: Request) -> HTTPResponse:
    services = services_of(request)
    _admit(request, services.settings.metrics_token)
    if services.standing is None:
        raise NotFound("Nobody counts here.")
    return HTTPResponse(await services.standing.told(services.process), content_type=CONTENT_TYPE)


def _admit(request: Request, token: str | None) -> None:
    if token is not None:
        if not is_same_secret(bearer(request) or "", token):
            raise NotAuthenticated("Send the token of RELEVO_METRICS_TOKEN as “Authorization: Bearer …”.")
    elif not is_from_this_machine(request):
        raise AccessDenied(
            "Numbers are for the machine that Relevo runs on. Set RELEVO_METRICS_TOKEN to read them from elsewhere.",
            code="not_local",
        )
