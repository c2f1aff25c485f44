"""Starts the fake X on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from relevo.contracts.clock import Clock, system_clock
from relevo.testing.x import chat_doors, direct, login, media, posts, user_doors, webhooks
from relevo.testing.x.door import serve
from relevo.testing.x.problems import not_found
from relevo.testing.x.world import FakeX

_LARGEST = 600 << 20


@asynccontextmanager
async def fake_x(
    *,
    clock: Clock = system_clock,
    port: int = 0,
    workers: int = 1,
    brand_id: str = "1111",
    username: str = "Aurora",
    more: Callable[[web.Application, FakeX], None] | None = None,
) -> AsyncIterator[FakeX]:
    """Run a fake X; ``workers`` above one post to webhooks side by side, in no order.

    Its limits, tokens and times go by ``clock``. The brand's account is ``x.brand``. ``more`` opens further doors.
    """
    x = FakeX(clock, brand_id, username)
    runner = web.AppRunner(application(x, more), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        x.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        await x.deliveries.begin(workers)
        yield x
    finally:
        x.faults.release()
        await x.deliveries.end()
        await runner.cleanup()


def application(x: FakeX, more: Callable[[web.Application, FakeX], None] | None = None) -> web.Application:
    """Put the doors together."""
    app = web.Application(client_max_size=_LARGEST)
    if more is not None:
        more(app, x)
    for room in (chat_doors, direct, login, media, posts, user_doors, webhooks):
        for door in room.doors():
            app.router.add_route(door.method, door.path, serve(x, door))
    app.router.add_route("*", "/{rest:.*}", _nothing)
    return app


async def _nothing(request: web.Request) -> web.StreamResponse:
    return not_found(f"{request.method} {request.path}").response()
