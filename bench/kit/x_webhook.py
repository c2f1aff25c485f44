"""How soon X's webhook is acknowledged while as much comes in as four fifths of what the bot can answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psycopg

from bench.kit.conversations import SCRIPTS, Customer, conversations
from bench.kit.customers import add_customers
from bench.kit.open_loop import Post, post_at
from bench.kit.our_model import OurModel
from bench.kit.programs import PROJECT, BenchError, Program, ready
from bench.kit.relevo_serve import RelevoServe, relevo_serve
from bench.kit.starts import START_SECONDS
from bench.kit.x_program import FIRST_USER
from relevo.testing.x.deliveries import HEADER
from relevo.testing.x.local_bot import copy_bot
from relevo.testing.x.signing import signature

SHARE = 0.8
_USERNAME = "Aurora"
_SETTLED = "SELECT count(*) FROM inbox WHERE workspace_id = 1 AND channel = 'x' AND state IN ('settled', 'dead')"
_DRAIN_SECONDS = 120.0
_SIDE_BY_SIDE = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhooks:
    """What was measured."""

    limit: float
    """Messages a second, from X's webhook to the committed answer."""
    acknowledged: list[float]
    """Seconds of each webhook at four fifths of that, from when it was due."""
    drained_seconds: float
    """From the last webhook until everything was answered: long where the limit was overestimated."""

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 were acknowledged."""
        return statistics.quantiles(self.acknowledged, n=100, method="inclusive")[98]


async def measure_webhooks(folder: Path, model: OurModel, *, burst: int, seconds: float) -> Webhooks:
    """Start a bot on a fake X, find out how much it can answer, and post at four fifths of that for some time."""
    most = burst + math.ceil(500 * seconds)
    async with _business(folder, model, most // len(SCRIPTS[0]) + _SIDE_BY_SIDE) as (serve, secret):
        messages = _messages(secret)
        with psycopg.connect(serve.dsn(), autocommit=True) as connection:
            await _post(serve, connection, messages, 20, math.inf)
            began = perf_counter()
            await _post(serve, connection, messages, burst, math.inf)
            limit = burst / (perf_counter() - began)
            acknowledged, drained = await _post(
                serve, connection, messages, round(seconds * limit * SHARE), limit * SHARE
            )
    return Webhooks(limit=limit, acknowledged=acknowledged, drained_seconds=drained)


async def _post(
    serve: RelevoServe, connection: psycopg.Connection[tuple[int]], messages: Iterator[Post], count: int, rate: float
) -> tuple[list[float], float]:
    """Post and wait until all is answered; give what each took, and the seconds after the last."""
    wanted = _settled(connection) + count
    took = await post_at(serve.port, list(itertools.islice(messages, count)), rate)
    ended = perf_counter()
    while _settled(connection) < wanted:
        if perf_counter() - ended > _DRAIN_SECONDS:
            raise BenchError(
                f"X's messages were not all answered within {_DRAIN_SECONDS:.0f} s; see {serve.program.log}."
            )
        await asyncio.sleep(0.05)
    return took, perf_counter() - ended


def _settled(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(_SETTLED).fetchone()
    assert row is not None
    return row[0]


@asynccontextmanager
async def _business(folder: Path, model: OurModel, customers: int) -> AsyncIterator[tuple[RelevoServe, dict[str, str]]]:
    x = Program(
        name="fake X",
        command=[sys.executable, "-m", "bench.kit.x_program", str(customers)],
        folder=PROJECT,
        log=folder / "fake-x.log",
    )
    x.start()
    try:
        told = await _first_line(x)
        project = folder / "bot on X"
        copy_bot(PROJECT, project, _USERNAME)
        settings = {**told, "RELEVO_PROJECT": str(project), "RELEVO_BOTS": "1"}
        serve = relevo_serve(folder / "x", model.path, **settings)
        try:
            serve.program.start()
            await ready(serve.program, serve.port, START_SECONDS)
            add_customers(serve.dsn(), [Customer(number) for number in range(customers)])
            yield serve, told
        finally:
            serve.program.stop()
    finally:
        x.stop()


async def _first_line(x: Program) -> dict[str, str]:
    while x.is_running:
        for line in x.log.read_text().splitlines():
            if line.startswith("{"):
                return dict(json.loads(line))
        await asyncio.sleep(0.1)
    raise x.died()


def _messages(told: dict[str, str]) -> Iterator[Post]:
    """Give direct messages, signed as X does."""
    account, secret = told["X_ACCOUNT_ID"], told["X_CONSUMER_SECRET"]
    for number, (customer, text) in enumerate(_written(), 1):
        body = _direct_message(account, str(FIRST_USER + customer.number), text, number)
        yield Post("/webhooks/x", body, f"{HEADER}: {signature(secret, body)}\r\n")


def _written() -> Iterator[tuple[Customer, str]]:
    """Give what customers write: many conversations side by side, each in order."""
    customers = map(Customer, itertools.count())
    while True:
        talks = conversations(SCRIPTS, customers, _SIDE_BY_SIDE, "x")
        for texts in itertools.zip_longest(*(talk.texts for talk in talks)):
            yield from ((talk.customer, text) for talk, text in zip(talks, texts, strict=True) if text is not None)


def _direct_message(account: str, user: str, text: str, number: int) -> bytes:
    """Write a `dm.received`, as tests/payloads/x has it."""
    created = {"type": "message_create", "id": f"9{number:09}", "created_timestamp": str(1_790_000_000_000 + number)}
    said = {"target": {"recipient_id": account}, "sender_id": user, "message_data": {"text": text, "entities": {}}}
    data = {"id": user, "username": f"c{user}", "name": f"c{user}", "public_metrics": {"followers_count": 5}}
    payload = {"direct_message_events": [{**created, "message_create": said}], "users": {user: {"data": data}}}
    envelope = {"event_uuid": f"bench-{number}", "filter": {"user_id": account}, "event_type": "dm.received"}
    return json.dumps({"data": {**envelope, "payload": payload}}).encode()
