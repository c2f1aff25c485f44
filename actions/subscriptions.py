"""Cancelling a subscription: one question, and done. Nothing is offered instead, and nobody is asked why.

    identify ──► the one that is named, else the only one that renews ──► judge it by policy
                     ├─ several: which?
                     └─ none: never "there is none", for it may exist under other data; a person is offered
        allowed ──► show plan, price and end ──► yes ──► cancelled, with its end
        refused ──► the rule, and when it ends; a person is offered

What is shown is kept in the slot ``offer`` and exactly that is cancelled: a retried turn finds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.cases import open_case
from actions.conversation import Talk
from actions.handoff import LEAVING, answered_offer_of_person
from actions.identity import is_identified, is_somebody_else
from relevo.contracts.records import Subscription
from relevo.domain.cases import Trigger
from relevo.domain.effects import Decision, EffectResult, EffectState, Verdict
from relevo.domain.names import name_words

KIND = "cancel_subscription"
CASE_TYPE = "subscription"

_ORDERED = ("subscription", "plan", "ends_on", "is_active")

Facts = dict[str, Any]
"""What is told and asked about one subscription, as plain data."""


async def go_on(talk: Talk) -> None:
    """Take the request one step further with what the contact has just said."""
    if talk.heard.intent == "change_mind" and not talk.wording.speaks_of_cancelling(talk.heard.text):
        talk.stop("subscription")
    elif talk.memory["stage"] == "person" and await answered_offer_of_person(talk, CASE_TYPE):
        talk.end("subscription")
    elif await is_identified(talk, CASE_TYPE, "utter_ask_identity_subscription"):
        await _go_on_identified(talk)


async def _go_on_identified(talk: Talk) -> None:
    mine = await talk.turn.own(Subscription)
    named = _named(talk, mine)
    if is_somebody_else(talk, await talk.turn.person()):
        talk.say("utter_facts_not_yours_subscription")
    if talk.memory["stage"] == "confirm":
        await _go_on_confirming(talk, mine, named)
    elif talk.memory["stage"] == "person" and not named and not talk.heard.entities.get("subscription"):
        talk.say("utter_offer_person")
    elif talk.memory["stage"] == "choose" and talk.heard.intent in LEAVING and not named:
        talk.stop("subscription")
    else:
        await _show(talk, mine, named)


async def _go_on_confirming(talk: Talk, mine: Sequence[Subscription], named: Sequence[Subscription]) -> None:
    offer: Facts = talk.memory["offer"]
    shown = [one for one in mine if one.id == offer["subscription"]]
    has_changed = any(one.is_active and _facts(one) != offer for one in shown)
    if named and named != shown:
        await _show(talk, mine, named)
    elif _is_yes(talk, offer) and not has_changed:
        await _cancel(talk, offer)
    elif talk.heard.intent in ("deny", "bye"):
        talk.stop("subscription")
    else:
        await _show(talk, mine, [] if talk.heard.entities.get("subscription") else shown)


def _is_yes(talk: Talk, offer: Facts) -> bool:
    """Tell an explicit yes; to "shall I cancel it?", "cancel it" is one, and a bare "cancel" may mean to stop."""
    return talk.agrees(offer["subscription"]) or (not talk.replies and talk.wording.tells_to_cancel(talk.heard.text))


def _named(talk: Talk, mine: Sequence[Subscription]) -> list[Subscription]:
    """Give what the message means by number, by a word that only its plan has, or by its place in the list."""
    numbers, words = talk.heard.entities.get("subscription", ()), set(name_words(talk.heard.text))
    named = [one for one in mine if one.id in numbers or words & _telling_words(one, mine)]
    choices = talk.heard.entities.get("choice", ()) if talk.memory["stage"] == "choose" else ()
    if named or not choices:
        return named
    listed = [one for one in mine if one.is_active]
    places = {len(listed) if choice == "last" else int(choice) for choice in choices if choice != "all"}
    return [one for place, one in enumerate(listed, 1) if place in places]


def _telling_words(one: Subscription, mine: Sequence[Subscription]) -> set[str]:
    return set(name_words(one.plan)).difference(*(name_words(other.plan) for other in mine if other.id != one.id))


async def _show(talk: Talk, mine: Sequence[Subscription], named: Sequence[Subscription]) -> None:
    """Find the one that is meant, and offer to cancel it, else say why that is not done."""
    before = [one for one in mine if one.id == talk.memory["subscription"]]
    active = [one for one in mine if one.is_active]
    meant = named or before or active or sorted(mine, key=lambda one: one.paid_until)[-1:]
    is_unknown = not named and bool(talk.heard.entities.get("subscription"))
    if not meant or is_unknown:
        talk.memory["stage"] = "person"
        talk.say("utter_subscription_none")
    elif len(meant) > 1:
        talk.memory["stage"] = "choose"
        lines = "\n".join(talk.wording.subscription(_facts(one)) for one in meant)
        talk.say("utter_subscription_which", subscriptions=lines)
    else:
        await _offer(talk, _facts(meant[0]))


async def _offer(talk: Talk, facts: Facts) -> None:
    verdict = await talk.turn.judge(KIND, facts)
    if verdict.decision is Decision.REFUSED:
        _refuse(talk, facts, verdict)
        return
    talk.memory["offer"], talk.memory["stage"] = facts, "confirm"
    talk.say("utter_subscription_offer", **_told(talk, facts), price=talk.wording.price(facts))


def _refuse(talk: Talk, facts: Facts, verdict: Verdict) -> None:
    talk.memory["stage"] = "person"
    talk.memory["refused"] = [{"subscription": facts["subscription"], "rule": verdict.rule}]
    talk.say(f"utter_rule_{verdict.rule.replace('.', '_')}", **_told(talk, facts))


async def _cancel(talk: Talk, offer: Facts) -> None:
    result = await talk.turn.perform(KIND, offer["subscription"], {name: offer[name] for name in _ORDERED})
    if result.state is EffectState.DONE:
        talk.say("utter_subscription_cancelled", **_told(talk, {**offer, **result.result}))
    else:
        await _hand_on(talk, offer, result)
    talk.end("subscription")


async def _hand_on(talk: Talk, offer: Facts, result: EffectResult) -> None:
    """Open a case for what a person must approve, or find out about."""
    if result.state is EffectState.PREPARED:
        number = await open_case(talk, CASE_TYPE, Trigger.APPROVAL, named=offer, effects=[result])
        talk.say("utter_subscription_prepared", case=number)
        return
    attempts = [{"key": result.key, "state": result.state.value, "rule": result.rule}]
    number = await open_case(talk, CASE_TYPE, Trigger.ACTION_ERROR, named=offer, attempts=attempts)
    talk.say("utter_subscription_not_confirmed", case=number)


def _told(talk: Talk, facts: Facts) -> dict[str, str]:
    return {"plan": facts["plan"], "date": talk.wording.date(facts["ends_on"]), "reference": facts["subscription"]}


def _facts(one: Subscription) -> Facts:
    return {
        "subscription": one.id,
        "plan": one.plan,
        "price": one.price,
        "currency": one.currency,
        "period": one.period,
        "ends_on": one.paid_until.isoformat(),
        "is_active": one.is_active,
    }
