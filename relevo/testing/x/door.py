"""What every call to the fake X goes through: who asks, how often, what goes wrong; everything is noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from relevo.testing.x.access import Caller, Who
from relevo.testing.x.faults import Fault
from relevo.testing.x.problems import (
    Problem,
    bad_request,
    broken,
    forbidden,
    no_credits,
    not_found,
    too_many,
    unauthorized,
)

if TYPE_CHECKING:
    from relevo.testing.x.world import FakeX


@dataclass(kw_only=True)
class Call:
    """One call that was let in."""

    x: FakeX
    request: web.Request
    caller: Caller
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """In whose name it is made."""
        assert self.caller.account_id is not None, "doors of accounts let nobody else in"
        return self.caller.account_id

    def part(self, name: str) -> str:
        """Give a part of the path."""
        return self.request.match_info[name]

    def asked(self, name: str) -> str | None:
        """Give a parameter of the query."""
        value: str | None = self.request.query.get(name)
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """Give a number of the query. Raises Problem 400."""
        asked = self.asked(name)
        if asked is None:
            return default
        if not asked.isdecimal() or not 1 <= int(asked) <= most:
            raise bad_request(f"The `{name}` query parameter value [{asked}] is not between 1 and {most}")
        return int(asked)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a door says when all goes well."""

    body: Mapping[str, Any] | bytes
    status: int = 200
    content_type: str = "application/octet-stream"
    """Of bytes; all else is JSON."""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)

    def response(self) -> web.Response:
        """Give it as HTTP."""
        is_bytes = isinstance(self.body, bytes)
        return web.Response(
            body=self.body if is_bytes else msgspec.json.encode(self.body),
            status=self.status,
            content_type=self.content_type if is_bytes else "application/json",
            headers=dict(self.headers),
        )


Handler = Callable[[Call], Awaitable[Answer]]


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint."""

    kind: str
    """What limits and faults call it."""
    method: str
    path: str
    handler: Handler
    who: Who = Who.USER
    scopes: tuple[str, ...] = ()


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it was seen."""

    at: datetime
    kind: str
    method: str
    path: str
    status: int
    account_id: str | None
    fault: Fault | None


_REFUSALS: Mapping[Fault | None, Callable[[], Problem]] = {
    Fault.BROKEN_BEFORE: broken,
    Fault.TOKEN_EXPIRED: unauthorized,
    Fault.NO_CREDITS: no_credits,
    Fault.DM_CLOSED: lambda: forbidden("You do not have permission to DM one or more participants."),
    Fault.GONE: lambda: not_found("what you asked for"),
}
_LOST = frozenset({Fault.REQUEST_LOST, Fault.RESPONSE_LOST})


def serve(x: FakeX, door: Door) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make aiohttp's handler of a door."""

    async def serving(request: web.Request) -> web.StreamResponse:
        fault = x.faults.take(door.kind)
        passing = _Passing(x=x, door=door, request=request, fault=fault)
        try:
            response = await passing.answer()
        except Problem as problem:
            response = problem.response()
        response.headers.update(passing.headers)
        passing.note(response.status)
        if fault in _LOST and request.transport is not None:
            request.transport.abort()
        return response

    return serving


@dataclass(kw_only=True)
class _Passing:
    """One call on its way through a door."""

    x: FakeX
    door: Door
    request: web.Request
    fault: Fault | None
    headers: dict[str, str] = field(default_factory=dict)
    account_id: str | None = None

    async def answer(self) -> web.Response:
        caller = self._caller()
        self.account_id = caller.account_id
        if self.fault is Fault.LIMITED:
            raise too_many(self.x.limits.reached())
        if self.fault in _REFUSALS:
            refusal = _REFUSALS[self.fault]
            raise refusal()
        self.headers = self.x.limits.count(self.door.kind, caller.account_id)
        if self.fault is Fault.REQUEST_LOST:
            raise broken()
        call = Call(x=self.x, request=self.request, caller=caller, body=await _body(self.request))
        response = (await self.door.handler(call)).response()
        if self.fault is Fault.SLOW:
            await self.x.faults.released()
        if self.fault is Fault.BROKEN_AFTER:
            raise broken()
        return response

    def _caller(self) -> Caller:
        if self.door.who is Who.NOBODY_KNOWN:
            return Caller(account_id=None)
        return self.x.access.caller(self.request, self.door.who, self.door.scopes)

    def note(self, status: int) -> None:
        self.x.seen.append(
            Noted(
                at=self.x.clock(),
                kind=self.door.kind,
                method=self.request.method,
                path=self.request.path,
                status=status,
                account_id=self.account_id,
                fault=self.fault,
            )
        )


async def _body(request: web.Request) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        return {}
    try:
        body = msgspec.json.decode(await request.read())
    except msgspec.DecodeError as error:
        raise bad_request("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The body is not an object.")
    return body
