"""``relevo contact export`` and ``relevo contact erase``, as real processes: what they print, write, ask and refuse."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from relevo.bootstrap.attachments import _key_in
from relevo.bootstrap.store import open_store
from relevo.contracts.attachments import Upload
from relevo.contracts.store import TurnOutcome, Verification
from relevo.domain.attachments import Attachment
from relevo.domain.contacts import Level
from relevo.domain.messages import Arrival
from tests.integration.hands import lines
from tests.processes import Installation, make_installation

pytestmark = pytest.mark.processes
BODY = b"%PDF-1.4 a letter"
EVERYTHING = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM identities), (SELECT count(*) FROM contacts)"


@pytest.fixture
def installation(tmp_path: Path, database: str) -> Installation:
    """An installation with a database of this test alone, in which Amina wrote and sent a letter."""
    made = make_installation(tmp_path, DATABASE_URL=database)
    made.state.mkdir(exist_ok=True)
    asyncio.run(_amina_writes(database, _key_in(made.state / "attachments.key")))
    return made


def held(database: str) -> tuple[Any, ...]:
    """Count what is held of everybody."""
    with psycopg.connect(database) as connection:
        row = connection.execute(EVERYTHING).fetchone()
        assert row is not None
        return row


@pytest.mark.parametrize("command", [("export",), ("erase", "--yes")])
def test_nobody_is_a_sentence_and_status_1(installation: Installation, command: tuple[str, ...]) -> None:
    """Nothing is printed that could be taken for somebody's data."""
    done = installation.run("contact", *command, "bilal@example.com")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Relevo holds nothing about “bilal@example.com”." in done.stderr
    assert "did not say whose address it is; try the person's reference there." in done.stderr


def test_what_is_held_is_printed_or_written_for_its_owner_alone(installation: Installation, tmp_path: Path) -> None:
    """Without a place it is JSON on stdout; a folder or a zip has the files too; nothing is written over."""
    printed = json.loads(installation.run("contact", "export", "A1").stdout)
    assert printed["schema"] == "relevo.contact/1"
    places = [tmp_path / name for name in ("her.json", "her.zip", "her folder")]
    for place in places:
        done = installation.run("contact", "export", "rest:amina", "--to", str(place))
        assert f"Everything that Relevo holds about rest:amina is in {place}." in done.stderr
        assert not place.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    again = installation.run("contact", "export", "A1", "--to", str(places[1]))
    assert (again.returncode, "is there already; nothing was written" in again.stderr) == (2, True)
    with zipfile.ZipFile(places[1]) as archive:
        record = json.loads(archive.read("contact.json"))
        (letter,) = record["attachments"]
        assert archive.read(letter["file"]) == BODY
    assert (places[2] / letter["file"]).read_bytes() == BODY
    for other in (json.loads(places[0].read_text()), json.loads((places[2] / "contact.json").read_text())):
        assert other["conversations"] == printed["conversations"] == record["conversations"]


def test_a_file_that_cannot_be_opened_does_not_keep_the_others(installation: Installation, tmp_path: Path) -> None:
    """The key was lost: everything else is handed out, and the record says so."""
    (installation.state / "attachments.key").unlink()
    done = installation.run("contact", "export", "A1", "--to", str(tmp_path / "her"))
    assert done.returncode == 0, done.stderr
    (letter,) = json.loads((tmp_path / "her" / "contact.json").read_text())["attachments"]
    assert (letter["file"], "another key" in letter["problem"]) == (None, True)


def test_erasing_asks_first_and_tells_what_it_kept(installation: Installation, database: str) -> None:
    """What would be erased is counted; without a yes nothing is; then it is, and once."""
    before = held(database)
    asked = installation.run("contact", "erase", "A1")
    assert "Relevo holds about A1: 1 address, 1 conversation with 3 entries, 1 file, 1 case, 1 effect." in asked.stdout
    assert (asked.returncode, held(database)) == (1, before)
    done = installation.run("contact", "erase", "A1", "--yes")
    assert done.returncode == 0, done.stderr
    for line in (
        "All of that is erased.",
        "  refund:AO-1:PAY-1  12.50 EUR  done",
        "  CASE-1",
        "are not Relevo's to erase",
    ):
        assert line in done.stdout
    assert held(database) == (0, 0, 0)
    with psycopg.connect(database) as connection:
        audited = connection.execute("SELECT operation, agent_name, after FROM audit_log").fetchall()
    assert audited == [("contact_erase", "command line", {"kept": {"effects": 1, "cases": ["CASE-1"]}})]
    assert installation.run("contact", "erase", "A1", "--yes").returncode == 1


def test_what_is_open_is_named_with_the_way_on(installation: Installation, database: str) -> None:
    """A refusal is status 2 and changes nothing."""
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE cases SET status = 'open'")
    done = installation.run("contact", "erase", "A1", "--yes")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "CASE-1 (refund) is open. Nothing was erased. Close what is open first, or have it closed: --close-cases.",
    )
    assert "Closed with it: CASE-1." in installation.run("contact", "erase", "A1", "--yes", "--close-cases").stdout


def test_killed_in_the_middle_it_has_erased_nothing_and_can_be_repeated(
    installation: Installation, database: str
) -> None:
    """It stands before its last rows, everything else deleted, when it is killed."""
    before = held(database)
    with psycopg.connect(database) as connection:
        connection.execute("SELECT FROM contacts FOR UPDATE")
        erasing = subprocess.Popen(
            [sys.executable, "-m", "relevo", "contact", "erase", "A1", "--yes"],
            cwd=installation.project,
            env=installation.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_until_blocked(database)
        erasing.send_signal(signal.SIGKILL)
        assert erasing.wait() == -signal.SIGKILL
    assert held(database) == before
    assert installation.run("contact", "erase", "A1", "--yes").returncode == 0
    assert held(database) == (0, 0, 0)


def _wait_until_blocked(database: str) -> None:
    deadline = time.monotonic() + 60
    with psycopg.connect(database, autocommit=True) as connection:
        while not connection.execute(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DELETE FROM contacts%'"
        ).rowcount:
            assert time.monotonic() < deadline, "it never came to its last rows"
            time.sleep(0.05)


async def _amina_writes(database: str, key: bytes) -> None:
    """Have Amina write, be known as A1, and have a refund with a case that is over."""
    async with open_store(database, size=2, attachment_key=key) as opened:
        store = opened.store
        letter = Attachment(
            id=uuid4(), name="letter.pdf", mime="application/pdf", size_bytes=len(BODY), sha256="00" * 32
        )
        upload = Upload(
            attachment=letter, channel="rest", address="amina", source_sha256=b"00", body=BODY, thumbnail=None
        )
        await store.attachments.keep(upload)
        arrival = Arrival(channel="rest", address="amina", external_id="amina/1", text="hello", attachments=(letter,))
        await store.inbox.receive([arrival])
        (claim,) = await store.inbox.claim(1)
        known = Verification(level=Level.TWO_FACTS, business_ref="A1", verified_until=None, failed_tries=0)
        await store.inbox.settle(claim, TurnOutcome(messages=lines("Hello, Amina."), verification=known))
        await opened.database.run(
            "INSERT INTO cases (id, type, trigger, status, business_ref)"
            " VALUES ('CASE-1', 'refund', 'user_request', 'closed', 'A1')"
        )
        await opened.database.run(
            "INSERT INTO effects (key, kind, business_ref, arguments, state, amount, unit)"
            " VALUES ('refund:AO-1:PAY-1', 'refund', 'A1', '{}', 'done', 1250, 'EUR')"
        )
