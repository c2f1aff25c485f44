"""Our own bot as its users start it: `relevo serve` with the demo company, in a fresh state folder with a space."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.kit.process_tree import Process
from bench.kit.programs import PROJECT, BenchError, Program, free_port
from bench.kit.sides import BOTS

KINDS = ("bot", "web", "postgres", "serve")


@dataclass(frozen=True, kw_only=True)
class RelevoServe:
    """A `relevo serve` of a bench."""

    program: Program
    port: int
    state: Path

    def by_kind(self) -> Mapping[str, list[Process]]:
        """Its processes by what they do; "postgres" is the postmaster alone, its children are "postgres rest"."""
        kinds: dict[str, list[Process]] = {kind: [] for kind in (*KINDS, "postgres rest", "other")}
        for process in self.program.processes():
            kinds[kind_of(process, self.program.pid)].append(process)
        return kinds

    def parts(self) -> dict[str, list[Process]]:
        """Its processes as the table of a comparison names them."""
        kinds = self.by_kind()
        database = [*kinds["postgres"], *kinds["postgres rest"]]
        return {BOTS: kinds["bot"], "web": kinds["web"], "PostgreSQL": database, "supervisor": kinds["serve"]}

    def dsn(self) -> str:
        """Connection string of its database, which it tells its children and nobody else."""
        for process in self.by_kind()["web"]:
            told = (Path("/proc") / str(process.pid) / "environ").read_bytes().decode().split("\0")
            return next(line.partition("=")[2] for line in told if line.startswith("DATABASE_URL="))
        raise BenchError("No web process of relevo serve is running.")


def relevo_serve(folder: Path, model: Path | None = None, **settings: str) -> RelevoServe:
    """Give a `relevo serve`, not started yet, that keeps everything in a folder, and perhaps has a model already."""
    state = folder / "relevo state"
    if model is not None:
        (state / "models").mkdir(parents=True)
        shutil.copy(model, state / "models")
    port = free_port()
    environment = {
        "RELEVO_STATE": str(state),
        "RELEVO_SYSTEM_STATE": str(folder / "relevo system state"),
        "RELEVO_PROJECT": str(PROJECT),
        "RELEVO_PORT": str(port),
        **settings,
    }
    command = [sys.executable, "-m", "relevo", "serve", "--demo"]
    log = folder / "relevo-serve.log"
    program = Program(name="relevo serve", command=command, folder=PROJECT, log=log, environment=environment)
    return RelevoServe(program=program, port=port, state=state)


def kind_of(process: Process, serve_pid: int) -> str:
    """Say what one process of `relevo serve` does."""
    command = process.command
    if process.pid == serve_pid:
        return "serve"
    for kind in ("web", "bot"):
        if f" -m relevo {kind} " in command:
            return kind
    if "/bin/postgres -D " in command and "postgres_launcher" not in command:
        return "postgres"
    return "postgres rest" if "postgres" in command else "other"
