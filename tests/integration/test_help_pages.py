"""Articles as pages: readable, linked, safe whatever is in them, and kind where there is nothing."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from relevo.bootstrap.store import open_store
from relevo.help.shelf import Shelf
from relevo.web.app import WebServices, create_app
from relevo.web.server import serving
from tests.integration.talking import BOT

pytestmark = pytest.mark.anyio

HOSTILE = (
    "# A <script>alert(1)</script> title\n\n"
    "<script>alert(2)</script>\n\n[here](javascript:alert(3)) ![x](https://evil.example/x.png)\n\n"
    "<img src=x onerror=alert(4)>\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of the articles that a test may change, with a secret beside it."""
    (tmp_path / "secret.md").write_text("# Secret\n\nNobody reads this.\n", encoding="utf-8")
    return Path(shutil.copytree(BOT / "data" / "help", tmp_path / "help"))


@asynccontextmanager
async def pages_of(dsn: str, folder: Path, *, is_demo: bool) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the pages of a folder's articles, which is looked at each time."""
    clock = iter(range(1_000_000))

    async def ready() -> Mapping[str, bool | str]:
        return {}

    async with open_store(dsn, size=2, name="relevo tests", hears=()) as opened:
        services = WebServices(
            store=opened.store,
            live=opened.live,
            readiness=ready,
            articles=Shelf(folder, lambda: next(clock)),
            is_demo=is_demo,
        )
        async with (
            serving(create_app(services), port=0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            yield client


@pytest.fixture
async def pages(database: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give the pages of the demo's articles."""
    async with pages_of(database, folder, is_demo=True) as client:
        yield client


async def test_an_article_is_a_page(pages: httpx.AsyncClient) -> None:
    """With its title, its answer, links to the others and to the same in another language, under a strict policy."""
    answer = await pages.get("/help/es/pets")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == "es"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<h1>Viajar con animales de compañía</h1>" in answer.text
    assert "Los perros y gatos de hasta 8 kg" in answer.text
    assert "cachorro" not in answer.text, "ways of asking are not shown"
    assert '<a href="/help/en/pets" lang="en"' in answer.text
    assert '<a href="/help/es">' in answer.text
    assert '<a href="/?lang=es">' in answer.text
    assert "<script" not in answer.text


async def test_the_index_has_every_article(pages: httpx.AsyncClient) -> None:
    """In its language, each with a link that opens."""
    answer = await pages.get("/help/en")
    assert answer.status_code == 200
    slugs = {file.stem for file in (BOT / "data" / "help" / "en").glob("*.md")}
    assert len(slugs) >= 40
    for slug in slugs:
        assert f'<a href="/help/en/{slug}">' in answer.text
        assert (await pages.head(f"/help/en/{slug}")).status_code == 200


@pytest.mark.parametrize(("wanted", "language"), [("en-GB,en;q=0.9", "en"), ("es", "es"), ("de", "en")])
async def test_help_without_a_language_leads_to_the_readers(
    pages: httpx.AsyncClient, wanted: str, language: str
) -> None:
    """As the browser says, else the default."""
    answer = await pages.get("/help", headers={"Accept-Language": wanted})
    assert (answer.status_code, answer.headers["location"]) == (302, f"/help/{language}")


@pytest.mark.parametrize(
    "address",
    [
        "/help/es/no-such-topic",
        "/help/fr",
        "/help/fr/pets",
        "/help/es/../../secret",
        "/help/es/..%2f..%2fsecret",
        "/help/..%2f..%2fsecret.md",
        "/help/%2e%2e/secret",
        "/help/es/pets.md",
        "/help/es/pets/more",
        "/help/es/PETS",
        "/help/es/%00",
        "/help/es/%ff%fe",
        "/help/es/<script>",
        "/help/es/" + "a" * 5000,
        "/help/es/__class__",
        "/help//pets",
    ],
)
async def test_what_is_not_there_is_a_kind_page(pages: httpx.AsyncClient, address: str) -> None:
    """Whatever the address: no traceback, no file from elsewhere, nothing of the address repeated."""
    answer = await pages.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    if "/../" not in address:  # httpx leaves such steps out before it asks
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing here" in answer.text or "Aquí no hay nada" in answer.text
        assert 'href="/help/' in answer.text
    assert "Nobody reads this" not in answer.text
    assert "<script" not in answer.text


async def test_html_in_an_article_is_shown_and_does_nothing(pages: httpx.AsyncClient, folder: Path) -> None:
    """In its title and its text, on its page and in the index."""
    (folder / "en" / "hostile.md").write_text(HOSTILE, encoding="utf-8")
    page, index = await pages.get("/help/en/hostile"), await pages.get("/help/en")
    assert page.status_code == 200
    for answer in (page, index):
        assert "<script" not in answer.text
        assert "A &lt;script&gt;alert(1)&lt;/script&gt; title" in answer.text
    assert "&lt;script&gt;alert(2)" in page.text
    assert 'href="javascript' not in page.text
    assert "<img src=x" not in page.text
    assert 'src="https://evil' not in page.text


async def test_a_changed_article_is_the_page_at_the_next_look(pages: httpx.AsyncClient, folder: Path) -> None:
    """A broken one is gone until it is mended, and takes nothing with it."""
    file = folder / "en" / "pets.md"
    file.write_text("# Pets\n\nParrots are welcome.\n", encoding="utf-8")
    assert "Parrots are welcome." in (await pages.get("/help/en/pets")).text
    file.write_bytes(b"\xff\xfe broken")
    assert (await pages.get("/help/en/pets")).status_code == 404
    spanish = await pages.get("/help/es/pets")
    assert spanish.status_code == 200
    assert "/help/en/pets" not in spanish.text, "there is no English page to switch to"
    file.unlink()
    assert (await pages.get("/help/en")).status_code == 200


async def test_a_language_without_words_of_ours_still_shows_its_articles(
    pages: httpx.AsyncClient, folder: Path
) -> None:
    """What stands around them is in the default language then."""
    (folder / "qu").mkdir()
    (folder / "qu" / "pets.md").write_text("# Allquwan puriy\n\nArí.\n", encoding="utf-8")
    answer = await pages.get("/help/qu/pets")
    assert answer.status_code == 200
    assert '<html lang="qu">' in answer.text
    assert "Arí." in answer.text


async def test_without_articles_every_address_is_a_kind_page(database: str, tmp_path: Path) -> None:
    """And without the demo there is no chat to point to."""
    async with pages_of(database, tmp_path / "nothing", is_demo=False) as client:
        for address in ("/help/es", "/help/en/pets"):
            answer = await client.get(address)
            assert answer.status_code == 404
            assert "text/html" in answer.headers["content-type"]
            assert 'href="/?lang' not in answer.text
        assert (await client.get("/help")).status_code == 302
