"""Measures what seeing one's own queues alone costs a list of 200,000 cases, in a temporary bundled PostgreSQL.

Run it with the project's Python: .venv/bin/python -m bench.sight [--cases 200000] [--plan]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter
from typing import Any

import psycopg

from bench.reports import temporary_database
from relevo.bootstrap.store import open_store
from relevo.contracts.store import Store
from relevo.domain.queues import Queue, Queues
from relevo.domain.sight import Sight
from relevo.domain.worklist import CaseQuery

TIMES = 7
RULES = Queues(
    named=(
        Queue(name="q0", case_types=("refund",)),
        Queue(name="q1", languages=("en",), case_types=("points",)),
        *(Queue(name=f"q{number}", case_types=(f"type{number}",)) for number in range(2, 10)),
        Queue(name="rare", case_types=("rare",)),
    )
)
# One in twenty is open; two of three were handed off, into one of ten queues, each with one message to the newest case.
_FILL = """
INSERT INTO agents (email, name, role, password_hash) SELECT n || '@example.com', 'Agent ' || n, 'agent', ''
    FROM generate_series(1, 40) n;
CREATE TABLE made AS SELECT n, gen_random_uuid() AS id, now() - n * interval '1 minute' AS at
    FROM generate_series(1, {cases}) n;
INSERT INTO contacts (id, display_name, business_ref) SELECT id, 'Contact ' || n, 'C' || n FROM made;
INSERT INTO identities (contact_id, channel, address)
    SELECT id, (ARRAY['widget', 'email', 'whatsapp'])[1 + n % 3], id::text FROM made;
INSERT INTO conversations (id, identity_id, channel, language, last_position, updated_at)
    SELECT m.id, i.id, i.channel, (ARRAY['es', 'en'])[1 + n % 2], 1, m.at
    FROM made m JOIN identities i ON i.contact_id = m.id;
INSERT INTO entries (conversation_id, position, kind, author, content, created_at)
    SELECT id, 1, 'message', 'contact', '{{"text": "some words about it"}}', at FROM made;
INSERT INTO cases (id, type, trigger, status, contact_id, business_ref, conversation_id, opened_at, due_at, priority,
    agent_id, closed_at)
    SELECT 'CASE-' || n, (ARRAY['refund', 'points', 'type2', 'type3', 'type4', 'type5', 'other'])[1 + n % 7],
    'user_request', CASE WHEN n % 20 = 0 THEN 'open' ELSE 'closed' END, id, 'C' || n, id, at,
    at + interval '1 day', n % 70, CASE WHEN n % 60 = 0 THEN 1 + n % 40 END, CASE WHEN n % 20 > 0 THEN at END FROM made;
INSERT INTO case_conversations (case_id, conversation_id) SELECT 'CASE-' || n, id FROM made;
INSERT INTO handoffs (id, conversation_id, episode, idempotency_key, state, trigger, case_id, agent_id, record,
    created_at, expires_at, taken_at, ended_at, queue)
    SELECT gen_random_uuid(), id, 1, n::text, 'ended', 'user_request', 'CASE-' || n, 1 + n % 40, '{{}}', at, at, at, at,
    CASE WHEN n % 2000 = 0 THEN 'rare' ELSE 'q' || n % 10 END FROM made WHERE n % 3 > 0;
DROP TABLE made
"""


def fill(dsn: str, cases: int) -> None:
    """Write so many cases, and what belongs to them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _FILL.format(cases=cases).split(";\n"):
            connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


def asked(store: Store, sight: Sight | None) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Give what a desk asks for all day."""
    page = store.worklist.page
    shown = {
        f"page of {show}": lambda show=show: page(CaseQuery(show=show, agent_id=1, sight=sight), None, None, 50)
        for show in ("open", "mine", "queue", "breaching", "closed", "all")
    }
    return {
        **shown,
        "counts": lambda: store.worklist.counts(sight),
        "choices": lambda: store.worklist.choices(sight),
        "conversations": lambda: store.desk.conversations(sight=sight),
    }


async def measure(dsn: str) -> None:
    """Print how long each takes, for whoever sees everything and for who has queues."""
    eyes = {
        "everything": None,
        "1 of 10 queues": Sight(agent_id=1, queues=("q0",), rules=RULES),
        "a rare queue": Sight(agent_id=41, queues=("rare",), rules=RULES),
    }
    async with open_store(dsn, size=4) as opened:
        print(f"{'ms, median of ' + str(TIMES):22}{''.join(f'{name:>18}' for name in eyes)}")
        for name in asked(opened.store, None):
            took = [await timed(asked(opened.store, sight)[name]) for sight in eyes.values()]
            print(f"{name:22}{''.join(f'{each:18.1f}' for each in took)}", flush=True)
        many = [Sight(agent_id=number, queues=(f"q{number % 10}",), rules=RULES) for number in range(1, 41)]
        took_all = await timed(lambda: asyncio.gather(*map(opened.store.sights.outlook, many)))
        print(f"what each of {len(many)} agents sees beside their queues, asked at once: {took_all:.1f}")


async def timed(read: Callable[[], Awaitable[Any]]) -> float:
    """Give how many milliseconds it takes."""
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        await read()
        took.append(1000 * (perf_counter() - began))
    return median(took)


def main() -> None:
    """Fill, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    given = parser.parse_args()
    with temporary_database() as dsn:
        began = perf_counter()
        fill(dsn, given.cases)
        print(f"{given.cases} cases written in {perf_counter() - began:.0f} s")
        asyncio.run(measure(dsn))


if __name__ == "__main__":
    main()
