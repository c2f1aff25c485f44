"""The account that mail is sent from: read whole, and every mistake told with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.configuration import Configuration, read_configuration
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]
SHORT = 'email:\n  host: smtp.example.com\n  from: "Aurora <ayuda@aurora.example>"\n'
FULL = """\
email:
  host: smtp.example.com
  port: 2525
  tls: tls
  user: aurora
  password: "${SMTP_PASSWORD}"
  from: "Aurora Aérea <Ayuda@Aurora.example>"
"""


def read(folder: Path, section: str, **environment: str) -> Configuration:
    """Read the bot's own files with this as credentials.yml."""
    for name in ("policies.yml", "relevo.yml"):
        shutil.copy(BOT / name, folder / name)
    (folder / "credentials.yml").write_text(section, encoding="utf-8")
    return read_configuration(folder, environment)


def test_without_a_section_mail_is_off(tmp_path: Path) -> None:
    """As in the files that are shipped."""
    assert read(tmp_path, "rest:\nwidget:\n").mail is None
    assert read_configuration(BOT, {}).mail is None


def test_a_host_and_a_sender_suffice(tmp_path: Path) -> None:
    """The connection is protected unless somebody says otherwise."""
    mail = read(tmp_path, SHORT).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.tls) == ("smtp.example.com", 587, "starttls")
    assert (mail.sender_name, mail.sender, mail.domain) == ("Aurora", "ayuda@aurora.example", "aurora.example")
    assert (mail.user, mail.password) == (None, None)


def test_the_password_comes_from_the_environment_and_is_never_printed(tmp_path: Path) -> None:
    """No way of printing the configuration shows it."""
    configuration = read(tmp_path, FULL, SMTP_PASSWORD="hunter2")
    mail = configuration.mail
    assert mail is not None
    assert mail.password is not None
    assert mail.password.reveal() == "hunter2"
    assert (mail.port, mail.tls, mail.user, mail.sender_name) == (2525, "tls", "aurora", "Aurora Aérea")
    assert "hunter2" not in f"{configuration!r}"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("  host: smtp.example.com\n", "", "credentials.yml:2: email lacks 'host'; add it."),
        ("smtp.example.com", "smtp.example.com:587", "credentials.yml:2: host must be the name of a mail server and"),
        ("smtp.example.com", "smtp://example.com", "credentials.yml:2: host must be the name of a mail server and"),
        ("port: 2525", "port: 70000", "credentials.yml:3: port must be a whole number between 1 and 65535."),
        ("port: 2525", "port: smtp", "credentials.yml:3: port must be a whole number between 1 and 65535."),
        ("tls: tls", "tls: ssl", "credentials.yml:4: tls is 'ssl', and must be one of: none, starttls, tls."),
        ("tls: tls", "tls: none", "credentials.yml:2: tls is 'none', which would send the password readable for all;"),
        ("  user: aurora\n", "", "credentials.yml:2: email needs both user and password, or neither."),
        ("user:", "usr:", "credentials.yml:5: 'usr' means nothing here; did you mean 'user'?"),
        ("<Ayuda@Aurora.example>", "", 'credentials.yml:7: from must be a name and a mail address, such as "Aurora <'),
        ("Aérea <", "\\a <", 'credentials.yml:7: from must be a name and a mail address, such as "Aurora <'),
        ("SMTP_PASSWORD", "OTHER", "credentials.yml:6: password takes OTHER from the environment, and it is not set"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    """One wrong word, one sentence that says what to do."""
    assert before in FULL, "the test no longer changes anything"
    with pytest.raises(ConfigurationError) as error:
        read(tmp_path, FULL.replace(before, after, 1), SMTP_PASSWORD="hunter2")
    lines = str(error.value).splitlines()
    assert any(line.startswith(told) for line in lines), lines
    assert "hunter2" not in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """An empty section, and a section in which everything is wrong."""
    with pytest.raises(ConfigurationError, match=r"credentials\.yml:1: email must be a list of 'key: value' lines"):
        read(tmp_path, "email:\nrest:\n")
    with pytest.raises(ConfigurationError) as error:
        read(tmp_path, "email:\n  host: a b\n  port: x\n  tls: y\n  from: z\n")
    assert [line.partition(": ")[0] for line in str(error.value).splitlines()] == [
        f"credentials.yml:{number}" for number in (2, 3, 4, 5)
    ]
