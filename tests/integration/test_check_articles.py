"""What the command line says of articles, and of the address that their links begin with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.processes import Installation, make_installation

pytestmark = pytest.mark.processes


@pytest.fixture
def installation(tmp_path: Path, database: str) -> Installation:
    """An installation of the reference bot with a database of this test alone."""
    return make_installation(tmp_path, DATABASE_URL=database)


def test_check_says_how_many_articles_there_are_and_names_broken_ones(installation: Installation) -> None:
    """With file and line, all at once; and which topics a language lacks."""
    articles = installation.project / "data" / "help"
    assert re.search(r"✓ articles +\d+ in en, \d+ in es", installation.run("check").stdout)
    (articles / "en" / "pets.md").unlink()
    lacking = installation.run("check").stdout
    assert re.search(r"! articles +\d+ in en, \d+ in es\s+Not written in en: pets\.", lacking), lacking
    (articles / "es" / "pets.md").write_bytes(b"")
    (articles / "es" / "seats.md").write_bytes("# Asientos\n\nElección.\n".encode("latin-1"))
    done = installation.run("check")
    assert done.returncode == 2
    assert re.search(r"✗ articles +data/help/es/pets\.md:1: the file is empty", done.stdout), done.stdout
    assert "data/help/es/seats.md:3: this is not UTF-8 text" in done.stdout


def test_a_public_address_must_be_whole(installation: Installation) -> None:
    """A link that begins with it must lead somewhere."""
    installation.environment["RELEVO_PUBLIC_URL"] = "help.example.com"
    done = installation.run("check")
    assert done.returncode == 2
    assert done.stderr == "RELEVO_PUBLIC_URL must be a whole address, such as https://help.example.com.\n"
