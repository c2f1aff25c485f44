"""Compares what customers were told with what the database holds: lost, doubled, out of order, effects, given up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import psycopg

from bench.kit.conversations import Conversation
from bench.kit.impatient import Said

Entry = tuple[str, str, int]
"""Author, text, and the inbox row that it belongs to."""

# What a timer says ("how was it?") belongs to no message, and comes when it comes.
_ENTRIES = """
SELECT i.address, e.author, coalesce(e.content ->> 'text', ''), e.inbox_id
FROM entries e
JOIN conversations c ON c.workspace_id = e.workspace_id AND c.id = e.conversation_id
JOIN identities i ON i.workspace_id = c.workspace_id AND i.id = c.identity_id
WHERE e.workspace_id = 1 AND e.kind = 'message' AND i.channel = 'rest' AND e.inbox_id IS NOT NULL
ORDER BY e.conversation_id, e.position
"""


@dataclass(kw_only=True)
class Findings:
    """What went wrong; every number should be zero."""

    lost: int = 0
    """Messages not on their timeline, or never answered there, or whose answer the customer never got."""
    doubled: int = 0
    """Messages or answers that are on the timeline more than once."""
    out_of_order: int = 0
    """Timelines on which messages and answers do not stand in the order in which they were said."""
    other_answers: int = 0
    """Answers in other words than without kills, or that changed from one request to the next."""
    effects_twice: int = 0
    effects_missing: int = 0
    given_up: int = 0
    """Messages that ended as dead letters or were handed on because no bot was there."""
    unsettled: int = 0
    """Messages still waiting at the end."""
    rejected: int = 0
    """Requests answered with a 4xx."""
    examples: list[str] = field(default_factory=list)

    def is_clean(self) -> bool:
        """Whether everything is zero."""
        return not any(self.counts().values())

    def counts(self) -> dict[str, int]:
        """Give every number by its name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "examples"}

    def note(self, kind: str, example: str, count: int = 1) -> None:
        """Count something, and keep the first few to look at."""
        if count:
            setattr(self, kind, getattr(self, kind) + count)
            if len(self.examples) < 20:
                self.examples.append(f"{kind}: {example}"[:400])


Timelines = Mapping[str, Sequence[Entry]]


def read_timelines(connection: psycopg.Connection[Any]) -> Timelines:
    """Give every conversation's messages by sender, in the order of their positions."""
    timelines: dict[str, list[Entry]] = defaultdict(list)
    for sender, author, text, inbox_id in connection.execute(_ENTRIES):
        timelines[sender].append((author, text, inbox_id))
    return timelines


def answers_of(timeline: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    """Give the customer's messages as they stand on the timeline, each with what was answered to it."""
    return [
        (text, [answer for author, answer, row in timeline if row == asked and author != "contact"])
        for author, text, asked in timeline
        if author == "contact"
    ]


def compare(
    conversation: Conversation,
    said: Sequence[Said],
    timeline: Sequence[Entry],
    expected: Sequence[Sequence[str]],
    findings: Findings,
) -> None:
    """Add what is wrong with one conversation to the findings; ``expected`` are the answers without kills."""
    sender = conversation.sender
    heard = [text for author, text, _ in timeline if author == "contact"]
    wanted = list(conversation.texts)
    findings.note("lost", f"{sender} not on the timeline", sum(text not in heard for text in wanted))
    findings.note("lost", f"{sender} never got an answer", sum(not each.answers for each in said))
    findings.note("doubled", f"{sender} on the timeline twice", max(0, len(heard) - len(wanted)))
    findings.note("given_up", f"{sender} heard the system", sum(author == "system" for author, _, _ in timeline))
    for each in said:
        findings.note("rejected", f"{sender}: {each.rejections[:1]}", len(each.rejections))
    if heard not in (wanted, [*wanted[:-2], wanted[-1], wanted[-2]]):  # the last two were said in one breath
        findings.note("out_of_order", f"{sender}: {heard}", sorted(heard) == sorted(wanted))
        return
    findings.note("out_of_order", f"{sender}: {timeline}", not _is_in_order(timeline))
    for text, answers in answers_of(timeline):
        step = wanted.index(text)
        _compare_answer(f"{sender}/m{step}", said[step], answers, list(expected[step]), findings)


def _is_in_order(timeline: Sequence[Entry]) -> bool:
    """Whether each answer stands after its message, and answers in the order of the messages."""
    asked = [row for author, _, row in timeline if author == "contact"]
    answered = [row for author, _, row in timeline if author != "contact"]
    places = [(timeline_row, author != "contact") for author, _, timeline_row in timeline]
    return (
        asked == sorted(asked)
        and answered == sorted(answered)
        and all(places.index((row, False)) < places.index((row, True)) for row in set(answered))
    )


def _compare_answer(where: str, said: Said, answers: list[str], expected: list[str], findings: Findings) -> None:
    if len(answers) < len(expected):
        findings.note("lost", f"{where} has {answers}", len(expected) - len(answers))
    elif len(answers) > len(expected):
        findings.note("doubled", f"{where} has {answers}", len(answers) - len(expected))
    elif answers != expected:
        findings.note("other_answers", f"{where} has {answers}, expected {expected}")
    changed = sum(not _contains(got, answers) for got in said.answers)
    findings.note("other_answers", f"{where} was told {said.answers}, the timeline has {answers}", changed)


def _contains(got: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether an answer has the turn's own words in order; what was said in between may stand among them."""
    rest = iter(got)
    return all(text in rest for text in answers)
