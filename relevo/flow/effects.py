"""Does a thing in the business's systems once: intent first, then the deed, then its result.

Each step is committed by itself. A crash after the intent is settled by the retry: the same key goes to the business
again, which does it once for each key and gives the same result.
"""

from __future__ import annotations

from typing import Protocol

import structlog

from relevo.contracts.business import Business
from relevo.contracts.store import Effects, Intent
from relevo.domain.effects import Decision, EffectOrder, EffectResult, EffectState, Verdict
from relevo.errors import BusinessUnavailable, Conflict
from relevo.metrics.numbers import count_effect

_log = structlog.get_logger()
_STATES = {
    Decision.AUTO: EffectState.INTENDED,
    Decision.NEEDS_APPROVAL: EffectState.PREPARED,
    Decision.REFUSED: EffectState.REFUSED,
}


class EffectServices(Protocol):
    """Where effects are recorded and done."""

    @property
    def business(self) -> Business:
        """The business's own systems."""
        ...

    @property
    def effects(self) -> Effects:
        """The record of effects."""
        ...


async def perform(order: EffectOrder, verdict: Verdict, services: EffectServices, intent: Intent) -> EffectResult:
    """Do an effect as the policy says, and give its result; a known key that ended gives the recorded result.

    Raises StaleVerdict, with nothing recorded, when the verdict counted on a sum that has changed.
    """
    state = _STATES[verdict.decision]
    recorded = await services.effects.intend(order, state, verdict.rule, intent)
    if recorded is None and state is not EffectState.INTENDED:
        count_effect(order.kind, state.value)
        return EffectResult(key=order.key, state=state, rule=verdict.rule, result=verdict.facts)
    if recorded is not None and recorded.state is not EffectState.INTENDED:
        return recorded
    rule = verdict.rule
    if recorded is not None:
        # What was begun is ended as it was allowed: the deed may be done and forbid itself by now, and this order may
        # be another one, which nobody allowed.
        order, rule = await services.effects.begun(order.key), recorded.rule or rule
    result = await carry_out(order, rule, services.business)
    await services.effects.conclude(result)
    count_effect(order.kind, result.state.value)
    _log.info("effect", kind=order.kind, state=result.state.value, rule=result.rule)
    return result


async def carry_out(order: EffectOrder, rule: str | None, business: Business) -> EffectResult:
    """Have the business do it, and give what became of it; never raises for what the business says."""
    try:
        done = await business.carry_out(order)
    except Conflict as refusal:
        return EffectResult(key=order.key, state=EffectState.REFUSED, rule=refusal.reason)
    except BusinessUnavailable:
        return EffectResult(key=order.key, state=EffectState.UNCONFIRMED, rule=rule)
    return EffectResult(key=order.key, state=EffectState.DONE, rule=rule, result=done)
