"""What a model knows of, and what a conversation in the middle of a request needs to be known.

Both are names as ``kind:name``: intents, actions, slots, forms, and the requests that the actions offer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from relevo.contracts.brain import IN_REQUEST_SLOT, REQUEST_SLOT
from relevo.contracts.runtime import offered_requests

if TYPE_CHECKING:
    from rasa.shared.core.domain import Domain

_REQUESTED_SLOT = "requested_slot"
"""What a form asks for now."""


def known_by(domain: Domain) -> frozenset[str]:
    """Give everything that a model and the actions beside it know of."""
    kinds = {
        "intent": domain.intents,
        "action": domain.action_names_or_texts,
        "slot": (slot.name for slot in domain.slots),
        "request": offered_requests(),
    }
    return frozenset(f"{kind}:{name}" for kind, names in kinds.items() for name in names)


def needed_by(events: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Give what a conversation has named since its open request began; nothing where none is open.

    The events are Rasa's, as dictionaries, oldest first. What was said before the request concerns nobody any more, and
    neither does what the bot said: replies may be renamed while somebody is asked.
    """
    slots: dict[str, Any] = {}
    loop: str | None = None
    named: set[str] = set()
    for event in events:
        kind, name = event["event"], event.get("name")
        if kind == "restart":
            slots, loop, named = {}, None, set()
        elif kind == "reset_slots":
            slots = {}
        elif kind == "slot":
            slots[str(name)] = event.get("value")
        elif kind == "active_loop":
            loop = name
        elif kind == "user" and not _is_open(slots, loop):
            named = set()
        named.update(_named(event))
    if not _is_open(slots, loop):
        return frozenset()
    request = slots.get(REQUEST_SLOT)
    still = {each for each in named if not each.startswith("slot:") or slots.get(each[5:]) is not None}
    return frozenset(still | ({f"request:{request}"} if request and offered_requests() else set()))


def _is_open(slots: Mapping[str, Any], loop: str | None) -> bool:
    return bool(slots.get(IN_REQUEST_SLOT)) or loop is not None


def _named(event: Mapping[str, Any]) -> Iterator[str]:
    kind, name = event["event"], event.get("name")
    if kind == "user":
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if intent:
            yield f"intent:{intent}"
    elif kind in ("action", "active_loop") and name and not name.startswith("utter_"):
        yield f"action:{name}"
    elif kind == "slot":
        yield f"slot:{name}"


def ending() -> tuple[bytes, ...]:
    """Give tracker events, JSON documents, after which no request is open; what was told in it stays on file."""
    closed: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": None} for name in (IN_REQUEST_SLOT, REQUEST_SLOT, _REQUESTED_SLOT)
    ]
    closed.append({"event": "active_loop", "name": None})
    return tuple(msgspec.json.encode({**event, "timestamp": time.time()}) for event in closed)
