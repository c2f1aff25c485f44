"""Counts what an installation that nobody uses asks of PostgreSQL, by process and statement, and what that costs.

Run it with the project's Python: .venv/bin/python -m bench.idle [--seconds 120]; see bench/README.md. It trains a model
unless it is given one, starts `relevo serve --demo` with one bot, lets it come to rest, and reads PostgreSQL's log.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from bench.kit import our_model
from bench.kit.process_tree import cpu_seconds
from bench.kit.programs import ready
from bench.kit.relevo_serve import RelevoServe, relevo_serve

START_SECONDS = 300.0
SETTLE_SECONDS = 60.0
SHOWN = 12
LOGGING = {"log_statement": "all", "log_line_prefix": "@%a|"}
_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)


def count_statements(log: str) -> Counter[tuple[str, str]]:
    """Count the statements in a log by who asked, which begins each of its lines, and how they begin."""
    found: Counter[tuple[str, str]] = Counter()
    for line in re.split(r"(?m)^@", log)[1:]:
        who, _, said = line.partition("|")
        if statement := _STATEMENT.match(said):
            found[who, " ".join(statement[1].split())] += 1
    return found


def measure(serve: RelevoServe, seconds: float) -> None:
    """Let it come to rest, and print what it does then."""
    time.sleep(SETTLE_SECONDS)
    log = serve.state / "postgres.log"
    with psycopg.connect(make_conninfo(serve.dsn(), user="postgres"), autocommit=True) as connection:
        for name, value in LOGGING.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(1.0)
        begun_at, used = log.stat().st_size, {name: cpu_seconds(part) for name, part in serve.parts().items()}
        time.sleep(seconds)
        used = {name: cpu_seconds(part) - used[name] for name, part in serve.parts().items()}
    found = count_statements(log.read_bytes()[begun_at:].decode())
    _print(found, used, seconds)


def _print(found: Counter[tuple[str, str]], used: dict[str, float], seconds: float) -> None:
    by_process: Counter[str] = Counter()
    for (who, _), times in found.items():
        by_process[who] += times
    a_minute = 60 / seconds
    print(f"\nstatements a minute: {found.total() * a_minute:.0f}, at rest, over {seconds:.0f} s")
    for who, times in by_process.most_common():
        print(f"  {times * a_minute:6.0f}  {who}")
    print(f"the {SHOWN} asked most:")
    for (who, statement), times in found.most_common(SHOWN):
        print(f"  {times * a_minute:6.1f}  {who}: {statement[:90]}")
    print("processor ms a minute: " + ", ".join(f"{name} {ms * 1000 * a_minute:.0f}" for name, ms in used.items()))


def main() -> None:
    """Start, measure, stop."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=120.0)
    asked.add_argument("--model", type=Path, help="a trained model; without it one is trained")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="relevo idle ") as kept:
        folder = Path(kept)
        folder.chmod(0o755)  # else the account that runs PostgreSQL for root could not pass
        model = options.model or our_model.train(folder).path
        serve = relevo_serve(folder, model, RELEVO_BOTS="1")
        serve.program.start()
        try:
            asyncio.run(ready(serve.program, serve.port, START_SECONDS))
            measure(serve, options.seconds)
        finally:
            serve.program.stop()


if __name__ == "__main__":
    main()
