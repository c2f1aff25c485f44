"""A voucher that a person adds to a case: given at once within their limit, else left to somebody with a higher one.

amount and reason ─► the policy's most ─► kept in the case ─► within one's own limit: approved and given, with its
                                               │              code to the contact by chat and mail
                                               └─ above it: four eyes, as with any other approval
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from relevo.contracts.accounts import AgentAccount
from relevo.domain.cases import Case
from relevo.domain.effects import VOUCHER, Decision, EffectOrder, PreparedEffect
from relevo.domain.messages import clean_text
from relevo.errors import AccessDenied, Conflict, Unreadable
from relevo.flow.approvals import MAX_REASON_CHARACTERS, Decider
from relevo.flow.desk import demand_client_id

CURRENCY = "EUR"
"""What vouchers are in; the policy has rules for no other."""
BESIDE_LIMIT, ABOVE_LIMIT = "voucher.by_person", "voucher.above_own_limit"
"""Why a voucher is in a case: an agent gave it, or wants somebody with a higher limit to give it."""


class VoucherWish(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent wants to give; the same client id again is the same voucher."""

    amount: int
    reason: str
    client_id: str


async def add_voucher(
    decider: Decider, case: Case, agent: AgentAccount, wish: VoucherWish, *, expires_after_seconds: int
) -> str:
    """Add a voucher to an open case and give its key.

    Raises Unreadable for an amount or reason that is none, Conflict for a case that is closed or whose contact nobody
    knows, or beyond what the policy allows anybody, AccessDenied for one's own.
    """
    order = await _allowed(decider, case, agent, wish)
    limit = agent.limits.get("money")
    is_for_others = limit is None or wish.amount > limit
    effect = await decider.approvals.prepare(
        order,
        case,
        agent.id,
        rule=ABOVE_LIMIT if is_for_others else BESIDE_LIMIT,
        expires_at=decider.clock() + timedelta(seconds=expires_after_seconds),
        is_for_others=is_for_others,
    )
    if not is_for_others and not _is_decided(effect):
        await decider.approve(effect.order.key, effect.hash, agent)
    return effect.order.key


async def _allowed(decider: Decider, case: Case, agent: AgentAccount, wish: VoucherWish) -> EffectOrder:
    demand_client_id(wish.client_id)
    reason = clean_text(wish.reason).strip()
    if not 0 < len(reason) <= MAX_REASON_CHARACTERS:
        raise Unreadable(
            f"Say in 1 to {MAX_REASON_CHARACTERS} characters why; colleagues read it.", code="bad_voucher_reason"
        )
    if wish.amount <= 0:
        raise Unreadable("A voucher is more than nothing.", code="bad_voucher_amount")
    if not case.is_open:
        raise Conflict("The case is closed; a voucher is added to an open one.", code="case_closed")
    if case.business_ref is None:
        raise Conflict("Nobody knows yet who this contact is; find that out first.", code="unknown_contact")
    if case.business_ref == agent.business_ref:
        raise AccessDenied("You may not give yourself a voucher; somebody else has to.", code="own_contact")
    return await _within_policy(
        decider, case.business_ref, f"{VOUCHER}:{case.id}:{wish.client_id}", wish.amount, reason
    )


async def _within_policy(decider: Decider, ref: str, key: str, amount: int, reason: str) -> EffectOrder:
    arguments = {
        "granted_by": "person",
        "is_promise_missed": False,
        "amount": amount,
        "currency": CURRENCY,
        "reason": reason,
    }
    verdict = decider.policies.decide(VOUCHER, {**arguments, "spent": 0}, decider.today)
    if verdict.decision is Decision.REFUSED:
        raise Conflict(f"The policy allows nobody such a voucher ({verdict.rule}).", code="voucher_policy")
    return EffectOrder(key=key, kind=VOUCHER, business_ref=ref, arguments=arguments, amount=amount, unit=CURRENCY)


def _is_decided(effect: PreparedEffect) -> bool:
    return effect.decided_by is not None
