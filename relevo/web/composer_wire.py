"""What the composer's part of the desk's API is sent and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from relevo.contracts.composer import CannedReply, Colleague, Draft, HeldDecision, Looker, Macro, Mention
from relevo.contracts.handoff import Moment
from relevo.domain.attachments import MAX_OF_MESSAGE, Attachment
from relevo.flow.macros import MAX_STEPS
from relevo.flow.ways import Way
from relevo.web.desk_wire import Version

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
ClientId = Annotated[str, msgspec.Meta(max_length=100)]
Body = Annotated[str, msgspec.Meta(max_length=65_536)]
WayId = Annotated[str, msgspec.Meta(max_length=100)]
Files = Annotated[list[UUID], msgspec.Meta(max_length=MAX_OF_MESSAGE)]


class Reply(msgspec.Struct, kw_only=True):
    """Writes to the contact; the same client id again writes nothing."""

    client_id: str
    text: str = ""
    """May be empty where files go."""
    attachments: Files = []
    """Ids that uploads of this agent were given, for this conversation."""
    seen: Version | None = None
    """The newest position that the agent had seen: 409 ``seen_since`` where somebody wrote after it."""
    is_sure: bool = False
    """Sends it though a colleague is writing here: else 409 ``colleague_types``, where ``seen`` is given."""
    may_undo: bool = False
    """Waits for the seconds of ``desk.undo_seconds``, within which it may be taken back; else it goes at once."""
    way: WayId | None = None
    """The ``id`` of one of ``ways``, to write there; none: here. 409 ``way_`` and why it is closed."""


class Replied(msgspec.Struct, kw_only=True):
    """Where a reply was written, or when it will be."""

    conversation_id: UUID
    """In which it goes out, and is taken back."""
    position: int | None
    due_at: Moment | None = None


class TakeBack(msgspec.Struct, kw_only=True):
    """Takes back a reply that has not gone out yet."""

    client_id: ClientId


class TakenBack(msgspec.Struct, kw_only=True):
    """The words, which are the agent's draft again."""

    text: str


class HeldWords(msgspec.Struct, kw_only=True):
    """Names what the bot wanted to say by its position."""

    position: Version
    seen: Version | None = None
    """As of a reply."""


class KeepDraft(msgspec.Struct, kw_only=True):
    """Keeps what was begun to be written; an empty text forgets it."""

    kind: Literal["reply", "note"]
    text: Body
    seen: Version | None = None


class DraftKept(msgspec.Struct, kw_only=True):
    """Whether something is kept now."""

    is_kept: bool


class Looking(msgspec.Struct, kw_only=True):
    """Says that an agent is at a conversation: every 5 seconds while they are, counted for 15."""

    is_typing: bool = False
    is_leaving: bool = False


class Lookers(msgspec.Struct, kw_only=True):
    """Who else is at a conversation, and what the contact does without words."""

    others: Sequence[Looker]
    contact_types: bool = False
    read_position: int = 0
    """How far the contact has read; 0 where nobody knows."""


class PassOn(msgspec.Struct, kw_only=True):
    """Gives a conversation to a colleague, as it was at this version of its control."""

    version: Version
    agent_id: Number
    note: Body = ""


class BeingSent(msgspec.Struct, kw_only=True):
    """A reply that goes out when it is due."""

    conversation_id: UUID
    channel: str
    home_id: UUID | None
    """Where it was written, if it goes out in another conversation."""
    agent_id: int
    agent_name: str
    client_id: str
    text: str
    attachments: Sequence[UUID]
    due_at: Moment


class ComposerView(msgspec.Struct, kw_only=True):
    """What is being written in a conversation, and what became of the bot's held words."""

    being_sent: Sequence[BeingSent]
    held: Sequence[HeldDecision]
    """The decided ones; a ``draft`` of the timeline that is not named waits."""
    drafts: Sequence[Draft]
    """The caller's own."""


class Colleagues(msgspec.Struct, kw_only=True):
    """Everybody who may sign in."""

    colleagues: Sequence[Colleague]


class Mentions(msgspec.Struct, kw_only=True):
    """Notes that speak to the caller, newest first."""

    unread: int
    mentions: Sequence[Mention]


class ReadMentions(msgspec.Struct, kw_only=True):
    """Marks mentions as read, up to this id."""

    up_to: Version


class Ways(msgspec.Struct, kw_only=True):
    """Ways to one person, this conversation first."""

    ways: Sequence[Way]


class CannedNew(msgspec.Struct, kw_only=True):
    """A reply under a short code."""

    language: Annotated[str, msgspec.Meta(min_length=2, max_length=3)]
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=41)]
    title: Name
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    is_shared: bool = False
    """For everybody: supervisors and admins only."""


class CannedChange(CannedNew, kw_only=True):
    """Other words for a reply."""

    id: Version


class RemoveReady(msgspec.Struct, kw_only=True):
    """Names what is removed."""

    id: Version


class CannedList(msgspec.Struct, kw_only=True):
    """Everybody's replies and the caller's own."""

    replies: Sequence[CannedReply]


class CannedHere(msgspec.Struct, kw_only=True):
    """A reply as it reads in one conversation."""

    id: int
    language: str
    code: str
    title: str
    text: str
    """With what is known filled in."""
    missing: Sequence[str]
    """What nobody knows; it still stands in the text, which is not sent so."""
    is_own: bool


class CannedHereList(msgspec.Struct, kw_only=True):
    """Replies for one conversation: those in its language first."""

    replies: Sequence[CannedHere]


class MacroNew(msgspec.Struct, kw_only=True):
    """Steps under a name."""

    name: Name
    steps: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=MAX_STEPS)]
    """Each with ``do``: reply, note, promise, hand_back, close, put_back, or one that another part has added."""
    is_shared: bool = False


class MacroChange(msgspec.Struct, kw_only=True):
    """Other steps for a macro."""

    id: Version
    name: Name
    steps: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=MAX_STEPS)]


class MacroList(msgspec.Struct, kw_only=True):
    """Everybody's macros and the caller's own."""

    macros: Sequence[Macro]


class RunMacro(msgspec.Struct, kw_only=True):
    """Takes a macro's steps in a conversation; the same client id again repeats none that writes."""

    macro_id: Version
    client_id: ClientId


class StepDone(msgspec.Struct, kw_only=True):
    """What became of one step."""

    do: str
    is_done: bool
    code: str | None
    message: str | None


class MacroRun(msgspec.Struct, kw_only=True):
    """What became of each step that was tried; the first that was refused is the last one."""

    is_done: bool
    steps: Sequence[StepDone]


class Uploaded(msgspec.Struct, kw_only=True):
    """A file that may be sent with a reply."""

    attachment: Attachment
