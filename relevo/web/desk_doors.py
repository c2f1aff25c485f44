"""Opens the desk API's doors: who may call, how often, and what they are given to work with."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.accounts import AgentAccount
from relevo.flow.desk import DeskWork
from relevo.web.bodies import streamed
from relevo.web.desk_board import board_of
from relevo.web.limits import Rate, Streams
from relevo.web.openapi import Api, Operation, sanic_path
from relevo.web.services import WebServices, services_of
from relevo.web.settings import WebSettings
from relevo.web.sign_in import Session, demand_own_call, demand_session
from relevo.web.wire import json_answer, read_json

_QUIET = frozenset({"presence", "look", "keep_view", "drop_view", "read_notices"})
"""What everybody does all the time, and no list shows to others."""


class DeskLimits:
    """How often one agent may ask and change, and how many streams may be open."""

    def __init__(self, settings: WebSettings) -> None:
        self.writes = Rate(settings.desk_writes_per_second, settings.desk_writes_burst)
        self.reads = Rate(settings.desk_reads_per_second, settings.desk_reads_burst)
        self.assistant = Rate(settings.assistant_uses_per_second, settings.assistant_uses_burst)
        self.streams = Streams(settings.streams_per_agent, settings.streams_in_all)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a signed-in agent."""

    request: Request
    services: WebServices
    session: Session
    limits: DeskLimits

    @property
    def agent(self) -> AgentAccount:
        """Who calls."""
        return self.session.agent

    @property
    def work(self) -> DeskWork:
        """What they may do."""
        services = self.services
        return DeskWork(
            store=services.store,
            live=services.live,
            service=services.service,
            clock=services.clock,
            business=services.decider.business if services.decider is not None else None,
            verification_seconds=services.verification_seconds,
        )


def add_doors(app: Sanic, api: Api) -> None:
    """Open every operation of an API."""
    limits = DeskLimits(app.ctx.services.settings)
    for operation in api.operations:
        door = _public_door(operation) if operation.is_public else _agents_door(operation, limits)
        path = f"{api.prefix}{sanic_path(operation.path)}"
        name, reads = f"desk_api_{operation.name}", operation.takes_file
        app.add_route(streamed(door) if reads else door, path, methods=[operation.method], name=name, stream=reads)


def _public_door(operation: Operation) -> Callable[..., Coroutine[Any, Any, HTTPResponse]]:
    async def door(request: Request, **variables: Any) -> HTTPResponse:
        return json_answer(await operation.handler(request, **variables))

    return door


def _agents_door(operation: Operation, limits: DeskLimits) -> Callable[..., Coroutine[Any, Any, HTTPResponse | None]]:
    decoder = msgspec.json.Decoder(operation.body) if operation.body is not None else None

    async def door(request: Request, **variables: Any) -> HTTPResponse | None:
        session = await demand_session(request)
        _demand_allowed(request, operation, session.agent, limits)
        call = Call(request=request, services=services_of(request), session=session, limits=limits)
        bodies = (read_json(request.body, decoder),) if decoder is not None else ()
        answer = await operation.handler(call, *bodies, **variables)
        if operation.changes and operation.name not in _QUIET:
            board_of(request).forget()  # whoever changed something sees it at once
        return json_answer(answer) if operation.answer is not None else answer

    return door


def _demand_allowed(request: Request, operation: Operation, agent: AgentAccount, limits: DeskLimits) -> None:
    if operation.changes:
        demand_own_call(request)
        limits.writes.demand(str(agent.id), "You change things faster than anybody works; wait a moment.")
    else:
        limits.reads.demand(str(agent.id), "The desk is asked too often; wait a moment.")
