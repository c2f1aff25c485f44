"""The numbers of an evaluation, on readings whose results are known by hand."""

from __future__ import annotations

import json

import pytest

from relevo.evaluation.calibration import bins_of, calibration_error, thresholds_of
from relevo.evaluation.confused import matrix_of
from relevo.evaluation.examples import FALLBACK, Example, Reading, Span
from relevo.evaluation.measures import Group
from relevo.evaluation.numbers import as_json
from relevo.evaluation.shares import Share
from tests.unit.evaluation.made_up import evaluation_of, reading


def test_what_is_taken_for_what_is_counted_with_its_sentences() -> None:
    """Four of ten are wrong: three the same way, the surest sentence first, one not understood."""
    readings = [
        *(reading("pay", "pay") for _ in range(4)),
        *(reading("send", "send") for _ in range(2)),
        reading("send", "pay", 0.5, "less sure"),
        reading("send", "pay", 0.9, "surest"),
        reading("pay", "send", 0.4),
        reading("pay", FALLBACK, 0.1),
    ]
    group = Group("all", readings)
    assert (group.accuracy, group.fallback) == (Share(6, 10), Share(1, 10))
    first, second = group.confusions
    assert (first.expected, first.got, first.count, first.of) == ("send", "pay", 2, 4)
    assert first.sentences == ("surest", "less sure")
    assert (second.expected, second.got, second.count) == ("pay", "send", 1)
    pay = next(score for score in group.intents if score.name == "pay")
    assert (pay.precision, pay.recall, pay.f1) == pytest.approx((4 / 6, 4 / 6, 2 / 3))
    assert pay.fallback == 1
    assert group.macro_f1 == pytest.approx((2 / 3 + 4 / 7) / 2)


def test_intents_that_are_confused_stand_together() -> None:
    """The matrix has what is right on its diagonal and what is wrong beside it."""
    pairs = [("a", "a"), ("a", "z"), ("a", "z"), ("a", "z"), ("b", "c"), ("b", "c"), ("z", "b")]
    matrix = matrix_of(Group("all", [reading(*pair) for pair in pairs]))
    assert matrix is not None
    assert matrix.intents[:2] in {("z", "a"), ("a", "z")}
    assert (matrix.counts["a", "a"], matrix.counts["a", "z"], matrix.counts["z", "a"]) == (1, 3, 0)
    assert matrix.largest == 3
    assert matrix_of(Group("all", [reading("a", "a")])) is None


def test_calibration_is_the_mean_distance_from_what_was_promised() -> None:
    """Ten readings of 0.95 with nine right, ten of 0.25 with five right: off by 0.05 and 0.25."""
    readings = [
        *(reading("a", "a" if number < 9 else "b", 0.95) for number in range(10)),
        *(reading("a", "a" if number < 5 else "b", 0.25) for number in range(10)),
    ]
    bins = bins_of(readings)
    assert [each.right for each in bins if each.right.of] == [Share(5, 10), Share(9, 10)]
    assert calibration_error(bins) == pytest.approx(0.15)
    assert calibration_error(bins_of([])) == 0


def test_a_confidence_of_one_is_in_the_last_bin() -> None:
    """No confidence falls out of the ten."""
    assert bins_of([reading("a", "a", 1.0), reading("a", "a", 0.0)])[9].right == Share(1, 1)


def test_a_threshold_leaves_out_what_is_less_sure() -> None:
    """A guess that the bot did not trust counts: another threshold might have let it."""
    readings = [reading("a", "a", 0.9), reading("a", "b", 0.5), Reading(
        example=Example(text="t", intent="a"), intent=FALLBACK, guess="a", confidence=0.2)]  # fmt: skip
    told = {each.confidence: (each.answered, each.right) for each in thresholds_of(readings)}
    assert told[0.0] == (Share(3, 3), Share(2, 3))
    assert told[0.5] == (Share(2, 3), Share(1, 2))
    assert told[0.51] == (Share(1, 3), Share(1, 1))
    assert told[1.0] == (Share(0, 3), Share(0, 0))


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_are_wilsons(right: int, of: int, low: float, high: float) -> None:
    """Known values, the last one of Newcombe (1998), table I."""
    assert Share(right, of).interval == pytest.approx((low, high), abs=5e-5)


def test_entities_count_where_name_and_place_agree() -> None:
    """What no example marks is not counted against the bot."""
    example = Example(
        text="to Madrid from Paris", intent="a", entities=frozenset({Span("city", 3, 9), Span("city", 15, 20)})
    )
    found = frozenset({Span("city", 3, 9), Span("city", 15, 19), Span("language", 0, 20)})
    (score,) = Group("all", [Reading(example=example, intent="a", guess="a", confidence=1, entities=found)]).entities
    assert (score.name, score.hits, score.support, score.told) == ("city", 1, 2, 2)


def test_a_sentence_of_two_languages_counts_in_each_and_once_in_all() -> None:
    """Only those that were asked for are told."""
    readings = [reading("a", "a", languages=("en", "es")), reading("a", "b", languages=("es",))]
    told = json.loads(as_json(evaluation_of(readings)))
    assert {code: group["accuracy"]["of"] for code, group in told["languages"].items()} == {"en": 1, "es": 2}
    assert told["all"]["accuracy"]["of"] == 2
    assert [group.name for group in evaluation_of(readings, only=("es",)).languages] == ["es"]
    assert [group.name for group in evaluation_of(readings).below(0.6)] == ["es"]
