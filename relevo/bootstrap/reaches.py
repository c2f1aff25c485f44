"""How the configured channels get words to somebody."""

from __future__ import annotations

from collections.abc import Mapping

from relevo.configuration import Configuration
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.x import X


def reaches_of(configuration: Configuration) -> Mapping[str, Reach]:
    """Give the configured channels but mail; X takes answers at any time, and few of them."""
    return {**REACHES, X: Reach(joins_turns=True)} if configuration.x is not None else REACHES
