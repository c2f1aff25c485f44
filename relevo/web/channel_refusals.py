"""Counts what the doors of channels refuse, by code, for the channel log: a number in memory and nothing else."""

from __future__ import annotations

import msgspec
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.web.services import services_of

_DOORS = (("/webhooks/rest/", "rest"), ("/widget/api/", "widget"), ("/webhooks/x", "x"))


def count_refusal(request: Request, answer: HTTPResponse) -> None:
    """Count a refusal of a channel's door; those of other doors are none."""
    path = request.path or ""
    channel = next((name for prefix, name in _DOORS if path.startswith(prefix)), None)
    if channel is not None:
        code = msgspec.json.decode(answer.body or b"{}").get("error", {}).get("code", str(answer.status))
        services_of(request).channel_log.count(channel, "request", code)
