"""What X says when it refuses: problem+json, under the types of its documentation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

_TYPES = "https://api.x.com/2/problems/"


class Problem(Exception):
    """A call is refused."""

    def __init__(
        self, status: int, title: str, detail: str, kind: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail = status, title, detail
        self.type = f"{_TYPES}{kind}" if kind else "about:blank"
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Give it as HTTP."""
        body = {"type": self.type, "title": self.title, "detail": self.detail, "status": self.status}
        return web.Response(
            body=msgspec.json.encode(body),
            status=self.status,
            headers=self.headers,
            content_type="application/problem+json",
        )


def bad_request(detail: str) -> Problem:
    """Refuse what makes no sense."""
    return Problem(400, "Invalid Request", detail, "invalid-request")


def unauthorized(detail: str = "Unauthorized") -> Problem:
    """Refuse whoever is not known."""
    return Problem(401, "Unauthorized", detail)


def no_credits() -> Problem:
    """Refuse for want of money."""
    return Problem(402, "CreditsDepleted", "Your account does not have any credits to fulfill this request.")


def forbidden(detail: str, kind: str = "client-forbidden") -> Problem:
    """Refuse what the caller may not."""
    return Problem(403, "Forbidden", detail, kind)


def not_found(what: str) -> Problem:
    """Refuse what is not there."""
    return Problem(404, "Not Found Error", f"Could not find {what}.", "resource-not-found")


def too_many(headers: Mapping[str, str]) -> Problem:
    """Refuse for now."""
    return Problem(429, "Too Many Requests", "Too Many Requests", headers=headers)


def broken() -> Problem:
    """Fail on X's side."""
    return Problem(503, "Service Unavailable", "Service Unavailable")
