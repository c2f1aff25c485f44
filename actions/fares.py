"""Paying back what a ticket cost: where the company cancelled the flight, or its holder gives the fare back in time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from actions import naming
from actions.charges import Facts, fare
from actions.conversation import SHOWN, Talk
from actions.naming import Thing
from actions.refunding import Refunding
from actions.verdicts import allowed_of, judge, refuse
from relevo.contracts.records import Fare

CASE_TYPE = "fare_refund"


class FareRefund(Refunding):
    """A ticket is not used."""

    case_type = CASE_TYPE
    kinds = (Fare,)
    recalls_order = False
    question = "utter_ask_identity"
    not_yours = "utter_facts_not_yours_ticket"
    which = "utter_fare_which"
    not_found = "utter_fare_not_found"

    async def charges(self, talk: Talk, things: Sequence[Thing], *, is_named: bool) -> list[Facts]:
        """Give each fare; where none of those that were named goes back, say so, and give what is owed for others."""
        found = [fare(one) for one in things if isinstance(one, Fare)]
        judged = await judge(talk, found)
        if is_named and not allowed_of(judged) and (owed := owed_of(await naming.owned(talk, self.kinds))):
            refuse(talk, judged)
            return [fare(one) for one in owed]
        return found

    def usual(self, talk: Talk, things: Sequence[Thing]) -> Sequence[Thing]:
        """Give the flights whose fare is owed, else those to come, else all."""
        today = talk.turn.today
        to_come = [one for one in things if isinstance(one, Fare) and one.flown_on >= today and not one.refund]
        return owed_of(things) or to_come or things


def owed_of(things: Sequence[Thing]) -> list[Fare]:
    """Give the tickets whose holder the company did not fly, and whose fare did not go back."""
    return [one for one in things if isinstance(one, Fare) and one.owed_for and one.refund is None]


async def refund_owed(talk: Talk, tickets: Collection[str]) -> bool:
    """Open the refund of tickets whose fare is owed for what happened to their flights, and tell whether any is.

    For a request that has ended with its own last word: what is owed is shown after it, and waits for a yes.
    """
    owed = [one for one in owed_of(await naming.owned(talk, (Fare,))) if one.ticket in tickets]
    if owed:
        _open(talk)
        await FareRefund().decide(talk, [fare(one) for one in owed], is_named=True)
    return bool(owed)


async def take_over(talk: Talk) -> None:
    """Go on as the request about a fare where another one has found that a ticket is meant."""
    named = talk.memory["draft"]
    _open(talk)
    talk.memory["draft"] = named
    await FareRefund().begin(talk, await naming.owned(talk, FareRefund.kinds))


def _open(talk: Talk) -> None:
    goal = talk.memory["goal"] or talk.heard.text
    talk.memory.forget("stage", "was_refused", *SHOWN)
    talk.memory["in_request"], talk.memory["request"], talk.memory["goal"] = True, CASE_TYPE, goal


go_on = FareRefund().go_on
