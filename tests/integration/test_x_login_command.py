"""``relevo x login``, as a real process: the owner says yes in a browser, and Relevo acts in the account's name."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import psycopg
import pytest

from relevo.testing.x.server import fake_x
from tests.processes import free_port, make_installation

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECTION = """
x:
  account_id: "1111"
  consumer_key: "{app.consumer_key}"
  consumer_secret: "{app.consumer_secret}"
  bearer_token: "{app.bearer_token}"
  client_id: "{app.client_id}"
  client_secret: "{app.client_secret}"
  api_base: "{x.url}"
"""


async def test_who_logs_in_is_told_where_and_as_whom(tmp_path: Path, database: str) -> None:
    """The tokens are kept sealed, and the audit log says that somebody did it; nothing secret is printed."""
    async with fake_x() as x:
        installation = make_installation(tmp_path, DATABASE_URL=database)
        with (installation.project / "credentials.yml").open("a", encoding="utf-8") as file:
            file.write(SECTION.format(app=x.app, x=x))
        command = [sys.executable, "-m", "relevo", "x", "login", "--port", str(free_port())]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=installation.project, env=installation.env(), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        told = ""
        while f"{x.url}/i/oauth2/authorize" not in told:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, told
            told += line.decode()
        sent_to = x.logins.allow(told.splitlines()[-1].strip())
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5)) as browser:
            assert (await browser.get(sent_to)).status_code == 200
        told += (await asyncio.wait_for(process.stdout.read(), 60)).decode()
        assert await process.wait() == 0, told
        assert f"Relevo acts as @Aurora (account {x.brand.id})." in told
        with psycopg.connect(database) as connection:
            kept = connection.execute("SELECT sealed FROM x_tokens").fetchall()
            logged = connection.execute("SELECT operation, target FROM audit_log").fetchall()
        assert len(kept) == 1
        assert ("x_login", "x_account:1111") in logged
        assert x.app.client_secret not in told
