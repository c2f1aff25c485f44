"""Measures searching at the desk among a million messages, in a temporary bundled PostgreSQL; prints one table.

Run it with the project's Python: .venv/bin/python -m bench.search [--messages 1000000]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import psycopg
from psycopg.conninfo import make_conninfo

from relevo.bootstrap.store import open_store
from relevo.domain.messages import Author, Content
from relevo.flow.search import search
from relevo.flow.sight import Eyes
from relevo.store.migrate import migrate
from relevo.store.postgres import destroy_postgres, running_postgres

RUNS = 15
A_CONVERSATION = 20
WRITES = 300

# Words out of 20,000, few of them often; some that everybody writes; an order in every fifth message.
_FILL = """
INSERT INTO contacts (id, display_name)
SELECT gen_random_uuid(),
    (ARRAY['Lucía','Oliver','Amina','José','Ana María','Bilal'])[1 + n % 6] || ' '
    || (ARRAY['Fernández','Whitfield','Vega','Núñez'])[1 + n % 4] || ' ' || md5(n::text)
    FROM generate_series(1, {people}) n;
INSERT INTO identities (contact_id, channel, address) SELECT id, 'rest', id::text FROM contacts;
INSERT INTO conversations (identity_id, channel, last_position) SELECT id, 'rest', {each} FROM identities;
INSERT INTO entries (conversation_id, position, kind, author, content, created_at)
SELECT c.id, p, 'message', (ARRAY['contact', 'bot'])[1 + p % 2], jsonb_build_object('text', concat_ws(' ',
        (ARRAY['hola', 'gracias por el vuelo', 'the order has not arrived'])[1 + (random() * 2)::int],
        (SELECT string_agg((ARRAY['palabra', 'canción', 'refund'])[1 + n % 3] || chr(97 + n % 7)
            || translate(floor(exp(random() * 9.9))::text, '0123456789', 'abcdefghij'), ' ')
            FROM generate_series(1, 14 + p % 5) n),
        CASE WHEN p % 5 = 0 THEN 'AO-' || (10000 + floor(random() * 900000))::int END,
        CASE WHEN p % 9 = 0 THEN 'vuelo AU' || (1000 + floor(random() * 400))::int END)),
    now() - (p * interval '1 minute') - (c.row_number * interval '1 second')
FROM (SELECT id, row_number() OVER () FROM conversations) c, generate_series(1, {each}) p;
"""
_ASKED = {
    "in every third message": "gracias",
    "the same, as a beginning": "grac",
    "two that are in many": "hola vuelo",
    "two that are never together": "gracias arrived",
    "one in a thousand": "refundbbcc",
    "a rare one": "palabrahjia",
    "in no message": "zanzibar",
    "many and none": "gracias zanzibar",
    "three letters": "can",
    "rare and a common beginning": "palabrahjia gracias",
    "rare and three letters": "zanzibar can",
    "an order": "{order}",
    "an order with a character too many": "{order}7",
    "an order with one swapped": "{swapped}",
    "a flight, 280 messages": "AU1234",
    "a phone that nobody has": "+34 612 345 678",
    "a name": "lucia fernandez",
    "a name and an initial": "nunez jose c4c",
}

_AN_ORDER = """
SELECT substring(content ->> 'text' from 'AO-[0-9]+') FROM entries
WHERE position = 5 AND content ->> 'text' ~ 'AO-[0-9]{4}(01|38|52)' LIMIT 1
"""


@contextmanager
def temporary_database() -> Iterator[str]:
    """Give an empty database of a PostgreSQL that is destroyed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="relevo-bench-search-"))
    folder.chmod(0o755)  # root's PostgreSQL has an account of its own
    os.environ["RELEVO_SYSTEM_STATE"] = str(folder / "system")
    state = folder / "state"
    try:
        with running_postgres(state) as dsn:
            with psycopg.connect(make_conninfo(dsn, user="postgres", dbname="postgres"), autocommit=True) as owner:
                owner.execute("CREATE DATABASE bench OWNER relevo")
            yield make_conninfo(dsn, dbname="bench")
        destroy_postgres(state)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(dsn: str, messages: int) -> None:
    """Write the messages as an installation from before the search had them, and bring it forward."""
    migrate(dsn, up_to=15)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in _FILL.format(people=messages // A_CONVERSATION, each=A_CONVERSATION).split(";")[:-1]:
            connection.execute(statement)
    started = perf_counter()
    migrate(dsn)
    print(f"{messages:,} messages; the migration read them in {perf_counter() - started:.0f} s")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        sizes = connection.execute(
            "SELECT pg_size_pretty(pg_total_relation_size('search_documents')),"
            " pg_size_pretty(pg_relation_size('search_by_words')), pg_size_pretty(pg_total_relation_size('entries'))"
        ).fetchone()
        print("search documents {}, of them the index of words {}; entries {}".format(*(sizes or ("?",) * 3)))


async def measure(dsn: str) -> None:
    """Ask everything several times, and print how long it took."""
    async with open_store(dsn) as opened:
        ((order,),) = await opened.database.rows(_AN_ORDER)
        print("\n| query | hits on a page | first, ms | p50, ms | p95, ms |\n|---|---|---|---|---|")
        for name, pattern in _ASKED.items():
            asked = pattern.format(order=order, swapped=f"{order[:-2]}{order[-1]}{order[-2]}")
            took, shown = [], 0
            for _ in range(RUNS):
                started = perf_counter()
                shown = len((await search(Eyes(store=opened.store, sight=None), asked, None, 20)).hits)
                took.append(1000 * (perf_counter() - started))
            cuts = quantiles(took, n=20)
            print(f"| {name}: {asked} | {shown} | {took[0]:.1f} | {cuts[9]:.1f} | {cuts[18]:.1f} |")


async def measure_indexing(dsn: str) -> None:
    """Print what writing a message costs, which the index has no part in, and what bringing it into the index does."""
    async with open_store(dsn) as opened:
        ((conversation,),) = await opened.database.rows("SELECT id FROM conversations LIMIT 1")
        said = Content(text="Hola, el pedido AO-50017 no ha llegado y lo necesito para el viernes, gracias")
        started = perf_counter()
        for _ in range(WRITES):
            await opened.store.conversations.say(conversation, Author.BOT, said)
        written, started = perf_counter() - started, perf_counter()
        while await opened.store.search.keep_up():
            pass
        indexed = perf_counter() - started
        print(f"a message: {1000 * written / WRITES:.2f} ms to write, {1000 * indexed / WRITES:.2f} ms to index later")


def main() -> None:
    """Fill, ask, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=1_000_000)
    messages = options.parse_args().messages
    with temporary_database() as dsn:
        fill(dsn, messages)
        asyncio.run(measure(dsn))
        print()
        asyncio.run(measure_indexing(dsn))


if __name__ == "__main__":
    main()
