"""The JSON Schemas of the records that leave a conversation, as they are served and published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from relevo.contracts import handoff, personal

PUBLISHED = {
    "handoff": (handoff.HANDOFF, handoff.HandoffRecord),
    "handback": (handoff.HANDBACK, handoff.HandbackRecord),
    "contact": (personal.CONTACT, personal.ContactRecord),
}
"""By the name that a schema is served under."""


def schema_of(name: str) -> Mapping[str, Any]:
    """Give a record's JSON Schema; raises KeyError for a name that is not published."""
    title, record = PUBLISHED[name]
    _, definitions = msgspec.json.schema_components([record], ref_template="#/$defs/{name}")
    own = definitions.pop(record.__name__)
    own["properties"]["schema"] = {"const": title}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **own,
        "title": title,
        "$defs": definitions,
    }


def file_name(name: str) -> str:
    """Give the file in docs/reference/ that publishes a schema."""
    return f"{PUBLISHED[name][0].replace('/', '-')}.schema.json"


def file_text(name: str) -> str:
    """Give what that file holds."""
    return msgspec.json.format(msgspec.json.encode(schema_of(name)), indent=2).decode() + "\n"
