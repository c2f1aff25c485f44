"""What answers for the bot: one question in, the whole answer out, nothing written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from relevo.domain.attachments import Attachment
from relevo.domain.conversations import Conversation
from relevo.domain.messages import Content

LANGUAGE_SLOT = "language"
"""Slot with the language in which a conversation is answered; conditions of replies name it."""
IN_REQUEST_SLOT, REQUEST_SLOT = "in_request", "request"
"""Slots that say whether a request is open, and which one; a bot with forms alone has neither."""
History = Callable[[], Awaitable[Sequence[bytes]]]
"""Reads the tracker events that earlier turns committed, oldest first, one JSON document each."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One message put to the brain."""

    conversation: Conversation
    message_id: str
    text: str
    """Empty only where there are attachments."""
    is_issued_payload: bool = False
    """Whether the text is a button's payload that the server issued; only then may ``/intent`` be obeyed."""
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The brain's whole answer to one question."""

    messages: tuple[Content, ...]
    tracker_events: tuple[bytes, ...]
    """New events of this turn, one JSON document each; to be committed with the answer or not at all."""
    language: str | None
    committed_as: Callable[[int], None] = lambda version: None
    """Told the tracker's version once the answer was committed, and only then: the brain goes on from there."""


class Brain(Protocol):
    """Answers questions; of an answer that was not committed it keeps nothing."""

    async def answer(self, question: Question, history: History) -> Answer:
        """Answer a question.

        Raises TurnFailed when an action or policy raised, BrainUnavailable when no model can be loaded, and NotKnown
        when the conversation is in the middle of something that this model knows nothing of.
        Calling it again with the same question before the answer was committed gives an answer afresh.
        """
        ...
