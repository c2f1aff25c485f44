"""How many points somebody has, and until when they are kept."""

from __future__ import annotations

from actions.conversation import Talk
from actions.question import Question
from relevo.contracts.records import Membership

EXPIRY = "expiry"


async def tell_balance(talk: Talk) -> bool:
    """Tell the balance."""
    membership = await _membership(talk)
    if membership is not None:
        talk.say("utter_balance", balance=talk.wording.number(membership.points))
    return True


async def tell_expiry(talk: Talk) -> bool:
    """Tell until when the points are kept, by which term, and what keeps them longer."""
    membership = await _membership(talk)
    if membership is None:
        return True
    terms = {"months": str(membership.months), "terms": membership.terms}
    if membership.points == 0:
        talk.say("utter_expiry_no_points", **terms)
    elif membership.last_flown_on is None or membership.expires_on is None:
        talk.say("utter_expiry_unknown", **terms)
    else:
        is_over = membership.expires_on < talk.turn.today
        talk.say(
            "utter_expiry_over" if is_over else "utter_expiry",
            balance=talk.wording.number(membership.points),
            date=talk.wording.date(membership.expires_on),
            last=talk.wording.date(membership.last_flown_on),
            **terms,
        )
    return True


async def _membership(talk: Talk) -> Membership | None:
    """Give the account of points; where there is none, say so."""
    memberships = await talk.turn.own(Membership)
    if not memberships:
        talk.say("utter_balance_no_member")
    return memberships[0] if memberships else None


BALANCE = Question(case_type="balance", asking="utter_ask_identity", references=frozenset(), answer=tell_balance)
EXPIRES = Question(case_type=EXPIRY, asking="utter_ask_identity", references=frozenset(), answer=tell_expiry)
