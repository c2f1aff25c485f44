"""The page on the fake X where a newcomer plays the customer; what stands beside it is copied, never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from relevo.testing.x.local_bot import copy_bot
from relevo.testing.x.play import Play
from relevo.testing.x.roles import demo_account, demo_roles
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.integration.visits import CHROMIUM
from tests.x_hook import PNG

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def playing() -> AsyncIterator[tuple[FakeX, Play, httpx.AsyncClient]]:
    """Run the page without any bot."""
    plays: list[Play] = []

    def add_page(app: web.Application, x: FakeX) -> None:
        plays.append(Play(x=x, roles=demo_roles(), desk="http://127.0.0.1:8080/desk"))
        plays[0].add_to(app)

    account, username = demo_account()
    async with (
        fake_x(brand_id=account, username=username, more=add_page) as x,
        httpx.AsyncClient(base_url=x.url) as http,
    ):
        yield x, plays[0], http


async def shown(http: httpx.AsyncClient, user: str) -> Any:
    """Give what the page shows somebody."""
    return (await http.get("/play/state", params={"user": user})).json()


async def test_a_newcomer_writes_sends_a_photo_and_is_answered() -> None:
    """As Oliver of the demo, whose name on X is known."""
    async with playing() as (x, _, http):
        said = {"user": "7002", "text": "my passport", "transport": "dm"}
        assert (await http.post("/play/say", data=said, files={"photo": ("a.png", PNG)})).json() == {}
        await x.brand.writes("Thank you", to=x.customer("7002"))
        state = await shown(http, "7002")
        assert [(line["is_mine"], line["text"]) for line in state["messages"]] == [
            (True, "my passport"),
            (False, "Thank you"),
        ]
        picture = await http.get(state["messages"][0]["picture"])
        assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
        assert (await http.get("/play/passport/7002")).headers["content-type"] == "image/jpeg"


async def test_a_stranger_joins_posts_and_reaches_many() -> None:
    """What the brand answers stands below it."""
    async with playing() as (x, _, http):
        user = (await http.post("/play/stranger", data={"name": "Zoe"})).json()["user"]
        form = {"user": user, "text": "where is my bag?", "impressions": "30200", "followers": "412", "mentions": "yes"}
        await http.post("/play/post", data=form)
        post = x.posts.all[0]
        await http.post("/play/spread", data={"post": post.id})
        x.written(x.brand.id, "Sorry! Write us.", replies_to=post)
        told = (await shown(http, user))["posts"][0]
        assert (told["text"], told["impressions"], told["name"]) == ("@AuroraAir where is my bag?", 302_000, "Zoe")
        assert [answer["text"] for answer in told["answers"]] == ["Sorry! Write us."]
        assert x.customer(user).followers == 412


async def test_what_cannot_be_is_said_in_a_sentence() -> None:
    """Encrypted, before the bot has keys."""
    async with playing() as (_, _, http):
        answer = await http.post("/play/say", data={"user": "7002", "text": "hi", "transport": "chat"})
        assert answer.status_code == 400
        assert "no public keys" in answer.json()["error"]
        assert (await shown(http, "7002"))["has_chat"] is False


async def test_no_other_page_can_play() -> None:
    """Neither by another name of this machine nor from another origin."""
    async with playing() as (x, _, http):
        assert (await http.get("/", headers={"Host": "rebound.example:80"})).status_code == 403
        form = {"user": "7002", "text": "hi"}
        elsewhere = {"Origin": "https://elsewhere.example"}
        assert (await http.post("/play/say", data=form, headers=elsewhere)).status_code == 403
        assert (await http.get("/play/file/play.py")).status_code == 404
        assert x.mailbox.messages == []


async def test_x_s_real_limit_can_be_played() -> None:
    """Fifteen messages in fifteen minutes for the whole account."""
    async with playing() as (_, _, http):
        assert (await shown(http, "7002"))["limit"]["most"] == 500
        await http.post("/play/limit", data={"real": "yes"})
        assert (await shown(http, "7002"))["limit"] == {"used": 0, "most": 15}


def test_the_bot_beside_it_is_a_copy_with_x_in_its_credentials(tmp_path: Path) -> None:
    """Nothing in the folder itself changes, and no secret is written down."""
    project, folder = tmp_path / "bot", tmp_path / "state" / "x-play"
    (project / "data" / "nlu").mkdir(parents=True)
    (project / "data" / "nlu" / "a.yml").write_text("version: '3.1'\n")
    (project / "credentials.yml").write_text("rest:\nwidget:\n")
    copy_bot(project, folder, "AuroraAir")
    written = yaml.safe_load((folder / "credentials.yml").read_text())
    assert set(written) == {"rest", "widget", "x"}
    assert {value for value in written["x"].values() if not value.startswith("${X_")} == {"AuroraAir"}
    assert (folder / "data" / "nlu" / "a.yml").exists()
    assert (project / "credentials.yml").read_text() == "rest:\nwidget:\n"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
async def test_the_page_lives_in_a_browser_and_fits_a_phone() -> None:
    """A word to try, an answer that comes by itself, both languages, and nothing for axe to complain about."""
    async with playing() as (x, play, _), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(x.url)
        await expect(page.locator("#status")).to_have_text("The bot is starting…")
        play.ready()
        await expect(page.locator("#status")).to_have_text("The bot listens")
        await page.get_by_role("button", name="Oliver Whitfield").click()
        await page.locator("#thread .try").click()
        await page.locator("#text").press("Enter")
        await expect(page.locator("#thread .mine")).to_contain_text("AU3411")
        await x.brand.writes("<b>Hello</b>", to=x.customer("7002"))
        await expect(page.locator("#thread .theirs")).to_contain_text("<b>Hello</b>")
        assert (await Axe().run(page)).response["violations"] == []

        await page.set_viewport_size({"width": 320, "height": 640})
        await page.locator("#language").click()
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        for tab in ("people", "messages", "public"):
            await page.locator(f"[data-tab={tab}]").click()
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, tab
        assert complaints == []
        await browser.close()
