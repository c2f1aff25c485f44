"""Posts at a rate that does not wait for answers: how long each takes counts from when it was due to be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from bench.kit.programs import BenchError
from bench.kit.raw_http import HttpConnection

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Post:
    """One request that is to be answered with 200."""

    path: str
    body: bytes
    headers: str = ""


async def post_at(port: int, posts: Sequence[Post], a_second: float) -> list[float]:
    """Post so many a second and give the seconds of each; infinite is as fast as the connections can."""
    free: asyncio.Queue[HttpConnection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(HttpConnection(port))

    async def send(connection: HttpConnection, post: Post, due: float) -> float:
        answer = await connection.ask("POST", post.path, post.body, post.headers)
        if answer.status != 200:
            raise BenchError(f"A post was answered with {answer.status}: {answer.body[:300]!r}")
        free.put_nowait(connection)
        return perf_counter() - due

    began, sending = perf_counter(), []
    for number, post in enumerate(posts):
        due = began + number / a_second
        await asyncio.sleep(max(0.0, due - perf_counter()))
        sending.append(asyncio.create_task(send(await free.get(), post, due)))
    seconds = await asyncio.gather(*sending)
    while not free.empty():
        free.get_nowait().close()
    return seconds
