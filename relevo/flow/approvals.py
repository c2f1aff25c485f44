"""What people decide about prepared effects: approved within their limits, declined with a reason, or changed.

    prepared ─► approved (compare-and-set) ─► done by the business ─► result, words and case in one transaction
        ├─► another amount: a new hash, for somebody else to approve
        ├─► declined: the contact hears the reason
        └─► nobody decides in time: refused, the contact is told, the case stays

A crash after the approval is settled by ``run``: the business is asked again with the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime, timezone, tzinfo

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.agenda import UNFINISHED_SECONDS
from relevo.contracts.business import Business
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.conversations import Conversations
from relevo.contracts.desk import Approvals
from relevo.contracts.live import Live
from relevo.contracts.policy import Policy
from relevo.contracts.store import Effects
from relevo.domain.effects import (
    APPROVER,
    POINTS,
    SUPERVISOR,
    Decision,
    EffectOrder,
    EffectResult,
    EffectState,
    PreparedEffect,
)
from relevo.domain.messages import clean_text
from relevo.domain.routing import LEADING_ROLES
from relevo.errors import AccessDenied, Conflict, StaleVerdict, Unavailable, Unreadable
from relevo.flow.amounts import amount_in, day
from relevo.flow.effects import carry_out
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch
from relevo.metrics.numbers import count_effect

LOOK_SECONDS = 5.0
MAX_REASON_CHARACTERS = 500
_log = structlog.get_logger()


class Decider(msgspec.Struct, frozen=True, kw_only=True):
    """Carries out what agents decide, and what time decides for them."""

    approvals: Approvals
    effects: Effects
    business: Business
    policies: Policy
    conversations: Conversations
    live: Live
    clock: Clock = msgspec.field(default=system_clock)
    default_language: str = "es"
    zone: tzinfo = timezone.utc
    """Where the business is: its rules count by the day there."""

    @property
    def today(self) -> date:
        """The day where the business is."""
        return self.clock().astimezone(self.zone).date()

    async def approve(self, key: str, hash_: str, agent: AgentAccount) -> EffectResult:
        """Approve exactly what the hash says and do it.

        Raises AccessDenied beyond the agent's limit, Conflict when it was decided, changed or is late, or when the
        policy refuses it by now.
        """
        return await self._finish(await self._approved(key, hash_, agent))

    async def decline(self, key: str, hash_: str, agent: AgentAccount, reason: str) -> None:
        """Refuse it; the contact hears the reason."""
        reason = clean_text(reason).strip()
        if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
            raise Unreadable(
                f"Say in 1 to {MAX_REASON_CHARACTERS} characters why; the customer reads it.", code="bad_reason"
            )
        effect = await self.approvals.get(key)
        language = await self._language(effect)
        reason = reason if reason[-1] in ".!?" else f"{reason}."
        text = say(language, "effect_declined", reason=reason, case=effect.case_id or "")
        await self.approvals.decline(key, hash_, agent.id, reason, text)
        self._wake(effect)
        _log.info("approval.declined", kind=effect.order.kind, agent=agent.id)

    async def change_amount(self, key: str, hash_: str, agent: AgentAccount, amount: int) -> PreparedEffect:
        """Put another amount in its place, within the agent's own limit; somebody else has to approve it."""
        effect = await self.approvals.get(key)
        if effect.order.amount is None:
            raise Conflict("There is no amount in this to change.", code="no_amount")
        if not 0 < amount <= _most(effect):
            raise Unreadable("The amount must be more than nothing and at most what was asked for.", code="bad_amount")
        _demand_limit(effect, amount, agent)
        _demand_role(effect, agent)
        changed = await self.approvals.change(key, hash_, agent.id, _with_amount(effect.order, amount))
        self._wake(effect)
        return changed

    async def run(self, stop: asyncio.Event) -> None:
        """Take up what was left, and end what nobody decides, until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="approvals", pause_seconds=LOOK_SECONDS)

    async def step(self) -> int:
        """Look once, and give how many were seen to."""
        unfinished = await self.approvals.unfinished(UNFINISHED_SECONDS)
        for effect in unfinished:
            await self._guarded(self._finish(effect), effect)
        expired = await self.approvals.expired()
        for effect in expired:
            await self._guarded(self._expire(effect), effect)
        return len(unfinished) + len(expired)

    async def _approved(self, key: str, hash_: str, agent: AgentAccount) -> PreparedEffect:
        while True:
            effect = await self.approvals.get(key)
            if effect.hash != hash_:  # else the limit would be compared with another amount than is approved
                raise Conflict("It was changed since you looked. Look at it again before you decide.", code="changed")
            _demand_limit(effect, effect.order.amount, agent)
            _demand_role(effect, agent)
            days, spent = await self._demand_policy(effect)
            try:
                return await self.approvals.approve(key, hash_, agent.id, window_days=days, spent=spent)
            except StaleVerdict:
                continue  # another of this person's effects was approved meanwhile; it counts now

    async def _guarded(self, work: Awaitable[object], effect: PreparedEffect) -> None:
        """Let what goes wrong with one effect not keep the others waiting; the next look tries it again."""
        try:
            await work
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001
            _log.error("approval.unexpected", kind=effect.order.kind, key=effect.order.key, exc_info=error)

    async def _finish(self, effect: PreparedEffect) -> EffectResult:
        result = await carry_out(effect.order, effect.rule, self.business)
        if result.state is EffectState.UNCONFIRMED:
            return result  # the business did not answer: it stays approved, and is asked again
        is_done = result.state is EffectState.DONE
        text = await self._told(effect, result)
        if await self.approvals.finish(effect.order.key, result, text, closes_case=is_done):
            self._wake(effect)
            count_effect(effect.order.kind, result.state.value)
            _log.info("approval.finished", kind=effect.order.kind, state=result.state.value)
        return result

    async def _expire(self, effect: PreparedEffect) -> None:
        text = say(await self._language(effect), "effect_expired", case=effect.case_id or "")
        if await self.approvals.expire(effect.order.key, text):
            self._wake(effect)
            _log.info("approval.expired", kind=effect.order.kind)

    async def _told(self, effect: PreparedEffect, result: EffectResult) -> str:
        language, order = await self._language(effect), effect.order
        if effect.decided_by is None:
            return say(language, "effect_done_late" if result.state is EffectState.DONE else "effect_failed_late")
        if result.state is not EffectState.DONE:
            return say(language, "effect_failed_after_approval", case=effect.case_id or "")
        values = {name: str(value) for name, value in {**order.arguments, **result.result}.items()}
        if isinstance(until := result.result.get("valid_until"), str):
            values["valid_until"] = day(language, date.fromisoformat(until))
        if order.amount is not None:
            values["amount"] = amount_in(language, order.amount, order.unit or "")
        if isinstance(balance := result.result.get("balance"), int):
            values["balance"] = amount_in(language, balance, POINTS)
        try:
            return say(language, f"effect_approved_{order.kind}", **values)
        except KeyError:  # there is no sentence for this kind, or the business does not say all that it needs
            return say(language, "effect_approved")

    async def _demand_policy(self, effect: PreparedEffect) -> tuple[int | None, int]:
        """What was allowed when it was asked for may be forbidden by now; what needs a person has one.

        Gives what the verdict counted on: the window, and what is spent within it.
        """
        order = effect.order
        days = self.policies.window_days(order.kind)
        spent = await self.effects.spent(order.kind, order.business_ref, days) if days is not None else 0
        try:
            verdict = self.policies.decide(order.kind, {**order.arguments, "spent": spent}, self.today)
        except ValueError as error:
            raise Conflict(f"The policy cannot judge this any more: {error}", code="policy") from error
        if verdict.decision is Decision.REFUSED:
            raise Conflict(f"The policy refuses this by now ({verdict.rule}). Decline it instead.", code="policy")
        return days, spent

    async def _language(self, effect: PreparedEffect) -> str:
        if effect.conversation_id is None:
            return self.default_language
        return (await self.conversations.get(effect.conversation_id)).language or self.default_language

    def _wake(self, effect: PreparedEffect) -> None:
        if effect.conversation_id is not None:
            self.live.changed(effect.conversation_id)
            self.live.wake_senders()


def may_approve(effect: PreparedEffect, agent: AgentAccount, now: datetime) -> str | None:
    """Give why an agent may not approve an effect as it stands, as a code; None when they may.

    ``limit``, ``role``, ``four_eyes``, ``own_contact``, ``expired`` or ``decided``; for showing only, the decision
    checks again.
    """
    limit = agent.limits.get(effect.measure)
    reasons = {
        "decided": effect.state is not EffectState.PREPARED,
        "expired": effect.expires_at is not None and effect.expires_at <= now,
        "own_contact": agent.business_ref is not None and agent.business_ref == effect.order.business_ref,
        "role": _is_left_to_others(effect, agent),
        "four_eyes": effect.changed_by == agent.id,
        "limit": limit is None or (effect.order.amount is not None and effect.order.amount > limit),
    }
    return next((code for code, holds in reasons.items() if holds), None)


def _demand_limit(effect: PreparedEffect, amount: int | None, agent: AgentAccount) -> None:
    limit = agent.limits.get(effect.measure)
    if limit is None:
        raise AccessDenied(
            f"You may not approve {effect.measure}; a colleague with a limit can. It waits in the list.",
            code="no_limit",
        )
    if amount is not None and amount > limit:
        unit = effect.order.unit or POINTS
        raise AccessDenied(
            f"{amount_in('en', amount, unit)} is beyond your limit of {amount_in('en', limit, unit)};"
            " a colleague with a higher one can approve it.",
            code="limit",
        )


def _demand_role(effect: PreparedEffect, agent: AgentAccount) -> None:
    if _is_left_to_others(effect, agent):
        raise AccessDenied("A supervisor decides about this, whatever the amount. It waits in the list.", code="role")


def _is_left_to_others(effect: PreparedEffect, agent: AgentAccount) -> bool:
    return effect.order.arguments.get(APPROVER) == SUPERVISOR and agent.role not in LEADING_ROLES


def _with_amount(order: EffectOrder, amount: int) -> EffectOrder:
    """Change what the order moves, wherever its arguments say it too."""
    most = order.arguments.get("most_amount", order.amount)
    arguments = {name: amount if name in ("amount", "points") else value for name, value in order.arguments.items()} | {
        "most_amount": most
    }
    return replace(order, amount=amount, arguments=arguments)


def _most(effect: PreparedEffect) -> int:
    """Give what was asked for at first: nobody makes it more."""
    return int(effect.order.arguments.get("most_amount", effect.order.amount or 0))
