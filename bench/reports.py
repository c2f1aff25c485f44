"""Measures reports about a quarter with a million messages, in a temporary bundled PostgreSQL; prints one table.

Run it with the project's Python: .venv/bin/python -m bench.reports [--messages 1000000] [--plans]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter

import psycopg
from psycopg.conninfo import make_conninfo

from relevo.bootstrap.store import open_store
from relevo.domain.reports import LINES, MAX_DAYS, Asked, Period
from relevo.store.migrate import migrate
from relevo.store.postgres import destroy_postgres, running_postgres
from relevo.store.report_tables import MAKING, values_of

A_VISIT = 8
"""Messages of one episode; a contact has five of them, over half a year."""

# In the order of time, as a timeline grows; half of it lies before the quarter.
_FILL = """
INSERT INTO agents (email, name, role, password_hash) SELECT n || '@example.com', 'Agent ' || n, 'agent', ''
    FROM generate_series(1, 20) n;
INSERT INTO contacts (id, display_name) SELECT gen_random_uuid(), 'Contact ' || n FROM generate_series(1, {people}) n;
INSERT INTO identities (contact_id, channel, address)
    SELECT id, (ARRAY['widget', 'email', 'whatsapp'])[1 + abs(hashtext(id::text)) % 3], id::text FROM contacts;
INSERT INTO conversations (identity_id, channel, language, last_position)
    SELECT id, channel, (ARRAY['es', 'en'])[1 + abs(hashtext(address)) % 2], {each} * 5 FROM identities;
CREATE TABLE visits_made AS SELECT c.id, v, now() - interval '1 day' - interval '180 days' * random() AS at,
    row_number() OVER () AS n FROM conversations c, generate_series(0, 4) v;
UPDATE visits_made m SET at = r.at
    FROM (SELECT id, at, row_number() OVER (PARTITION BY id ORDER BY at) - 1 AS v FROM visits_made) r
    WHERE r.id = m.id AND r.v = m.v;
INSERT INTO entries (conversation_id, position, kind, author, content, created_at)
SELECT id, v * {each} + p, CASE WHEN p = 5 AND n % 3 = 0 THEN 'case' ELSE 'message' END,
    CASE WHEN p % 2 = 1 THEN 'contact' WHEN n % 6 = 0 AND p > 5 THEN 'agent' ELSE 'bot' END,
    CASE WHEN p = 5 AND n % 3 = 0 THEN jsonb_build_object('custom', jsonb_build_object('case', 'CASE-' || n))
        ELSE jsonb_build_object('text', repeat('some words about it ', 6)) END, at + p * interval '1 minute'
FROM visits_made, generate_series(1, {each}) p ORDER BY at + p * interval '1 minute';
INSERT INTO cases (id, type, trigger, status, outcome, conversation_id, opened_at)
    SELECT 'CASE-' || n, 'refund', 'user_request', 'resolved', 'resolved', id, at FROM visits_made WHERE n % 3 = 0;
INSERT INTO handoffs (id, conversation_id, episode, idempotency_key, state, trigger, agent_id, record, handback,
    created_at, expires_at, taken_at, ended_at)
SELECT gen_random_uuid(), id, v + 1, n::text, 'ended', 'user_request', 1 + n % 20,
    jsonb_build_object('sla', jsonb_build_object('first_response_due_at', at + interval '9 minutes'),
        'facts', (SELECT jsonb_agg(md5(random()::text)) FROM generate_series(1, 80) WHERE n > 0)),
    '{{"outcome": "resolved"}}', at + interval '5 minutes', at, at + interval '6 minutes', at + interval '30 minutes'
FROM visits_made WHERE n % 6 = 0;
INSERT INTO effects (key, kind, business_ref, arguments, state, amount, unit, conversation_id, intended_at)
    SELECT 'refund:' || n, 'refund', 'C1', '{{}}', 'done', 1999, 'EUR', id, at + interval '2 minutes'
    FROM visits_made WHERE n % 4 = 0;
"""


@contextmanager
def temporary_database() -> Iterator[str]:
    """Yield a migrated database that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="relevo-bench-"))
    folder.chmod(0o755)
    os.environ["RELEVO_SYSTEM_STATE"] = str(folder / "system")
    try:
        with running_postgres(folder / "state") as dsn:
            migrate(dsn)
            yield dsn
        destroy_postgres(folder / "state")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(dsn: str, messages: int) -> None:
    """Write so many messages, and what belongs to them."""
    people = max(1, messages // (A_VISIT * 5))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _FILL.format(people=people, each=A_VISIT).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


async def measure(dsn: str) -> None:
    """Print how long each report takes, and all of them together, over a month and a quarter."""
    last = datetime.now(timezone.utc).date()
    async with open_store(dsn, size=4) as opened:
        for days in (28, MAX_DAYS):
            asked = Asked(period=Period(first=last - timedelta(days=days - 1), last=last, zone="Europe/Madrid"))
            print(f"\n{days} days")
            for names in (*([name] for name in LINES), list(LINES)):
                began = perf_counter()
                report = await opened.store.reports.read(asked, names)
                told = names[0] if len(names) == 1 else "all together"
                lines = sum(len(getattr(report, name)) for name in names)
                print(f"  {told:14} {perf_counter() - began:6.2f} s  {lines:5} lines")
            began = perf_counter()
            await opened.store.reports.behind(asked, "outcomes", "resolved", limit=101, after=0)
            print(f"  {'cases behind':14} {perf_counter() - began:6.2f} s")


def plans(dsn: str) -> None:
    """Print how PostgreSQL makes the tables of a month's report."""
    last = datetime.now(timezone.utc).date()
    asked = Asked(period=Period(first=last - timedelta(days=27), last=last, zone="Europe/Madrid"))
    with make_connection(dsn) as connection, connection.transaction():
        connection.execute("SET LOCAL work_mem = '64MB'")
        for statement in MAKING:
            if not statement.strip().startswith("CREATE"):
                connection.execute(statement.encode())
                continue
            found = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS off) {statement}".encode(), values_of(asked))
            print("\n".join(line for (line,) in found), "\n")


def make_connection(dsn: str) -> psycopg.Connection[tuple[str]]:
    """Connect for explaining."""
    return psycopg.connect(make_conninfo(dsn))


def main() -> None:
    """Fill, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--plans", action="store_true", help="print the plans instead")
    given = parser.parse_args()
    with temporary_database() as dsn:
        began = perf_counter()
        fill(dsn, given.messages)
        print(f"{given.messages} messages written in {perf_counter() - began:.0f} s")
        if given.plans:
            plans(dsn)
        else:
            asyncio.run(measure(dsn))


if __name__ == "__main__":
    main()
