"""What the administration's API is sent and answers about queues, hours and times to answer.

Words and numbers are judged by the rules of relevo.yml, all of them at once; here is only which kind of thing each is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from relevo.contracts.handoff import Moment

Word = Annotated[str, msgspec.Meta(max_length=200)]
Words = Annotated[list[Word], msgspec.Meta(max_length=400)]
HoursByDays = Annotated[dict[Word, Word], msgspec.Meta(max_length=60)]
SectionName = Literal["queues", "hours", "sla"]


class QueueSaid(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One queue; what it does not name is any, or as everybody has it."""

    languages: Words = []
    case_types: Words = []
    skills: Words = []
    triggers: Words = []
    """Of “supervisors” alone: why a person is needed."""
    priorities: Words = []
    """Of “supervisors” alone."""
    hours: HoursByDays = {}
    holidays: Words = []
    timezone: Word | None = None


class SlaTimes(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How soon people answer cases of one priority."""

    first_response_seconds: int | None = None
    next_response_seconds: int | None = None
    resolution_seconds: int | None = None
    clock: Word = "open"
    """``open`` counts open hours, ``wall`` nights and holidays, too."""


Queues = Annotated[dict[Word, QueueSaid], msgspec.Meta(max_length=200)]
Sla = Annotated[dict[Word, SlaTimes], msgspec.Meta(max_length=10)]


class OnTop(msgspec.Struct, kw_only=True):
    """Says something on top of what was there."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]
    """The version of the section that was looked at; 409 where there is another one by now."""


class PutQueues(OnTop, kw_only=True):
    """Says which queues there are; “default” and “supervisors” are always there."""

    queues: Queues
    renamed: Annotated[dict[Word, Word], msgspec.Meta(max_length=200)] = {}
    """Old name and new one: who works in them and who waits in them goes along."""


class PutHours(OnTop, kw_only=True):
    """Says when people are there, such as ``{"mon-fri": "09:00-14:00, 16:00-19:00"}``."""

    hours: HoursByDays
    holidays: Words = []
    """Days on which nobody is there, such as ``2026-12-25``."""


class PutSla(OnTop, kw_only=True):
    """Says how soon people answer, by priority: normal, high, urgent."""

    sla: Sla


class ResetSection(OnTop, kw_only=True):
    """Goes back to what relevo.yml says."""

    section: SectionName


class SectionState(msgspec.Struct, kw_only=True):
    """Where a section comes from."""

    source: Literal["desk", "file"]
    version: int
    """To be sent with the next change; 0 while the desk has never said anything."""
    changed_by: str | None
    """Who has said something last at the desk."""
    changed_at: Moment | None
    misfits: Sequence[str]
    """Why what the desk says does not count: the file was changed meanwhile."""


class QueuesSection(SectionState, kw_only=True):
    """The queues that count."""

    queues: Queues = {}


class HoursSection(SectionState, kw_only=True):
    """The hours and holidays that count."""

    hours: HoursByDays
    holidays: Words = []


class SlaSection(SectionState, kw_only=True):
    """The times that count."""

    sla: Sla


class SettingsView(msgspec.Struct, kw_only=True):
    """Everything that administrators may say in place of relevo.yml, as it counts."""

    queues: QueuesSection
    hours: HoursSection
    sla: SlaSection


def said_by(body: PutQueues | PutHours | PutSla) -> dict[str, Any]:
    """Give what a body says as relevo.yml would: without what it leaves unsaid."""
    names = [name for name in ("queues", "hours", "holidays", "sla") if hasattr(body, name)]
    found: Mapping[str, Any] = msgspec.to_builtins({name: getattr(body, name) for name in names})
    return {name: value for name, value in found.items() if value or name != "holidays"}
