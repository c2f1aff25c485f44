"""Covers what identifies a contact, for whoever may look at the desk's work and not at its people.

Mail addresses, telephone numbers, documents and references are found by their form, wherever somebody wrote them;
names only where a field holds one. Numbers of cases, amounts and times stay: without them nothing could be followed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

COVER = "•••"
NAMES = frozenset({"contact_name", "display_name", "name_on_file", "passport_name", "ticket_name", "surnames"}) | {
    "given_names",
    "merged_name",
}
"""Fields that hold a contact's name."""
COVERED = frozenset({"address", "business_ref", "reference", "email", "phone", "loyalty_number", "external_id"})
"""Fields whose whole value says who somebody is."""
OPEN = frozenset(
    {"id", "hash", "url", "code", "cursor", "next_cursor", "state", "status", "control", "kind", "type", "trigger"}
    | {"channel", "role", "level", "unit", "schema", "rule", "outcome", "mime", "sha256", "form_token", "case", "agent"}
    | {"agent_name", "preview_url", "language", "languages", "events", "scopes"}
)
"""Fields of ours, in which nobody ever wrote anything."""

_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_KEPT = r"CASE-\w+|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d[\d:.Z+]*)?|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PHONE = r"\+?\d[\d\s()/.-]{5,}\d"
_REFERENCE = r"\b(?=[A-Z0-9-]*\d)[A-Z0-9](?:[A-Z0-9-]{3,})[A-Z0-9]\b"
_DOCUMENT = r"\b\d{6,}[A-Za-z]?\b"
_FOUND = re.compile(f"(?P<kept>{_KEPT})|{_MAIL}|{_PHONE}|{_REFERENCE}|{_DOCUMENT}")


def masked_text(text: str) -> str:
    """Cover addresses, numbers, documents and references in what somebody wrote."""
    return _FOUND.sub(lambda found: found["kept"] or COVER, text)


def masked_name(name: str) -> str:
    """Give a name's initials."""
    return " ".join(f"{part[0]}." for part in name.split()) or COVER


def masked(value: Any, field: str = "") -> Any:
    """Give anything with what identifies a contact covered: text, JSON, or a record of ours."""
    if isinstance(value, str):
        return _masked_string(value, field)
    if isinstance(value, Mapping):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(masked(item, field) for item in value)
    if isinstance(value, msgspec.Struct):
        return replace(value, **{name: masked(getattr(value, name), name) for name in value.__struct_fields__})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        covered = {one.name: masked(getattr(value, one.name), one.name) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **covered)
    return value


def _masked_string(value: str, field: str) -> str:
    if type(value) is not str or field in OPEN or field.endswith(("_id", "_at")) or not value:
        return value
    if field in NAMES:
        return masked_name(value)
    return COVER if field in COVERED else masked_text(value)
