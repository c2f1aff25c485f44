"""Several sites on one installation: what a page may know of its own, who gets in, and what is asked first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time
from typing import Any

import httpx
import pytest

from relevo.domain.calendar import Calendar, Shift
from relevo.domain.sites import Consent, Option, PrechatField, Proactive, Site, Sites, Theme, Uploads, When
from relevo.flow.forget_visitors import VisitorExpirer
from relevo.store.personal import PostgresPersonalData
from tests.databases import Databases
from tests.files import PDF, photo
from tests.integration.desks import desk_of
from tests.integration.doors import Doors
from tests.integration.visiting import doors_for_all, forget, page_of

pytestmark = pytest.mark.anyio
API = "/widget/api/v1"
SHOP, BANK = "https://shop.example", "https://bank.example"
NEVER = Calendar(shifts=(Shift(first="mon", last="sun", opens=time(0), closes=time(0, 1)),), timezone="UTC")
SITES = Sites(
    named=(
        Site(
            name="shop",
            title="The Shop",
            origins=(SHOP,),
            languages=("es", "en"),
            theme=Theme(color="#aa0000", greeting={"es": "Hola", "en": "Hi"}),
            suggestions=({"es": "¿Dónde?", "en": "Where?"},),
            uploads=Uploads(max_bytes=1_000_000, types=("image/jpeg",), at_once=1),
            proactive=(
                Proactive(id="help", text={"es": "¿Ayuda?", "en": "Help?"}, when=When(path="/pay*", seconds=9)),
            ),
        ),
        Site(
            name="bank",
            title="The Bank",
            origins=(BANK,),
            languages=("en",),
            default_language="en",
            calendar=NEVER,
            prechat=(
                PrechatField(name="email", label={"en": "Mail"}, type="email", is_required=True),
                PrechatField(
                    name="topic",
                    label={"en": "Topic"},
                    type="choice",
                    options=(Option(value="card", title={"en": "C"}),),
                ),
            ),
            consent=Consent(text={"en": "We keep it."}, url="https://bank.example/privacy"),
            uploads=Uploads(at_once=0),
        ),
    )
)


@pytest.fixture(scope="module")
async def opened(databases: Databases, postgres: str) -> AsyncIterator[Doors]:
    """Doors with two sites."""
    async with doors_for_all(databases, postgres, sites=SITES) as doors:
        yield doors


@pytest.fixture
async def doors(opened: Doors) -> Doors:
    """Nobody has been there yet."""
    return await forget(opened)


async def _begins(doors: Doors, origin: str, **body: Any) -> httpx.Response:
    return await doors.http.post(f"{API}/session", json=body, headers={"Origin": origin})


def _code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_page_is_told_what_it_needs_of_its_site_and_keeps_it_for_minutes(doors: Doors) -> None:
    """Words in each language, looks, hours in a sentence, what is asked and what may be sent; nothing secret."""
    answer = await doors.http.get(f"{API}/sites/shop", headers={"Origin": SHOP})
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == SHOP
    told = answer.json()
    assert told["theme"] == {
        "color": "#aa0000",
        "position": "end",
        "launcher": "bubble",
        "title": {"es": "The Shop", "en": "The Shop"},
        "greeting": {"es": "Hola", "en": "Hi"},
    }
    assert told["uploads"] == {"max_bytes": 1_000_000, "types": ["image/jpeg"], "at_once": 1}
    assert told["proactive"][0]["when"] == {"path": "/pay*", "seconds": 9}
    assert (told["prechat"], told["consent"], told["identity"]) == (None, None, False)
    assert set(told["hours"]["text"]) == {"es", "en"}
    again = await doors.http.get(f"{API}/sites/shop", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    bank = (await doors.http.get(f"{API}/sites/bank")).json()
    assert (bank["hours"]["open"], [one["name"] for one in bank["prechat"]["fields"]]) == (False, ["email", "topic"])
    assert bank["hours"]["text"]["en"].startswith("The assistant answers now; our team is back on ")
    assert _code(await doors.http.get(f"{API}/sites/nowhere")) == (404, "unknown_site")


async def test_pages_get_into_their_own_site_alone(doors: Doors) -> None:
    """An origin of one site may not use another one's chat, neither begin there nor go on with its token."""
    token = (await _begins(doors, SHOP, site="shop")).json()["token"]
    assert _code(await _begins(doors, SHOP, site="bank")) == (403, "origin")
    assert _code(await _begins(doors, "https://evil.example", site="shop")) == (403, "origin")
    assert _code(await _begins(doors, SHOP, site="nowhere")) == (404, "unknown_site")
    for origin, status in (
        (SHOP, 200),
        (doors.url, 200),
        (BANK, 403),
        ("https://shop.example:8443", 403),
        ("null", 403),
    ):
        headers = {"Origin": origin, "Authorization": f"Bearer {token}"}
        answer = await doors.http.get(f"{API}/events?wait=0", headers=headers)
        assert answer.status_code == status, origin


async def test_a_token_that_is_used_goes_on_and_one_that_is_not_ends(doors: Doors) -> None:
    """Coming back within the time is enough; nobody is thrown out in the middle of a chat."""
    page = await page_of(doors, site="shop")
    await doors.opened.database.run("UPDATE visits SET expires_at = now() + interval '1 minute'")
    await page.polls()
    left = "SELECT min(expires_at) > now() + interval '29 days' FROM visits"
    assert (await doors.opened.database.rows(left))[0][0]
    await doors.opened.database.run("UPDATE visits SET expires_at = now()")
    assert (await page.post("messages", cid="c1", text="hello")).status_code == 401


async def test_whoever_was_refused_is_named_exactly_for_whoever_looks_why(doors: Doors) -> None:
    """The refusal and the installation's own list name the origin, and the list never grows without end."""
    answer = await _begins(doors, "https://staging.shop.example", site="shop")
    assert "https://staging.shop.example" in answer.json()["error"]["message"]
    for number in range(120):
        await _begins(doors, f"https://{number}.example", site="shop")
    refusals = await doors.opened.store.visits.refusals()
    assert len(refusals) <= 101
    assert refusals[0].origin == "https://119.example"


async def test_what_a_site_asks_first_is_asked_first(doors: Doors) -> None:
    """Without the answers, or with what they cannot be, there is no session; what was wrong is named."""
    for body, code, details in (
        ({}, "prechat_required", {"fields": "email"}),
        ({"prechat": {"email": " "}}, "prechat_required", {"fields": "email"}),
        ({"prechat": {"email": "nobody"}}, "bad_prechat", {"field": "email"}),
        ({"prechat": {"email": "kim@example.com", "topic": "x"}}, "bad_prechat", {"field": "topic"}),
        ({"prechat": {"email": "kim@example.com"}}, "consent_required", None),
    ):
        answer = await _begins(doors, BANK, site="bank", **body)
        assert _code(answer) == (422, code), body
        assert answer.json()["error"].get("details") == details


async def test_agents_read_what_was_answered_first_and_so_does_the_bot(doors: Doors) -> None:
    """It stands before the first message, once; fields that nobody asked for are left out."""
    prechat = {"email": "kim@example.com", "topic": "card", "evil": "x"}
    token = (await _begins(doors, BANK, site="bank", prechat=prechat, consent=True)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for cid in ("c1", "c2"):
        body = {"cid": cid, "text": "hello", "page": {"url": "https://u:p@bank.example/a?secret=1#x", "title": "A"}}
        assert (await doors.http.post(f"{API}/messages", json=body, headers=headers)).status_code == 200
    events = (await doors.http.get(f"{API}/events?wait=10", headers=headers)).json()["events"]
    assert [event["position"] for event in events][:1] == [2]
    ((visit,),) = await doors.opened.database.rows("SELECT content -> 'custom' FROM entries WHERE kind = 'visit'")
    assert (visit["email"], visit["topic"], visit["site"], "evil" in visit) == (
        "kim@example.com",
        "card",
        "bank",
        False,
    )
    metadata = [row[0] for row in await doors.opened.database.rows("SELECT metadata FROM inbox ORDER BY id")]
    assert metadata[0]["prechat"] == {"email": "kim@example.com", "topic": "card"}
    assert "prechat" not in metadata[1]
    assert metadata[1]["page"] == {"url": "https://bank.example/a", "title": "A"}
    async with desk_of(doors) as desk:
        (line,) = await doors.opened.store.desk.conversations()
        shown = await desk.page(f"/desk/conversations/{line.id}")
    assert shown.count("on https://bank.example/a") == 1, "said where it changed, and never with what may be a secret"
    assert "kim@example.com" in shown


async def test_a_site_takes_the_files_that_it_names(doors: Doors) -> None:
    """By kind and size; a site that takes none says so at once."""

    async def uploads(origin: str, data: bytes, **body: Any) -> httpx.Response:
        token = (await _begins(doors, origin, **body)).json()["token"]
        return await doors.http.post(f"{API}/attachments", content=data, headers={"Authorization": f"Bearer {token}"})

    assert (await uploads(SHOP, photo(), site="shop")).status_code == 201
    assert _code(await uploads(SHOP, PDF, site="shop")) == (415, "kind_not_taken")
    assert _code(await uploads(SHOP, bytes(1_100_000), site="shop")) == (413, "file_too_large")
    answers = {"prechat": {"email": "kim@example.com"}, "consent": True}
    assert _code(await uploads(BANK, photo(), site="bank", **answers)) == (403, "no_uploads")


async def test_what_silent_strangers_said_is_erased_when_their_site_says_so(doors: Doors) -> None:
    """After the days of silence of that site; not of another, not of whom somebody verified, not with an open case."""
    opened = doors.opened

    for _ in range(4):
        page = await page_of(doors, site="shop")
        await page.writes("hello", "c1")
        await page.hears("hello")
        await page.does("logout")
    ids = [row[0] for row in await opened.database.rows("SELECT id FROM conversations ORDER BY created_at")]
    await opened.database.run(
        "UPDATE conversations SET updated_at = now() - interval '31 days' WHERE id <> %s", (ids[3],)
    )
    await opened.database.run(
        "UPDATE identities SET level = 1 WHERE id = (SELECT identity_id FROM conversations WHERE id = %s)", (ids[1],)
    )
    await opened.database.run(
        "INSERT INTO cases (id, type, trigger, conversation_id) VALUES ('X1', 'x', 'x', %s)", (ids[2],)
    )
    await opened.database.run("INSERT INTO case_conversations (case_id, conversation_id) VALUES ('X1', %s)", (ids[2],))
    await page_of(doors, site="shop")
    await opened.database.run("UPDATE visits SET expires_at = now() - interval '1 day'")

    def expirer(site: str, days: int) -> VisitorExpirer:
        return VisitorExpirer(visits=opened.store.visits, held=PostgresPersonalData(opened.database), days={site: days})

    assert [await expirer("bank", 30).expire(), await expirer("shop", 60).expire()] == [0, 0]
    assert await expirer("shop", 30).expire() == 1
    left = [row[0] for row in await opened.database.rows("SELECT id FROM conversations ORDER BY created_at")]
    assert left == ids[1:]
    assert await opened.database.rows("SELECT count(*) FROM visits") == [(3,)], "unused tokens are forgotten"
