"""``relevo x keys``, as real processes: what it makes, tells, saves and brings back."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import psycopg
import pytest

from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.processes import Installation, make_installation

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECTION = """
x:
  account_id: "1111"
  consumer_key: "{app.consumer_key}"
  consumer_secret: "{app.consumer_secret}"
  bearer_token: "{app.bearer_token}"
  access_token: "{token}"
  access_secret: "{secret}"
  api_base: "{x.url}"
"""


def installed(folder: Path, database: str, x: FakeX) -> Installation:
    """Give an installation whose account is on that X."""
    made = make_installation(folder, DATABASE_URL=database, RELEVO_X_KEYS_PASSPHRASE="correct horse battery")
    token, secret = x.brand.signer()
    credentials = made.project / "credentials.yml"
    said = credentials.read_text(encoding="utf-8")
    credentials.write_text(said + SECTION.format(app=x.app, x=x, token=token, secret=secret), encoding="utf-8")
    return made


async def test_keys_are_made_saved_lost_and_brought_back(tmp_path: Path, database: str) -> None:
    """Each step says what it did and what to do next; nothing secret is printed."""
    async with fake_x() as x:
        installation = installed(tmp_path, database, x)
        saved = tmp_path / "keys of x.json"

        async def tells(*arguments: str) -> str:
            done = await asyncio.to_thread(installation.run, "x", "keys", *arguments)
            assert done.returncode == 0, done.stderr
            return " ".join(done.stdout.split())

        told = await tells("--register")
        version = x.chats.keys["1111"][0].version
        assert f"X has the account's keys (version {version})." in told
        assert "--save FILE" in told
        assert "writes in its name; nobody can take that back" in await tells("--save", str(saved))
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("TRUNCATE x_chat_pairs")
        assert "1 pair of keys brought back" in await tells("--restore", str(saved))
        assert len(x.chats.keys["1111"]) == 1
