"""The desk's page about the widget: tried out in a frame, judged in words, copied with all that a website needs."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from relevo.domain.sites import Site, Sites, Theme
from relevo.web.settings import WebSettings
from tests.integration.desks import desk_of
from tests.integration.doors import open_doors

pytestmark = pytest.mark.anyio
SITES = Sites(
    named=(
        Site(name="shop", title="The Shop", origins=("https://shop.example",), theme=Theme(color="#1746c7")),
        Site(name="kiosk", theme=Theme(color="#ffee00")),
    )
)


async def test_what_is_tried_out_is_shown_judged_and_ready_to_copy(database: str, tmp_path: Path) -> None:
    """The preview has what was chosen, words judge it, and snippet, pinned file, policy and link fit it."""
    manifest = '{"version":"1.2.3","files":{"1.2.3/widget.full.js":{"integrity":"sha384-abc"}}}'
    (tmp_path / "manifest.json").write_text(manifest)
    settings = WebSettings(public_url="https://help.example/")
    async with (
        open_doors(database, sites=SITES, settings=settings, widget_folder=tmp_path, has_bot=False) as doors,
        desk_of(doors, role="admin") as desk,
    ):
        page = await desk.page("/desk/admin/widget?color=%23AA0000&position=start&greeting=%3Cb%3EHi")
        (src,) = re.findall(r'<iframe class="widget-preview" src="([^"]+)"', page)
        preview = await desk.page(unescape(src))
        assert 'color="#aa0000" position="start" greeting="&lt;b&gt;Hi"' in preview
        assert "white words on it are easy to read" in page
        assert "the button stands out" in page
        shown = unescape(page)
        assert (
            '<script async src="https://help.example/widget/v1/widget.js" data-site="shop" data-color="#aa0000"'
            ' data-position="start"></script>' in shown
        )
        assert 'src="https://help.example/widget/1.2.3/widget.full.js" integrity="sha384-abc" crossorigin=' in shown
        assert "script-src https://help.example;" in shown
        assert "https://help.example/chat/shop" in shown
        assert "https://help.example, https://shop.example" in shown
        policy = (await desk.http.get("/desk/admin/widget")).headers["content-security-policy"]
        assert "frame-src 'self'" in policy
        assert "unsafe" not in policy
        kiosk = await desk.page("/desk/admin/widget?site=kiosk", "es")
        assert "se usan palabras oscuras" in kiosk
        assert "apenas destaca en la página" in kiosk


async def test_administrators_alone_see_it(database: str) -> None:
    """As every page of the administration."""
    async with open_doors(database, has_bot=False) as doors, desk_of(doors, role="supervisor") as desk:
        assert (await desk.http.get("/desk/admin/widget")).status_code == 403
