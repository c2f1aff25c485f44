"""One run of a macro: where it is taken, by whom, what it works with, and what became of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import CannedReply
from relevo.domain.cases import Case
from relevo.errors import Conflict
from relevo.flow.approvals import Decider
from relevo.flow.composing import Composing
from relevo.flow.desk import DeskWork
from relevo.flow.sight import Eyes


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one step."""

    do: str
    is_done: bool
    code: str | None = None
    message: str | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a macro: where, by whom, and what it works with."""

    conversation_id: UUID
    agent: AgentAccount
    client_id: str
    work: DeskWork
    composing: Composing
    replies: Sequence[CannedReply]
    eyes: Eyes
    decider: Decider | None
    """None where no business is connected."""

    async def version(self) -> int:
        """Give the version of control now: earlier steps may have changed it."""
        return (await self.work.store.conversations.get(self.conversation_id)).control_version

    async def open_cases(self) -> Sequence[Case]:
        """Give the open cases here that the agent sees, as the page has them; raises Conflict where there are none."""
        found = await self.eyes.cases(await self.work.store.desk.cases_of(self.conversation_id))
        cases = [case for case in found if case.is_open]
        if not cases:
            raise Conflict("There is no open case here that this could be done to.", code="no_open_case")
        return cases
