"""An evaluation as one page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources

from relevo.evaluation.evaluation import Evaluation
from relevo.evaluation.folds import named
from relevo.evaluation.markup import Markup, element, joined
from relevo.evaluation.measures import Group
from relevo.evaluation.plots import accuracy_plot, reliability_plot, threshold_plot
from relevo.evaluation.tables import confusions, entities_table, groups_table, heat_map, intents_table, stories
from relevo.evaluation.words import at_threshold, percent, threshold_told

Draw = Callable[[Group], Markup]


def as_page(evaluation: Evaluation) -> str:
    """Give the whole page."""
    style = resources.files("relevo.evaluation").joinpath("page.css").read_text(encoding="utf-8")
    title = "How well the bot understands"
    head = joined(
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'),
        element("title", f"{title}: {evaluation.bot}"),
        element("style", Markup(style)),
    )
    body = element("main", _header(evaluation, title), *_sections(evaluation))
    html = element("html", element("head", head), element("body", body), lang="en")
    return f"<!doctype html>\n{html}\n"


def _header(evaluation: Evaluation, title: str) -> Markup:
    everything = evaluation.everything
    told = (
        f"{evaluation.bot}: {everything.accuracy.of:,} examples of {len(everything.intents)} intents, each read by a"
        f" bot that had not learnt it ({evaluation.folds} folds, seed {evaluation.seed}),"
        f" {evaluation.made_at:%Y-%m-%d %H:%M} UTC."
    )
    return element("header", element("h1", title), element("p", told, class_="quiet"), _tiles(evaluation))


def _tiles(evaluation: Evaluation) -> Markup:
    everything = evaluation.everything
    low, high = everything.accuracy.interval
    tiles = [
        ("Accuracy", percent(everything.accuracy.value), f"{100 * low:.1f} to {percent(high)} (95 %)"),
        ("Macro F1", f"{everything.macro_f1:.3f}", "every intent counts alike"),
        ("Not understood", percent(everything.fallback.value), "falls to nlu_fallback"),
        ("Calibration error", f"{everything.calibration_error:.3f}", "0 is perfect"),
    ]
    if evaluation.stories:
        passed, total = len(evaluation.stories) - len(evaluation.failed), len(evaluation.stories)
        tiles.append(("Stories", f"{passed} of {total}", "go as written"))
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", value), element("dd", detail, class_="quiet"))
            for name, value, detail in tiles
        ),
        class_="tiles",
    )


def _sections(evaluation: Evaluation) -> Iterator[Markup]:
    everything = evaluation.everything
    yield _section(
        "Accuracy by language",
        "How often the bot would act on the right intent. The line is where the true share lies, 95 times of 100.",
        element("figure", accuracy_plot(evaluation.groups)),
        groups_table(evaluation.groups),
        *_thin(evaluation),
    )
    yield _section(
        "Is it as sure as it is right?",
        "On the diagonal a confidence of 0.8 is right four times of five. Below it the bot is surer than it should be,"
        " above it less sure than it might be. Bars: how many examples there are.",
        _figures(evaluation, reliability_plot),
    )
    yield _thresholds(evaluation)
    yield _section(
        "What is confused",
        "The commonest first, with the sentences that the bot was surest of.",
        confusions(everything),
        *heat_map(everything),
    )
    yield _section("Every intent", "The weakest first.", intents_table(evaluation))
    yield _section("Entities", *entities_table(everything.entities))
    yield _section("Test stories", *stories(evaluation))
    yield _measured(evaluation)


def _thin(evaluation: Evaluation) -> Iterator[Markup]:
    if evaluation.thin:
        yield element("p", f"Fewer examples than folds, so hardly measured: {named(evaluation.thin)}.", class_="remark")


def _thresholds(evaluation: Evaluation) -> Markup:
    key = joined(
        element("span", "acted on", class_="key answered"), " ", element("span", "right of that", class_="key right")
    )
    told = threshold_told(evaluation.everything, evaluation.threshold) or "The pipeline has no FallbackClassifier."
    return _section(
        "What a threshold costs and brings",
        f"{told} A higher one makes it ask back more often and err less.",
        element("p", key),
        _figures(evaluation, lambda group: threshold_plot(group, at_threshold(group, evaluation.threshold))),
    )


def _figures(evaluation: Evaluation, draw: Draw) -> Markup:
    groups = evaluation.groups
    return element(
        "div",
        *(element("figure", element("figcaption", _caption(group)), draw(group)) for group in groups),
        class_="figures",
    )


def _caption(group: Group) -> str:
    return f"{group.name}, {group.accuracy.of:,} examples"


def _measured(evaluation: Evaluation) -> Markup:
    return _section(
        "How this was measured",
        f"The examples of each intent and language were dealt into {evaluation.folds} parts. The bot's own pipeline"
        " learnt all parts but one and read that one, each in turn; sentences of the same words were kept together."
        " That is a hard exam, since examples are written to differ from each other, and it is not life: people write"
        " otherwise than whoever wrote the examples. Compare one evaluation with the next."
        f" It took {evaluation.understanding_seconds:.0f} s, and {evaluation.stories_seconds:.0f} s for the stories.",
    )


def _section(title: str, told: str, *inside: Markup) -> Markup:
    return element("section", element("h2", title), element("p", told, class_="quiet"), *inside)
