"""The real handoffs, approvals and inbox, with halts at their steps: where a process may be stopped or killed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relevo.contracts.desk import Background
from relevo.contracts.store import Claim, Committed, TurnOutcome
from relevo.domain.effects import EffectOrder, EffectResult, PreparedEffect
from relevo.domain.handoff import Handoff
from relevo.store.approvals import PostgresApprovals
from relevo.store.handoffs import PostgresHandoffs
from tests.properties.walkers import halt
from tests.properties.world import HaltingInbox


class HaltingHandoffs(PostgresHandoffs):
    """The real handoffs, with halts before each step and after the reading that it is based on."""

    async def background(self, conversation_id: UUID) -> Background:
        found = await super().background(conversation_id)
        await halt("after looking for the record")
        return found

    async def take_over(self, conversation_id: UUID, version: int, agent_id: int, handoff: Handoff | None) -> int:
        await halt("before taking over")
        return await super().take_over(conversation_id, version, agent_id, handoff)

    async def hand_back(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> int:
        await halt("before handing back")
        return await super().hand_back(conversation_id, version, agent_id, record)

    async def close(self, conversation_id: UUID, version: int, agent_id: int, record: Mapping[str, Any]) -> None:
        await halt("before closing")
        await super().close(conversation_id, version, agent_id, record)

    async def reopen(self, conversation_id: UUID) -> None:
        await halt("before reopening")
        await super().reopen(conversation_id)
        await halt("after reopening")

    async def give_up_waiting(self, conversation_id: UUID, text: str, state: str) -> bool:
        await halt("before giving up")
        return await super().give_up_waiting(conversation_id, text, state)


class HaltingApprovals(PostgresApprovals):
    """The real approvals, with halts before each decision and around the deed."""

    async def get(self, key: str) -> PreparedEffect:
        found = await super().get(key)
        await halt("after looking at an effect")
        return found

    async def approve(
        self, key: str, hash_: str, agent_id: int, *, window_days: int | None = None, spent: int = 0
    ) -> PreparedEffect:
        approved = await super().approve(key, hash_, agent_id, window_days=window_days, spent=spent)
        await halt("after approving")
        return approved

    async def decline(self, key: str, hash_: str, agent_id: int, reason: str, text: str) -> PreparedEffect:
        await halt("before declining")
        return await super().decline(key, hash_, agent_id, reason, text)

    async def change(self, key: str, hash_: str, agent_id: int, order: EffectOrder) -> PreparedEffect:
        await halt("before changing")
        return await super().change(key, hash_, agent_id, order)

    async def finish(self, key: str, result: EffectResult, text: str, *, closes_case: bool) -> bool:
        await halt("before the result of an approval")
        return await super().finish(key, result, text, closes_case=closes_case)

    async def expire(self, key: str, text: str) -> bool:
        await halt("before expiring")
        return await super().expire(key, text)


class WatchfulInbox(HaltingInbox):
    """The real inbox, which notes what was left to a person, and that there was one."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.kept: set[int] = set()

    async def settle(self, claim: Claim, outcome: TurnOutcome) -> Committed:
        await halt("before settling")
        if outcome.is_kept:
            self.kept.add(claim.inbox_id)
        committed = await super().settle(claim, outcome)
        if outcome.is_kept:
            assert committed.was_drafted, "left to a person, and the bot has control"
        return committed
