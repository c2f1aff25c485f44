"""Counts what went wrong on a fake X: by what customers heard, by what X saw, by what the business has kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.kit.x_business import XBusiness
from bench.kit.x_customers import Person
from relevo.contracts.x import X

_TIMELINES = """
SELECT i.address, e.content ->> 'text' FROM entries e
JOIN conversations c ON c.id = e.conversation_id JOIN identities i ON i.id = c.identity_id
WHERE e.kind = 'message' AND e.author = 'contact' ORDER BY e.conversation_id, e.position
"""
_DEAD = "SELECT kind || ': ' || reason FROM platform_events WHERE state = 'dead'"
_UNSENT = "SELECT channel, state || ': ' || reason FROM deliveries WHERE state NOT IN ('sent', 'delivered', 'read')"
_AGAIN = "SELECT count(*) FILTER (WHERE attempts > 1), max(attempts) FROM deliveries"
_READ_AGAIN = "SELECT count(*) FROM platform_events WHERE attempts > 1"


@dataclass(kw_only=True)
class Outcome:
    """What came of a run."""

    did: dict[str, object] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong."""
        return not any(self.wrong.values())

    def note(self, what: str, found: Sequence[object]) -> None:
        """Count what went wrong, and keep some of it."""
        self.wrong[what] += len(found)
        self.examples += [f"{what}: {each}" for each in found[:3]]


async def timelines_of(business: XBusiness) -> Mapping[str, list[str]]:
    """Give what each customer wrote, as it was kept."""
    found: dict[str, list[str]] = defaultdict(list)
    for address, text in await business.opened.database.rows(_TIMELINES):
        found[address].append(text)
    return found


def compare(people: Sequence[Person], timelines: Mapping[str, list[str]], outcome: Outcome) -> None:
    """Compare what each customer wrote with what was kept, and with what they heard."""
    swapped = 0
    for person in people:
        name, written, heard = person.customer.username, person.messages, person.answered()
        kept = timelines.get(person.customer.id, [])
        times = Counter(heard)
        outcome.note("messages not answered", [text for text in written if not times[text]])
        outcome.note("messages answered twice", [text for text, count in times.items() if count > 1])
        outcome.note("answers to nothing", [*(times.keys() - {*written}), *person.heard_else()])
        outcome.note("messages kept twice", [text for text, count in Counter(kept).items() if count > 1])
        outcome.note("answered out of order", [] if heard == kept else [f"{name}: {kept} and {heard}"])
        outcome.note("kept out of order", [] if _is_in_order(kept, person.said) else [f"{name}: {kept}"])
        swapped += kept != written
    outcome.did["customers whose messages, written at once, X told swapped"] = swapped


def _is_in_order(kept: Sequence[str], said: Sequence[Sequence[str]]) -> bool:
    """Tell whether messages were kept as they were written; those that were written at once may be swapped."""
    begin = 0
    for texts in said:
        if sorted(kept[begin : begin + len(texts)]) != sorted(texts):
            return False
        begin += len(texts)
    return begin == len(kept)


async def compare_platform(business: XBusiness, people: Sequence[Person], outcome: Outcome) -> None:
    """Count what X saw, and what the business gave up."""
    x, rows = business.x, business.opened.database.rows
    outcome.note("sent twice", [message.text for message in x.brand.sent_twice])
    outcome.note("calls beyond a limit", [kind for kind, count in x.limits.exceeded.items() for _ in range(count)])
    outcome.note("encrypted messages that nobody can read", x.chats.unreadable)
    answered = Counter(post.replies_to.id for post in x.brand.posted if post.replies_to)
    outcome.note("posts answered twice", [post for post, count in answered.items() if count > 1])
    outcome.note("events given up", [row[0] for row in await rows(_DEAD)])
    unsent = await rows(_UNSENT)
    outcome.note("messages given up", [why for channel, why in unsent if channel == X])
    ((again, most),) = await rows(_AGAIN)
    ((read_again,),) = await rows(_READ_AGAIN)
    by = Counter(message.transport for message in x.brand.sent)
    faults: Counter[str] = Counter()
    for (door, fault), count in x.faults.happened.items():
        faults[f"{fault.value} ({door})"] += count
    outcome.did |= {
        "events that X told": len(x.deliveries.events),
        "posts of X to the webhook": len(x.deliveries.statuses),
        "of these not taken": sum(status != 200 for status in x.deliveries.statuses),
        "calls to X": len(x.seen),
        "messages of customers": sum(len(person.messages) for person in people),
        "answers by direct message": by["dm"],
        "answers encrypted": by["chat"],
        "posts, and public replies": f"{sum(len(person.posted) for person in people)}, {len(x.brand.posted)}",
        "public replies of which nobody knows, left to a person": sum(channel != X for channel, _ in unsent),
        "what went wrong on order": ", ".join(f"{name} {count}" for name, count in faults.most_common()),
        "web process killed": business.kills,
        "answers tried again": f"{again} (one {most} times)",
        "events read again": read_again,
        "time that passed": str(business.clock.ahead).partition(".")[0],
    }
