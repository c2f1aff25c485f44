"""What Rasa has to say about a bot's files, as sentences with file and line instead of warnings and dumps."""

from __future__ import annotations

import logging
import re
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

_MOST = 20
"""Remarks that are shown; a broken file can cause hundreds."""

_ALWAYS_SAID = ("Slot auto-fill has been removed", "Error running graph component")
"""What Rasa says whatever the files hold, or says again in its exception."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_POINTS_ELSEWHERE = re.compile(r"[^.\n]*https?://\S+(?: to (?:learn more|validate[^.]*))?\.?")
_WHOLE_LIST = re.compile(r"\s*Available actions are:.*", re.DOTALL)


class Remarks:
    """Gathers the warnings of one training, from all three ways in which Rasa gives them."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Gather warnings while this lasts."""
        handler = _Gathering(self._said)
        before = structlog.get_config() if structlog.is_configured() else None
        structlog.configure(
            processors=[self._note],
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.ReturnLoggerFactory(),
            cache_logger_on_first_use=False,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = self._hear
            logging.getLogger("rasa").addHandler(handler)
            try:
                yield
            finally:
                logging.getLogger("rasa").removeHandler(handler)
                structlog.configure(**before) if before else structlog.reset_defaults()

    def sentences(self, project: Path) -> tuple[str, ...]:
        """Give what was said, each once."""
        found = list(dict.fromkeys(_plain(said, project) for said in self._said if not said.startswith(_ALWAYS_SAID)))
        more = len(found) - _MOST
        return tuple(found[:_MOST] + ([f"… and {more} more."] if more > 0 else []))

    def _hear(self, message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if category is UserWarning:  # what Rasa warns its users of; the rest is libraries talking to programmers
            self._said[str(message)] = None

    def _note(self, _: Any, __: str, event: Mapping[str, Any]) -> str:
        said = str(event.get("event_info") or event["event"])
        self._said[said] = None
        return said


class _Gathering(logging.Handler):
    def __init__(self, said: dict[str, None]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said[record.getMessage()] = None


def sentence_of(error: BaseException, project: Path, log: Path) -> str:
    """Give why a training failed; what Rasa did not expect either is written to the log."""
    if isinstance(error, SystemExit):
        return f"Rasa refused to train: {_last_line(log)} The whole of it is in {log}."
    error = _reason(error)
    told = _yaml_sentence(error, project) or _plain(str(error), project)
    if _is_meant_for_people(error):
        return told
    with log.open("a", encoding="utf-8") as file:
        traceback.print_exception(type(error), error, error.__traceback__, file=file)
    return f"Rasa could not train: {told or type(error).__name__} The whole of it is in {log}."


def _reason(error: BaseException) -> BaseException:
    """Rasa says in which node of its graph something went wrong; the cause says what."""
    while type(error).__name__ == "GraphComponentException" and error.__cause__ is not None:
        error = error.__cause__
    return error


def _is_meant_for_people(error: BaseException) -> bool:
    known = ("RelevoError", "RasaException", "InvalidDomain")
    return any(kind.__name__ in known for kind in type(error).__mro__)


def _yaml_sentence(error: BaseException, project: Path) -> str | None:
    """Rasa knows the line of a YAML mistake, and wraps it in a page of text."""
    file = getattr(error, "filename", None)
    if not file:
        return None
    name = _plain(str(file), project)
    underlying = getattr(error, "underlying_yaml_exception", None)
    mark = getattr(underlying, "problem_mark", None)
    if underlying is not None:
        return f"{name}:{mark.line + 1 if mark else 1}: {getattr(underlying, 'problem', None) or underlying}."
    found = getattr(error, "validation_errors", None)
    if not found:
        return None
    line_of = error._line_number_for_path  # type: ignore[attr-defined]
    lines = {str(one): line_of(error.content, one.path) for one in found}  # type: ignore[attr-defined]
    return "\n".join(f"{name}:{line or 1}: {_plain(said, project)}" for said, line in lines.items())


def _plain(said: str, project: Path) -> str:
    """Leave out colours, links, lists of everything there is, and the folder that everything is in."""
    text = _WHOLE_LIST.sub("", _COLOUR.sub("", said)).replace(f"{project}/", "").replace(" 🚨", ":")
    text = _POINTS_ELSEWHERE.sub("", text).strip()
    return re.sub(r"[ \t]*\n\s*", "\n  ", text)


def _last_line(log: Path) -> str:
    lines = [_COLOUR.sub("", line).strip() for line in log.read_text("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it did not say why.")
