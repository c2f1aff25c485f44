"""Plays conversations that credit points while hosts, processes and the database fail, and counts what went wrong.

Everything should be zero; ends with status 1 where it is not. Seven hosts are made of network namespaces; where that is
not permitted (it needs root), or with --one-machine, processes of one `relevo serve` are killed. See bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from time import perf_counter

import psycopg
import uvloop

from bench.kit import hosts
from bench.kit.cluster import Cluster
from bench.kit.impatient import Impatient
from bench.kit.killer import Killer
from bench.kit.ledger import read_timelines
from bench.kit.pages import Page, Pages
from bench.kit.play import Chaos, Outcome, Play
from bench.kit.programs import PROJECT, BenchError, bench_folder, ready
from bench.kit.raw_http import HttpConnection
from bench.kit.relevo_serve import relevo_serve
from bench.kit.services import keep
from bench.kit.troubles import BRIEFLY, Troubles

START_SECONDS = 300.0
LEASE_SECONDS = 6.0
PAGES = 6
"""Visitors who hear what is said on an open stream."""
_SETTINGS = {"RELEVO_LEASE_SECONDS": str(LEASE_SECONDS), "RELEVO_SILENCE_SECONDS": "120"}
"""What a message may wait is above the longest outage, so that every one is answered by a bot."""
_SHORT = Chaos(conversations=30, seconds=15.0, seed=0, pauses=(0.1, 0.5), lasts=(0.5, 2.0), bots=2, troubles=BRIEFLY)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of a run, and what was done to it."""

    outcome: Outcome
    happened: Mapping[str, int]
    more: Mapping[str, int]
    """What else should be zero."""
    diary: Sequence[str] = ()
    remarks: Sequence[str] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return self.outcome.findings.is_clean() and not any(self.more.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long things go wrong")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--short", action="store_true", help="one trouble of each sort, with 30 conversations")
    parser.add_argument("--one-machine", action="store_true", help="only kill the processes of one relevo serve")
    parser.add_argument("--model", type=Path, help="a trained model, to save the training")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the logs there")
    chosen = parser.parse_args()
    reason = "it was asked for" if chosen.one_machine else None if hosts.is_apart() else hosts.why_not()
    if reason is None and not hosts.is_apart():
        hosts.run_apart("bench.chaos", [*sys.argv[1:], "--seed", str(chosen.seed)])
    chaos = Chaos(conversations=chosen.conversations, seconds=chosen.seconds, seed=chosen.seed)
    if chosen.short:
        chaos = Chaos(**{**vars(_SHORT), "seed": chosen.seed})
    if reason is not None:
        print(f"On one machine, where only processes are killed: {reason}.")
    uvloop.install()
    parser.exit(0 if _ran(chaos, chosen, is_alone=reason is not None) else 1)


def _ran(chaos: Chaos, chosen: argparse.Namespace, *, is_alone: bool) -> bool:
    with bench_folder() if is_alone else contextlib.nullcontext(hosts.folder_apart()) as folder:
        try:
            told = asyncio.run((on_one_machine if is_alone else on_hosts)(chaos, folder, chosen.model))
        except BenchError as error:
            print(error)
            return False
        finally:
            if chosen.logs:
                keep_logs(folder, chosen.logs)
    print(report(chaos, told), flush=True)
    return told.is_clean


def keep_logs(folder: Path, kept: Path) -> None:
    """Copy the logs of a run to where they last."""
    kept.mkdir(parents=True, exist_ok=True)
    for log in folder.rglob("*.log*"):
        shutil.copy(log, kept / log.name)


async def on_one_machine(chaos: Chaos, folder: Path, model: Path | None) -> Told:
    """Start `relevo serve` in a folder, play, kill, and count; without a model of the present files it trains first."""
    serve = relevo_serve(folder, model, RELEVO_BOTS="2")
    serve.program.start()
    try:
        await ready(serve.program, serve.port, START_SECONDS)
        clients = Impatient(connect=lambda _: HttpConnection(serve.port), seed=chaos.seed)
        play = Play(
            chaos=chaos,
            dsn=serve.dsn(),
            clients=clients,
            ready=lambda seconds: ready(serve.program, serve.port, seconds),
        )
        killer = Killer(serve=serve, clients=clients, chance=Random(chaos.seed), pauses=chaos.pauses)
        outcome = await play.outcome(killer.run)
    finally:
        serve.program.stop()
    more = {"ended by itself": killer.ended_by_itself, "orphans": killer.orphans}
    return Told(outcome=outcome, happened={f"{kind} killed": count for kind, count in killer.kills.items()}, more=more)


async def on_hosts(chaos: Chaos, folder: Path, model: Path | None) -> Told:
    """Start Relevo on hosts of its own, play, have things go wrong, and count."""
    cluster = Cluster(folder=folder, model=model or trained(folder), settings=_SETTINGS, bots=chaos.bots)
    keeping = asyncio.create_task(keep(cluster.services))
    try:
        began = perf_counter()
        await cluster.begin()
        print(f"All hosts are ready after {perf_counter() - began:.0f} s.", flush=True)
        clients = Impatient(connect=cluster.connect, seed=chaos.seed)
        dsn = f"{cluster.dsn}?target_session_attrs=read-write&connect_timeout=2"
        play = Play(chaos=chaos, dsn=dsn, clients=clients, ready=cluster.ready)
        troubles = Troubles(
            cluster=cluster,
            clients=clients,
            chance=Random(chaos.seed),
            lease_seconds=LEASE_SECONDS,
            chaos=chaos,
        )
        pages = Pages(
            pages=[Page(door=cluster.door, chance=Random(f"{chaos.seed}/{number}")) for number in range(PAGES)], dsn=dsn
        )

        async def everything(seconds: float) -> None:
            await asyncio.gather(troubles.run(seconds), pages.live(seconds))

        outcome = await play.outcome(everything)
        await pages.heard_all(outcome.findings)
        more = {
            "ended by itself": sum(service.ended_by_itself for service in cluster.services()),
            "replica differs": await _differences(cluster),
        }
    finally:
        keeping.cancel()
        cluster.end()
    return Told(
        outcome=outcome,
        happened=troubles.happened,
        more=more,
        diary=troubles.diary,
        remarks=_remarks(cluster, pages.pages),
    )


def _remarks(cluster: Cluster, pages: Sequence[Page]) -> list[str]:
    heard, streams = sum(len(page.heard) for page in pages), sum(page.streams for page in pages)
    return [
        *(f"{what}: {count}" for what, count in cluster.replicas.did.items()),
        f"{len(pages)} open pages heard {heard} messages on {streams} streams",
        f"turns that came too late, and wrote nothing: {cluster.count('outcome=lease_lost')}",
        *([] if cluster.library else ["no clock was stepped: there is no C compiler"]),
    ]


async def _differences(cluster: Cluster) -> int:
    """Count the conversations that the replica does not have as the primary has them."""
    await cluster.replicas.caught_up()
    kept = []
    for server in (cluster.replicas.primary, cluster.replicas.replica):
        with psycopg.connect(server.dsn) as connection:
            kept.append(read_timelines(connection))
    return sum(kept[0].get(sender) != kept[1].get(sender) for sender in {*kept[0], *kept[1]})


def trained(folder: Path) -> Path:
    """Train the bot and give its model."""
    state = folder / "training"
    environment = {**os.environ, "RELEVO_STATE": str(state), "RELEVO_PROJECT": str(PROJECT)}
    command = [sys.executable, "-m", "relevo", "train"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"The bot cannot be trained: {done.stderr.strip()[-400:]}")
    return next((state / "models").iterdir())


def report(chaos: Chaos, told: Told) -> str:
    """Give what somebody wants to read at the end."""
    outcome, findings, answers = told.outcome, told.outcome.findings, told.outcome.answer_seconds
    heard = f"{len(answers)} messages answered after {outcome.posts} posts, {outcome.seconds:.0f} s"
    counts = {**findings.counts(), **told.more}
    lines = [
        *told.diary,
        f"seed {chaos.seed}: {chaos.conversations} conversations, {heard}",
        f"what happened, {sum(told.happened.values())} times: "
        + ", ".join(f"{kind} {count}" for kind, count in told.happened.items()),
        *told.remarks,
        f"turns begun again: {outcome.turns_again}; effects asked for again: {outcome.effects_again}",
        f"from the first post to the answer, troubles and all: {_times(answers)}",
        f"posts refused for now: {len(outcome.refused_seconds)}, after {_times(outcome.refused_seconds)}",
        *(f"{name.replace('_', ' '):>18}  {count}" for name, count in counts.items()),
        *findings.examples,
    ]
    return "\n".join(lines)


def _times(seconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [0.0] * 99
    return f"p50 {1000 * cuts[49]:.0f} ms, p95 {cuts[94]:.1f} s, longest {max(seconds, default=0.0):.1f} s"


if __name__ == "__main__":
    main()
