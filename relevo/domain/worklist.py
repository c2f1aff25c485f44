"""The list that agents work from: its views, how it is filtered and sorted, and a place in it to go on from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import msgspec

from relevo.domain.sight import Outlook, Sight

VIEWS = ("mine", "queue", "unassigned", "breaching", "waiting", "following", "snoozed", "open", "closed", "all")
"""``queue``: the contact waits for a person. ``breaching``: due within a quarter of an hour, or late. ``waiting``: the
contact has the last word of an agent. Snoozed cases are in ``snoozed``, ``following`` and ``all`` alone."""
OF_OPEN = frozenset({"queue", "unassigned", "breaching", "waiting", "snoozed", "open"})
"""Views of open cases that are the same for all who see the same of them."""
SORTS = ("due", "newest", "oldest")
FILTERS = ("channel", "language", "type", "priority", "tag")
LEVELS: Mapping[str, tuple[int, int]] = {"normal": (0, 30), "high": (30, 60), "urgent": (60, 101)}
"""From which score on a priority is called so, and below which it is."""
BREACHING_SECONDS = 900
LONGEST_FILTER = 64
COLOURS = ("grey", "blue", "green", "amber", "red", "violet")
LONGEST_TAG = 40
LONGEST_NAME = 60


class CaseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases, and in which order."""

    show: str = "open"
    agent_id: int = 0
    """Whose list it is; other views than ``mine`` and ``following`` are the same for everybody."""
    sort: str = "due"
    channel: str | None = None
    language: str | None = None
    type: str | None = None
    priority: str | None = None
    tag: str | None = None
    sight: Sight | Outlook | None = None
    """Where the list ends for whoever asks; None: nowhere."""

    @property
    def filters(self) -> Mapping[str, str]:
        """Give the filters that are set."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    @property
    def asked(self) -> Mapping[str, str]:
        """Give it as an address says it."""
        sort = {} if self.sort == "due" else {"sort": self.sort}
        return {"show": self.show, **sort, **self.filters}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Behind a case in a sorted list: what it is sorted by, and the case's number."""

    sort: str
    key: str
    case_id: str


def cursor_of(place: Place) -> str:
    """Give a place as one word."""
    return base64.urlsafe_b64encode(f"{place.sort}|{place.key}|{place.case_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Place | None:
    """Read such a word; None for what is none."""
    try:
        told = base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}".encode("ascii")).decode()
    except (binascii.Error, UnicodeError, ValueError):
        return None
    parts = told.split("|")
    if len(parts) != 3 or not all(parts) or "\x00" in told:
        return None
    return Place(sort=parts[0], key=parts[1], case_id=parts[2])
