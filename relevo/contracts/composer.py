"""What agents write with: replies and notes, words that wait a moment, drafts, who else is there, ready words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

from relevo.contracts.reaching import Reaching
from relevo.contracts.translations import KeptTranslations


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent writes to a contact."""

    text: str
    client_id: str
    """The same in every try: the same words are written once."""
    attachments: tuple[UUID, ...] = ()
    """Uploaded before, by this agent for this conversation."""
    seen: int | None = None
    """The newest position that the agent had seen; None: nobody asks what was written since."""
    is_sure: bool = False
    """Whether the agent knows that a colleague is typing."""
    home: UUID | None = None
    """Where it is written, if it goes out in another conversation of the same person; what was seen is of here."""
    subject: str | None = None
    """What a mail is about."""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that goes out when it is due, unless it is taken back."""

    conversation_id: UUID
    agent_id: int
    agent_name: str
    client_id: str
    text: str
    attachments: tuple[UUID, ...]
    due_at: datetime
    channel: str
    home_id: UUID | None
    """Where it is written, if it goes out in another conversation."""


class HeldDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of words that the bot wanted to say."""

    position: int
    state: str
    """``sent`` or ``dropped``."""
    agent_name: str
    decided_at: datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent has begun to write."""

    kind: str
    """``reply`` or ``note``."""
    text: str
    seen: int | None
    """The newest position that there was when they began."""
    was_not_sent: bool
    updated_at: datetime


class Looker(msgspec.Struct, frozen=True, kw_only=True):
    """Another agent at the same conversation."""

    agent_id: int
    name: str
    is_typing: bool


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be given a conversation, or be spoken to in a note."""

    id: int
    name: str
    is_away: bool


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A note that speaks to an agent."""

    id: int
    conversation_id: UUID
    position: int
    text: str
    by_name: str
    contact_name: str | None
    created_at: datetime
    read_at: datetime | None


class CannedReply(msgspec.Struct, frozen=True, kw_only=True):
    """Ready words under a short code, in one language."""

    id: int
    language: str
    code: str
    title: str
    text: str
    agent_id: int | None
    """Whose own it is; None: everybody's."""
    updated_at: datetime


class CannedText(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a ready reply that is made or changed."""

    language: str
    code: str
    title: str
    text: str
    agent_id: int | None


class Macro(msgspec.Struct, frozen=True, kw_only=True):
    """Named steps that are taken one after another."""

    id: int
    name: str
    steps: tuple[Mapping[str, Any], ...]
    agent_id: int | None
    updated_at: datetime


class Writing(Protocol):
    """An agent's words on the timeline."""

    async def reply(self, conversation_id: UUID, agent_id: int, written: Written) -> int:
        """Write to the contact as an agent who has control, and give the position; idempotent by client id.

        What is written in another conversation (``home``) needs control there, and here too but for a mail; it leaves
        an entry at home. Raises NotFound, and Conflict: ``not_in_control``, ``client_id_reused``, ``seen_since`` with
        ``count`` and ``position`` as details, ``colleague_types`` with ``name``, ``attachment_used``.
        """
        ...

    async def sent_from(self, conversation_id: UUID, agent_id: int, client_id: str) -> UUID | None:
        """Give the conversation in which a reply went out that was written in this one; None where none did."""
        ...

    async def note(
        self, conversation_id: UUID, agent_id: int, text: str, client_id: str, mentioned: Sequence[int] = ()
    ) -> int:
        """Write for agents alone; the same client id again writes nothing and gives the same position.

        Raises NotFound, and Conflict when the client id was used for something else.
        """
        ...

    async def transfer(self, conversation_id: UUID, version: int, agent_id: int, to_agent_id: int, note: str) -> int:
        """Give a conversation and its cases to a colleague, with a note that speaks to them; gives the new version.

        Raises Conflict unless this agent has control at this version, and when the colleague has no account.
        """
        ...

    async def send_held(self, conversation_id: UUID, agent_id: int, position: int, seen: int | None) -> int:
        """Write what the bot wanted to say as the agent's own words, once, and give their position.

        The same agent again gets the same position. Raises NotFound, and Conflict as ``reply`` does, and
        ``held_decided`` when it was sent or dropped by somebody else.
        """
        ...

    async def drop_held(self, conversation_id: UUID, agent_id: int, position: int) -> None:
        """Decide that what the bot wanted to say is not said. Raises as ``send_held`` does."""
        ...

    async def held(self, conversation_id: UUID) -> Mapping[int, HeldDecision]:
        """Give what became of the bot's held words, by their position."""
        ...


class Unsents(Protocol):
    """Replies that wait a moment, in which they may be taken back."""

    async def hold(self, conversation_id: UUID, agent_id: int, written: Written, seconds: float) -> int | None:
        """Keep a reply until it is due, checked as ``Writing.reply`` does; gives its position where it went out."""
        ...

    async def take_back(self, conversation_id: UUID, agent_id: int, client_id: str) -> Unsent:
        """Give a reply back to its agent, as their draft; raises Conflict ``already_sent``."""
        ...

    async def send(self, conversation_id: UUID | None = None) -> list[UUID]:
        """Write what is due, or all that waits in or was written in one conversation; gives those that changed.

        Whose agent has control no more is not sent: the words become that agent's draft.
        """
        ...

    async def seconds_to_next(self) -> float | None:
        """Tell in how many seconds the next one is due; None where nothing waits."""
        ...

    async def note_drafts(self, agent_id: int) -> list[UUID]:
        """Make private notes of what somebody who is gone had begun to write, and give the conversations."""
        ...

    async def of(self, conversation_id: UUID) -> list[Unsent]:
        """Give what waits in a conversation or was written there, in the order in which it goes out."""
        ...


class Desktop(Protocol):
    """What lies on an agent's desk: what they have begun to write, and who else looks at it."""

    async def keep_draft(self, conversation_id: UUID, agent_id: int, kind: str, text: str, seen: int | None) -> None:
        """Keep what an agent has begun to write; nothing forgets it. Raises NotFound."""
        ...

    async def drafts(self, conversation_id: UUID, agent_id: int) -> list[Draft]:
        """Give what an agent has begun to write."""
        ...

    async def look(
        self, conversation_id: UUID, agent_id: int, *, is_typing: bool, within_seconds: float
    ) -> list[Looker]:
        """Note that an agent looks at a conversation, and give who else did within so many seconds."""
        ...

    async def leave(self, conversation_id: UUID, agent_id: int) -> None:
        """Note that an agent looks no more."""
        ...

    async def colleagues(self) -> list[Colleague]:
        """Give everybody who may sign in, by name."""
        ...

    async def mentions(self, agent_id: int, limit: int = 50) -> list[Mention]:
        """Give the notes that speak to an agent, newest first."""
        ...

    async def unread_mentions(self, agent_id: int) -> int:
        """Count the notes that speak to an agent and that they have not read."""
        ...

    async def read_mentions(self, agent_id: int, up_to: int | None, conversation_id: UUID | None = None) -> None:
        """Mark mentions up to an id, or those of one conversation, as read."""
        ...


class ReadyWords(Protocol):
    """Canned replies and macros: everybody's, and each agent's own."""

    async def replies(self, agent_id: int) -> list[CannedReply]:
        """Give everybody's and an agent's own, by language and code."""
        ...

    async def add_reply(self, by: int, text: CannedText) -> CannedReply:
        """Keep a new one; raises Conflict ``code_taken``."""
        ...

    async def change_reply(self, by: int, reply_id: int, text: CannedText) -> CannedReply:
        """Put other words in its place; raises Conflict ``code_taken``, NotFound."""
        ...

    async def remove_reply(self, reply_id: int) -> None:
        """Forget one; raises NotFound."""
        ...

    async def macros(self, agent_id: int) -> list[Macro]:
        """Give everybody's and an agent's own, by name."""
        ...

    async def add_macro(self, by: int, name: str, steps: Sequence[Mapping[str, Any]], agent_id: int | None) -> Macro:
        """Keep a new one; raises Conflict ``name_taken``."""
        ...

    async def change_macro(self, by: int, macro_id: int, name: str, steps: Sequence[Mapping[str, Any]]) -> Macro:
        """Put other steps in its place; raises Conflict ``name_taken``, NotFound."""
        ...

    async def remove_macro(self, macro_id: int) -> None:
        """Forget one; raises NotFound."""
        ...


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as ``bootstrap`` hands it out."""

    writing: Writing
    unsent: Unsents
    desktop: Desktop
    ready: ReadyWords
    reaching: Reaching
    translations: KeptTranslations
