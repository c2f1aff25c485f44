"""Queues, hours and times that administrators say at the desk: they win over relevo.yml, everywhere, within seconds."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from relevo.bootstrap.desk_settings import kept_current, told
from relevo.bootstrap.store import open_store
from relevo.contracts.accounts import AgentPowers, Duty
from relevo.contracts.clock import system_clock
from relevo.domain.calendar import DAYS
from relevo.domain.service import Service
from relevo.errors import ConfigurationError
from relevo.flow.desk_settings import CurrentService
from relevo.flow.sla import SlaWatch
from tests.databases import Databases
from tests.integration.desks import DeskOf, Request, desk_of
from tests.integration.doors import FILE, Doors, open_doors

pytestmark = pytest.mark.anyio

AT = "/admin/settings"
ANSWERS = {"first_response_seconds": 600, "next_response_seconds": 120, "resolution_seconds": 3_600}
_FORGET = """
DELETE FROM desk_settings; DELETE FROM agents WHERE name = 'Kim Poe'; DELETE FROM tags; DELETE FROM saved_views;
DELETE FROM tracker_events; DELETE FROM deliveries; DELETE FROM inbox; DELETE FROM entries; DELETE FROM handoffs;
DELETE FROM case_sla; DELETE FROM notices; DELETE FROM cases; DELETE FROM case_conversations; DELETE FROM conversations;
DELETE FROM identities; DELETE FROM contacts
"""
CLAIMS = {"case_types": ["refund"], "hours": {"mon-fri": "09:00-14:00, 16:00-19:00"}, "timezone": "UTC"}


@dataclass(kw_only=True)
class Administration:
    """Ada and Bea, who administer the same desk."""

    doors: Doors
    ada: DeskOf
    bea: DeskOf

    async def put(self, desk: DeskOf, section: str, version: int, **body: Any) -> httpx.Response:
        """Say something about a section."""
        headers = {"X-Form-Token": desk.token}
        path = f"/desk/api{AT}/{section}"
        return await desk.http.put(path, json={"version": version, **body}, headers=headers)

    async def posts(self, desk: DeskOf, section: str, language: str = "en", **form: Any) -> httpx.Response:
        """Send the form of a section as a browser without scripts does."""
        sent = {"form_token": desk.token, "do": "save", **{name.replace("__", "."): form[name] for name in form}}
        return await desk.http.post(f"/desk/admin/{section}", data=sent, headers={"Accept-Language": language})


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Administration]:
    """Both at their desks, for all these tests."""
    name = databases.take()
    async with AsyncExitStack() as stack:
        doors = await stack.enter_async_context(open_doors(make_conninfo(postgres, dbname=name), Request()))
        ada = await stack.enter_async_context(desk_of(doors, "Ada Doe", "admin"))
        bea = await stack.enter_async_context(desk_of(doors, "Bea Roe", "admin"))
        yield Administration(doors=doors, ada=ada, bea=bea)
    databases.give_back(name)


@pytest.fixture
async def office(opened: Administration) -> Administration:
    """Nothing said or written yet."""
    for statement in _FORGET.split(";"):
        await opened.doors.opened.database.run(statement)
    current = opened.doors.app.ctx.services.current
    current.bot = FILE
    await current.look()
    return opened


@asynccontextmanager
async def another_process(database: str) -> AsyncIterator[list[Service]]:
    """Run what every web and bot process runs, and give what its parts were handed."""
    async with open_store(database, size=2, name="relevo another") as opened:
        current, stop = CurrentService(bot=FILE, store=opened.store.desk_settings, live=opened.live), asyncio.Event()
        handed: list[Service] = []
        current.serve(handed.append)
        running = asyncio.create_task(current.run(stop))
        yield handed
        stop.set()
        await running


async def until(handed: list[Service], queue: str, *, is_there: bool) -> None:
    """Wait until a process goes by a queue, or no longer."""
    deadline = time.monotonic() + 5
    while handed[-1].queues.has(queue) is not is_there:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_what_an_administrator_says_wins_everywhere_and_the_file_counts_again(office: Administration) -> None:
    """Every mistake at once; then in force in another process, without its restart; the second one is told by whom."""
    ada, bea = office.ada, office.bea
    assert {part["source"] for part in (await ada.get(AT)).values()} == {"file"}
    wrong = {"Bad": {"languages": ["fr"], "hours": {"mon-xx": "9"}}, "b": {"skills": ["A B"]}}
    refused = await office.put(ada, "queues", 0, queues=wrong)
    assert refused.status_code == 400
    assert set(refused.json()["error"]["details"]) == {
        "queues.Bad",
        "queues.Bad.languages.0",
        "queues.Bad.hours.mon-xx",
        "queues.b.skills.0",
        "queues.b",
    }
    assert "must be one of: en, es" in refused.json()["detail"]
    async with another_process(office.doors.opened.database.dsn) as handed:
        said = await office.put(ada, "queues", 0, queues={"claims": CLAIMS})
        assert (said.status_code, said.json()["source"], said.json()["version"]) == (200, "desk", 1)
        await until(handed, "claims", is_there=True)
        assert "claims" in {queue["name"] for queue in (await bea.get("/queues"))["queues"]}
        late = await office.put(bea, "queues", 0, queues={})
        assert (late.status_code, late.json()["code"]) == (409, "settings_changed")
        assert late.json()["error"]["details"] == {"version": 1, "agent_name": "Ada Doe"}
        await bea.does(f"{AT}/reset", section="queues", version=1)
        await until(handed, "claims", is_there=False)
    assert (await ada.get(AT))["queues"]["source"] == "file"
    entries = (await ada.get("/audit?target=settings:queues"))["entries"][:4]
    assert [(entry["operation"], entry["status"], entry["agent_name"]) for entry in entries] == [
        ("admin_reset_section", 200, "Bea Roe"),
        ("admin_put_queues", 409, "Bea Roe"),
        ("admin_put_queues", 200, "Ada Doe"),
        ("admin_put_queues", 400, "Ada Doe"),
    ]
    assert (entries[0]["before"]["queues"]["claims"], entries[2]["after"]["queues"]["claims"]) == (CLAIMS, CLAIMS)


async def test_forms_keep_what_was_typed_and_tell_whoever_comes_second(office: Administration) -> None:
    """Without a script: a button adds a line, mistakes stand in the reader's words, a colleague's change is shown."""
    ada, bea = office.ada, office.bea
    typed: dict[str, Any] = {"g__first": ["mon", "sat"], "g__last": ["fri", "sat"]}
    typed |= {"g__opens": ["9", "25:00"], "g__closes": ["18:00", ""]}
    added = await office.posts(ada, "hours", do="add-day:g", version="0", g__holiday="2026-12-08", **typed)
    assert (added.status_code, added.text.count('type="date"'), "25:00" in added.text) == (200, 2, True)
    wrong = await office.posts(ada, "hours", "es", do="save", version="0", **typed)
    assert wrong.status_code == 400
    assert "«sat: 25:00-» tiene que escribirse como" in unescape(wrong.text)
    assert 'value="25:00"' in wrong.text
    typed.update(g__opens=["9", "10:00"], g__closes=["18:00", "24:00"])
    saved = await office.posts(ada, "hours", do="save", version="0", g__holiday=["", "2026-12-08"], **typed)
    assert (saved.status_code, saved.headers["location"]) == (303, "/desk/admin/hours?saved=1")
    hours = (await ada.get(AT))["hours"]
    assert (hours["hours"], hours["holidays"]) == (
        {"mon-fri": "09:00-18:00", "sat": "10:00-24:00"},
        ["2026-12-08"],
    )
    late = await office.posts(bea, "hours", do="save", version="0", **{**typed, "g__opens": ["7", "10:00"]})
    assert late.status_code == 409
    page = unescape(late.text)
    assert "Ada Doe saved something else while you were here." in page
    assert ("2026-12-08" in page, 'value="7"' in page, 'name="version" value="1"' in page) == (True, True, True)
    again = await office.posts(bea, "hours", do="save", version="1", **{**typed, "g__opens": ["7", "10:00"]})
    assert again.status_code == 303
    page = await bea.page("/desk/admin/hours?saved=1")
    assert "Saved." in page
    assert "From the desk" in page
    assert "Back to what relevo.yml says" in page
    assert (await office.posts(ada, "hours", do="reset", version="2")).status_code == 303
    assert "From relevo.yml" in await ada.page("/desk/admin/hours")


async def test_clocks_count_the_hours_of_the_cases_queue_and_keep_what_was_promised(office: Administration) -> None:
    """A queue that opens in three days answers then; times that are said now are for what begins from now on."""
    ada, doors = office.ada, office.doors
    opens_on = (system_clock() + timedelta(days=3)).date()
    hours = {"hours": {DAYS[opens_on.weekday()]: "06:00-24:00"}, "timezone": "UTC"}
    assert (await office.put(ada, "queues", 0, queues={"default": hours})).status_code == 200
    current = doors.app.ctx.services.current
    watch = SlaWatch(rounds=doors.opened.store.rounds, live=doors.opened.live)
    kept_current(current, watch)
    await ada.does("/presence")
    await doors.texts("amina", "a person please")
    await watch.step()
    due = f"{opens_on}T10:00:00Z"
    assert (await _case(ada))["clocks"]["first_response"]["due_at"] == due
    assert (await office.put(ada, "sla", 0, sla={"normal": {**ANSWERS, "clock": "wall"}})).status_code == 200
    await watch.step()
    assert (await _case(ada))["clocks"]["first_response"]["due_at"] == due, "what was promised stays promised"
    amina = await ada.takes("amina")
    await ada.says(amina, "Hello Amina, which flight?")
    await doors.post("amina", "AU3411")
    await watch.step()
    answer = (await _case(ada))["clocks"]["next_response"]
    assert (answer["target_seconds"], answer["is_wall"]) == (120, True)


async def test_who_works_and_waits_in_a_queue_goes_along_with_its_name(office: Administration) -> None:
    """A queue is renamed in its form; what is wrong stands beside its field; nobody is left in a queue that is gone."""
    ada, doors = office.ada, office.doors
    assert (await office.put(ada, "queues", 0, queues={"claims": CLAIMS})).status_code == 200
    powers = AgentPowers(duty=replace(Duty(), queues=("default", "claims")))
    await doors.opened.store.accounts.add_agent("kim@aurora.example", "Kim Poe", "agent", "no hash", powers)
    await doors.texts("amina", "a person please")
    await doors.opened.database.run("UPDATE handoffs SET queue = 'claims'")
    assert "Work in it: Kim Poe" in await ada.page("/desk/admin/queues")
    card: dict[str, Any] = {"queue": ["0"], "version": "1", "q0__was": "claims", "q0__case_types": ["refund"]}
    wrong = await office.posts(ada, "queues", **card, q0__name="Money back", q0__languages=["fr"])
    assert wrong.status_code == 400
    page = unescape(wrong.text)
    assert (page.count("'Money back' is no name of a queue"), 'href="#q0-languages"' in page) == (2, True)
    assert (await office.posts(ada, "queues", **card, q0__name="money")).status_code == 303
    assert await doors.opened.database.rows(
        "SELECT (SELECT queues FROM agents WHERE name = 'Kim Poe'), (SELECT queue FROM handoffs)"
    ) == [(["default", "money"], "money")]
    assert "<b>money</b>: Kim Poe" not in await ada.page("/desk/admin/queues")
    twice = {"queue": ["0", "1"], "version": "2", "q0__was": "money", "q0__name": "money", "q1__name": "money"}
    refused = await office.posts(ada, "queues", "es", **twice)
    assert (refused.status_code, "«money» está dos veces" in unescape(refused.text)) == (400, True)
    assert (await office.posts(ada, "queues", version="2")).status_code == 303
    assert "<b>money</b>: Kim Poe" in await ada.page("/desk/admin/queues")


async def test_what_fits_the_file_no_more_does_not_count_and_check_says_so(office: Administration) -> None:
    """A file that lost a language starts all the same; the page keeps what was said, to be put right."""
    ada, doors = office.ada, office.doors
    current = doors.app.ctx.services.current
    assert told(current) == ""
    assert (await office.put(ada, "queues", 0, queues={"claims": {**CLAIMS, "languages": ["en"]}})).status_code == 200
    assert told(current).startswith("queues: what Ada Doe on ")
    current.bot, current.newest = dataclasses.replace(FILE, languages=("es",)), {}
    await current.look()
    with pytest.raises(ConfigurationError, match="so the file counts: languages is 'en'"):
        told(current)
    assert "claims" not in {queue["name"] for queue in (await ada.get("/queues"))["queues"]}
    assert ((await ada.get(AT))["queues"]["source"], (await ada.get(AT))["queues"]["queues"]) == ("file", {})
    page = unescape(await ada.page("/desk/admin/queues"))
    assert "no longer fits relevo.yml" in page
    assert 'value="claims"' in page


async def test_tags_are_renamed_merged_and_given_no_longer(office: Administration) -> None:
    """On every case and in kept lists, counted by case; whoever has a tag keeps it when it is given no longer."""
    ada, doors = office.ada, office.doors
    for address in ("amina", "oliver"):
        await doors.texts(address, "a person please")
    first, second = (case["id"] for case in (await ada.get("/cases"))["cases"])
    for case, tags in ((first, ["vip", "late"]), (second, ["late", "tardy"])):
        await ada.does(f"/cases/{case}/tags", add=tags, remove=[])
    await ada.does("/views", name="Late ones", show="all", tag="tardy")
    renamed = await ada.http.put(
        "/desk/api/admin/tags",
        json={"name": "late", "new_name": "delayed", "colour": "red"},
        headers={"X-Form-Token": ada.token},
    )
    assert (renamed.json()["name"], renamed.json()["cases"]) == ("delayed", 2)
    posted = {"form_token": ada.token, "name": "tardy"}
    taken = await ada.http.post("/desk/admin/tags", data={**posted, "new_name": "vip", "colour": "red", "do": "put"})
    assert (taken.status_code, "merge the two instead" in taken.text) == (409, True)
    merged = await ada.http.post("/desk/admin/tags", data={**posted, "into": "delayed", "do": "merge"})
    assert merged.status_code == 303
    assert {view["name"]: view["query"]["tag"] for view in (await ada.get("/views"))["views"]} == {
        "Late ones": "delayed"
    }
    vip = {"form_token": ada.token, "name": "vip", "colour": "blue", "do": "put:true"}
    assert (await ada.http.post("/desk/admin/tags", data=vip)).status_code == 303
    counted = {tag["name"]: (tag["cases"], tag["retired_at"] is None) for tag in (await ada.get("/admin/tags"))["tags"]}
    assert counted == {"delayed": (2, True), "vip": (1, False)}
    assert await ada.is_refused(f"/cases/{second}/tags", add=["vip"], remove=[]) == (409, "tag_retired")
    await ada.does(f"/cases/{first}/tags", add=["vip"], remove=["delayed"])


async def _case(desk: DeskOf) -> dict[str, Any]:
    (case,) = (await desk.get("/cases"))["cases"]
    return dict(case)
