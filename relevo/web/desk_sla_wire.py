"""How the desk's API shows the clocks of a case."""

from __future__ import annotations

import msgspec

from relevo.contracts.handoff import Moment


class ClockLine(msgspec.Struct, kw_only=True):
    """One promised time."""

    state: str
    """``running``, ``paused``, ``late``, ``kept``, ``missed`` or ``dropped``."""
    started_at: Moment
    due_at: Moment
    """While it is paused: as it was when it stopped."""
    target_seconds: int
    is_wall: bool
    """Whether nights, weekends and holidays count."""
    met_at: Moment | None
    breached_at: Moment | None


class ClocksLine(msgspec.Struct, kw_only=True):
    """The clocks of a case's newest handoff."""

    level: str
    """Priority whose times these are."""
    first_response: ClockLine | None
    next_response: ClockLine | None
    resolution: ClockLine | None
    answers: int
    """How many next responses were given, and how many of them too late."""
    late_answers: int
    paused_at: Moment | None
    """Since when the contact is waited for."""
