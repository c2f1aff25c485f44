"""Who is offered a waiting conversation next: pure choices, made on what the store has read under its lock.

waiting, most urgent and longest first ─► colleagues who may ─► not asked yet ─► least loaded ─► longest idle
                                             └─ all asked: it rests in the queue, and then they are asked again
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
from msgspec.structs import replace

from relevo.domain.queues import DEFAULT, SUPERVISORS, Queue, Queues

LEADING_ROLES = frozenset({"supervisor", "admin"})
"""Who sees to what is sensitive, and to their colleagues' load."""
TAKING_ROLES = frozenset({"agent", *LEADING_ROLES})
"""Who may have a conversation at all."""
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is at the desk and not away."""

    id: int
    role: str = "agent"
    queues: tuple[str, ...] = ()
    """None named: all but the supervisors'."""
    languages: tuple[str, ...] = ()
    """None named: whatever is spoken."""
    skills: tuple[str, ...] = ()
    capacity: int = 3
    load: int = 0
    """Conversations that they have or are offered."""
    idle_since: datetime | None = None
    """When they last began or ended one; None: never."""

    def serves(self, queue: Queue) -> bool:
        """Tell whether a queue is theirs."""
        if self.role not in TAKING_ROLES:
            return False
        is_theirs = queue.name in self.queues if self.queues else queue.name != SUPERVISORS
        return is_theirs or (queue.name == SUPERVISORS and self.role in LEADING_ROLES)

    def can(self, queue: Queue, language: str | None) -> bool:
        """Tell whether they know what a queue asks for, and speak a contact's language."""
        is_spoken = not self.languages or language is None or language in self.languages
        return is_spoken and set(queue.skills) <= set(self.skills)


class InLine(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that waits for a person."""

    conversation_id: UUID
    queue: str
    language: str | None = None
    score: int = 0
    since: datetime
    asked: tuple[int, ...] = ()
    """Who declined or let it pass, in order; never offered to them again in this round."""
    asked_at: datetime | None = None
    """When the last offer ended."""
    is_requested: bool = False
    """Whether nobody was there when a person was asked for: the bot has control until somebody can take it."""

    @property
    def place(self) -> tuple[bool, int, datetime]:
        """What its place in line depends on: who waits is before whom the bot serves, urgent before early."""
        return self.is_requested, -self.score, self.since


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation for a colleague."""

    conversation_id: UUID
    agent_id: int
    is_requested: bool = False
    begins_round: bool = False
    """Whether everybody had been asked, so that it begins anew."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """By what conversations are offered."""

    queues: Queues
    rest: timedelta = timedelta(minutes=2)
    """How long a conversation rests in the queue once everybody was asked."""


def eligible(queue: Queue, language: str | None, colleagues: Iterable[Colleague]) -> list[Colleague]:
    """Give who may take from a queue, whatever their load.

    What is for supervisors goes to whoever is there while none of them is: somebody in danger waits for no role.
    """
    able = [colleague for colleague in colleagues if colleague.can(queue, language)]
    found = [colleague for colleague in able if colleague.serves(queue)]
    if found or queue.name != SUPERVISORS:
        return found
    return [colleague for colleague in able if colleague.serves(Queue(name=DEFAULT))]


def in_order(waiting: Iterable[InLine]) -> list[InLine]:
    """Put conversations in the order in which they are served."""
    return sorted(waiting, key=lambda one: one.place)


def offers(waiting: Sequence[InLine], colleagues: Sequence[Colleague], rules: Rules, now: datetime) -> list[Offer]:
    """Give the offers to make now, at most one for each conversation and none beyond anybody's capacity."""
    free = {colleague.id: colleague for colleague in colleagues}
    found: list[Offer] = []
    for one in in_order(waiting):
        offer = _offer(one, list(free.values()), rules, now)
        if offer is not None:
            taker = free[offer.agent_id]
            free[taker.id] = replace(taker, load=taker.load + 1)
            found.append(offer)
    return found


def next_round_at(one: InLine, rules: Rules) -> datetime | None:
    """Give when a conversation that everybody was asked about is offered again; None where nobody was."""
    return one.asked_at + rules.rest if one.asked and one.asked_at else None


def _offer(one: InLine, colleagues: Sequence[Colleague], rules: Rules, now: datetime) -> Offer | None:
    able = eligible(rules.queues.get(one.queue), one.language, colleagues)
    fresh = [colleague for colleague in able if colleague.id not in one.asked]
    again_at = next_round_at(one, rules)
    begins_round = not fresh and again_at is not None and again_at <= now
    asked_again = [colleague for colleague in able if len(able) == 1 or colleague.id not in one.asked[-1:]]
    choice = [c for c in (asked_again if begins_round else fresh) if c.load < c.capacity]
    if not choice:
        return None
    best = min(choice, key=lambda colleague: (colleague.load, colleague.idle_since or _NEVER, colleague.id))
    return Offer(
        conversation_id=one.conversation_id,
        agent_id=best.id,
        is_requested=one.is_requested,
        begins_round=begins_round,
    )
