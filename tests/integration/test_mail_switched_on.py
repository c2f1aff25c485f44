"""Mail in a whole installation: what ``relevo check`` says of it, and a web process that sends."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.integration.hands import eventually
from tests.integration.mail_server import certificate, mail_server
from tests.integration.posting import mail, open_office
from tests.processes import Installation, make_installation

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECTION = """
email:
  host: 127.0.0.1
  port: {port}
  tls: {tls}
  user: aurora
  password: "${{SMTP_PASSWORD}}"
  from: "Aurora Aérea <ayuda@aurora.example>"
"""


@pytest.fixture
def installation(tmp_path: Path, database: str) -> Installation:
    """An installation of the reference bot with a database of this test alone."""
    return make_installation(tmp_path, DATABASE_URL=database, SMTP_PASSWORD="open sesame")


def switch_on(installation: Installation, port: int, tls: str = "none") -> None:
    """Name a mail server in credentials.yml."""
    with (installation.project / "credentials.yml").open("a", encoding="utf-8") as file:
        file.write(SECTION.format(port=port, tls=tls))


async def mail_line(installation: Installation) -> tuple[int, str]:
    """Give the status of ``relevo check`` and what it says about mail."""
    done = await asyncio.to_thread(installation.run, "check")
    assert "sesame" not in done.stdout + done.stderr
    found = re.search(r"^ *(. mail +.*)$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout + done.stderr
    return done.returncode, re.sub(r" +", " ", found[1])


async def test_check_says_that_mail_is_off_and_how_to_switch_it_on(installation: Installation) -> None:
    """In one sentence, which is no failure."""
    status, line = await mail_line(installation)
    assert line.startswith("! mail Mail is off, so confirmations and codes are not sent: to switch it on, add 'email'")
    assert status == 0


async def test_check_logs_in_and_says_what_it_reached_or_why_not(installation: Installation) -> None:
    """No mail is sent for that."""
    async with mail_server(auth_require_tls=False) as server:
        switch_on(installation, server.port)
        installation.environment["RELEVO_PUBLIC_URL"] = "https://help.example.com"
        status, line = await mail_line(installation)
        assert line.startswith(f"✓ mail 127.0.0.1 port {server.port} (none), logged in as aurora, from ayuda@aurora")
        assert (status, server.accepted) == (0, [])
        installation.environment["SMTP_PASSWORD"] = "open sesames"
        status, line = await mail_line(installation)
        assert line.startswith(f"✗ mail 127.0.0.1 port {server.port} does not accept user and password (code 535).")
        assert status == 2
    status, line = await mail_line(installation)
    assert (status, "cannot be reached" in line) == (2, True)


async def test_check_does_not_look_for_a_server_that_is_written_wrong(installation: Installation) -> None:
    """The mistake is told once, with its line."""
    switch_on(installation, 0)
    status, line = await mail_line(installation)
    assert (status, line) == (2, "! mail Not looked at: the bot's files above must be right first.")


async def test_a_web_process_sends_what_was_posted(installation: Installation, database: str, tmp_path: Path) -> None:
    """To contacts and colleagues, over a protected connection, in the name written down; no words in its log."""
    context, file = certificate(tmp_path)
    installation.environment["SSL_CERT_FILE"] = str(file)
    async with mail_server(tls=context, require_starttls=True) as server, open_office(database) as office:
        switch_on(installation, server.port, "starttls")
        await office.opened.store.accounts.add_agent("kim@aurora.example", "Kim", "agent", "no hash")
        await office.opened.store.admin.links.ask("kim@aurora.example", "es")
        web = installation.start("web")
        try:
            await asyncio.to_thread(web.wait_for, "web.listening")
            chat = await office.chat()
            await office.mailer.send(mail(chat.id, "words of a mail"))
            await eventually(lambda: len(server.accepted) == 2)
            await eventually(lambda: "outcome=sent" in web.printed and "password_link.sent" in web.printed)
        finally:
            assert await asyncio.to_thread(web.end) == 0
    assert {mail["From"] for mail in server.mails} == {"Aurora Aérea <ayuda@aurora.example>"}
    (link,) = re.findall(r"/desk/password/(\S{43})\s", "".join(server.texts))
    assert not [words for words in ("words of a mail", link) if words in web.printed]
