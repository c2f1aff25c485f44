"""What `relevo serve` starts while it prepares the database: imported and waiting, and gone when it gives up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relevo.bootstrap.occupancy import occupant
from tests.processes import PATIENCE_SECONDS, Running, free_port, make_installation, removed_afterwards

pytestmark = pytest.mark.processes
KINDS = ("web", "bot")


def _as_child(kind: str) -> list[str]:
    return [kind, "--name", f"{kind}-1", "--supervisor", str(os.getpid())]


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_never_told_to_work_asks_no_database_and_leaves_without_a_word(tmp_path: Path, kind: str) -> None:
    """Nobody answers where the database should be, which whoever asked it would say."""
    installation = make_installation(tmp_path, DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/none")
    done = installation.run(*_as_child(kind), timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (installation.state / "logs" / f"{kind}-1.log").read_text(encoding="utf-8") == ""


def test_who_is_told_to_work_does(tmp_path: Path, database: str) -> None:
    """One line is enough, whatever is in it."""
    installation = make_installation(tmp_path, DATABASE_URL=database)
    process = subprocess.Popen(
        [sys.executable, "-m", "relevo", *_as_child("web")],
        cwd=installation.project,
        env=installation.env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.close()
    running = Running(process)
    running.wait_for(f"Listens on 127.0.0.1 port {installation.port}.")
    assert running.end(signal.SIGTERM) == 0


def test_a_serve_that_is_stopped_before_it_is_ready_does_not_say_that_it_is(tmp_path: Path) -> None:
    """Ctrl-C while the model is trained: no addresses, no login, and nothing is left running."""
    with removed_afterwards(make_installation(tmp_path)) as installation:
        running = installation.start("serve", "--demo")
        running.wait_for("demo ")
        assert running.end() == 0
        assert "Relevo is ready" not in running.printed
        assert running.printed.endswith("Stopped before it was ready.\n"), running.printed
        assert occupant(installation.state) is None
        assert installation.processes() == {}
