"""``relevo serve`` as somebody sees who starts it: ready by one command, hard to break, gone when it is told to go."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from relevo.bootstrap.occupancy import occupant
from relevo.store.postgres_lock import Lock
from tests.acceptance.conftest import Make
from tests.processes import Installation, Running, eventually, make_small

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]

WEB_MEGABYTES, BOT_MEGABYTES = 120, 250


@dataclass(kw_only=True)
class Served:
    """An installation with the demo that is being served."""

    installation: Installation
    running: Running

    @property
    def dsn(self) -> str:
        """The database that its processes use."""
        environment = Path(f"/proc/{self.pid('web')}/environ").read_bytes().split(b"\0")
        return next(line for line in environment if line.startswith(b"DATABASE_URL=")).decode().partition("=")[2]

    def pid(self, name: str) -> int:
        """The process id of a child."""
        return self.installation.process("--name", name)

    def ready_bots(self) -> set[int]:
        """The process ids of the bots that can answer."""
        with psycopg.connect(self.dsn) as connection:
            rows = connection.execute(
                "SELECT process FROM bots WHERE problem IS NULL AND seen_at > now() - interval '10 s'"
            )
            return {process for (process,) in rows}


@pytest.fixture(scope="module")
def served(made: Make, trained: Path) -> Iterator[Served]:
    """Aurora, served from a path with spaces with a model that was trained before."""
    installation = made(model=trained)
    running = installation.start("serve", "--demo")
    running.wait_for("Ctrl-C stops everything.")
    yield Served(installation=installation, running=running)
    if running.process.poll() is None:
        running.end()


def test_it_is_ready_when_it_says_so(served: Served) -> None:
    """The welcome gives seconds and addresses; by then a customer gets an answer, and no model was trained for it."""
    printed = served.running.printed
    print(printed)
    assert re.search(r"Relevo is ready, after \d+\.\d s\.", printed)
    for page in ("/", "/desk", "/webhooks/rest/webhook"):
        assert f"{served.installation.url}{page}\n" in printed
    assert "Training" not in printed
    assert served.installation.get("/ready") == (200, {"status": "ready", "parts": {"database": True, "bot": True}})
    assert served.installation.say("amina", "Hello!")


def test_the_first_login_is_told_once_and_kept_for_its_owner_alone(served: Served) -> None:
    """The password is on the screen and in a file that nobody else reads; the database has an argon2 hash of it."""
    told = re.search(r"Sign in  (\S+)   password  (\S+)", served.running.printed)
    assert told is not None, served.running.printed
    email, password = told.groups()
    file = served.installation.state / "first-login.txt"
    colleagues = "sara@aurora.example, george@aurora.example, noelia@aurora.example"
    assert f"         or as {colleagues}\n" in served.running.printed
    assert file.read_text() == f"email: {email}\npassword: {password}\nalso: {colleagues}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with psycopg.connect(served.dsn) as connection:
        kept = connection.execute("SELECT password_hash FROM agents WHERE email = %s", (email,)).fetchone()
        limits = connection.execute("SELECT name, role, limits FROM agents ORDER BY id").fetchall()
    assert limits == [
        ("Sara Molina", "agent", {"money": 20_000, "points": 10_000}),
        ("George Baines", "agent", {}),
        ("Noelia Prat", "supervisor", {"money": 1_000_000, "points": 100_000}),
        ("Admin", "admin", {}),
    ]
    assert kept is not None
    assert kept[0].startswith("$argon2id$")
    assert password not in served.installation.log("serve")


def test_a_second_serve_is_refused_with_the_first_ones_process_and_address(served: Served) -> None:
    """Two in one state folder are never possible, and the second one knows where the first one is."""
    done = served.installation.run("serve", "--port", "1")
    assert done.returncode == 2
    assert f"process {served.running.process.pid}, at {served.installation.url}" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_reset_is_refused_while_it_runs(served: Served) -> None:
    """Nothing is removed under running processes."""
    done = served.installation.run("reset", "--yes")
    assert done.returncode == 2
    assert "Stop it first" in done.stderr
    assert (served.installation.state / "models").is_dir()


def test_check_finds_everything_well(served: Served) -> None:
    """While all is well, check says so part by part, names every setting, and prints no secret."""
    served.installation.environment["RELEVO_REST_TOKEN"] = "token-of-this-test"  # seen by check alone
    try:
        done = served.installation.run("check")
    finally:
        del served.installation.environment["RELEVO_REST_TOKEN"]
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    for part in ("ready at", "tables up to date", "answers with relevo-", "none for long", "no message"):
        assert part in done.stdout
    assert re.search(r"RELEVO_REST_TOKEN +•••", done.stdout)
    assert "token-of-this-test" not in done.stdout + done.stderr


def test_the_web_process_is_light_and_has_no_rasa(served: Served) -> None:
    """What a web process has mapped shows nothing of Rasa's world, and both kinds stay within their budgets."""
    web, bots = served.pid("web"), [served.pid("bot-1"), served.pid("bot-2")]
    assert any("numpy" in line for line in _mapped(bots[0])), "this test cannot see what a process has imported"
    assert not [line for line in _mapped(web) if "numpy" in line or "sklearn" in line or "scipy" in line]
    sizes = {"web": _megabytes(web), "bots": [_megabytes(bot) for bot in bots]}
    print(sizes)
    assert _megabytes(web)[0] <= WEB_MEGABYTES
    assert all(_megabytes(bot)[0] <= BOT_MEGABYTES for bot in bots)


def test_a_killed_bot_is_started_again_and_the_conversation_goes_on(served: Served) -> None:
    """Kill -9 of one bot costs a customer nothing: the other answers, and soon there are two again."""
    eventually(lambda: len(served.ready_bots()) == 2, "there never were two bots")
    assert served.installation.say("bruno", "Me faltan los puntos de un vuelo")
    killed = served.pid("bot-1")
    os.kill(killed, signal.SIGKILL)
    assert served.installation.say("bruno", "AU48207315 y RBL7Q2")
    served.running.wait_for("It was ended by SIGKILL and starts again.")
    eventually(lambda: len(served.ready_bots() - {killed}) == 2, "the bot never came back", seconds=60)


def test_messages_in_a_killed_bots_hands_are_answered(served: Served) -> None:
    """With both bots killed while a message waits, it is answered by whoever comes back."""
    before = served.ready_bots()
    for bot in before:
        os.kill(bot, signal.SIGKILL)
    assert served.installation.say("carla", "Quiero hablar con una persona")
    assert served.ready_bots() - before


def test_a_killed_web_process_is_started_again(served: Served) -> None:
    """Kill -9 of the web process costs a moment."""
    killed = served.pid("web")
    os.kill(killed, signal.SIGKILL)
    assert served.installation.say("dora", "Hello!")
    assert served.pid("web") != killed


def test_a_killed_database_is_started_again_and_nothing_acknowledged_is_lost(served: Served) -> None:
    """Kill -9 of PostgreSQL: it recovers, everybody connects again, and what was said is still known."""
    assert served.installation.say("elena", "Me faltan los puntos de un vuelo")
    with psycopg.connect(served.dsn) as connection:
        before = connection.execute("SELECT count(*) FROM entries").fetchone()
        postmaster = _parent_of(connection.info.backend_pid)
    os.kill(postmaster, signal.SIGKILL)
    assert served.installation.say("elena", "Hello!")
    served.running.wait_for("PostgreSQL ended and starts again")
    with psycopg.connect(served.dsn) as connection:
        after = connection.execute("SELECT count(*) FROM entries").fetchone()
    assert before is not None
    assert after is not None
    assert after[0] >= before[0] + 2


def test_logs_have_a_line_for_each_turn_and_nothing_of_what_was_said(served: Served) -> None:
    """Whoever reads the logs learns what happened and not what customers wrote."""
    logs = served.installation.log("bot-1") + served.installation.log("bot-2")
    assert re.search(r"info +turn conversation=\S+ inbox_id=\d+ channel=rest attempt=1 outcome=answered", logs)
    everything = logs + served.installation.log("web") + served.installation.log("serve")
    for secret in ("RBL7Q2", "AU48207315", "puntos de un vuelo"):
        assert secret not in everything
    assert "Traceback" not in everything


def test_ctrl_c_ends_everything_in_order(served: Served) -> None:
    """After Ctrl-C there is no process, no lock, and status 0."""
    assert served.running.end(signal.SIGINT) == 0, served.running.printed
    assert served.running.printed.rstrip().endswith("Stopped.")
    assert served.installation.processes() == {}
    _assert_nothing_is_left(served.installation)
    assert "process.cut_off" not in served.installation.log("bot-1")


def test_from_nothing_to_a_running_bot_then_killed_then_back_without_training(made: Make) -> None:
    """A first start trains, kill -9 of serve leaves no process, the next start trains nothing and knows its people."""
    installation = made(RELEVO_BOTS="1")
    make_small(installation)
    running = installation.start("serve")
    printed = running.wait_for("Ctrl-C stops everything.", seconds=150)
    print(printed)
    assert "✓ model" in printed
    assert installation.say("fay", "credit my points") == ["Which ticket?"]
    running.end(signal.SIGKILL)
    eventually(lambda: not installation.processes(), f"left behind: {installation.processes()}", seconds=20)
    eventually(lambda: _is_free(installation), "the database outlived its owner", seconds=20)
    began = time.monotonic()
    again = installation.start("serve")
    again.wait_for("Ctrl-C stops everything.")
    print(again.printed, f"ready again after {time.monotonic() - began:.1f} s")
    assert "Training" not in again.printed
    assert Served(installation=installation, running=again).ready_bots() == {installation.process("--name", "bot-1")}
    assert installation.say("fay", "it is T0001") == ["Credit ticket T0001?"]
    assert again.end(signal.SIGTERM) == 0
    _assert_nothing_is_left(installation)


def test_a_taken_port_is_told_before_anything_slow(made: Make) -> None:
    """Nothing is made or trained for a port that cannot be had."""
    installation = made()
    with socket.create_server(("127.0.0.1", installation.port)):
        began = time.monotonic()
        done = installation.run("serve")
        seconds = time.monotonic() - began
    assert done.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {installation.port}: address already in use." in done.stderr
    assert "--port" in done.stderr
    assert seconds < 10
    assert not (installation.state / "postgres.lock").exists()


def test_all_mistakes_in_the_bots_files_are_told_at_once_with_their_lines(made: Make) -> None:
    """Broken policies, credentials, domain and data: one start, every mistake, file and line, no traceback."""
    installation = made()
    project = installation.project
    _replace(project / "policies.yml", "days: 180", "days: soon")
    _replace(project / "credentials.yml", "widget:", "wigdet:")
    _replace(project / "domain.yml", "slots:", "slots: [1,")
    (project / "data" / "nlu" / "extra.yml").write_text("version: '3.1'\nnlu: : :\n")
    done = installation.run("serve")
    print(done.stderr)
    assert done.returncode == 2
    for start in (r"policies\.yml:\d+: ", r"credentials\.yml:\d+: ", r"domain\.yml:\d+: ", r"data/nlu/extra\.yml:2: "):
        assert re.search(f"^{start}", done.stderr, re.MULTILINE), start
    assert "Traceback" not in done.stdout + done.stderr
    assert not (installation.state / "postgres.lock").exists()


def test_a_state_folder_that_holds_nothing_is_told(made: Make) -> None:
    """A file in its place, or a disk that takes no more: a sentence that names the folder and says what to do."""
    installation = made()
    installation.state.write_text("in the way")
    done = installation.run("serve")
    assert done.returncode == 2
    assert f"{installation.state}: File exists" in done.stderr
    assert "RELEVO_STATE" in done.stderr
    installation.state.unlink()
    full = installation.run("serve", preexec_fn=_take_no_more_bytes)
    assert full.returncode == 2
    assert f"Nothing can be kept in the state folder {installation.state}" in full.stderr
    assert "Traceback" not in full.stderr + done.stderr


def test_without_a_model_that_loads_customers_are_told_and_nothing_is_lost(made: Make, trained: Path) -> None:
    """A damaged model: the bot stays and says why, a person gets the message, and a good model is taken up at once."""
    installation = made(RELEVO_SILENCE_SECONDS="1", RELEVO_BOT_HEARTBEAT_SECONDS="0.2")
    models = installation.state / "models"
    models.mkdir(parents=True)
    (models / "relevo-damaged.tar.gz").write_bytes(b"this is no archive")
    web, bot = installation.start("web"), installation.start("bot")
    eventually(lambda: "cannot be loaded" in str(installation.get("/ready")[1]), "the bot never said why", seconds=60)
    status, answer = installation.get("/ready")
    assert (status, answer["missing"]) == (503, ["bot"])
    told = installation.say("greta", "Me faltan los puntos de un vuelo")
    assert len(told) == 1
    assert re.search(r"CASE-\d+", told[0]), told
    shutil.copy(trained, models / "unfinished")
    (models / "unfinished").replace(models / trained.name)
    eventually(lambda: installation.get("/ready")[0] == 200, "the good model was not taken up", seconds=60)
    answered = installation.say("greta", "Me faltan los puntos de un vuelo")
    assert answered
    assert "CASE-" not in answered[0]
    assert (bot.end(signal.SIGTERM), web.end(signal.SIGTERM)) == (0, 0), bot.printed + web.printed
    assert "bot.model_refused" in bot.printed


def _assert_nothing_is_left(installation: Installation) -> None:
    eventually(lambda: _is_free(installation), "the database still runs", seconds=20)
    assert occupant(installation.state) is None


def _is_free(installation: Installation) -> bool:
    lock = Lock(installation.state)
    try:
        return lock.acquire()
    finally:
        lock.release()


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _mapped(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/maps").read_text().splitlines()


def _megabytes(pid: int) -> tuple[int, int]:
    """Resident and proportional memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith(("Rss", "Pss:"))}
    return sizes["Rss"], sizes["Pss"]


def _replace(file: Path, old: str, new: str) -> None:
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new), encoding="utf-8")


def _take_no_more_bytes() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
