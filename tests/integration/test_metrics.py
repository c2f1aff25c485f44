"""What operators are told: numbers at /metrics that every process counts, and one line for every verb."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import structlog
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from relevo.bootstrap.store import open_store
from relevo.contracts.brain import Question
from relevo.contracts.store import TurnOutcome
from relevo.errors import TurnFailed
from relevo.flow.counted import Counted
from relevo.flow.standing import Standing
from relevo.metrics.numbers import MOST_WORDS, OTHER, few
from relevo.store.metrics import PostgresMetrics
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors
from tests.integration.hands import written

pytestmark = pytest.mark.anyio
LOGS = Path(__file__).parents[2] / "docs" / "reference" / "logs.md"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def samples(doors: Doors, **headers: str) -> Samples:
    """Read /metrics as Prometheus does; the same sample twice would be refused by it, and is here."""
    response = await doors.http.get("/metrics", headers=headers)
    assert response.status_code == 200, response.text
    found: Samples = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    """Add up the samples of a name with these labels among theirs."""
    wanted = set(labels.items())
    return sum(each for (of, theirs), each in found.items() if of == name and wanted <= theirs)


def counting(doors: Doors) -> None:
    """Have the doors know what waits."""
    standing = Standing(metrics=PostgresMetrics(doors.opened.database))
    doors.app.ctx.services = replace(doors.app.ctx.services, standing=standing, process="here-web")


async def test_a_turn_is_counted_by_stage_and_outcome(database: str) -> None:
    """One message shows as received, answered and timed, at the door that took it and in the turn that answered it."""
    async with open_doors(database) as doors:
        counting(doors)
        before = await samples(doors)
        await doors.texts("amina", "hello")
        after = await samples(doors)

        def grown(name: str, **labels: str) -> float:
            return value(after, name, **labels) - value(before, name, **labels)

        assert grown("relevo_messages_received_total", channel="rest", process="here-web") == 1
        assert grown("relevo_turns_total", channel="rest", outcome="answered") == 1
        for stage in ("claim_wait", "write", "whole"):
            assert grown("relevo_turn_seconds_count", stage=stage) == 1, stage
        assert grown("relevo_http_seconds_count", route="/webhooks/rest/webhook", status="200") == 1
        assert value(after, "relevo_database_up") == 1


async def test_addresses_are_counted_by_their_pattern(database: str) -> None:
    """Whoever tries a thousand addresses makes no thousand numbers."""
    async with open_doors(database) as doors:
        counting(doors)
        for n in range(5):
            await doors.http.get(f"/no/such/place/{n}")
            await doors.http.get(f"/webhooks/rest/attachments/00000000-0000-0000-0000-00000000000{n}")
        text = (await doors.http.get("/metrics")).text
        assert 'route="(none)"' in text
        assert 'route="/webhooks/rest/attachments/<attachment_id:uuid>"' in text
        assert "/no/such" not in text
        assert "000000" not in re.sub(r"\} .*", "", text)


def test_a_label_has_a_bounded_number_of_values() -> None:
    """Words that come from files and platforms become ``other`` beyond so many."""
    assert [few("a label", f"word {n}") for n in range(MOST_WORDS)][-1] == f"word {MOST_WORDS - 1}"
    assert few("a label", "one more") == OTHER
    assert few("a label", "word 3") == "word 3"


async def test_what_waits_is_read_from_the_database(database: str) -> None:
    """Messages that no bot takes show as lanes that wait, and for how long; what was given up shows as dead."""
    async with open_doors(database, has_bot=False, settings=WebSettings(rest_wait_seconds=0.01)) as doors:
        counting(doors)
        for sender in ("amina", "bruno"):
            for n in range(3):
                await doors.post(sender, f"hello {n}")
        await doors.opened.database.run("UPDATE inbox SET due_at = due_at - interval '90 seconds'")
        found = await samples(doors)
        assert value(found, "relevo_messages_waiting") == 6
        assert value(found, "relevo_lanes_waiting") == 2
        assert 90 <= value(found, "relevo_lane_wait_seconds") < 600
        assert value(found, "relevo_bots") == 0
    async with open_doors(database, _fails) as doors:
        counting(doors)
        await doors.until("SELECT count(*) = 6 FROM inbox WHERE state = 'dead'")
        found = await samples(doors)
        assert value(found, "relevo_dead_letters", of="message") == 6
        assert value(found, "relevo_messages_waiting") == 0


async def test_a_lane_waits_since_it_was_served(database: str) -> None:
    """Whoever writes a hundred messages makes a long lane and no long wait: it is served again and again."""
    async with open_store(database) as opened:
        await opened.store.inbox.receive([written(number=n) for n in range(3)])
        await opened.database.run("UPDATE inbox SET due_at = due_at - interval '90 seconds'")
        (claim,) = await opened.store.inbox.claim(1)
        await opened.store.inbox.settle(claim, TurnOutcome())
        load = await PostgresMetrics(opened.database).load(10.0, ())
        assert (load.messages_waiting, load.lanes_waiting) == (2, 1)
        assert load.oldest_wait_seconds < 60


async def test_bots_numbers_are_told_by_whoever_has_a_door(database: str) -> None:
    """A bot has no port: it leaves its numbers in the database, under its name; one that ended has none."""
    async with open_doors(database) as doors:
        counting(doors)
        await doors.texts("amina", "hello")
        bot = Counted(metrics=PostgresMetrics(doors.opened.database), process="there-bot-1")
        await bot.step()
        await bot.step()
        found = await samples(doors)
        assert value(found, "relevo_turns_total", process="there-bot-1", outcome="answered") >= 1
        await PostgresMetrics(doors.opened.database).withdraw("there-bot-1")
        assert "there-bot-1" not in (await doors.http.get("/metrics")).text
        await bot.step()
        await doors.opened.database.run("UPDATE process_numbers SET told_at = told_at - interval '1 minute'")
        assert "there-bot-1" not in (await doors.http.get("/metrics")).text, "it was killed and told nothing since"


async def test_numbers_are_given_to_this_machine_or_by_token(database: str) -> None:
    """Nobody reads them from elsewhere unless they bring the token; with a token everybody must."""
    async with open_doors(database) as doors:
        counting(doors)
        response = await doors.http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "not_local")
    async with open_doors(database, settings=WebSettings(metrics_token="t0ken")) as doors:
        counting(doors)
        assert (await doors.http.get("/metrics")).status_code == 401
        far = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer t0ken"}
        assert (await doors.http.get("/metrics", headers=far)).status_code == 200


def _fails(question: Question) -> str:
    raise TurnFailed("It fails.")


def documented() -> dict[str, set[str]]:
    """Read which fields docs/reference/logs.md gives to each verb."""
    lines = [line.split("|") for line in LOGS.read_text("utf-8").splitlines() if line.startswith("| `")]
    return {cells[1].strip(" `"): set(re.findall(r"`(\w+)`", cells[3])) for cells in lines}


async def test_every_verb_writes_one_line_and_no_words(database: str) -> None:
    """What is logged of a message is what the reference says: how long, what became of it, ids; never what was said."""
    fields = documented()

    def script(question: Question) -> str:
        if "fail" in question.text:
            raise TurnFailed("It fails.")
        return "the answer is zanahoria"

    with structlog.testing.capture_logs() as lines:
        async with open_doors(database, script) as doors:
            await doors.texts("amina", "zanahoria", metadata={"note": "zanahoria"})
            await doors.texts("amina", "zanahoria fail", message_id="zanahoria-1")
    verbs = [line["event"] for line in lines if line["event"] in fields]
    assert verbs == ["receive", "turn", "receive", "handoff", "turn"]
    for line in lines:
        assert "zanahoria" not in repr({key: value for key, value in line.items() if key != "exc_info"}), line
        if line["event"] in fields:
            assert set(line) - {"event", "log_level"} <= fields[line["event"]], line
