"""The account on X: read whole, every mistake told with its line, and no secret ever printed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.configuration import Configuration, read_configuration
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]
SECRETS = {"X_CONSUMER_SECRET": "whisper", "X_BEARER_TOKEN": "whisper", "X_CLIENT_SECRET": "whisper"}
FULL = """\
x:
  account_id: "1111"
  consumer_key: ckey
  consumer_secret: "${X_CONSUMER_SECRET}"
  bearer_token: "${X_BEARER_TOKEN}"
  client_id: cid
  client_secret: "${X_CLIENT_SECRET}"
  username: "@Aurora"
"""


def read(folder: Path, section: str, **environment: str) -> Configuration:
    """Read the bot's own files with this as credentials.yml."""
    for name in ("policies.yml", "relevo.yml"):
        shutil.copy(BOT / name, folder / name)
    (folder / "credentials.yml").write_text(section, encoding="utf-8")
    return read_configuration(folder, environment)


def test_without_a_section_x_is_off(tmp_path: Path) -> None:
    """As in the files that are shipped."""
    assert read(tmp_path, "rest:\n").x is None
    assert read_configuration(BOT, {}).x is None


def test_the_sample_that_is_shipped_can_be_used(tmp_path: Path) -> None:
    """Once its marks of a comment are gone, and the environment holds what it names."""
    lines = (BOT / "credentials.yml").read_text(encoding="utf-8").splitlines()
    begin = lines.index("# x:")
    sample = [line.removeprefix("# ") for line in lines[begin : lines.index("", begin)]]
    names = ("ACCOUNT_ID", "CONSUMER_KEY", "CONSUMER_SECRET", "BEARER_TOKEN", "CLIENT_ID", "CLIENT_SECRET")
    account = read(tmp_path, "\n".join(sample), **{f"X_{name}": "1111" for name in names}).x
    assert account is not None
    assert (account.account_id, account.api_base) == ("1111", "https://api.x.com")


def test_an_account_is_read_and_its_secrets_are_never_printed(tmp_path: Path) -> None:
    """By no way of printing the configuration."""
    configuration = read(tmp_path, FULL, **SECRETS)
    account = configuration.x
    assert account is not None
    assert account.consumer_secret.reveal() == "whisper"
    assert (account.account_id, account.client_id, account.username) == ("1111", "cid", "Aurora")
    assert "whisper" not in f"{configuration!r}"


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    """One start shows them all."""
    section = (
        'x:\n  account_id: "@Aurora"\n  consumer_key: k\n  bearer_token: "${X_BEARER_TOKEN}"\n  username: a b\n'
        "  access_token: t\n  api_base: http://api.x.com\n  consumer_secrets: s\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, section)
    told = str(raised.value).splitlines()
    assert [line.split(" ")[0] for line in told] == [f"credentials.yml:{n}:" for n in (2, 2, 2, 4, 5, 7, 8)]
    for word in ("the number of the account", "lacks 'consumer_secret'", "access_secret", "X_BEARER_TOKEN", "did you"):
        assert word in str(raised.value)


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("http://127.0.0.1:8090", None),
        ("http://localhost", None),
        ("https://proxy.example", None),
        ("http://proxy.example", "readable for all"),
        ("ftp://127.0.0.1", "an address"),
        ("https://api.x.com/2", "an address"),
        ("nonsense", "an address"),
        ("http://[", "an address"),
    ],
)
def test_keys_go_nowhere_unprotected_but_to_this_machine(tmp_path: Path, base: str, why: str | None) -> None:
    """A fake X may listen here."""
    section = f'{FULL}  api_base: "{base}"\n'
    if why is None:
        account = read(tmp_path, section, **SECRETS).x
        assert account is not None
        assert account.api_base == base
        return
    with pytest.raises(ConfigurationError, match=why):
        read(tmp_path, section, **SECRETS)


def test_an_account_that_nothing_may_be_sent_for_is_refused(tmp_path: Path) -> None:
    """It needs one of two kinds of keys beside the app's own."""
    section = "\n".join(line for line in FULL.splitlines() if "client" not in line)
    with pytest.raises(ConfigurationError, match="client_id, or access_token"):
        read(tmp_path, section, **SECRETS)
    with pytest.raises(ConfigurationError, match="client_id beside client_secret"):
        read(tmp_path, section + '\n  client_secret: "${X_CLIENT_SECRET}"\n', **SECRETS)
