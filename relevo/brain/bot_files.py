"""The files that a model is made of, and whether they are still the ones that a model was made of.

Rasa is not imported here: reading them takes milliseconds, importing Rasa takes seconds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from importlib import metadata, resources
from pathlib import Path

import msgspec
import yaml

from relevo import __version__
from relevo.errors import ConfigurationError

_YAML = (".yml", ".yaml")


class BotFiles(msgspec.Struct, frozen=True):
    """A bot's configuration, domain and training data, in the places where Rasa has them."""

    project: Path

    @property
    def config(self) -> Path:
        """Pipeline and policies."""
        return self.project / "config.yml"

    @property
    def domain(self) -> Path:
        """What the bot knows of: one file, or a folder of them."""
        folder = self.project / "domain"
        return folder if folder.is_dir() else self.project / "domain.yml"

    @property
    def data(self) -> Path:
        """Folder of examples, rules and stories."""
        return self.project / "data"

    def fingerprint(self) -> str:
        """Give a name that changes with anything a model depends on."""
        digest = hashlib.sha256(f"{metadata.version('rasa')} {__version__}".encode())
        for name, content in sorted([*self._contents(), *_component_sources()]):
            digest.update(f"\0{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:12]

    def code(self) -> str:
        """Give a name that changes with the code that a model is loaded by and calls: Rasa, Relevo, actions."""
        digest = hashlib.sha256(f"{metadata.version('rasa')} {__version__}".encode())
        for name, content in sorted([*_component_sources(), *self._actions()]):
            digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:12]

    def missing(self) -> list[str]:
        """Give the names of those that are not there."""
        return [part.name for part in (self.config, self.domain, self.data) if not part.exists()]

    def mistakes(self) -> list[str]:
        """Give what keeps these files from being read, one sentence each, with file and line."""
        if missing := self.missing():
            names = ", ".join(missing)
            return [f"{self.project} has no {names}. Start Relevo in a bot's folder, or name it with RELEVO_PROJECT."]
        return [mistake for file in self._files() if (mistake := _syntax_mistake(file, self.project))]

    def place_of(self, action: str) -> str | None:
        """Give file and line of the first rule or story that uses an action or a reply."""
        use = re.compile(rf"^\s*-\s*action:\s*[\"']?{re.escape(action)}\b".encode(), re.MULTILINE)
        for name, content in self._contents():
            if found := use.search(content):
                lines = content[: found.end()].splitlines()
                return f"{name}:{len(lines)}"
        return None

    def _actions(self) -> Iterator[tuple[str, bytes]]:
        for file in (*self.project.glob("actions.py"), *self.project.glob("actions/**/*.py")):
            yield file.relative_to(self.project).as_posix(), _read(file)

    def _contents(self) -> Iterator[tuple[str, bytes]]:
        for file in self._files():
            yield file.relative_to(self.project).as_posix(), _read(file)

    def _files(self) -> Iterator[Path]:
        for part in (self.config, self.domain, self.data):
            if part.is_dir():
                yield from (file for file in sorted(part.rglob("*")) if file.is_file() and _counts(file, part))
            else:
                yield part


def _component_sources() -> Iterator[tuple[str, bytes]]:
    """A model depends on the code of our own components too."""
    folder = resources.files("relevo.nlu")
    for root in [folder, *(child for child in folder.iterdir() if child.is_dir())]:
        for file in root.iterdir():
            if file.name.endswith((".py", ".yml", ".json", ".txt")):
                yield f"relevo.nlu/{root.name}/{file.name}", file.read_bytes()


def _syntax_mistake(file: Path, project: Path) -> str | None:
    if file.suffix not in _YAML:
        return None
    name = file.relative_to(project)
    try:
        for _ in yaml.parse(_read(file), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return f"{name}:{mark.line + 1 if mark else 1}: {error.problem or error.context}."
    except yaml.YAMLError as error:
        return f"{name}: {str(error).partition(chr(10))[0]}."
    return None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error


def _counts(file: Path, below: Path) -> bool:
    """Tell whether a model may depend on a file: not on articles, which are answered from as they stand."""
    return file.suffix != ".md" and not any(part.startswith(".") for part in file.relative_to(below).parts)
