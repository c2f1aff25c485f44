"""What people teach the bot, kept until somebody has looked through it."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from relevo.domain.teaching import EntityMark, Lesson, State, Teaching


class Teachings(Protocol):
    """Proposals and what became of them."""

    async def propose(
        self, conversation_id: UUID, position: int, agent_id: int, intent: str, *, marks: tuple[EntityMark, ...] = ()
    ) -> Teaching:
        """Keep what a contact's message means; the same message again changes the proposal while nobody has decided.

        Raises NotFound where there is no such message of a contact, and Conflict once it was decided.
        """
        ...

    async def propose_goal(self, conversation_id: UUID, agent_id: int, intent: str) -> bool:
        """Keep what a conversation's newest handoff was about, by its words; False where they are no one message."""
        ...

    async def get(self, teaching_id: int) -> Teaching:
        """Give one; raises NotFound."""
        ...

    async def listed(self, state: State, limit: int = 100, after: int = 0) -> list[Teaching]:
        """Give those in a state, oldest first, with a higher number than ``after``."""
        ...

    async def accept(self, teaching_id: int, agent_id: int, lesson: Lesson, *, is_nobodys: bool) -> None:
        """Keep a lesson as it was edited; where it is nobody's, without where it came from. Raises Conflict."""
        ...

    async def reject(self, teaching_id: int, agent_id: int) -> None:
        """Keep that the bot shall not learn it. Raises Conflict."""
        ...

    async def accepted(self, language: str | None = None) -> list[Lesson]:
        """Give everything that was accepted, oldest first, in one language where it is given."""
        ...
