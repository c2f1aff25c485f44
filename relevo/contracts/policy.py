"""What the business allows, as data that decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from relevo.domain.contacts import Level
from relevo.domain.effects import Verdict


class Policy(Protocol):
    """The business's limits and windows."""

    def decide(self, kind: str, facts: Mapping[str, Any], on: date) -> Verdict:
        """Say whether an effect may be done at once, needs a person's approval, or is refused, and by which rule."""
        ...

    def window_days(self, kind: str) -> int | None:
        """Give the window of this kind's cumulative limit, whose check wants the fact ``spent``; None without one."""
        ...

    def required_level(self, kind: str) -> Level:
        """Give the least verification that an effect of this kind asks for."""
        ...
