"""Where a bundled database keeps its files, whose they are, and the lock that says it is in use."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from relevo.errors import ConfigurationError

MAJOR = 18
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
SYSTEM_STATE = "/var/lib/relevo"
UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody")
LARGEST_LOG_BYTES = 4 * 1024 * 1024


class Account(msgspec.Struct, frozen=True):
    """The system account that PostgreSQL runs as."""

    uid: int
    gid: int


class Place(msgspec.Struct, frozen=True):
    """The files of one bundled database."""

    state_folder: Path
    home: Path
    account: Account

    @property
    def data(self) -> Path:
        """Holds the finished database."""
        return self.home / "postgres"

    @property
    def unfinished(self) -> Path:
        """Holds what is being made or removed; worth nothing after a crash."""
        return self.home / "postgres.unfinished"

    @property
    def log(self) -> Path:
        """Receives what the server says."""
        return self.state_folder / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """Holds the socket; it depends on nothing but the place, so that every process finds the same one.

        Not under XDG_RUNTIME_DIR, which the system empties when the user logs out, server running or not.
        """
        inside = self.home / "socket"
        if _can_hold_socket(inside):
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(f"/tmp/relevo-{self.account.uid}-{digest}")  # noqa: S108  (made 0700, its owner checked)


def _can_hold_socket(folder: Path) -> bool:
    path = os.fsencode(folder / SOCKET_NAME)
    # libpq reads a comma as "several hosts", and connection strings are UTF-8.
    return len(path) <= LONGEST_SOCKET_PATH and b"," not in path and _is_utf8(path)


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def find_place(state_folder: Path, name: str) -> Place:
    """Return where the database of a state folder lives; its name matters only to the root user."""
    if os.geteuid() != 0:
        return Place(state_folder, state_folder, Account(os.geteuid(), os.getegid()))
    if (state_folder / "postgres").exists():
        raise ConfigurationError(
            f"The database in {state_folder} belongs to {owner_of(state_folder / 'postgres')}: "
            "start Relevo as that user, or choose another state folder."
        )
    home = system_state() / name
    return Place(state_folder, home, _account_for(home / "postgres"))


def system_state() -> Path:
    """Return the folder for what the root user's databases need."""
    return Path(os.environ.get("RELEVO_SYSTEM_STATE") or SYSTEM_STATE).resolve()


def _account_for(data: Path) -> Account:
    """PostgreSQL refuses to run as root, so an account that exists runs it; no account is made."""
    if data.exists():
        made_by = data.stat()
        return Account(made_by.st_uid, made_by.st_gid)
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL does not run as root and there is no account 'postgres' or 'nobody' to run it as: "
        "start Relevo as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
    )


def prepare_folders(place: Place) -> None:
    """Make the folders that the server needs, opening none that was there before."""
    if place.home != place.state_folder:
        make_reachable(place.home.parent)
        make_reachable(place.home)
        (place.home / "state-folder").write_bytes(os.fsencode(place.state_folder) + b"\n")
    if place.unfinished.exists():
        shutil.rmtree(place.unfinished)
    make_private(place.socket_folder, place.account)


def make_reachable(folder: Path) -> None:
    """Make a folder that any account may pass through, unless it is there."""
    if not folder.is_dir():
        make_reachable(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only the account (and root) can enter; one that somebody else made is refused."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not _is_ours(folder, account):
            raise ConfigurationError(
                f"{folder} is needed for the database's socket but belongs to {owner_of(folder)}: "
                "remove it, or choose a state folder with a shorter path."
            ) from None
    if os.geteuid() == 0:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    folder.chmod(0o700)


def _is_ours(folder: Path, account: Account) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (account.uid, os.geteuid())


def check_version(data: Path) -> None:
    """Refuse a data folder that this PostgreSQL cannot read."""
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{data} holds something that is not a PostgreSQL database: move it away and start again."
        ) from None
    if found != str(MAJOR):
        raise ConfigurationError(
            f"The database in {data} was made by PostgreSQL {found}, and this Relevo brings PostgreSQL "
            f"{MAJOR}. Save it with PostgreSQL {found}'s pg_dump, move the folder away, start Relevo and "
            f"load the copy; or set DATABASE_URL to a PostgreSQL {found} server that runs on it."
        )


def running_postmaster(data: Path) -> int | None:
    """Return the process id of the server that runs on a data folder.

    postmaster.pid alone does not tell: after a crash its number may be another process's by now.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        is_server = Path(f"/proc/{pid}/cwd").samefile(data)
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
        return None
    return pid if is_server else None


def clear_after_crash(place: Place) -> None:
    """Remove what a server that is gone left behind, and which could be taken for a live one."""
    if running_postmaster(place.data) is not None:
        return
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (place.socket_folder / name).unlink(missing_ok=True)


def remove_all(place: Place) -> None:
    """Remove a database and its log; the lock file stays, since another process may be waiting on it."""
    if place.data.is_dir() and not place.unfinished.exists():
        place.data.rename(place.unfinished)
    folders = [place.data, place.unfinished, place.socket_folder]
    if place.home != place.state_folder:
        folders.append(place.home)
    for folder in folders:
        if folder.is_dir() and _is_ours(folder, place.account):
            shutil.rmtree(folder)
    for log in (place.log, earlier_log(place)):
        log.unlink(missing_ok=True)


def open_log(place: Place) -> int:
    """Open the server's log for appending; a large one is put aside first, in place of the one before it."""
    if place.log.exists() and place.log.stat().st_size > LARGEST_LOG_BYTES:
        place.log.replace(earlier_log(place))
    return os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def earlier_log(place: Place) -> Path:
    """Return where a log that grew large is put."""
    return place.log.with_suffix(".log.1")


def move_into_place(place: Place) -> None:
    """Make an unfinished database the real one, so that a power loss leaves either none or a whole one."""
    place.unfinished.rename(place.data)
    home = os.open(place.home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(home)
    finally:
        os.close(home)


def owner_of(path: Path) -> str:
    """Say whose a file is, for a sentence."""
    try:
        uid = path.lstat().st_uid
        return f"the user '{pwd.getpwuid(uid).pw_name}'"
    except (OSError, KeyError):
        return "another user"


@contextmanager
def file_errors_as_sentences(state_folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise ConfigurationError(
            f"The database of {state_folder} cannot be prepared: {error.strerror or error}{where}. "
            "Make room or give access there, choose another state folder, or set DATABASE_URL."
        ) from error
