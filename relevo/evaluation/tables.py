"""The tables and lists of a report's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from relevo.evaluation.confused import Matrix, matrix_of
from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.markup import Markup, breakable, element, joined
from relevo.evaluation.measures import Confusion, Group, Score
from relevo.evaluation.words import percent

_MOST = 15


def groups_table(groups: Sequence[Group]) -> Markup:
    """Give the figures of each language in numbers."""
    heads = ("Language", "Accuracy", "95 % interval", "Macro F1", "Not understood", "Calibration error", "Examples")
    return _table("Figures by language", heads, [(group.name, *_figures(group)) for group in groups])


def _figures(group: Group) -> tuple[str, ...]:
    low, high = group.accuracy.interval
    return (
        percent(group.accuracy.value),
        f"{percent(low)} to {percent(high)}",
        f"{group.macro_f1:.3f}",
        percent(group.fallback.value),
        f"{group.calibration_error:.3f}",
        f"{group.accuracy.of:,}",
    )


def intents_table(evaluation: Evaluation) -> Markup:
    """Give every intent, the weakest first, with its F1 in each language."""
    languages = evaluation.languages if len(evaluation.languages) > 1 else []
    by_language = [{score.name: score for score in group.intents} for group in languages]
    heads = ("Intent", "F1", *(f"F1 {group.name}" for group in languages), "Precision", "Recall", "Not understood",
             "Examples")  # fmt: skip
    rows = [
        (
            score.name,
            f"{score.f1:.3f}",
            *(f"{known[score.name].f1:.3f}" if score.name in known else "–" for known in by_language),
            *_told(score),
            score.fallback,
            f"{score.support:,}",
        )
        for score in evaluation.everything.intents
    ]
    return _table("Every intent, the weakest first", heads, rows)


def entities_table(scores: Sequence[Score]) -> tuple[str, Markup]:
    """Give a sentence about the entities, and their table if there are any."""
    if not scores:
        return "No example marks an entity, so finding them was not measured.", joined()
    rows = [(score.name, f"{score.f1:.3f}", *_told(score), f"{score.support:,}") for score in scores]
    heads = ("Entity", "F1", "Precision", "Recall", "Marked")
    return "Right is what has the same name, beginning and end.", _table("Every entity", heads, rows)


def _told(score: Score) -> tuple[str, str]:
    return percent(score.precision), percent(score.recall)


def confusions(group: Group) -> Markup:
    """Give the commonest confusions with sentences."""
    if not group.confusions:
        return element("p", "Nothing is taken for something else.")
    return element("ol", *(_confusion(each) for each in group.confusions[:_MOST]), class_="confusions")


def _confusion(each: Confusion) -> Markup:
    return element(
        "li",
        element("p", element("b", breakable(each.expected)), " → ", element("b", breakable(each.got)), class_="names"),
        element("p", f"{each.count} of {each.of}", class_="count"),
        element("ul", *(element("li", element("q", sentence)) for sentence in each.sentences)),
    )


def heat_map(group: Group) -> Iterator[Markup]:
    """Give the most confused intents as a table: a row for what it is, a column for what it is taken for."""
    matrix = matrix_of(group)
    if matrix is None:
        return
    yield element("h3", "The most confused intents")
    told = "Rows are what people meant, columns what the bot understood; the stronger the colour, the more often."
    yield element("p", told, class_="quiet")
    corner = element("td")
    head = element("tr", corner, *(element("th", element("span", name), scope="col") for name in matrix.intents))
    rows = [
        element(
            "tr", element("th", breakable(name), scope="row"), *(_cell(matrix, name, got) for got in matrix.intents)
        )
        for name in matrix.intents
    ]
    yield _scrolling("The most confused intents", element("thead", head), element("tbody", *rows), kind="heat")


def _cell(matrix: Matrix, expected: str, got: str) -> Markup:
    count = matrix.counts[expected, got]
    if expected == got:
        return element("td", count, class_="right")
    heat = f"--heat:{0.12 + 0.68 * count / matrix.largest:.2f}" if count else None
    return element("td", count or "", class_="wrong" if count else None, style=heat)


def stories(evaluation: Evaluation) -> tuple[str, Markup]:
    """Give a sentence about the stories, and the list of those that fail."""
    if evaluation.stories is None:
        return "They were left out.", joined()
    if not evaluation.stories:
        return "There are none; tests/stories is where they are looked for.", joined()
    passed = len(evaluation.stories) - len(evaluation.failed)
    told = f"{passed} of {len(evaluation.stories)} go as written, with a bot that has learnt everything."
    failed = [
        element("li", element("b", story.name), f" in {story.file}: {story.difference}.") for story in evaluation.failed
    ]
    return told, element("ul", *failed, class_="failed") if failed else joined()


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = [
        element("tr", element("th", breakable(row[0]), scope="row"), *(element("td", cell) for cell in row[1:]))
        for row in rows
    ]
    return _scrolling(caption, element("thead", head), element("tbody", *body))


def _scrolling(caption: str, *inside: Markup, kind: str | None = None) -> Markup:
    """Give a table that scrolls by itself where it is wider than the page, by keyboard too."""
    table = element("table", element("caption", caption), *inside, class_=kind)
    return element("div", table, class_="scrolls", role="region", aria_label=caption, tabindex="0")
