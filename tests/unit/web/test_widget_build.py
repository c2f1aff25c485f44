"""The widget that is served: built from the sources beside it, whole, small, and the same words in every language."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FRONTEND, SERVED = ROOT / "frontend", ROOT / "relevo" / "web" / "static" / "widget"
MANIFEST: dict[str, Any] = json.loads((SERVED / "manifest.json").read_text(encoding="utf-8"))
SINGLE = ("build.mjs", "package-lock.json", "package.json", "tsconfig.json")
FOLDERS = ("core", "locales", "types", "widget")
PLURALS = {"one", "two", "few", "many", "other"}


def _locale(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FRONTEND / "locales" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _gaps(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_what_is_served_was_built_from_these_sources() -> None:
    """Known without node: the build notes a hash of what it was made of."""
    names = [*SINGLE]
    for folder in FOLDERS:
        names += [path.relative_to(FRONTEND).as_posix() for path in (FRONTEND / folder).rglob("*") if path.is_file()]
    found = hashlib.sha256()
    for name in sorted(names):
        found.update(f"{name}\n{hashlib.sha256((FRONTEND / name).read_bytes()).hexdigest()}\n".encode())
    assert found.hexdigest() == MANIFEST["sources"], "The widget is stale: run make web (with node 20.19 or newer)."


def test_every_file_is_there_as_the_manifest_says() -> None:
    """By size and by the hash that pages pin; compressed beside it, and nothing that nobody names."""
    served = {path.relative_to(SERVED).as_posix() for path in SERVED.rglob("*") if path.is_file()}
    files = MANIFEST["files"]
    packed = {f"{name}.{ending}" for name in files for ending in ("br", "gz")}
    assert served == {*files, *packed, "manifest.json", "relevo-widget.d.ts"}
    for name, told in files.items():
        body = (SERVED / name).read_bytes()
        assert told["bytes"] == len(body)
        assert told["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
        assert gzip.decompress((SERVED / f"{name}.gz").read_bytes()) == body
        assert told["brotli"] == (SERVED / f"{name}.br").stat().st_size


def test_the_loader_brings_in_what_is_there() -> None:
    """The panel and each language by the name that they have now, and the panel what is needed later."""
    brings = {"conversation": "panel-*.js", "extras": "panel-*.js", "more": "[a-z][a-z]-*.js"}
    for name in MANIFEST["files"]:
        if "/" in name or name == "widget.js":
            continue
        bringing = SERVED.glob(brings.get(name.partition("-")[0], "widget.js"))
        assert any(name in file.read_text(encoding="utf-8") for file in bringing), name


@pytest.mark.parametrize("language", ["ar", "en", "es", "es-formal"])
def test_a_language_in_two_files_says_everything_once(language: str) -> None:
    """What an opened chat says comes first, the rest with what says it; the two together are the whole language."""
    (first,) = SERVED.glob(f"{language}-??????????.js")
    (more,) = SERVED.glob(f"more-{language}-??????????.js")
    written = [file.read_text(encoding="utf-8").removeprefix("export default") for file in (first, more)]
    parts = [json.JSONDecoder().raw_decode(text)[0] for text in written]
    base = language.removesuffix("-formal")
    formal = FRONTEND / "locales" / "formal" / f"{base}.json"
    changed = json.loads(formal.read_text(encoding="utf-8")) if base != language else {}
    assert not parts[0].keys() & parts[1].keys()
    assert parts[0] | parts[1] == _locale(base) | changed


@pytest.mark.parametrize("language", sorted(path.stem for path in (FRONTEND / "locales").glob("*.json")))
def test_every_language_says_everything_with_the_same_gaps(language: str) -> None:
    """A language is one file; where one counts, its own plural forms stand in it."""
    words, others = _locale(language), _locale("en")
    assert words.keys() == others.keys()
    for key, said in words.items():
        assert isinstance(said, dict) == isinstance(others[key], dict), key
        if isinstance(said, dict):
            assert "other" in said, key
            assert said.keys() <= PLURALS, key
            assert all(_gaps(form) <= _gaps(others[key]["other"]) for form in said.values()), key
        else:
            assert _gaps(said) == _gaps(others[key]), key


def test_formal_words_change_words_that_there_are() -> None:
    """With the same gaps as those that they stand for."""
    for path in (FRONTEND / "locales" / "formal").glob("*.json"):
        usual = _locale(path.stem)
        for key, said in json.loads(path.read_text(encoding="utf-8")).items():
            assert _gaps(said) == _gaps(usual[key]), key


def test_the_lock_names_no_registry_and_checks_everything_by_its_hash() -> None:
    """Whoever installs chooses where from; what comes is what was locked."""
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in one and one["integrity"].startswith("sha512-") for one in packages.values())
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    pins = {**wanted["dependencies"], **wanted["devDependencies"]}
    assert all(re.fullmatch(r"[\d.]+", version) for version in pins.values()), pins
