"""Rasa's custom actions: each opens the world for one of the modules beside it, and says when there is none.

A routine request is a module with ``go_on(talk)`` and a line in ``OPENED_BY``; the open one is in the slot ``request``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions import (
    bag_states,
    baggage,
    baggage_status,
    bags,
    balance,
    case_status,
    damage,
    delivery_address,
    email_change,
    essentials,
    fares,
    flight_status,
    handoff,
    language,
    later,
    money_back,
    name_change,
    perhaps,
    points,
    points_photo,
    privacy,
    refunds,
    returns,
    rights,
    safety,
    status,
    subscriptions,
    undelivered,
    vouchers,
)
from actions import help as articles
from actions.conversation import NAMING_ONE, NOT_UNDERSTOOD, SHOWN, TELLING, Also, Memory, Talk, heard
from actions.identity import forget_expired
from actions.paying_back import CASE_TYPES
from actions.question import asked_about
from actions.trips import NAMING
from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS
from relevo.contracts.runtime import current, offer_requests

GoOn = Callable[[Talk], Awaitable[None]]
Work = Callable[[Talk], Awaitable[object]]

OPENED_BY: dict[str, tuple[str, GoOn]] = {
    "action_points": ("points_correction", points.go_on),
    "action_balance": (balance.BALANCE.case_type, balance.BALANCE.go_on),
    "action_expiry": (balance.EXPIRES.case_type, balance.EXPIRES.go_on),
    "action_refund": (refunds.CASE_TYPE, refunds.go_on),
    "action_undelivered": (undelivered.CASE_TYPE, undelivered.go_on),
    "action_return_goods": (returns.CASE_TYPE, returns.go_on),
    "action_fare": (fares.CASE_TYPE, fares.go_on),
    "action_money_back": (money_back.CASE_TYPE, money_back.go_on),
    "action_cancel_subscription": (subscriptions.CASE_TYPE, subscriptions.go_on),
    "action_flight": (rights.CASE_TYPE, rights.go_on),
    "action_flight_status": (flight_status.CASE_TYPE, flight_status.go_on),
    "action_order_status": (status.ORDERS.case_type, status.ORDERS.go_on),
    "action_refund_status": (status.REFUNDS.case_type, status.REFUNDS.go_on),
    "action_case_status": (case_status.CASE_TYPE, case_status.go_on),
    "action_voucher": (vouchers.CASE_TYPE, vouchers.go_on),
    "action_change_email": (email_change.CASE_TYPE, email_change.go_on),
    "action_change_name": (name_change.CASE_TYPE, name_change.go_on),
    "action_privacy": (privacy.CASE_TYPE, privacy.go_on),
    "action_report_baggage": (bags.CASE_TYPE, baggage.go_on),
    "action_baggage_status": ("baggage_status", baggage_status.go_on),
    "action_delivery_address": (delivery_address.CASE_TYPE, delivery_address.go_on),
    "action_essentials": (essentials.CASE_TYPE, essentials.go_on),
    "action_damage": (damage.CASE_TYPE, damage.go_on),
}
"""By the action in domain.yml that opens it: the request's name, which is its case type, and what takes it further."""
REQUESTS: dict[str, GoOn] = {
    **dict(OPENED_BY.values()),
    language.REQUEST: language.go_on,
    later.REQUEST: later.go_on,
}
offer_requests(REQUESTS)
QUESTIONS: dict[str, Callable[[Talk], bool]] = {
    balance.BALANCE.case_type: later.is_known,
    balance.EXPIRES.case_type: later.is_known,
    flight_status.CASE_TYPE: flight_status.may_tell,
    status.ORDERS.case_type: later.is_known,
    status.REFUNDS.case_type: later.is_known,
    case_status.CASE_TYPE: later.is_known,
}
"""Requests that only tell something, with what tells whether they can at once: they leave others open."""
BY_REFERENCE = {
    "case": case_status.CASE_TYPE,
    "order": status.ORDERS.case_type,
    "flight": flight_status.CASE_TYPE,
}
"""Questions of where something stands, by the entity that names it."""
_TELLING = frozenset(
    {
        *NAMING,
        "partner_flight",
        "carrier",
        "impossible_date",
        "choice",
        "subscription",
        "case",
        "amount",
        "bare_amount",
        "baggage_tag",
        "baggage_report",
        *REFERENCE_FACTS,
        *OTHER_FACTS,
    }
)
_OF_BAGS = frozenset({bags.CASE_TYPE, damage.CASE_TYPE, essentials.CASE_TYPE, delivery_address.CASE_TYPE})
_OF_STATES = frozenset({bags.CASE_TYPE, "baggage_status"})
_CANCELLED = {subscriptions.CASE_TYPE, fares.CASE_TYPE}
_OF_AMOUNTS = frozenset({essentials.CASE_TYPE, damage.CASE_TYPE})
_OF_MONEY = frozenset({*CASE_TYPES, money_back.CASE_TYPE})


_SHOWING = frozenset({"confirm", "person", points_photo.STAGE, name_change.STAGE})
"""Stages in which something was shown that is answered."""


class TalkAction(Action, ABC):
    """An action that needs the turn; in plain Rasa there is none, and the contact is told so."""

    called: ClassVar[str]
    """The action's name in domain.yml."""

    @staticmethod
    @abstractmethod
    async def work(talk: Talk) -> object:
        """Do what the action is for; what it gives back is nobody's."""

    def name(self) -> str:
        """Give the action's name."""
        return self.called

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Run in the current turn; what is said last follows as an action of its own."""
        turn = current()
        if turn is None:
            return [FollowupAction("utter_cannot_act")]
        talk = Talk(turn, heard(tracker), Memory(tracker.slots))
        _notice_person(talk)
        forget_expired(talk)
        later.note(talk)
        await self.work(talk)
        later.offer(talk)
        articles.leave(talk)
        return talk.finish(dispatcher)


def _notice_person(talk: Talk) -> None:
    """Have an offer shown again once somebody else had control: a yes may be to what they said, or to nothing shown."""
    version = talk.turn.control_version
    if talk.memory["stage"] in _SHOWING and talk.memory["control_version"] != version:
        talk.memory.forget("stage")
    talk.memory["control_version"] = version


async def begin(talk: Talk, request: str) -> None:
    """Open a request, or go on where it is open already; a question within another request leaves that one open.

    Money wanted back while it is looked into is nothing else.
    """
    _point_out_dates(talk)
    talk.heard = perhaps.meant(talk)
    request = asked_about(request, talk, BY_REFERENCE)
    if _tells_more(talk, request):
        request = talk.memory["request"]
    if request == money_back.CASE_TYPE and talk.memory["request"] in CASE_TYPES:
        request = talk.memory["request"]
    later.forget(talk, talk.heard.intent)
    if request in QUESTIONS and later.is_within_another(talk, request):
        await _answer_within(talk, request)
        return
    if request in CASE_TYPES and talk.memory["request"] == rights.CASE_TYPE and talk.memory["stage"] == "confirm":
        later.remember(talk, rights.unanswered(talk))  # "for the fare write …", it said
    if talk.memory["request"] != request:
        talk.memory.forget("stage", "was_refused", *SHOWN)
        talk.memory["goal"] = talk.heard.text
        if request not in QUESTIONS and request != language.REQUEST:
            talk.memory.forget("case_id", "last_question")
            talk.memory["has_case"] = False
    talk.memory["in_request"], talk.memory["request"] = True, request
    await REQUESTS[request](talk)


def _tells_more(talk: Talk, request: str) -> bool:
    """Tell words that another request was read into from one: "they broke it", "I paid 80 euros for the repair"."""
    is_open, stage = talk.memory["request"], talk.memory["stage"]
    if request in _OF_STATES and is_open in _OF_STATES and stage == bag_states.DELIVERED:
        return True
    if request in _OF_BAGS:
        return is_open in _OF_BAGS and stage in TELLING
    if talk.turn.attachments and stage in (points_photo.STAGE, name_change.STAGE):
        return not talk.heard.entities.keys() & {*NAMING_ONE}
    if {request, is_open} == _CANCELLED and not talk.heard.is_button:
        return talk.wording.only_cancels(talk.heard.text)
    is_amount = "amount" in talk.heard.entities or (stage in TELLING and any(map(str.isdigit, talk.heard.text)))
    is_of_order = "order" in talk.heard.entities
    return request in _OF_MONEY and is_amount and not is_of_order and is_open in _OF_AMOUNTS


def _point_out_dates(talk: Talk) -> None:
    """Say of a day that no calendar has that it was not taken for one; the request goes on without it."""
    for day in talk.heard.entities.get("impossible_date", ()):
        talk.say("utter_impossible_date", date=day)


async def _answer_within(talk: Talk, request: str) -> None:
    """Answer now, or later where it must be known first who asks; then go on where the open request was."""
    if QUESTIONS[request](talk):
        await later.answer_beside(talk, REQUESTS[request])
    else:
        later.remember(talk, Also(talk.heard.intent, talk.heard.text, talk.heard.entities))
        talk.say("utter_later_noted")
    talk.heard = later.only_who(talk.heard)
    await REQUESTS[talk.memory["request"]](talk)


async def noted(talk: Talk) -> None:
    """Note a fact that nothing was asked about; after a question, another reference asks it again.

    After "which of these do you mean?" it may be the choice.
    """
    if perhaps.was_chosen(talk):
        return
    last, given = talk.memory["last_question"], talk.heard.entities.keys()
    if last and given & {*BY_REFERENCE, *status.REFUNDS.references}:
        await begin(talk, last)
    else:
        talk.say("utter_noted")


async def go_on(talk: Talk) -> None:
    """Take the open request further; where nothing was understood, say so first, and give up the second time."""
    is_lost = talk.heard.intent in NOT_UNDERSTOOD and not talk.heard.entities.keys() & _TELLING
    is_awaited = talk.memory["stage"] in TELLING or bool(talk.turn.attachments)
    if is_lost and not is_awaited and await articles.not_understood(talk):
        return
    _point_out_dates(talk)
    await REQUESTS[talk.memory["request"]](talk)


async def question(talk: Talk) -> None:
    """Answer a question from the articles; an open request goes on after it."""
    articles.question(talk)
    if talk.memory["in_request"]:
        await REQUESTS[talk.memory["request"]](talk)


async def speak(talk: Talk) -> None:
    """Speak another language at once; in another request that is all, else it is offered to have it on file."""
    if talk.memory["in_request"] and talk.memory["request"] != language.REQUEST:
        talk.say("utter_language_changed_here" if language.switch(talk) else "utter_language_which")
    else:
        await begin(talk, language.REQUEST)


def _opens(request: str) -> Work:
    async def work(talk: Talk) -> None:
        await begin(talk, request)

    return work


def _action(name: str, work: Work) -> type[TalkAction]:
    return type(name, (TalkAction,), {"called": name, "work": staticmethod(work)})


ACTIONS = [
    *(_action(name, _opens(request)) for name, (request, _) in OPENED_BY.items()),
    _action("action_noted", noted),
    _action("action_go_on", go_on),
    _action("action_change_language", speak),
    _action("action_not_understood", articles.not_understood),
    _action("action_question", question),
    _action("action_helped", articles.go_on),
    _action("action_person", handoff.ask),
    _action("action_handed_back", handoff.handed_back),
    _action("action_alarm", safety.alarm),
]
"""Every action of domain.yml; Rasa's SDK finds them as long as somebody holds them."""
