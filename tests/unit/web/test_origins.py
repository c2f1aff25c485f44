"""Where a request comes from, told from headers that anybody may write."""

from __future__ import annotations

import pytest

from relevo.web.languages import WORDS, preferred
from relevo.web.networks import is_within, networks_of
from relevo.web.origins import host_of, is_loopback, is_same_secret


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1", " 127.0.0.1 "])
def test_this_machines_addresses_are_loopback(address: str) -> None:
    """Every way to write an address of this machine is known."""
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["", "10.0.0.1", "192.0.2.1", "::ffff:10.0.0.1", "localhost", "127.0.0.1.evil.example", "unknown", "::"]
)
def test_everything_else_is_not_loopback(address: str) -> None:
    """Names, other machines and nonsense are not this machine."""
    assert not is_loopback(address)


@pytest.mark.parametrize(
    ("origin", "host"),
    [("https://a.example", "a.example"), ("http://A.example:81", "a.example:81"), ("null", None), ("http://[", None)],
)
def test_an_origins_host_is_read_or_there_is_none(origin: str, host: str | None) -> None:
    """A broken Origin header is no origin, not an error."""
    assert host_of(origin) == host


def test_proxies_are_addresses_or_networks() -> None:
    """An address is one of these or in one of these; what is no address is nowhere, and a mistake is told."""
    assert is_within("10.1.2.3", ("127.0.0.1", "10.0.0.0/8"))
    assert is_within("127.0.0.1", ("127.0.0.1", "10.0.0.0/8"))
    assert not is_within("192.0.2.1", ("127.0.0.1", "10.0.0.0/8"))
    assert not is_within("unknown", ("10.0.0.0/8",))
    with pytest.raises(ValueError, match="host bits set"):
        networks_of(("10.1.0.0/8",))


def test_secrets_are_compared_whatever_characters_they_hold() -> None:
    """Headers that are not UTF-8 are wrong, not an error."""
    assert is_same_secret("kéy", "kéy")
    assert not is_same_secret("\udcff", "key")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("es", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("fr, en;q=0.3, es;q=0.4", "es"),
        ("fr", "en"),
        ("", "en"),
        (";;;q=x,,", "en"),
    ],
)
def test_the_best_of_our_languages_is_chosen(accepted: str, language: str) -> None:
    """The browser's order decides among the languages there are."""
    assert preferred(accepted, "en") == language


def test_every_language_has_every_word() -> None:
    """A page in one language says all that it says in another."""
    assert set(WORDS) == {"en", "es"}
    assert set(WORDS["en"]) == set(WORDS["es"])
    assert all(text.strip() for words in WORDS.values() for text in words.values())
