"""What a web chat that everybody can reach must bear: scripts, floods, foreign pages, wrong names, and secrets kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from relevo.domain.sites import PrechatField, Site, Sites
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.files import photo
from tests.integration.desks import at, desk_of
from tests.integration.doors import Doors, open_doors
from tests.integration.visiting import API, KEY, Page, doors_for_all, forget, page_of, signed, streaming

pytestmark = pytest.mark.anyio
SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"
SHOP = "https://shop.example"
SITES = Sites(
    named=(
        Site(
            name="shop", origins=(SHOP,), identity_keys=(KEY,), prechat=(PrechatField(name="topic", label={"en": "T"}),)
        ),
        Site(name="kiosk"),
    )
)


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Doors]:
    """Doors of two sites."""
    async with doors_for_all(databases, postgres, sites=SITES) as doors:
        doors.business.people["C001"] = {"name": SCRIPT}
        yield doors


@pytest.fixture
async def doors(opened: Doors) -> Doors:
    """Nobody has been there yet."""
    return await forget(opened)


async def test_a_script_in_every_field_is_text_wherever_it_is_shown(doors: Doors) -> None:
    """Kept as it was written, never run: in the conversation, at the desk, in the file, in the name of a photo."""
    page = await page_of(doors, site="shop", prechat={"topic": SCRIPT})
    assert (await page.identifies(signed(name=SCRIPT))).status_code == 200
    headers = {**page.headers, "X-File-Name": "%3Cscript%3E.jpg", "Content-Type": "text/html"}
    uploaded = await doors.http.post(f"{API}/attachments", content=photo(), headers=headers)
    body = {"cid": SCRIPT, "text": SCRIPT, "page": {"url": f"https://shop.example/{SCRIPT}", "title": SCRIPT}}
    assert (await page.post("messages", attachments=[uploaded.json()["id"]], **body)).status_code == 200
    await page.hears(SCRIPT)
    events = await doors.http.get(f"{API}/events?wait=0", headers=page.headers)
    assert events.headers["content-type"] == "application/json"
    assert events.headers["x-content-type-options"] == "nosniff"
    saved = await doors.http.get(f"{API}/transcript", headers=page.headers)
    assert saved.headers["content-disposition"].startswith("attachment")
    async with desk_of(doors) as desk:
        shown = await desk.page(f"/desk{at(await page.conversation())}")
    assert "<script>alert" not in shown
    assert "onerror=alert(1)>" not in shown
    assert shown.count("&lt;script&gt;alert(&#x27;x&#x27;)") >= 3
    for field in ("language", "site"):
        refused = await doors.http.post(f"{API}/session", json={field: SCRIPT})
        assert refused.status_code in (400, 404)
        assert "<script" not in refused.text


async def test_a_paste_of_100_kilobytes_is_refused_whole_and_a_long_one_kept_whole(doors: Doors) -> None:
    """Nothing is cut; what is too long says how long it may be, and the visitor goes on."""
    page = await page_of(doors, site="kiosk")
    refused = await page.post("messages", cid="c1", text="x" * 100_000)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "text_too_long")
    assert "65536" in refused.text
    await page.writes("y" * 60_000, "c1")
    assert len((await page.polls(wait=5))["events"][0]["text"]) == 60_000


async def test_a_wrong_site_is_told_so_and_nothing_else(doors: Doors) -> None:
    """Whatever its name: settings, page and session answer that there is none, without repeating it."""
    for name in ("../shop", "..%2f..%2fetc", "%00", "shop%20", "SHOP", "<script>", "x" * 5_000, "☠"):
        for path in (f"{API}/sites/{name}", f"/chat/{name}"):
            answer = await doors.http.get(path)
            assert answer.status_code in (400, 404), path
            assert "<script" not in answer.text
            assert "Traceback" not in answer.text
        assert (await doors.http.post(f"{API}/session", json={"site": name})).status_code == 404


async def test_pages_of_foreign_origins_get_nothing_from_any_door(doors: Doors) -> None:
    """Not even with a token that holds; the answer says nothing that the page could read."""
    page = await page_of(doors, site="shop")
    foreign = {**page.headers, "Origin": "https://evil.example"}
    paths: dict[str, Any] = {
        "session": {"site": "shop"},
        "identify": {"jwt": signed(), "site": "shop"},
        "messages": {"cid": "c", "text": "x"},
        "typing": {},
        "read": {"position": 1},
        "rating": {"score": 1},
        "end": {},
        "transcript": {},
        "logout": {},
        "attachments": {},
    }
    for path, body in paths.items():
        answer = await doors.http.post(f"{API}/{path}", json=body, headers=foreign)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin"), path
        assert "access-control-allow-origin" not in answer.headers, path
        asked = await doors.http.options(f"{API}/{path}", headers={"Origin": "https://evil.example"})
        assert (asked.status_code, "access-control-allow-origin" in asked.headers) == (403, False), path
    for path in ("events?wait=0", "sites/shop", "transcript"):
        assert (await doors.http.get(f"{API}/{path}", headers=foreign)).status_code == 403, path
    assert (await page.polls())["events"] == []


async def test_a_thousand_messages_a_minute_are_held_back_by_session_address_and_site(database: str) -> None:
    """Whoever floods waits, told for how long; others on the site go on until the site's own limit."""
    settings = WebSettings(
        visitor_messages_per_second=0.01,
        visitor_burst=3,
        address_burst=1_000,
        site_messages_per_second=0.01,
        site_burst=5,
    )
    async with open_doors(database, sites=SITES, settings=settings, has_bot=False) as doors:
        flood, calm, late = [await page_of(doors, site="kiosk") for _ in range(3)]
        elsewhere = await page_of(doors, site="shop")

        async def sends(page: Page, number: int) -> int:
            return (await page.post("messages", cid=f"c{number}", text="x")).status_code

        sent = [await sends(flood, number) for number in range(100)]
        assert (sent.count(200), sent.count(429)) == (3, 97)
        assert [await sends(calm, number) for number in range(2)] == [200, 200]
        refused = await late.post("messages", cid="c", text="x")
        assert (refused.status_code, int(refused.headers["retry-after"]) >= 1) == (429, True)
        assert await sends(elsewhere, 0) == 200


async def test_sessions_are_limited_by_address_and_by_site(database: str) -> None:
    """A proxy's word about who is behind it counts only where the proxy is trusted."""
    settings = WebSettings(sessions_per_address=2, sessions_per_site=3)
    async with open_doors(database, sites=SITES, settings=settings, has_bot=False) as doors:

        async def begins(caller: str, site: str = "kiosk") -> int:
            headers = {"X-Forwarded-For": caller}
            return (await doors.http.post(f"{API}/session", json={"site": site}, headers=headers)).status_code

        assert [await begins("198.51.100.1") for _ in range(3)] == [201, 201, 429]
        assert [await begins("198.51.100.2") for _ in range(2)] == [201, 429], "the site has had three"
        assert await begins("198.51.100.3", "shop") == 201


async def test_tokens_are_in_no_address_no_log_and_no_answer_but_their_own(
    doors: Doors, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token in an address is nobody's; what the log and the database keep of one opens nothing."""
    page = await page_of(doors, site="shop")
    page_token, shown = page.token, signed()
    for query in (f"token={page_token}", f"access_token={page_token}"):
        assert (await doors.http.get(f"{API}/events?wait=0&{query}")).status_code == 401
    await page.writes("my words", "c1")
    await page.hears("my words")
    await page.identifies(shown)
    async with streaming(page):
        await page.post("messages", cid="c1", text="other words")
    logged = "".join(capsys.readouterr())
    for secret in (page_token, page.token, shown, "my words", "other words", KEY):
        assert secret not in logged
    kept = await doors.opened.database.rows("SELECT v::text FROM visits v")
    assert all(token not in row[0] for row in kept for token in (page_token, page.token))


async def test_many_at_once_with_the_same_token_are_one_visitor(doors: Doors) -> None:
    """Signing in twice in the same moment leaves one identity and loses nothing."""
    pages = [await page_of(doors, site="shop") for _ in range(3)]
    for number, page in enumerate(pages):
        await page.writes(f"hello {number}", "c1")
    answers = await asyncio.gather(*(page.identifies(signed()) for page in pages))
    assert {answer.status_code for answer in answers} == {200}
    assert await doors.opened.database.rows("SELECT count(*) FROM identities WHERE address = 'shop:C001'") == [(1,)]
    assert await doors.opened.database.rows("SELECT count(*) FROM entries WHERE author = 'contact'") == [(3,)]
