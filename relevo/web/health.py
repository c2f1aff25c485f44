"""Says whether the process lives and whether it can serve."""

from __future__ import annotations

from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.errors import Unreadable
from relevo.web.metrics import add_metrics
from relevo.web.services import Remark, services_of
from relevo.web.wire import json_answer


def add_health(app: Sanic) -> None:
    """Open ``/health`` (the process lives), ``/ready`` (it can serve, or which part is missing) and ``/metrics``.

    ``/ready?part=database`` looks at that part alone: a web process without any bot still keeps what comes.
    """
    app.add_route(_health, "/health", methods=["GET", "HEAD"])
    app.add_route(_ready, "/ready", methods=["GET", "HEAD"])
    add_metrics(app)


async def _health(request: Request) -> HTTPResponse:
    return json_answer({"status": "ok"})


async def _ready(request: Request) -> HTTPResponse:
    parts = await services_of(request).readiness()
    asked = request.args.getlist("part") or list(parts)
    if unknown := sorted(set(asked) - set(parts)):
        raise Unreadable(f"“{unknown[0][:40]}” is no part; those of this process are: {', '.join(parts)}.")
    parts = {name: parts[name] for name in asked}
    missing = sorted(name for name, state in parts.items() if state is not True and not isinstance(state, Remark))
    if not missing:
        return json_answer({"status": "ready", "parts": parts})
    sentence = " ".join(_explained(name, parts[name]) for name in missing)
    error = {"code": "not_ready", "message": sentence}
    return json_answer({"status": "not_ready", "missing": missing, "parts": parts, "error": error}, 503)


def _explained(name: str, state: bool | str) -> str:
    return state if isinstance(state, str) else f"{name.capitalize()} is not ready."
