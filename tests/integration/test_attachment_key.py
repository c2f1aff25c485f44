"""The key of the attachments: from the environment, or made once, whoever starts at the same moment."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from relevo.bootstrap.attachments import attachment_key, retention
from relevo.bootstrap.everything import Settings, read_settings
from relevo.bootstrap.reset import reset_everything
from relevo.domain.attachments import AttachmentKind, Retention
from relevo.errors import ConfigurationError


def settings(folder: Path, **environment: str) -> Settings:
    """Give the settings of an installation."""
    return read_settings({"RELEVO_STATE": str(folder / "state"), **environment})


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The second start has the first one's; nothing else is left behind."""
    key = attachment_key(settings(tmp_path))
    assert len(key) == 32
    assert attachment_key(settings(tmp_path)) == key
    (file,) = (tmp_path / "state").iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("attachments.key", 0o600)


def test_processes_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    """The first one's stays, and all take that."""
    with ThreadPoolExecutor(12) as pool:
        keys = set(pool.map(lambda _: attachment_key(settings(tmp_path)), range(48)))
    assert len(keys) == 1
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["attachments.key"]


def test_the_environments_key_counts_and_makes_no_file(tmp_path: Path) -> None:
    """Several machines share one key this way."""
    given = base64.b64encode(bytes(range(32))).decode()
    assert attachment_key(settings(tmp_path, RELEVO_ATTACHMENT_KEY=given)) == bytes(range(32))
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("given", ["short", base64.b64encode(bytes(31)).decode(), "é" * 44, "=" * 44])
def test_a_malformed_key_is_refused_and_not_repeated(tmp_path: Path, given: str) -> None:
    """Before anything starts, with the command that makes one."""
    with pytest.raises(ConfigurationError) as refused:
        settings(tmp_path, RELEVO_ATTACHMENT_KEY=given)
    assert "RELEVO_ATTACHMENT_KEY must be 32 bytes in base64" in str(refused.value)
    assert "openssl rand -base64 32" in str(refused.value)
    assert given not in str(refused.value)


@pytest.mark.parametrize("held", [b"", b"nonsense", b"\xff\xfe"])
def test_a_damaged_key_file_is_not_replaced(tmp_path: Path, held: bytes) -> None:
    """A new key would make all that is kept unreadable: a person decides."""
    file = tmp_path / "state" / "attachments.key"
    file.parent.mkdir()
    file.write_bytes(held)
    with pytest.raises(ConfigurationError, match="holds no key"):
        attachment_key(settings(tmp_path))
    assert file.read_bytes() == held


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """It names the file and the way out."""
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="RELEVO_ATTACHMENT_KEY"):
        attachment_key(settings(tmp_path))


@pytest.mark.parametrize(("database", "stays"), [("", False), ("postgresql://elsewhere/relevo", True)])
def test_a_reset_takes_the_key_along_only_with_the_database_that_it_opens(
    tmp_path: Path, database: str, stays: bool
) -> None:
    """A database that has a name is left as it is, and so are its files readable."""
    here = settings(tmp_path, DATABASE_URL=database)
    attachment_key(here)
    reset_everything(here)
    assert here.places.attachment_key.exists() is stays


def test_how_long_files_are_kept_is_for_the_business_to_say(tmp_path: Path) -> None:
    """The defaults are the domain's own; each number has its variable."""
    assert retention(settings(tmp_path)) == Retention()
    changed = retention(settings(tmp_path, RELEVO_EVIDENCE_DAYS="30", RELEVO_IDENTITY_DOCUMENT_DAYS_AFTER_CASE="0"))
    assert (changed.days[AttachmentKind.EVIDENCE], changed.identity_days_after_case) == (30, 0)
