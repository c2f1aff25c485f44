"""An evaluation in a terminal of 80 columns and 40 lines: what matters first, what to do about it next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.folds import named
from relevo.evaluation.measures import Confusion, Group, Score
from relevo.evaluation.words import percent, threshold_told

Style = Callable[[str, str], str]
"""Gives a text in a colour or weight, where there are such."""

_WIDTH = 78
_INTENTS, _CONFUSIONS, _STORIES, _LANGUAGES = 5, 5, 3, 6


def summary(evaluation: Evaluation, styled: Style = lambda text, _: text) -> Iterator[str]:
    """Give the lines of the summary."""
    yield from _understanding(evaluation, styled)
    yield from _thin(evaluation)
    yield from _weakest(evaluation.everything, styled)
    yield from _confusions(evaluation.everything, styled)
    yield from _entities(evaluation.everything.entities, styled)
    yield from _stories(evaluation, styled)


def _understanding(evaluation: Evaluation, styled: Style) -> Iterator[str]:
    everything = evaluation.everything
    how = f"{everything.accuracy.of:,} examples of {len(everything.intents)} intents, {evaluation.folds} folds"
    yield _heading("Understanding", f"{how}, {evaluation.understanding_seconds:.0f} s", styled)
    yield styled("              accuracy   95 % interval   macro F1   not understood   ECE", "dim")
    groups = evaluation.groups
    shown = groups if len(groups) <= _LANGUAGES else [*groups[: _LANGUAGES - 1], groups[-1]]
    for group in shown:
        low, high = group.accuracy.interval
        accuracy = styled(f"{percent(group.accuracy.value):>8}", "bold")
        yield (
            f"  {_cut(group.name, 10):<10}  {accuracy}   {100 * low:4.1f} – {100 * high:5.1f} %   {group.macro_f1:8.3f}"
            f"   {percent(group.fallback.value):>14}   {group.calibration_error:.3f}"
        )
    if told := threshold_told(everything, evaluation.threshold):
        yield from _wrapped(told)


def _thin(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.thin:
        yield from _wrapped(f"Fewer examples than folds, so hardly measured: {named(evaluation.thin)}.", lines=2)


def _weakest(group: Group, styled: Style) -> Iterator[str]:
    weak = [score for score in group.intents if score.f1 < 1][:_INTENTS]
    if not weak:
        return
    yield _heading("Weakest intents", "", styled)
    yield styled(f"  {'':<34}      F1   precision   recall   examples", "dim")
    for score in weak:
        yield (
            f"  {_cut(score.name, 34):<34}   {score.f1:.3f}   {percent(score.precision):>9}  {percent(score.recall):>7}"
            f"   {score.support:8}"
        )


def _confusions(group: Group, styled: Style) -> Iterator[str]:
    if not group.confusions:
        return
    yield _heading("Commonest confusions", "", styled)
    for each in group.confusions[:_CONFUSIONS]:
        yield _confusion(each, styled)


def _confusion(each: Confusion, styled: Style) -> str:
    names = f"{_cut(each.expected, 19)} → {_cut(each.got, 19)}"
    sentence = _cut(" ".join(each.sentences[0].split()), 20)
    return f"  {each.count:3} of {each.of:<4} {names:<41}  {styled(f'“{sentence}”', 'dim')}"


def _entities(scores: Sequence[Score], styled: Style) -> Iterator[str]:
    if not scores:
        yield ""
        yield "  No example marks an entity, so finding them was not measured."
        return
    yield _heading("Entities", "", styled)
    worst = ", ".join(f"{_cut(score.name, 20)} {score.f1:.3f}" for score in scores[:3])
    yield from _wrapped(f"F1 by entity, the worst first: {worst}.", lines=1)


def _stories(evaluation: Evaluation, styled: Style) -> Iterator[str]:
    if evaluation.stories is None:
        return
    passed, failed = len(evaluation.stories) - len(evaluation.failed), evaluation.failed
    if not evaluation.stories:
        yield ""
        yield "  There are no test stories; tests/stories is where they are looked for."
        return
    yield _heading("Stories", f"{evaluation.stories_seconds:.0f} s", styled)
    mark = styled("✗", "red") if failed else styled("✓", "green")
    yield f"  {mark} {passed} of {len(evaluation.stories)} go as written"
    for story in failed[:_STORIES]:
        yield f"    {_cut(f'{story.name} ({story.file})', _WIDTH - 4)}"
        yield f"      {_cut(story.difference or '', _WIDTH - 6)}"
    if len(failed) > _STORIES:
        yield f"    … and {len(failed) - _STORIES} more, in the report."


def _heading(name: str, detail: str, styled: Style) -> str:
    return f"\n  {styled(name, 'bold')}" + (f"  {styled(detail, 'dim')}" if detail else "")


def _wrapped(sentence: str, lines: int = 3) -> Iterator[str]:
    yield from (f"  {line}" for line in wrap(sentence, _WIDTH - 2, max_lines=lines, placeholder=" …"))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(1, width - 1)]}…"
