"""Queues, hours and times that administrators say at the desk: they win over relevo.yml, everywhere, within seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
import pytest

from relevo.bootstrap import open_store
from relevo.domain.service import Service
from relevo.flow.desk_settings import CurrentService
from tests.integration.desks import DeskOf, Request, desk_of
from tests.integration.doors import FILE, Doors, open_doors

pytestmark = pytest.mark.anyio

AT = "/admin/settings"
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
        sent = {"form_token": desk.token, **{name.replace("__", "."): value for name, value in form.items()}}
        return await desk.http.post(f"/desk/admin/{section}", data=sent, headers={"Accept-Language": language})


@pytest.fixture
async def office(database: str) -> AsyncIterator[Administration]:
    """Both at their desks."""
    async with AsyncExitStack() as stack:
        doors = await stack.enter_async_context(open_doors(database, Request()))
        ada = await stack.enter_async_context(desk_of(doors, "Ada Doe", "admin"))
        bea = await stack.enter_async_context(desk_of(doors, "Bea Roe", "admin"))
        yield Administration(doors=doors, ada=ada, bea=bea)


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


async def test_what_an_administrator_says_wins_everywhere_and_the_file_counts_again(
    office: Administration, database: str
) -> None:
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
    async with another_process(database) as handed:
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
    entries = (await ada.get("/audit?target=settings:queues"))["entries"]
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
    typed = {"g__first": ["mon", "sat"], "g__last": ["fri", "sat"]}
    typed |= {"g__opens": ["9", "25:00"], "g__closes": ["18:00", ""]}
    added = await office.posts(ada, "hours", do="add-day:g", version="0", g__holiday="2026-12-08", **typed)
    assert (added.status_code, added.text.count('type="date"'), "25:00" in added.text) == (200, 2, True)
    wrong = await office.posts(ada, "hours", "es", do="save", version="0", **typed)
    assert wrong.status_code == 400
    assert "«sat: 25:00-» tiene que escribirse como" in unescape(wrong.text)
    assert 'value="25:00"' in wrong.text
    typed.update(g__opens=["9", "10:00"], g__closes=["18:00", "24:00"])
    saved = await office.posts(ada, "hours", do="save", version="0", g__holiday=["", "2026-12-08"], **typed)
    assert (saved.status_code, saved.headers["location"]) == (303, "/desk/admin/hours?saved")
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
    page = await bea.page("/desk/admin/hours?saved")
    assert "From the desk" in page
    assert "Back to what relevo.yml says" in page
    assert (await office.posts(ada, "hours", do="reset", version="2")).status_code == 303
    assert "From relevo.yml" in await ada.page("/desk/admin/hours")
