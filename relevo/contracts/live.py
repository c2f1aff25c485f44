"""Wake-ups between processes; a lost one costs nothing but time, since everybody fetches after a cursor."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Any, Protocol
from uuid import UUID

MOVED = "~"
"""What is heard before a conversation, or an address, where no timeline grew."""


class Subscription(Protocol):
    """Interest in one topic, from the moment it was made: subscribe, then look, then wait."""

    position: int | None
    """How far a visitor's page has read before it waits; it is woken within seconds should nothing tell of more."""

    def wait(self, seconds: float) -> Coroutine[Any, Any, bool]:
        """Return True when something happened since the last wait, False after so many seconds."""
        ...

    def wake(self, about: str = "") -> None:
        """Have whoever waits go on, as if something had happened."""
        ...

    def heard(self) -> frozenset[str]:
        """Give, once, which conversations, or bots, it was about since this was last asked; "" stands for anything."""
        ...


class Live(Protocol):
    """Tells other processes that there is something to fetch; batched, and outside every transaction."""

    @property
    def stirs(self) -> int:
        """How often this process told or heard anything, whatever it was about, since it began."""
        ...

    async def stirred(self, since: int, seconds: float) -> bool:
        """Return True as soon as it was oftener than ``since``, False after so many seconds."""
        ...

    def stir(self) -> None:
        """Have what sleeps in this process look, as if something had been told."""
        ...

    def wake_bots(self, bot: str | None = None) -> None:
        """Tell bot processes that an inbox row waits, or the one that it is for."""
        ...

    def bot_is_busy(self, bot: str) -> None:
        """Tell the other bots that what is for this one waits for a free hand."""
        ...

    def wake_senders(self) -> None:
        """Tell delivery workers that an outbox row waits."""
        ...

    def wake_intakes(self) -> None:
        """Tell whoever reads what platforms tell that there is something."""
        ...

    def wake_routers(self) -> None:
        """Tell whoever routes that something waits for a person, or that somebody can take it."""
        ...

    def settings_changed(self) -> None:
        """Tell every process that administrators have said something else at the desk."""
        ...

    def changed(self, conversation_id: UUID | None) -> None:
        """Tell pages and waiting callers that a timeline grew; None: that something else at the desk changed."""
        ...

    def visitor_moved(self, address: str) -> None:
        """Tell pages of an address that it has a timeline now, or that its token is over."""
        ...

    def contact_stirred(self, conversation_id: UUID) -> None:
        """Tell desks that a contact types or has read."""
        ...

    def agent_stirred(self, conversation_id: UUID) -> None:
        """Tell the contact's pages that an agent types or has read."""
        ...

    def chat(self, address: str, conversation_id: UUID | None) -> AbstractContextManager[Subscription]:
        """Subscribe to all that a visitor's page shows: growth, agents who type or have read, the end of its token."""
        ...

    def desk(self) -> AbstractContextManager[Subscription]:
        """Subscribe to everything that the desk shows, and to contacts who type or have read.

        What ``heard`` gives of the latter is the conversation behind ``MOVED``.
        """
        ...

    def conversation(self, conversation_id: UUID) -> AbstractContextManager[Subscription]:
        """Subscribe to a timeline's growth."""
        ...

    def anything(self) -> AbstractContextManager[Subscription]:
        """Subscribe to everything that the desk shows."""
        ...

    def bots(self, name: str | None = None) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting inbox rows: anybody's, a bot's own, and, by name, those of bots that are busy."""
        ...

    def senders(self) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting outbox rows."""
        ...

    def intakes(self) -> AbstractContextManager[Subscription]:
        """Subscribe to waiting events of platforms."""
        ...

    def routers(self) -> AbstractContextManager[Subscription]:
        """Subscribe to what may change who is offered what."""
        ...

    def settings(self) -> AbstractContextManager[Subscription]:
        """Subscribe to what administrators say at the desk."""
        ...
