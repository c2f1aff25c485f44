"""Which of some conversations, cases and contacts an agent may see; see domain.sight for the rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from relevo.domain.sight import Outlook, Sight


class Sights(Protocol):
    """Each gives those of the ids that may be seen; what there is not is never among them."""

    async def conversations(self, sight: Sight, ids: Collection[UUID]) -> frozenset[UUID]:
        """Give the conversations that may be seen."""
        ...

    async def cases(self, sight: Sight, ids: Collection[str]) -> frozenset[str]:
        """Give the cases that may be seen."""
        ...

    async def contacts(self, sight: Sight, ids: Collection[UUID]) -> frozenset[UUID]:
        """Give the contacts of whom something may be seen; of one who was merged, nothing."""
        ...

    async def outlook(self, sight: Sight) -> Outlook:
        """Give what an agent sees of the open cases."""
        ...

    async def conversation_of(self, attachment_id: UUID) -> UUID | None:
        """Give the conversation that a file was sent in."""
        ...
