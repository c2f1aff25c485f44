"""Every number and switch that an operator may set, read once from the environment.

A field's variable is RELEVO_ and its name in capitals (``port`` is RELEVO_PORT), unless its metadata names another.
Sections are for the reader only. ``load`` reports all mistakes at once and repeats no secret.
"""

from __future__ import annotations

import base64
import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from relevo.errors import ConfigurationError

Kind = TypeVar("Kind")
PREFIX = "RELEVO_"


class Secret:
    """A text that prints as dots; ``reveal`` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "•••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Key(Secret):
    """A secret of 32 bytes, written in base64."""

    __slots__ = ()

    @property
    def raw(self) -> bytes:
        """The bytes themselves; raises ValueError, for the reader of settings, when they are not 32."""
        try:
            key = base64.b64decode(self.reveal(), validate=True)
        except ValueError:  # binascii.Error among them
            key = b""
        if len(key) != 32:
            raise ValueError("must be 32 bytes in base64, as “openssl rand -base64 32” makes them")
        return key


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceSettings:
    """Which bot this is, and where it keeps what it makes."""

    project: Path = Path()
    """Folder of the bot's files (config.yml, domain.yml, data/, actions/, policies.yml …). The current folder."""

    state: Path = Path(".relevo")
    """Folder for the bundled database, models and logs; a relative one is inside the project. Nothing in it is made by
    hand, so that removing it starts afresh."""

    system_state: Path | None = None
    """Folder where the root user's bundled database is kept, since PostgreSQL does not run as root. /var/lib/relevo."""

    @property
    def project_folder(self) -> Path:
        """The bot's folder, absolute."""
        return self.project.expanduser().resolve()

    @property
    def state_folder(self) -> Path:
        """The state folder, absolute."""
        return (self.project_folder / self.state.expanduser()).resolve()

    @property
    def models(self) -> Path:
        """Trained models."""
        return self.state_folder / "models"

    @property
    def articles(self) -> Path:
        """What questions are answered from."""
        return self.project_folder / "data" / "help"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.state_folder / "logs"

    @property
    def first_login(self) -> Path:
        """The e-mail and password made at the first start, readable by its owner alone."""
        return self.state_folder / "first-login.txt"

    @property
    def attachment_key(self) -> Path:
        """The key made at the first start, unless RELEVO_ATTACHMENT_KEY gives one; readable by its owner alone."""
        return self.state_folder / "attachments.key"


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseSettings:
    """The database, and how much of it each process takes."""

    url: Secret | None = field(default=None, metadata={"variable": "DATABASE_URL"})
    """Connection string of a PostgreSQL server. None: the bundled server, in the state folder."""

    web_connections: int = field(default=8, metadata={"least": 2})
    """Connections of one web process; each statement borrows one for about a millisecond."""

    bot_connections: int = field(default=6, metadata={"least": 2})
    """Connections of one bot process; a few more than the turns it answers at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressSettings:
    """Where the web process listens."""

    host: str = "127.0.0.1"
    """Address to listen on. This machine only, until somebody decides otherwise; 0.0.0.0 is every network."""

    port: int = field(default=8080, metadata={"least": 1, "most": 65535})
    """Port to listen on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BotSettings:
    """The processes that answer."""

    bots: int = field(default=2, metadata={"least": 1, "most": 256})
    """Bot processes that ``serve`` starts. Two, so that one goes on while the other starts again."""

    turns_at_once: int = field(default=4, metadata={"least": 1})
    """Turns that one bot has in hand at once. Rasa runs one at a time; the others wait for the database meanwhile."""

    lease_seconds: float = 10.0
    """How long a message stays with a bot that says nothing; renewed every third of it. Longer than the slowest thing
    that blocks a bot (loading a model), shorter than what a customer would wait."""

    silence_seconds: float = 30.0
    """How long a message may wait before the customer is told that no bot answers, and a person gets it."""

    queueing_seconds: float = 300.0
    """How long a message that no bot has begun may wait while bots answer others, before a person gets it. Longer than
    a rush lasts: people could not keep up with it either."""

    overload_seconds: float = 10.0
    """How long a conversation may wait for its turn before its contact is told, once, that answers take longer. Longer
    than anybody takes for thinking, shorter than what makes people write again."""

    bot_heartbeat_seconds: float = 2.0
    """How often a bot says that it lives, and looks for a newer model."""

    bot_lost_seconds: float = 10.0
    """Silence after which a bot no longer counts as ready. Several heartbeats, since loading a model blocks them."""

    stop_seconds: float = 10.0
    """How long a process may take to finish what it has in hand when it is stopped; after that it is killed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentSettings:
    """Photos and files that people send: the key that they are kept with, and for how long they are kept."""

    attachment_key: Key | None = None
    """Key that attachments are encrypted with: 32 bytes in base64. None: one made at the first start, in the state
    folder. Several machines on one database need the same."""

    identity_document_days: int = field(default=90, metadata={"least": 1})
    """Days after which a passport photo or the like is erased, whatever its case. Longer than any case should take."""

    identity_document_days_after_case: int = 30
    """Days that an identity document is kept after its case ended. Long enough for a complaint about the outcome."""

    evidence_days: int = field(default=365, metadata={"least": 1})
    """Days after which pictures of damage, receipts and the like are erased. A year of claims and appeals."""

    other_attachment_days: int = field(default=180, metadata={"least": 1})
    """Days after which all other files are erased."""

    unsent_attachment_days: int = field(default=1, metadata={"least": 1})
    """Days after which a file is forgotten that was uploaded and never sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverySettings:
    """Messages on their way out, for the channels that push."""

    delivery_patience_seconds: float = 3 * 86_400.0
    """How long a message waits for a platform that cannot be reached before it is refused. Three days: a weekend in
    which nobody mends the mail server costs nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSettings:
    """What is written down about the work; never what anybody wrote."""

    log_bytes: int = field(default=5_000_000, metadata={"least": 10_000})
    """Size at which a log is put aside for a new one."""

    log_files: int = field(default=3, metadata={"least": 1})
    """Logs put aside that are kept, for each process."""

    log_exception_words: bool = False
    """Whether logs hold the words of unexpected exceptions. Off: they may quote what a customer wrote. On while you
    write actions."""


def load(kind: type[Kind], environment: Mapping[str, str]) -> Kind:
    """Read a dataclass of settings, nested ones too; raises ConfigurationError with every mistake, one a line."""
    reader = _Reader(environment)
    settings = reader.read(kind)
    mistakes = reader.mistakes + _misspelt(environment, reader.known)
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return settings


def variable_of(setting: Field[Any]) -> str:
    """Give the environment variable that sets a field."""
    return str(setting.metadata.get("variable", PREFIX + setting.name.upper()))


def effective(settings: Any) -> Iterator[tuple[str, Any, bool]]:
    """Give variable, value and whether it is the default of every field; secrets as dots."""
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        if is_dataclass(value):
            yield from effective(value)
        else:
            shown = Secret("") if value is not None and not setting.repr else value
            yield variable_of(setting), shown, value == _default(setting)


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []
        self.known: set[str] = set()

    def read(self, kind: type[Kind]) -> Kind:
        values: dict[str, Any] = {}
        hints = get_type_hints(kind)
        for setting in fields(kind):  # type: ignore[arg-type]
            wanted = hints[setting.name]
            if is_dataclass(wanted):
                values[setting.name] = self.read(wanted)  # type: ignore[arg-type]
            else:
                self._read_one(setting, wanted, values)
        return kind(**values)

    def _read_one(self, setting: Field[Any], wanted: Any, values: dict[str, Any]) -> None:
        variable = variable_of(setting)
        assert variable not in self.known, f"two settings are called {variable}"
        self.known.add(variable)
        text = self._environment.get(variable, "").strip()
        if not text:
            return
        try:
            value = _parsed(text, wanted)
            _check_range(value, setting)
        except ValueError as mistake:
            self.mistakes.append(f"{variable} {mistake}.")
        else:
            values[setting.name] = value


def _parsed(text: str, wanted: Any) -> Any:
    choices = [choice for choice in get_args(wanted) or (wanted,) if choice not in (NoneType, Ellipsis)]
    if get_args(wanted) and Ellipsis in get_args(wanted):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return _PARSERS[choices[0]](text)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError("must be a number")
    return value


def _switch(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        raise ValueError("must be true or false")
    return known[text.lower()]


def _key(text: str) -> Key:
    key = Key(text)
    _ = key.raw  # while a mistake can still be told
    return key


_PARSERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    int: _whole,
    float: _number,
    bool: _switch,
    Path: Path,
    Secret: Secret,
    Key: _key,
}


def _check_range(value: Any, setting: Field[Any]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    least, most = setting.metadata.get("least", 0), setting.metadata.get("most", math.inf)
    if value < least or value > most:
        limit = f"between {least} and {most}" if math.isfinite(most) else f"at least {least}"
        raise ValueError(f"must be {limit}")
    if setting.name.endswith("_seconds") and value == 0:
        raise ValueError("must be more than 0 seconds")


def _misspelt(environment: Mapping[str, str], known: set[str]) -> list[str]:
    # Not every unknown variable: orchestrators set some of their own for a service that is called relevo.
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    close = [(name, difflib.get_close_matches(name, known, n=1, cutoff=0.87)) for name in unknown]
    return [f"{name} is no setting; did you mean {meant[0]}?" for name, meant in close if meant]


def _default(setting: Field[Any]) -> Any:
    if setting.default is not MISSING:
        return setting.default
    return setting.default_factory() if setting.default_factory is not MISSING else None
