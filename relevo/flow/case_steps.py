"""What a macro does to the case of its conversation: tags, snooze, priority, and effects, as they are done by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec

from relevo.domain.effects import EffectState, PreparedEffect
from relevo.errors import Conflict
from relevo.flow.approvals import MAX_REASON_CHARACTERS, Decider
from relevo.flow.goodwill import VoucherWish, add_voucher
from relevo.flow.macro_run import Run
from relevo.flow.worklist import MAX_SNOOZE_DAYS, ListWork, Wish

TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Take = Callable[[Run, int, Any], Awaitable[None]]


class Tag(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Puts a tag on the case, or takes it off."""

    tag: TagName


class Snooze(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Puts the case out of the way for so many minutes."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=MAX_SNOOZE_DAYS * 1_440)]


class SetPriority(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Makes the case so urgent."""

    level: Literal["normal", "high", "urgent"]


class Approve(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Approves the one effect of a kind that waits here."""

    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Prepare(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Adds a voucher to the case, in minor units: nothing else is prepared at the desk."""

    kind: Literal["voucher"]
    amount: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REASON_CHARACTERS)]


async def _tag(run: Run, _number: int, step: Tag) -> None:
    await _change(run, Wish(add=(step.tag,)))


async def _untag(run: Run, _number: int, step: Tag) -> None:
    await _change(run, Wish(remove=(step.tag,)))


async def _snooze(run: Run, _number: int, step: Snooze) -> None:
    await _change(run, Wish(snoozes=True, until=run.work.clock() + timedelta(minutes=step.minutes)))


async def _priority(run: Run, _number: int, step: SetPriority) -> None:
    await run.work.prioritise((await run.open_cases())[0].id, run.agent, step.level)


async def _approve(run: Run, _number: int, step: Approve) -> None:
    decider = _decider(run)
    effect = await _waiting(run, step.kind)
    await decider.approve(effect.order.key, effect.hash, run.agent)
    run.work.live.changed(effect.conversation_id)


async def _prepare(run: Run, number: int, step: Prepare) -> None:
    decider, case = _decider(run), (await run.open_cases())[0]
    wish = VoucherWish(amount=step.amount, reason=step.reason, client_id=f"{run.client_id}:{number}")
    seconds = run.work.service.approval_seconds
    await add_voucher(decider, case, run.agent, wish, expires_after_seconds=seconds)
    run.work.live.changed(run.conversation_id)


async def _change(run: Run, wish: Wish) -> None:
    await ListWork(desk=run.work).change((await run.open_cases())[0].id, run.agent, wish)


async def _waiting(run: Run, kind: str) -> PreparedEffect:
    """Give what waits; a macro chooses among several as little as it decides what nobody asked for."""
    found = [
        effect
        for case in await run.open_cases()
        for effect in await run.work.store.desk.effects_of(case.id)
        if effect.state is EffectState.PREPARED and effect.order.kind == kind
    ]
    if not found:
        raise Conflict(f"Nothing of this kind ({kind}) waits for a decision here.", code="nothing_waits")
    if len(found) > 1:
        raise Conflict(f"{len(found)} of this kind ({kind}) wait here; decide each by hand.", code="several_wait")
    return found[0]


def _decider(run: Run) -> Decider:
    if run.decider is None:
        raise Conflict("No business system is connected, so nothing can be decided.", code="no_business")
    return run.decider


STEPS_OF_CASES: Mapping[str, tuple[type[msgspec.Struct], Take]] = {
    "tag": (Tag, _tag),
    "untag": (Tag, _untag),
    "snooze": (Snooze, _snooze),
    "priority": (SetPriority, _priority),
    "approve": (Approve, _approve),
    "prepare": (Prepare, _prepare),
}
"""What a step may do to a case: what it needs, and who takes it."""
