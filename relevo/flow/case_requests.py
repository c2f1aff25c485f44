"""What a turn's cases are made of: money and effects in them, and the case that a contact goes on with."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from relevo.contracts.desk import Handoffs
from relevo.domain.cases import Case
from relevo.domain.effects import EffectResult, EffectState


async def posted_case(handoffs: Handoffs | None, conversation_id: UUID, case_type: str) -> Case | None:
    """Give the open case of what this contact posted in public, where what they want now may be the same."""
    case = await handoffs.posted_case(conversation_id) if handoffs is not None else None
    return case if case is not None and case.type in (case_type, "other") else None


def prepared(effects: Sequence[EffectResult]) -> tuple[str, ...]:
    """Give the keys of effects that a person decides about."""
    return tuple(effect.key for effect in effects if effect.state is EffectState.PREPARED)


def amounts(effects: Sequence[EffectResult]) -> list[int]:
    """Give the money and points in effects."""
    return [amount for effect in effects if isinstance(amount := effect.result.get("amount"), int)]
