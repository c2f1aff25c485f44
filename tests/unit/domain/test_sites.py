"""Which pages may use a site's chat: exactly those that are written, and those below a name only where that is."""

from __future__ import annotations

import pytest

from relevo.domain.sites import Site, Sites

SITE = Site(name="shop", origins=("https://shop.example", "https://*.shop.example", "http://localhost:3000"))


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "https://www.shop.example", "https://a.b.shop.example", "http://localhost:3000"]
)
def test_what_is_written_may(origin: str) -> None:
    """Exact scheme, host and port, or any name below one."""
    assert SITE.allows(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://.shop.example.evil",
        "https://www.shop.example:444",
        "http://www.shop.example",
        "https://localhost:3000",
        "null",
        "",
        "https://shop.example/",
        "HTTPS://SHOP.EXAMPLE",
    ],
)
def test_nothing_else_may(origin: str) -> None:
    """No other scheme, port, longer name, or name that only ends alike."""
    assert not SITE.allows(origin)


def test_pages_without_an_origin_may_only_where_that_is_said() -> None:
    """Apps that show local files send the word null."""
    assert Site(may_have_no_origin=True).allows("null")
    assert Sites(named=(SITE, Site(name="app", may_have_no_origin=True))).allow("null")
