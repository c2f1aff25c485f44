"""One line an event, key=value, on stderr or in the state folder; what anybody wrote is never in it.

Our own events name what they tell, so they are written as they are. Others' (Rasa's, libraries') may quote a customer:
of those only the event's name, the place and the kind of error are kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import structlog

from relevo.settings import LogSettings

_OURS = ("relevo", "actions", "__main__")
_TALKATIVE_ABOUT_THEMSELVES = ("asyncio", "psycopg", "sanic")
"""Libraries whose messages tell about connections and never about content."""


def configure_logs(settings: LogSettings, file: Path | None = None, *, takes_stderr: bool = True) -> None:
    """Set up logging for this process, once: to stderr, or to a file of bounded size that may take stderr's place."""
    sink = _Sink(settings)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        sink.open(file, takes_stderr=takes_stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _Private(keeps_words=settings.log_exception_words),
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Logger(sink),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Handler()], force=True)
    logging.getLogger("rasa").setLevel(logging.ERROR)  # its warnings are for who trains, and are shown there
    warnings.showwarning = _note_warning


def configure_command_logs(settings: LogSettings, folder: Path) -> None:
    """Set up logging for a command that a person waits for: to a file, and nowhere where there can be none."""
    try:
        configure_logs(settings, folder / "commands.log", takes_stderr=False)
    except OSError:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        logging.basicConfig(level=logging.CRITICAL, force=True)


class _Sink:
    """Writes lines to stderr or to a file; the file may become stderr, so that nothing printed there is lost."""

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        self._file: Path | None = None
        self._descriptor = 2

    def open(self, file: Path, *, takes_stderr: bool) -> None:
        opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._file is None:
            self._descriptor = 2 if takes_stderr else opened
        if self._descriptor != opened:
            os.dup2(opened, self._descriptor, inheritable=self._descriptor == 2)
            os.close(opened)
        self._file = file

    def write(self, line: str) -> None:
        # A full disk or a closed terminal must not end a conversation; the next line may fit again.
        with contextlib.suppress(OSError):
            if self._file is not None and os.fstat(self._descriptor).st_size > self._settings.log_bytes:
                self._put_aside(self._file)
            os.write(self._descriptor, f"{line}\n".encode("utf-8", "backslashreplace"))

    def _put_aside(self, file: Path) -> None:
        for number in range(self._settings.log_files, 0, -1):
            older = file.with_name(f"{file.name}.{number - 1}") if number > 1 else file
            if older.exists():
                older.replace(file.with_name(f"{file.name}.{number}"))
        self.open(file, takes_stderr=False)


class _Logger:
    """What structlog writes lines to; it knows whether the module that logs is ours."""

    def __init__(self, sink: _Sink) -> None:
        frame = sys._getframe(2)  # noqa: SLF001 - the only way to know the module at no cost for each line
        while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("structlog"):
            frame = frame.f_back
        self.name = str(frame.f_globals.get("__name__", ""))
        self.msg = self.debug = self.info = self.warning = self.error = self.critical = sink.write

    @property
    def is_ours(self) -> bool:
        return self.name.partition(".")[0] in _OURS


class _Handler(logging.Handler):
    """Brings what libraries log by Python's own logging into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"logger": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.name.partition(".")[0] in (*_OURS, *_TALKATIVE_ABOUT_THEMSELVES):
            event["said"] = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            event["exc_info"] = record.exc_info[1]
        level = logging.ERROR if record.levelno >= logging.ERROR else logging.WARNING
        _log.log(level, "library", **event)


def _note_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    _log.info("library.warning", kind=category.__name__, place=f"{'/'.join(Path(filename).parts[-2:])}:{lineno}")


_log = structlog.get_logger()


class _Private:
    """Takes out what may quote a customer."""

    def __init__(self, *, keeps_words: bool) -> None:
        self._keeps_words = keeps_words

    def __call__(self, logger: Any, _: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        if not self._keeps_words and not logger.is_ours:
            known = {key: event[key] for key in ("event", "level", "exc_info") if key in event}
            event = {**known, "logger": logger.name}
        error = event.pop("exc_info", None)
        if error is True:
            error = sys.exc_info()[1]
        if isinstance(error, BaseException):
            event["error"] = type(error).__qualname__
            if self._keeps_words:
                event["error_words"] = str(error)
            event["trace"] = _places(error)
        return event


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno}" for f in reversed(frames))


def _line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    level, name = event.pop("level", "info"), event.pop("event", "")
    rest = "".join(f" {key}={_value(value)}" for key, value in event.items())
    return f"{at} {level:<7} {name}{rest}"


def _value(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and text and not set(text) & set(' "=') else repr(text)
