"""What is a mail address, and what only looks like one."""

from __future__ import annotations

import pytest

from relevo.domain.addresses import mail_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("amina@example.com", "amina@example.com"),
        (" Amina.Diallo+trips@Example.COM ", "amina.diallo+trips@example.com"),
        ("o'brien_1@mail.example", "o'brien_1@mail.example"),
        ("a@localhost", "a@localhost"),
        ("a@Büro.example", "a@xn--bro-hoa.example"),
    ],
)
def test_an_address_is_one_however_it_is_typed(text: str, address: str) -> None:
    """The same mailbox is the same address."""
    assert mail_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "amina",
        "amina@",
        "@example.com",
        "a b@example.com",
        "a@b@example.com",
        "a..b@example.com",
        ".a@example.com",
        '"a b"@example.com',
        "josé@example.com",
        "a@exa mple.com",
        "a@-b.example",
        "a@b..example",
        "a@[127.0.0.1]",
        "a@b.example>",
        "a@b.example,c@b.example",
        "a@b.example\nBcc: eve@b.example",
        "a@b.exa\u2028mple",
        "a\x00@b.example",
        f"{'a' * 65}@b.example",
        f"a@{'b' * 64}.example",
        f"a@{'.'.join(['b' * 60] * 5)}",
    ],
)
def test_what_is_none_is_none(text: str) -> None:
    """Above all, nothing that would say more to a server than an address."""
    assert mail_address(text) is None
