"""The numbers of an evaluation as JSON, for programs: stable names, shares between 0 and 1."""

from __future__ import annotations

import json
from typing import Any

from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.measures import Group, Score
from relevo.evaluation.shares import Share

SCHEMA = "relevo.evaluation/1"


def as_json(evaluation: Evaluation) -> str:
    """Give the whole evaluation as JSON."""
    return json.dumps(_numbers(evaluation), ensure_ascii=False, indent=1) + "\n"


def _numbers(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "bot": evaluation.bot,
        "made_at": evaluation.made_at.isoformat(timespec="seconds"),
        "folds": evaluation.folds,
        "seed": evaluation.seed,
        "threshold": evaluation.threshold,
        "seconds": {
            "understanding": round(evaluation.understanding_seconds, 1),
            "stories": round(evaluation.stories_seconds, 1),
        },
        "all": _group(evaluation.everything),
        "languages": {group.name: _group(group) for group in evaluation.languages},
        "thin_intents": evaluation.thin,
        "stories": _stories(evaluation),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "accuracy": _share(group.accuracy),
        "macro_f1": _rounded(group.macro_f1),
        "fallback": _share(group.fallback),
        "expected_calibration_error": _rounded(group.calibration_error),
        "intents": {score.name: _score(score) for score in group.intents},
        "entities": {score.name: _score(score) for score in group.entities},
        "confusions": [
            {"expected": each.expected, "got": each.got, "count": each.count, "sentences": list(each.sentences)}
            for each in group.confusions
        ],
        "reliability": [
            {"from": each.low, "to": each.high, "confidence": _rounded(each.confidence), **_share(each.right)}
            for each in group.bins
        ],
        "thresholds": [
            {
                "threshold": each.confidence,
                "answered": _rounded(each.answered.value),
                "accuracy": _rounded(each.right.value) if each.right.of else None,
            }
            for each in group.thresholds
        ],
    }


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {
        "value": _rounded(share.value),
        "right": share.right,
        "of": share.of,
        "low": _rounded(low),
        "high": _rounded(high),
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "precision": _rounded(score.precision),
        "recall": _rounded(score.recall),
        "f1": _rounded(score.f1),
        "support": score.support,
        "fallback": score.fallback,
    }


def _stories(evaluation: Evaluation) -> dict[str, Any] | None:
    if evaluation.stories is None:
        return None
    failed = [{"story": story.name, "file": story.file, "difference": story.difference} for story in evaluation.failed]
    return {"passed": len(evaluation.stories) - len(failed), "failed": failed}


def _rounded(value: float) -> float:
    return round(value, 4)
