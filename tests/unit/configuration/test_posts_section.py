"""The section ``posts``: read as written, or every mistake is told with its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.configuration import read_configuration
from relevo.configuration.posts import PostRules
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]


def _read(folder: Path, section: str) -> PostRules:
    for name in ("policies.yml", "relevo.yml", "credentials.yml"):
        shutil.copy(BOT / name, folder / name)
    text = (folder / "relevo.yml").read_text("utf-8")
    (folder / "relevo.yml").write_text(text.replace("\nposts:\n", f"\nposts: {section}\nwas:\n", 1), "utf-8")
    lines = (folder / "relevo.yml").read_text("utf-8").splitlines(keepends=True)
    begin = lines.index("was:\n")
    end = next(n for n in range(begin + 1, len(lines)) if lines[n].strip() and not lines[n].startswith((" ", "#")))
    (folder / "relevo.yml").write_text("".join(lines[:begin] + lines[end:]), "utf-8")
    return read_configuration(folder, {}).bot.posts


def test_what_is_written_is_read_and_the_rest_has_its_default(tmp_path: Path) -> None:
    """Also of a storm."""
    found = _read(tmp_path, "{link: false, storm: {posts: 20}, keep_days: 7}")
    assert found == PostRules(link=False, storm_posts=20, keep_days=7)
    assert _read(tmp_path, "{answers: false}") == PostRules(answers=False)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{answers: perhaps}", "answers must be true or false"),
        ("{storm: {posts: 1}}", "posts must be a whole number, 2 or more"),
        ("{keep_days: 0}", "keep_days must be a whole number, 1 or more"),
        ("{replies: true}", "replies"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, section: str, told: str) -> None:
    """And nothing starts."""
    with pytest.raises(ConfigurationError, match=told) as refused:
        _read(tmp_path, section)
    assert "relevo.yml" in str(refused.value)
