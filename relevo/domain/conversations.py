"""Who answers a conversation now, and how that may change.

    bot ──────────► requested ──► queued ──► offered ──► agent ──► wrap_up ──► bot | closed
     ▲  │               │            │          │          ▲  │
     │  └───────────────┼────────────┼──────────┼──────────┘  └──► bot          (hand back)
     │   (take over)    │            │          └──► queued                     (declined)
     └──────────────────┴────────────┴──► expired ──► bot       cancelled: ──► bot
                        └──► failed ──► bot                      closed ──► bot (writes again)

Every change is a compare-and-set on the conversation; exactly one party may speak at any time.
"""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec

from relevo.domain.contacts import Identity
from relevo.domain.ratings import AskedRating


class Control(str, Enum):
    """Who answers now."""

    BOT = "bot"
    REQUESTED = "requested"
    QUEUED = "queued"
    OFFERED = "offered"
    AGENT = "agent"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    EXPIRED = "expired"
    FAILED = "failed"


TRANSITIONS: dict[Control, frozenset[Control]] = {
    Control.BOT: frozenset({Control.REQUESTED, Control.AGENT}),
    Control.REQUESTED: frozenset({Control.QUEUED, Control.AGENT, Control.BOT, Control.EXPIRED, Control.FAILED}),
    Control.QUEUED: frozenset({Control.OFFERED, Control.AGENT, Control.BOT, Control.EXPIRED}),
    Control.OFFERED: frozenset({Control.AGENT, Control.QUEUED, Control.BOT, Control.EXPIRED}),
    Control.AGENT: frozenset({Control.WRAP_UP, Control.BOT, Control.QUEUED}),
    Control.WRAP_UP: frozenset({Control.BOT, Control.CLOSED}),
    Control.CLOSED: frozenset({Control.BOT}),
    Control.EXPIRED: frozenset({Control.BOT}),
    Control.FAILED: frozenset({Control.BOT}),
}


WAITING = frozenset({Control.REQUESTED, Control.QUEUED, Control.OFFERED})
"""A person was asked for and has not come: the bot is silent, and the contact may take it back."""

ENDED = frozenset({Control.CLOSED, Control.EXPIRED, Control.FAILED})
"""Nobody has control; who writes again is the bot's."""


def may_change(before: Control, after: Control) -> bool:
    """Tell whether control may pass from one state to the other."""
    return after in TRANSITIONS[before]


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything said with one identity on one channel, as one row."""

    id: UUID
    channel: str
    identity: Identity
    control: Control
    control_version: int
    tracker_version: int
    """Rises with every committed turn; a cached tracker of another version is stale."""
    language: str | None
    last_position: int
    """Position of the newest timeline entry; 0 while there is none."""
    issued_payloads: tuple[str, ...] = ()
    """Button payloads that the bot has shown here: the only text beginning with ``/`` that is obeyed."""
    agent_id: int | None = None
    """Who has control while it is ``agent`` or ``wrap_up``."""
    rating: AskedRating | None = None
    """The question about how it was, while it is open."""
