"""The command line, as real processes: what it prints, what it refuses, with which sentence and status."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from argon2 import PasswordHasher

from relevo.bootstrap.store import open_store
from relevo.contracts.store import TurnOutcome
from relevo.domain.messages import Arrival
from tests.processes import REPOSITORY, Installation, make_installation, removed_afterwards

pytestmark = pytest.mark.processes
SMALL_BOT = REPOSITORY / "tests" / "spike" / "bot"


@pytest.fixture
def installation(tmp_path: Path, database: str) -> Installation:
    """An installation of the reference bot with a database of this test alone."""
    return make_installation(tmp_path, DATABASE_URL=database)


@pytest.fixture
def small(tmp_path: Path) -> Installation:
    """An installation of a small bot that trains in seconds; nothing in it needs a database."""
    installation = make_installation(tmp_path)
    for name in ("data", "actions"):
        shutil.rmtree(installation.project / name)
    (installation.project / "data").mkdir()
    shutil.copy(SMALL_BOT / "data.yml", installation.project / "data")
    for name in ("config.yml", "domain.yml", "actions.py"):
        shutil.copy(SMALL_BOT / name, installation.project)
    return installation


@pytest.fixture
def bundled(tmp_path: Path) -> Iterator[Installation]:
    """An installation with a bundled database, removed afterwards."""
    with removed_afterwards(make_installation(tmp_path)) as installation:
        yield installation


def test_help_tells_a_stranger_where_to_begin(installation: Installation) -> None:
    """Every command has a sentence of its own, and the first one to try is named."""
    told = installation.run("--help").stdout
    assert "relevo serve --demo" in told
    some = ("serve", "web", "bot", "train", "evaluate", "rasa", "check", "replay", "reset", "agent", "contact", "demo")
    for command in some:
        line = re.search(rf"^  {command} +(\S.*)$", told, re.MULTILINE)
        assert line is not None, command
        assert line.group(1).endswith("."), line.group()
        assert "..." not in line.group(1), line.group()
    assert re.fullmatch(r"relevo \d+\.\d+\.\d+\n", installation.run("--version").stdout)


def test_a_web_process_never_imports_rasa() -> None:
    """All that a web process imports is there without Rasa, its SDK, and what they stand on."""
    look = "import sys, relevo.cli, relevo.bootstrap.web; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert "sanic" in roots
    assert roots & {"rasa", "rasa_sdk", "sklearn", "scipy", "numpy", "tensorflow", "matplotlib"} == set()


def test_mistakes_in_the_environment_are_told_at_once(installation: Installation) -> None:
    """A wrong number, a mistyped name, an address of nothing: one run, a sentence each."""
    installation.environment |= {"RELEVO_BOTS": "many", "RELEVO_LEASE_SECOND": "5", "RELEVO_REST_BURST": "-1"}
    done = installation.run("check")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "RELEVO_BOTS must be a whole number.",
        "RELEVO_REST_BURST must be at least 0.",
        "RELEVO_LEASE_SECOND is no setting; did you mean RELEVO_LEASE_SECONDS?",
    ]


def test_check_names_a_database_that_cannot_be_reached_and_not_its_password(installation: Installation) -> None:
    """An unreachable database is one finding among the others, and the password stays where it was."""
    installation.environment["DATABASE_URL"] = "postgresql://relevo:hunter2@127.0.0.1:1/relevo"
    done = installation.run("check")
    print(done.stdout)
    assert done.returncode == 2
    assert "✗ database" in done.stdout
    assert "“relevo” on 127.0.0.1 does not let us in" in done.stdout
    assert "✓ bot's files" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr + installation.log("commands")


def test_a_connection_string_that_is_none_is_told_without_repeating_it(installation: Installation) -> None:
    """What was written there may be a password."""
    installation.environment["DATABASE_URL"] = "hunter2 is my password"
    done = installation.run("demo", "load")
    assert done.returncode == 2
    assert done.stderr.startswith("DATABASE_URL is no connection string.")
    assert "hunter2" not in done.stdout + done.stderr


def test_check_finds_every_mistake_and_goes_on(installation: Installation) -> None:
    """A broken file and a missing model do not keep check from looking at the rest."""
    policies = installation.project / "policies.yml"
    policies.write_text(policies.read_text().replace("decision: auto", "decision: maybe"))
    done = installation.run("check")
    print(done.stdout)
    assert done.returncode == 2
    assert re.search(r"✗ bot's files +policies\.yml:\d+: decision is 'maybe'", done.stdout)
    assert re.search(r"! model +There is none yet", done.stdout)
    assert re.search(r"✓ database +PostgreSQL 18\.\d+, .*tables up to date", done.stdout)
    assert re.search(r"! bots +No bot process runs", done.stdout)


def test_a_new_agent_gets_a_password_that_is_printed_once(installation: Installation, database: str) -> None:
    """Without a terminal a password is made; the database keeps an argon2 hash; a second time replaces it."""
    first = installation.run("agent", "add", "Kim@Example.com", "--name", "Kim", "--role", "supervisor")
    second = installation.run("agent", "add", "kim@example.com", "--name", "Kim")
    passwords = [re.search(r"Password: (\S+)", done.stdout) for done in (first, second)]
    assert all(passwords), first.stdout + first.stderr
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT email, name, role, password_hash FROM agents").fetchall()
    assert [row[:3] for row in rows] == [("kim@example.com", "Kim", "agent")]
    assert passwords[1] is not None
    assert PasswordHasher().verify(rows[0][3], passwords[1].group(1))


def test_an_agent_s_limits_are_given_kept_and_taken(installation: Installation, database: str) -> None:
    """In the company's currency; what is not given again stays; 0 takes a limit away."""
    told = installation.run(
        "agent",
        "add",
        "kim@example.com",
        "--money",
        "200.00",
        "--points",
        "10000",
        "--languages",
        "es, EN",
        "--contact",
        "C001",
    ).stdout
    assert "kim@example.com may sign in at /desk as agent, and approves up to 200.00 and up to 10,000 points." in told
    again = installation.run("agent", "add", "kim@example.com", "--points", "0").stdout
    assert "approves up to 200.00." in again
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT limits, languages, business_ref FROM agents").fetchone()
    assert row == ({"money": 20_000}, ["es", "en"], "C001")


def test_a_removed_agent_s_conversations_go_back_to_the_queue(installation: Installation, database: str) -> None:
    """They are signed out, their cases wait for somebody else, and removing nobody says so."""
    installation.run("agent", "add", "kim@example.com")
    conversation = asyncio.run(_have_one_taken(database))
    done = installation.run("agent", "remove", "Kim@example.com")
    told = "kim@example.com may not sign in any more. 1 conversation went back to the queue."
    assert told in done.stdout, done.stderr
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT control, agent_id FROM conversations WHERE id = %s", (conversation,)
        ).fetchone()
        audited = connection.execute("SELECT operation, agent_name FROM audit_log ORDER BY id").fetchall()
    assert audited == [("agent_add", "command line"), ("agent_remove", "command line")]
    assert row == ("queued", None)
    again = installation.run("agent", "remove", "kim@example.com")
    assert (again.returncode, again.stderr.strip()) == (
        2,
        "Nobody signs in as kim@example.com; nothing was changed.",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody",), "“nobody” is no e-mail address."),
        (("kim@example.com", "--money", "200,00"), "“200,00” is no amount; write it with a point, such as 200.00."),
        (("kim@example.com", "--money", "0.001"), "“0.001” is no amount; write it with a point, such as 200.00."),
        (("kim@example.com", "--money", "-5"), "“-5” is no amount; write it with a point, such as 200.00."),
        (("kim@example.com", "--money", "NaN"), "“NaN” is no amount; write it with a point, such as 200.00."),
        (
            ("kim@example.com", "--languages", "Spanish"),
            "“spanish” is no language; write two letters each, such as es,en.",
        ),
        (("kim@example.com", "--role", "boss"), "“boss” is no role; choose one of agent, supervisor, admin, readonly."),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    installation: Installation, arguments: tuple[str, ...], sentence: str
) -> None:
    """A wrong e-mail or role is one sentence and status 2."""
    done = installation.run("agent", "add", *arguments)
    assert (done.returncode, done.stderr.strip()) == (2, sentence)


def test_the_demo_is_loaded_kept_when_touched_and_reset(installation: Installation, database: str) -> None:
    """Loading twice counts dates anew; once something was done it stays, until it is reset."""
    assert "dates counted from now" in installation.run("demo", "load").stdout
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM cases WHERE id LIKE 'CASE-70%'").fetchone() == (2,)
        connection.execute(
            "UPDATE aurora_state SET is_touched = true; UPDATE aurora_people SET points = 1 WHERE ref = 'C001'"
        )
    assert "stays as it is" in installation.run("demo", "load").stdout
    assert "as new" in installation.run("demo", "reset").stdout
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT points FROM aurora_people WHERE ref = 'C001'").fetchone() == (18250,)
        assert connection.execute("SELECT count(*) FROM cases WHERE id LIKE 'CASE-70%'").fetchone() == (2,)


def test_a_given_up_message_is_listed_without_its_words_and_answered_again(
    installation: Installation, database: str
) -> None:
    """Replay lists what the bot gave up, puts it back in its place, and knows which numbers there are."""
    number = asyncio.run(_give_up_a_message(database))
    listed = installation.run("replay").stdout
    assert re.search(rf"^ +{number} .* rest .* ValueError while answering\.$", listed, re.MULTILINE), listed
    assert "my card number" not in listed
    refused = installation.run("replay", "999999")
    assert (refused.returncode, refused.stderr.strip()[:45]) == (2, "No given-up message has the number 999999; li")
    assert "1 message is answered again" in installation.run("replay", str(number)).stdout
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT state, attempts, error FROM inbox WHERE id = %s", (number,)).fetchone()
    assert row == ("waiting", 0, None)
    assert "No message was given up" in installation.run("replay").stdout


def test_a_reset_leaves_a_folder_as_new(bundled: Installation) -> None:
    """What a command made (database, logs, account) is gone after a reset, and can be made again."""
    assert bundled.run("agent", "add", "kim@example.com").returncode == 0
    (bundled.state / "models").mkdir()
    assert (bundled.state / "postgres.log").exists()
    asked = bundled.run("reset")
    assert asked.returncode == 1, "it must ask first"
    assert "is as new" in bundled.run("reset", "--yes").stdout
    assert {left.name for left in bundled.state.iterdir()} <= {"postgres.lock", "serve.lock"}
    assert "No message was given up" in bundled.run("replay").stdout


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("file", "old", "new", "sentences"),
    [
        (
            "config.yml",
            "LogisticRegressionClassifier",
            "LogisticGuesser",
            ["Can't load class for name 'LogisticGuesser'"],
        ),
        ("config.yml", "LogisticRegressionClassifier", "DIETClassifier", ["needs a package that Relevo leaves out"]),
        (
            "data/data.yml",
            "action: action_credit",
            "action: action_debit",
            ["'action_debit' is used in the 'end' block"],
        ),
        ("domain.yml", "type: bool", "type: bol", ["Failed to find slot type, 'bol'"]),
        (
            "data/data.yml",
            "examples: |\n      - yes",
            "exemples: |\n      - yes",
            [r"data/data.yml:\d+: Key 'exemples'"],
        ),
    ],
)
def test_what_is_wrong_in_the_bots_files_is_a_sentence(
    small: Installation, file: str, old: str, new: str, sentences: list[str]
) -> None:
    """Training says what Rasa found wrong, without Rasa's pages of output, and leaves no model."""
    content = (small.project / file).read_text()
    assert old in content
    (small.project / file).write_text(content.replace(old, new))
    done = small.run("train")
    assert done.returncode == 2
    for sentence in sentences:
        assert re.search(sentence, done.stderr), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) < 12, done.stderr
    assert list((small.state / "models").iterdir()) == []


@pytest.mark.rasa
def test_rasas_own_commands_work_through_relevo(small: Installation) -> None:
    """Train, validate and test: the placeholders stand, and Rasa finds the model that Relevo trained."""
    trained = small.run("train")
    assert trained.returncode == 0, trained.stderr
    assert re.search(r"✓ model +\S.*/relevo-[0-9a-f]{12}\.tar\.gz +\d+\.\d s", trained.stdout)
    validated = small.run("rasa", "data", "validate")
    assert validated.returncode == 0, validated.stderr
    assert "DeprecationWarning" not in validated.stderr
    stories = small.project / "test_stories.yml"
    stories.write_text(
        "stories:\n- story: begin\n  steps:\n  - user: |\n      credit my points\n    intent: credit\n"
        "  - action: credit_form\n  - active_loop: credit_form\n"
    )
    tested = small.run("rasa", "test", "core", "--stories", str(stories))
    assert tested.returncode == 0, tested.stderr
    assert (
        (small.project / "results" / "failed_test_stories.yml")
        .read_text()
        .startswith("# None of the test stories failed")
    )


def test_what_nobody_expected_is_a_sentence_and_a_file(installation: Installation) -> None:
    """An unexpected exception shows no traceback; where it was written down is said."""
    break_down = (
        "import sys, relevo.bootstrap.check as check, relevo.cli\n"
        "def run_check(*_): raise ZeroDivisionError('internal words')\n"
        "check.run_check = run_check; sys.argv = ['relevo', 'check']; relevo.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", break_down], env=installation.env(), capture_output=True, text=True, check=False
    )
    written = re.search(r"What happened is in (.*)\.$", done.stderr.strip())
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr
    assert written is not None
    assert "internal words" in Path(written.group(1)).read_text()


async def _have_one_taken(database: str) -> object:
    """Have somebody write and kim take over."""
    async with open_store(database) as opened:
        store = opened.store
        arrival = Arrival(channel="rest", address="amina", external_id="amina/1", text="hello")
        (received,) = await store.inbox.receive([arrival])
        kim = await store.accounts.agent("kim@example.com")
        assert kim is not None
        await store.handoffs.take_over(received.conversation_id, 0, kim.id, None)
        return received.conversation_id


async def _give_up_a_message(database: str) -> int:
    async with open_store(database, size=2) as opened:
        inbox = opened.store.inbox
        arrival = Arrival(channel="rest", address="amina", external_id=uuid4().hex, text="my card number is 4000")
        await inbox.receive([arrival])
        claim = (await inbox.claim(1))[0]
        await inbox.settle(claim, TurnOutcome(dead_letter="ValueError while answering."))
        return claim.inbox_id
