"""The widget's files, served to every origin and kept as long as their names allow, and the hosted page."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relevo.domain.sites import Site, Sites
from tests.databases import Databases
from tests.integration.doors import Doors
from tests.integration.visiting import doors_for_all

pytestmark = pytest.mark.anyio
SHOP = "https://shop.example"
LOADER = b"/* the loader */" * 40


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of the widget, as small as one can be."""
    folder = tmp_path_factory.mktemp("widget")
    files = {
        "widget.js": LOADER,
        "panel-1a2b3c4d.js": b"export default 1;" * 40,
        "panel-1a2b3c4d.js.br": b"as brotli",
        "panel-1a2b3c4d.js.map": b"{}",
        "1.2.3/widget.full.js": b"all of it",
        "manifest.json": b'{"version":"1.2.3","files":{"1.2.3/widget.full.js":{"integrity":"sha384-abc"}}}',
    }
    for name, body in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


@pytest.fixture(scope="module")
async def doors(databases: Databases, postgres: str, built: Path) -> AsyncIterator[Doors]:
    """Doors with two sites."""
    sites = Sites(named=(Site(name="shop", title="Shop <b>", origins=(SHOP,)), Site(name="kiosk", frames=(SHOP,))))
    async with doors_for_all(databases, postgres, has_bot=False, widget_folder=built, sites=sites) as opened:
        yield opened


async def test_files_are_for_every_origin_and_kept_as_long_as_their_names_allow(doors: Doors) -> None:
    """The loader for minutes, what has a hash or a version for good; other origins may load and import them all."""
    for path, age in (
        ("v1/widget.js", "public, max-age=300"),
        ("v1/manifest.json", "public, max-age=300"),
        ("v1/panel-1a2b3c4d.js", "public, max-age=31536000, immutable"),
        ("1.2.3/widget.full.js", "public, max-age=31536000, immutable"),
    ):
        answer = await doors.http.get(f"/widget/{path}", headers={"Origin": "https://anybody.example"})
        told = answer.headers
        assert (answer.status_code, told["cache-control"]) == (200, age), path
        assert (told["access-control-allow-origin"], told["cross-origin-resource-policy"]) == ("*", "cross-origin")
        assert told["x-content-type-options"] == "nosniff"
        again = await doors.http.get(f"/widget/{path}", headers={"If-None-Match": told["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_files_come_compressed_as_the_browser_can_read_them(doors: Doors) -> None:
    """Brotli where the build has it, gzip always, plain for whoever asks for neither."""
    for path, encoding, body in (
        ("v1/panel-1a2b3c4d.js", "br, gzip", b"as brotli"),
        ("v1/widget.js", "br, gzip", gzip.compress(LOADER, mtime=0)),
        ("v1/widget.js", "identity", LOADER),
    ):
        async with doors.http.stream("GET", f"/widget/{path}", headers={"Accept-Encoding": encoding}) as answer:
            assert answer.headers["vary"] == "Accept-Encoding"
            assert b"".join([part async for part in answer.aiter_raw()]) == body


async def test_nothing_else_is_served(doors: Doors) -> None:
    """No source maps, no compressed twins by themselves, nothing outside the folder."""
    for path in ("v1/panel-1a2b3c4d.js.map", "v1/panel-1a2b3c4d.js.br", "v1/../manifest.json", "9.9.9/widget.full.js"):
        assert (await doors.http.get(f"/widget/{path}")).status_code == 404, path


async def test_the_hosted_page_runs_our_script_alone(doors: Doors) -> None:
    """One element and one script under a policy without any inline part; nobody may frame it who is not on the list."""
    page = await doors.http.get("/chat/shop?locale=en")
    policy = page.headers["content-security-policy"]
    assert '<relevo-chat fullpage site="shop" locale="en"></relevo-chat>' in page.text
    assert "<title>Shop &lt;b&gt;</title>" in page.text
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "style-src" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"
    kiosk = await doors.http.get("/chat/kiosk")
    assert f"frame-ancestors {SHOP};" in kiosk.headers["content-security-policy"]
    assert "x-frame-options" not in kiosk.headers
    assert (await doors.http.get("/chat/nowhere")).status_code == 404


async def test_a_preview_takes_colours_and_nothing_else(doors: Doors) -> None:
    """The desk frames it with what is being tried out; what is no colour is left out, and words are text."""
    query = "?preview&color=%23aa0000&color_dark=red;x&position=start&greeting=%22%3E%3Cscript%3E"
    page = await doors.http.get(f"/chat/shop{query}")
    assert '<relevo-chat fullpage preview site="shop"' in page.text
    assert 'color="#aa0000"' in page.text
    assert "color-dark" not in page.text
    assert 'position="start" greeting="&quot;&gt;&lt;script&gt;"' in page.text
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
