"""How numbers are said in a report."""

from __future__ import annotations

from relevo.evaluation.calibration import Threshold
from relevo.evaluation.measures import Group


def percent(share: float) -> str:
    """Give a share in percent, with one decimal."""
    return f"{100 * share:.1f} %"


def at_threshold(group: Group, threshold: float | None) -> Threshold | None:
    """Give what the present threshold brings, rounded to a hundredth; None where there is none."""
    return None if threshold is None else group.thresholds[round(100 * min(1.0, max(0.0, threshold)))]


def threshold_told(group: Group, threshold: float | None) -> str:
    """Say in a sentence what the present threshold brings."""
    present = at_threshold(group, threshold)
    if present is None or not group.readings:
        return ""
    return (
        f"At its threshold of {threshold:g} the bot acts on {percent(present.answered.value)} of what is said, and is"
        f" right in {percent(present.right.value)} of that."
    )
