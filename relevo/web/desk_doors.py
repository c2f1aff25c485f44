"""Opens the desk API's doors: who may call, how often, once or again, and what is written down about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.accounts import AgentAccount
from relevo.domain.covering import masked
from relevo.domain.roles import READONLY
from relevo.errors import RequestError
from relevo.flow.desk import DeskWork
from relevo.flow.sight import Eyes
from relevo.web.answers_again import answered_once
from relevo.web.audit_trail import Audited, Trail
from relevo.web.bodies import streamed
from relevo.web.callers import CallLimits, caller_of, demand_allowed
from relevo.web.desk_board import board_of
from relevo.web.desk_sight import eyes_of
from relevo.web.desk_verbs import work_of
from relevo.web.limits import Rate, Streams
from relevo.web.openapi import Api, Operation, sanic_path
from relevo.web.services import WebServices, services_of
from relevo.web.settings import WebSettings
from relevo.web.sign_in import Session
from relevo.web.wire import json_answer, read_json


class DeskLimits(CallLimits):
    """How often one caller may ask and change, and how many streams may be open."""

    def __init__(self, settings: WebSettings) -> None:
        super().__init__(settings)
        self.assistant = Rate(settings.assistant_uses_per_second, settings.assistant_uses_burst)
        self.streams = Streams(settings.streams_per_agent, settings.streams_in_all, "desk")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a signed-in agent."""

    request: Request
    services: WebServices
    session: Session
    limits: DeskLimits
    trail: Trail = msgspec.field(default_factory=Trail)
    """What the audit log is told beside what it finds out itself."""

    @property
    def agent(self) -> AgentAccount:
        """Who calls."""
        return self.session.agent

    @property
    def eyes(self) -> Eyes:
        """What they see."""
        return eyes_of(self.services, self.agent)

    @property
    def work(self) -> DeskWork:
        """What they may do."""
        return work_of(self.services)


def add_doors(app: Sanic, api: Api) -> None:
    """Open every operation of an API."""
    limits = app.ctx.desk_limits = DeskLimits(app.ctx.services.settings)
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
        session = await caller_of(request, limits)
        demand_allowed(request, operation, session)
        limits.demand(session, changes=operation.changes)
        call = Call(request=request, services=services_of(request), session=session, limits=limits)
        bodies = (read_json(request.body, decoder),) if decoder is not None else ()
        if not operation.changes:
            return _answer(operation, session, await _handled(operation, call, bodies, variables))
        if operation.takes_file or operation.shows_secret:  # nobody can tell whether it is the same; nothing is kept
            return await _changed(operation, call, bodies, variables)
        return await answered_once(request, session, lambda: _changed(operation, call, bodies, variables))

    return door


async def _changed(
    operation: Operation, call: Call, bodies: tuple[Any, ...], variables: Mapping[str, Any]
) -> HTTPResponse:
    if not operation.is_audited:
        return _answer(operation, call.session, await _handled(operation, call, bodies, variables))
    body = bodies[0] if bodies else None
    answer = await audited(operation, call, lambda: _handled(operation, call, bodies, variables), body, variables)
    return _answer(operation, call.session, answer)


async def audited(
    operation: Operation,
    call: Call,
    change: Callable[[], Awaitable[Any]],
    body: Any = None,
    variables: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """Change something as an operation does, write it into the audit log, and give what was answered."""
    entry = Audited(
        request=call.request,
        operation=operation,
        session=call.session,
        body=body,
        variables=variables,
        trail=call.trail,
    )
    await entry.begin()
    try:
        answer = await change()
    except RequestError as error:
        await entry.end(error.status, error=error)
        raise
    except Exception:
        await entry.end(500)
        raise
    await entry.end(200, answer)
    board_of(call.request).forget()  # whoever changed something sees it at once
    return answer


async def _handled(operation: Operation, call: Call, bodies: tuple[Any, ...], variables: Mapping[str, Any]) -> Any:
    """Have an operation done about what its caller sees; whatever else an address names, there is not."""
    await call.eyes.demand(variables)
    return await operation.handler(call, *bodies, **variables)


def _answer(operation: Operation, session: Session, answer: Any) -> HTTPResponse:
    """Give an answer as its reader may see it; a stream has answered already."""
    if operation.answer is None:
        response: HTTPResponse = answer
        return response
    if session.agent.role == READONLY:
        return json_answer(masked(msgspec.to_builtins(answer)))
    return json_answer(answer)
