"""What the desk's API changes: each door reads what is sent, calls the verb, and answers with how it is now."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from relevo.domain.effects import PreparedEffect
from relevo.domain.handoff import Handback
from relevo.domain.messages import clean_text
from relevo.errors import Conflict
from relevo.flow import goodwill
from relevo.flow.approvals import Decider, may_approve
from relevo.flow.goodwill import VoucherWish
from relevo.flow.offers import OfferWork
from relevo.web import desk_wire as wire
from relevo.web.desk_doors import Call
from relevo.web.desk_teaching import teacher_of


async def take_over(call: Call, body: wire.TakeOver, conversation_id: UUID) -> wire.Conversation:
    """Give the caller control."""
    await call.work.take_over(conversation_id, body.version, call.agent)
    return await _conversation(call, conversation_id)


async def hand_back(call: Call, body: wire.HandBack, conversation_id: UUID) -> wire.Conversation:
    """Give the bot control, with what was decided."""
    await call.work.hand_back(conversation_id, body.version, call.agent, _handback(body))
    await _teach(call, body, conversation_id)
    return await _conversation(call, conversation_id)


async def close(call: Call, body: wire.HandBack, conversation_id: UUID) -> wire.Conversation:
    """End it without the bot saying anything."""
    await call.work.close(conversation_id, body.version, call.agent, _handback(body))
    await _teach(call, body, conversation_id)
    return await _conversation(call, conversation_id)


async def put_back(call: Call, body: wire.TakeOver, conversation_id: UUID) -> wire.Conversation:
    """Put it into the queue for somebody else."""
    await call.work.put_back(conversation_id, body.version, call.agent)
    return await _conversation(call, conversation_id)


async def verify(call: Call, body: wire.Verify, conversation_id: UUID) -> wire.Conversation:
    """Know whoever writes as a person of the business."""
    await call.work.verify(conversation_id, body.version, call.agent, body.business_ref)
    return await _conversation(call, conversation_id)


async def unverify(call: Call, body: wire.Unverify, conversation_id: UUID) -> wire.Conversation:
    """Know no more who writes."""
    await call.work.unverify(conversation_id, body.version, call.agent, body.reason)
    return await _conversation(call, conversation_id)


async def promise(call: Call, body: wire.PromiseTime, case_id: str) -> wire.CaseLine:
    """Keep until when an answer was promised."""
    await call.work.promise(case_id, call.agent, body.promised_at)
    return await _case(call, case_id)


async def close_case(call: Call, body: wire.CloseCase, case_id: str) -> wire.CaseLine:
    """Close a case."""
    await call.work.close_case(case_id, call.agent, body.outcome)
    return await _case(call, case_id)


async def approve(call: Call, body: wire.Approve) -> wire.Effect:
    """Have done exactly what was shown."""
    key, hash_ = await _shown(call, body)
    await _decider(call).approve(key, hash_, call.agent)
    return await _decided(call, key)


async def decline(call: Call, body: wire.Decline) -> wire.Effect:
    """Refuse it, and tell the contact why."""
    key, hash_ = await _shown(call, body)
    await _decider(call).decline(key, hash_, call.agent, body.reason)
    return await _decided(call, key)


async def change_amount(call: Call, body: wire.ChangeAmount) -> wire.Effect:
    """Put another amount in its place, for somebody else to approve."""
    key, hash_ = await _shown(call, body)
    await _decider(call).change_amount(key, hash_, call.agent, body.amount)
    return await _decided(call, key)


async def add_voucher(call: Call, body: wire.AddVoucher, case_id: str) -> wire.Effect:
    """Give a voucher, or leave it to somebody with a higher limit."""
    case = await call.services.store.desk.case(clean_text(case_id))
    wish = VoucherWish(amount=body.amount, reason=body.reason, client_id=body.client_id)
    seconds = call.services.service.approval_seconds
    return await _decided(
        call, await goodwill.add_voucher(_decider(call), case, call.agent, wish, expires_after_seconds=seconds)
    )


async def presence(call: Call, body: wire.Presence) -> wire.Agent:
    """Note that the caller is here, and whether they take conversations."""
    agent = call.agent
    services = call.services
    work = OfferWork(store=services.store, live=services.live)
    await work.arrived(agent, is_away=body.is_away, presence_seconds=services.service.presence_seconds)
    return wire.agent_line(agent if body.is_away is None else replace(agent, is_away=body.is_away))


def effect_for(call: Call, effect: PreparedEffect) -> wire.Effect:
    """Give an effect with whether the caller may approve it."""
    return wire.effect_line(effect, may_approve(effect, call.agent, call.services.clock()))


async def _teach(call: Call, body: wire.HandBack, conversation_id: UUID) -> None:
    """Propose what it was about; the conversation is handed back by now, so an intent that is none is left out."""
    if body.intent is not None and body.intent in call.services.intents.names:
        await teacher_of(call.services).propose_goal(conversation_id, call.agent, body.intent)


def _handback(body: wire.HandBack) -> Handback:
    return Handback(outcome=body.outcome, told=body.told, note=body.note, slots=body.slots)


async def _shown(call: Call, body: wire.Approve) -> tuple[str, str]:
    """Give key and hash without what no database holds: so cut, they name nothing that there is, or is seen."""
    key = clean_text(body.key)
    await call.eyes.demand_effect(key)
    return key, clean_text(body.hash)


def _decider(call: Call) -> Decider:
    if call.services.decider is None:
        raise Conflict("No business system is connected, so nothing can be decided.", code="no_business")
    return call.services.decider


async def _decided(call: Call, key: str) -> wire.Effect:
    effect = await call.services.store.approvals.get(key)
    call.services.live.changed(effect.conversation_id)
    return effect_for(call, effect)


async def _conversation(call: Call, conversation_id: UUID) -> wire.Conversation:
    return wire.conversation_line(await call.services.store.desk.conversation(conversation_id))


async def _case(call: Call, case_id: str) -> wire.CaseLine:
    return wire.case_line(await call.services.store.desk.case(case_id))
