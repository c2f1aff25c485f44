"""What a chat shows beside its messages, as one snapshot: who answers, where one waits, who types, what is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from uuid import UUID

import msgspec

from relevo.contracts.store import Store
from relevo.contracts.visits import ChatState
from relevo.domain.conversations import Control

TYPING_SECONDS = 15.0
"""How long somebody counts as typing after they last said so."""
ANSWERS: Mapping[str, str] = {
    "bot": "bot",
    "requested": "queue",
    "queued": "queue",
    "offered": "queue",
    "agent": "person",
    "wrap_up": "person",
}


class Person(msgspec.Struct):
    """The agent who answers."""

    name: str


class Queue(msgspec.Struct, omit_defaults=True):
    """Where one waits for a person."""

    position: int
    wait_seconds: int | None = None


class Asked(msgspec.Struct):
    """A question of how it was."""

    episode: int


class Snapshot(msgspec.Struct, omit_defaults=True):
    """A chat's state; what does not apply is left out."""

    by: str
    person: Person | None = None
    queue: Queue | None = None
    typing: bool | None = None
    read_position: int = -1
    rating: Asked | None = None
    ended: bool | None = None
    tag: str = ""
    """Another one whenever anything else here is."""


_encode = msgspec.json.Encoder().encode


async def read_snapshot(store: Store, conversation_id: UUID | None) -> Snapshot:
    """Read what a chat shows; who has not written yet is the bot's."""
    if conversation_id is None:
        return snapshot(ChatState(control=Control.BOT))
    return snapshot(await store.chats.state(conversation_id, TYPING_SECONDS))


def snapshot(state: ChatState) -> Snapshot:
    """Give a state as a page reads it."""
    by = ANSWERS.get(state.control.value, "nobody")
    made = Snapshot(
        by=by,
        person=Person(state.agent_name) if by == "person" and state.agent_name else None,
        queue=Queue(state.place, state.wait_seconds) if by == "queue" and state.place is not None else None,
        typing=state.is_typing,
        read_position=state.seen_position,
        rating=Asked(state.rating_position) if state.rating_position is not None else None,
        ended=state.is_ended,
    )
    made.tag = hashlib.blake2s(_encode(made), digest_size=6).hexdigest()
    return made
