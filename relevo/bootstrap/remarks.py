"""What a check finds that is not wrong."""

from __future__ import annotations

from relevo.errors import RelevoError


class Remarkable(RelevoError):
    """Not wrong, but somebody should know."""
