"""What ``relevo check`` says about pages: each origin that cannot work is named exactly, with what to write."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from relevo.bootstrap.remarks import Remarkable
from relevo.bootstrap.sites import refusals_found, sites_found
from relevo.contracts.visits import RefusedOrigin
from relevo.domain.sites import Site, Sites
from relevo.errors import ConfigurationError

SHOP = Sites(named=(Site(name="shop", origins=("https://shop.example",)),))
AT = datetime(2026, 11, 26, 10, 2, tzinfo=timezone.utc)


def test_it_says_where_the_chat_stands() -> None:
    """Each site with its origins, those of the environment included."""
    assert sites_found(SHOP, ()) == "shop: this installation's own pages, https://shop.example"
    assert sites_found(Sites(), ("https://a.example",)) == "default: this installation's own pages, https://a.example"


def test_an_origin_of_the_environment_that_no_browser_sends_is_named() -> None:
    """With what to write in its place."""
    with pytest.raises(ConfigurationError) as told:
        sites_found(Sites(), ("https://a.example/", "https://b.example"))
    assert str(told.value) == (
        "RELEVO_ALLOWED_ORIGINS: “https://a.example/” is not what browsers send; write exactly https://a.example."
    )
    with pytest.raises(Remarkable, match=r"so https://a\.example may not use the chat"):
        sites_found(SHOP, ("https://a.example",))


def test_pages_that_were_refused_are_named_until_they_are_allowed() -> None:
    """What failed, when, and the line to write."""
    refusals = [
        RefusedOrigin(origin=name, site="shop", refused_at=AT)
        for name in ("https://www.shop.example", "https://shop.example")
    ]
    with pytest.raises(Remarkable) as told:
        refusals_found(SHOP, (), refusals)
    assert str(told.value) == (
        "https://www.shop.example was refused at 2026-11-26 10:02 UTC; if that is a page of yours, write - "
        '"https://www.shop.example" below sites, shop, origins in relevo.yml.'
    )
    assert refusals_found(SHOP, (), refusals[1:]) == "no page was refused"
