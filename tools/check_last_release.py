#!/usr/bin/env python3
"""Has the last release's own tests run on the newest schema: its code must go on while machines are upgraded.

    .venv/bin/python tools/check_last_release.py [--release COMMIT] [TEST …]

The last release is the newest tag like v1.2 that this commit comes after; where there is none, the last commit before
a migration above LAST_RELEASE was added. It is put into a temporary folder, gets the newest migrations, and runs the
tests that are named, or those of the store and the flow. Status 3: there is no history to take it from.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MIGRATIONS = Path("relevo/store/migrations")
NO_HISTORY = 3
USUAL = (
    "test_inbox", "test_outbox", "test_working", "test_conversing", "test_handoffs", "test_effects", "test_approvals",
    "test_rest_door", "test_visitor_api", "test_desk_inbox", "test_desk_work", "test_live", "test_routing",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--release", help="a commit, in place of the last release")
    parser.add_argument("tests", nargs="*", help="files of tests, as the release has them")
    given = parser.parse_args()
    release = given.release or last_release()
    if release is None:
        print("There is no history here to take the last release from.", file=sys.stderr)
        return NO_HISTORY
    with tempfile.TemporaryDirectory(prefix="relevo-last-release-") as folder:
        unpack(release, Path(folder))
        added = bring_newest_migrations(Path(folder))
        print(f"{release[:12]} on {', '.join(added) or 'its own schema'}", flush=True)
        tests = given.tests or [f"tests/integration/{name}.py" for name in USUAL]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=folder, check=False).returncode


def last_release() -> str | None:
    sys.path.insert(0, str(ROOT))
    from relevo.store.migrate import LAST_RELEASE

    if tag := git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"):
        return git("rev-parse", f"{tag}^{{commit}}")
    log = git("log", "--reverse", "--diff-filter=A", "--format=commit %H", "--name-only", "--", str(MIGRATIONS))
    commit = ""
    for line in log.splitlines():
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line and int(Path(line).name[:4]) > LAST_RELEASE:
            return git("rev-parse", "--verify", f"{commit}^") or None
    return git("rev-parse", "HEAD") or None


def unpack(commit: str, folder: Path) -> None:
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def bring_newest_migrations(folder: Path) -> list[str]:
    added = []
    for file in sorted((ROOT / MIGRATIONS).glob("*.sql")):
        if not (folder / MIGRATIONS / file.name).exists():
            shutil.copy(file, folder / MIGRATIONS)
            added.append(file.stem)
    return added


def git(*arguments: str) -> str:
    """Give what git says, or nothing where it fails: there is no git, or no history."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
