"""Measures thousands of idle visitors on one web process, and how soon a message reaches one of them; prints a table.

Run it with the project's Python: .venv/bin/python -m bench.visitors [--visitors 5000]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from bench.search import temporary_database
from relevo.bootstrap.store import OpenStore, open_store
from relevo.domain.messages import Author, Content
from relevo.store.migrate import migrate

PROJECT = Path(__file__).parents[1]
EVENTS = "/widget/api/v1/events?after=1"
MESSAGES, A_SECOND = 300, 10
AT_ONCE = 16
IDLE_SECONDS = 40
_FILL = """
INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, %(count)s);
INSERT INTO identities (contact_id, channel, address)
    SELECT id, 'widget', 'visitor-' || row_number() OVER (ORDER BY id) FROM contacts;
INSERT INTO conversations (identity_id, channel, last_position) SELECT id, 'widget', 1 FROM identities;
INSERT INTO entries (conversation_id, position, kind, author, content)
    SELECT id, 1, 'message', 'contact', '{"text": "hello"}' FROM conversations;
INSERT INTO visits (token_hash, address, expires_at)
    SELECT sha256(('token-' || n)::bytea), 'visitor-' || n, now() + interval '30 days'
    FROM generate_series(1, %(count)s) n
"""


class Idle:
    """One visitor's browser, of which nothing but the stream is open."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number, self.writer = number, writer
        self._reader = reader
        self._heard = asyncio.Event()
        self._awaited = b""

    async def listen(self) -> None:
        """Read until the stream ends, and note when what is waited for comes."""
        while line := await self._reader.readline():
            if self._awaited and self._awaited in line:
                self._heard.set()

    async def hears(self, words: str) -> None:
        """Wait until a message with these words has come."""
        await asyncio.wait_for(self._heard.wait(), 30)

    def expects(self, words: str) -> None:
        """Wait for these words from now on."""
        self._heard.clear()
        self._awaited = words.encode()


@contextmanager
def web_process(dsn: str, port: int, visitors: int) -> Iterator[int]:
    """Run one web process, as an installation does, and give its id."""
    with tempfile.TemporaryDirectory(prefix="relevo-bench-visitors-") as state:
        env = {
            **os.environ,
            "DATABASE_URL": dsn,
            "RELEVO_STATE": state,
            "RELEVO_STREAMS_IN_ALL": str(visitors + 100),
            "RELEVO_ADDRESS_MESSAGES_PER_SECOND": "1000",
        }
        command = [sys.executable, "-m", "relevo", "web", "--port", str(port)]
        process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=subprocess.DEVNULL)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


@asynccontextmanager
async def idle_visitors(port: int, count: int) -> AsyncIterator[list[Idle]]:
    """Open so many streams, a few at a time."""
    gate, tasks, idle = asyncio.Semaphore(AT_ONCE), set(), []

    async def open_one(number: int) -> None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
            head = f"GET {EVENTS} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer token-{number}\r\n\r\n"
            writer.write(head.encode())
            answer = await asyncio.wait_for(reader.readuntil(b"event: state"), 120)
            assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
            visitor = Idle(number, reader, writer)
            idle.append(visitor)
            tasks.add(asyncio.create_task(visitor.listen()))

    await asyncio.gather(*(open_one(number) for number in range(1, count + 1)))
    try:
        yield idle
    finally:
        for task in tasks:
            task.cancel()
        for visitor in idle:
            visitor.writer.close()


async def said(opened: OpenStore, idle: list[Idle], chosen: random.Random) -> list[float]:
    """Say something to one visitor after another, as an agent does, and give the seconds until it was there."""
    rows = await opened.database.rows(
        "SELECT i.address, c.id FROM identities i JOIN conversations c ON c.identity_id = i.id"
    )
    conversations = dict(rows)
    seconds = []
    for number in range(MESSAGES):
        visitor, words = chosen.choice(idle), f"word-{number}-"
        visitor.expects(words)
        conversation_id = conversations[f"visitor-{visitor.number}"]
        began = perf_counter()
        await opened.store.conversations.say(conversation_id, Author.AGENT, Content(text=words))
        opened.live.changed(conversation_id)
        await visitor.hears(words)
        seconds.append(perf_counter() - began)
        await asyncio.sleep(max(0.0, 1 / A_SECOND - seconds[-1]))
    return seconds


async def measure(dsn: str, port: int, pid: int, visitors: int) -> None:
    """Measure, and print the table."""
    await _ready(port)
    async with open_store(dsn, size=2, name="relevo bench", hears=()) as opened:
        async with idle_visitors(port, 200):
            pass  # what is made once is not counted
        await asyncio.sleep(2)
        before = memory(pid)
        began = perf_counter()
        async with idle_visitors(port, visitors) as idle:
            opened_in = perf_counter() - began
            worked = processor(pid)
            await asyncio.sleep(IDLE_SECONDS)
            share = (processor(pid) - worked) / IDLE_SECONDS
            each = (memory(pid) - before) / visitors
            seconds = await said(opened, idle, random.Random(7))
    cuts = quantiles(seconds, n=100)
    print(f"| idle visitors on one web process | {visitors} |")
    print(f"| memory of the process before, MiB | {before / 1024:.0f} |")
    print(f"| memory of each visitor, KiB | {each:.1f} |")
    print(f"| all streams opened in, s | {opened_in:.1f} |")
    print(f"| processor time while all are idle, share of a core | {share:.0%} |")
    print(f"| a message reaches its visitor, ms: p50, p99, longest of {MESSAGES} at {A_SECOND} a second |", end="")
    print(f" {cuts[49] * 1000:.1f}, {cuts[98] * 1000:.1f}, {max(seconds) * 1000:.1f} |")


def memory(pid: int) -> float:
    """Give what a process holds of its own, in KiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return float(sum(int(found) for found in re.findall(r"^Private_\w+:\s+(\d+) kB", rollup, re.MULTILINE)))


def processor(pid: int) -> float:
    """Give the seconds that a process has worked."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def _ready(port: int) -> None:
    for _ in range(300):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return
    raise SystemExit("The web process did not start.")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def _fill(dsn: str, visitors: int) -> None:
    async with open_store(dsn, size=1, name="relevo bench", hears=()) as opened:
        for statement in _FILL.split(";"):
            await opened.database.run(statement.replace("%(count)s", str(visitors)).replace("%", "%%"))


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=5_000)
    visitors = parser.parse_args().visitors
    with temporary_database() as dsn:
        migrate(dsn)
        asyncio.run(_fill(dsn, visitors))
        port = _free_port()
        with web_process(dsn, port, visitors) as pid:
            asyncio.run(asyncio.wait_for(measure(dsn, port, pid, visitors), 900))


if __name__ == "__main__":
    main()
