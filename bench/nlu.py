"""Compares how well intents are understood with named systems on public data: one table, intervals beside every number.

Prints for each set the floor (TF-IDF of words and characters, logistic regression, untuned), our component as the bot
uses it, and what others got on the same files; see bench/README.md. On HINT3 and HWU64 also stock Rasa's DIET, where
bench/stock/setup has been run. Nothing is tuned on a set, no test row chooses anything. Run it with: make bench-nlu, or
.venv/bin/python -m bench.nlu [--data DIR] [--only NAME …]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline, make_union

from bench.kit import intent_data, stock_diet
from bench.kit.intent_data import OUT_OF_SCOPE, DataSet, Labelled
from bench.kit.programs import BenchError
from relevo.nlu import learning

DATA = Path(__file__).parents[2] / "shared" / "nlu"
RECALLS = (0.5, 0.7, 0.8)
_PEERS = ("dialogflow", "haptik", "bert", "luis", "rasa")
_DIET = "DIET"
_WITH_DIET = ("hint3", "hwu64")  # the others would take it hours


@dataclass(frozen=True, slots=True)
class Answers:
    """What a system answered to a test set."""

    truth: np.ndarray[Any, Any]
    told: np.ndarray[Any, Any]
    sure: np.ndarray[Any, Any]

    @property
    def is_in_scope(self) -> np.ndarray[Any, Any]:
        return np.asarray(self.truth != OUT_OF_SCOPE)

    @property
    def accuracy(self) -> float:
        return float(np.mean((self.told == self.truth)[self.is_in_scope]))

    @property
    def macro_f1(self) -> float:
        return float(f1_score(self.truth, self.told, average="macro"))

    @property
    def auroc(self) -> float:
        return float(roc_auc_score(self.is_in_scope, self.sure))

    def accuracy_at(self, recall: float) -> float:
        """Give the in-scope accuracy at the loosest threshold that leaves out so many of the out-of-scope ones."""
        for threshold in np.unique(np.append(self.sure, -1.0)):
            if np.mean(self.sure[~self.is_in_scope] <= threshold) >= recall:
                break
        return self.above(threshold)[0]

    def above(self, threshold: float) -> tuple[float, float]:
        """Give in-scope accuracy and out-of-scope recall at a threshold."""
        is_told = self.sure > threshold
        right = (self.told == self.truth) & is_told
        return float(np.mean(right[self.is_in_scope])), float(np.mean(~is_told[~self.is_in_scope]))

    def best_threshold(self) -> float:
        """Give the threshold at which most rows are answered rightly, those out of scope not at all."""

        def right(threshold: float) -> float:
            is_told = self.sure > threshold
            return float(np.mean(np.where(self.is_in_scope, is_told & (self.told == self.truth), ~is_told)))

        return float(max(np.unique(self.sure), key=right))


Learner = Callable[[Labelled], Callable[[Sequence[str]], tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]]


def floor(train: Labelled) -> Callable[[Sequence[str]], tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Learn what any result must beat."""
    features = make_union(TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char", ngram_range=(2, 5)))
    model = make_pipeline(features, LogisticRegression(C=20, max_iter=1000)).fit(train.texts, train.labels)

    def answer(texts: Sequence[str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        likely = model.predict_proba(texts)
        return model.classes_[likely.argmax(axis=1)], likely.max(axis=1)

    return answer


def ours(train: Labelled) -> Callable[[Sequence[str]], tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Learn with the component's own defaults."""
    model = learning.learn(train.texts, train.labels)
    classes = np.array(model.classes)

    def answer(texts: Sequence[str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        likely = np.array([model.probabilities(text) for text in texts])
        return classes[likely.argmax(axis=1)], likely.max(axis=1)

    return answer


@dataclass(frozen=True, slots=True)
class Systems:
    """What is compared on a set."""

    learners: dict[str, Learner]
    has_diet: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the public sets")
    parser.add_argument("--only", nargs="+", default=list(SETS), choices=list(SETS), metavar="NAME")
    parser.add_argument("--no-floor", action="store_true", help="leave the floor out, which takes minutes")
    parser.add_argument("--no-stock", action="store_true", help="leave stock Rasa's DIET out, which takes hours")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    learners: dict[str, Learner] = {"Relevo": ours} if chosen.no_floor else {"floor": floor, "Relevo": ours}
    wants_diet = not chosen.no_stock and not set(_WITH_DIET).isdisjoint(chosen.only)
    if wants_diet and not stock_diet.is_installed():
        print(stock_diet.SKIPPED)
        wants_diet = False
    for name in chosen.only:
        try:
            print(f"\n{name}", flush=True)
            for line in SETS[name](chosen.data, Systems(learners, wants_diet and name in _WITH_DIET)):
                print(f"  {line}", flush=True)
        except FileNotFoundError as error:
            print(f"  SKIPPED: {error.filename} is missing; name the folder with --data.")
        except BenchError as error:
            parser.exit(1, f"{error}\n")


def _answers(data: DataSet, learn: Learner, test: Labelled | None = None) -> tuple[Answers, float, float]:
    """Give the answers, the seconds of learning, and the milliseconds of one message."""
    test = test or data.test
    began = perf_counter()
    answer = learn(data.train)
    learnt = perf_counter()
    told, sure = answer(test.texts)
    took = 1000 * (perf_counter() - learnt) / len(test.texts)
    return Answers(np.array(test.labels), told, sure), learnt - began, took


def _diet(data: DataSet) -> tuple[list[Answers], str]:
    """Give what stock Rasa's DIET answered with each seed, and how that is to be read."""
    runs = [stock_diet.learn_and_answer(data.train, data.test.texts, seed) for seed in stock_diet.SEEDS]
    answers = [Answers(np.array(data.test.labels), np.array(run.told), np.array(run.sure)) for run in runs]
    seconds, milliseconds = np.mean([(run.seconds, run.milliseconds) for run in runs], axis=0).tolist()
    return answers, f"mean [lowest–highest] of {len(runs)} seeds, {_took(seconds, milliseconds)}"


def _hint3(data: Path, systems: Systems) -> Iterator[str]:
    for shop in ("sofmattress", "curekart"):
        each = intent_data.hint3(data, shop)
        found = {name: _answers(each, learn)[0] for name, learn in systems.learners.items()}
        for system in _PEERS:
            rows = list(zip(*intent_data.hint3_predictions(data, shop, system), strict=True))
            found[system] = Answers(*(np.array(column) for column in rows))
        for name, answers in found.items():
            at = " / ".join(f"{answers.accuracy_at(recall):.3f}" for recall in RECALLS)
            low, high = _bootstrap(answers)
            yield f"{shop:12} {name:11} AUROC {answers.auroc:.3f} [{low:.3f}–{high:.3f}]  accuracy {at}"
        if systems.has_diet:
            seeds, how = _diet(each)
            at = " / ".join(_spread(one.accuracy_at(recall) for one in seeds) for recall in RECALLS)
            yield f"{shop:12} {_DIET:11} AUROC {_spread(one.auroc for one in seeds)}  accuracy {at}  {how}"


def _plain(*sets: DataSet, systems: Systems, peers: str = "") -> Iterator[str]:
    for each in sets:
        for name, learn in systems.learners.items():
            answers, seconds, milliseconds = _answers(each, learn)
            low, high = _wilson(answers.accuracy, len(answers.truth))
            yield (
                f"{each.name:22} {name:7} {answers.accuracy:.3f} [{low:.3f}–{high:.3f}]"
                f"  macro-F1 {answers.macro_f1:.3f}  {_took(seconds, milliseconds)}"
            )
        if systems.has_diet:
            seeds, how = _diet(each)
            accuracy, macro = _spread(one.accuracy for one in seeds), _spread(one.macro_f1 for one in seeds)
            yield f"{each.name:22} {_DIET:7} {accuracy}  macro-F1 {macro}  {how}"
    if peers:
        yield peers


def _clinc150(data: Path, systems: Systems) -> Iterator[str]:
    each = intent_data.clinc150(data)
    assert each.validation is not None
    for name, learn in systems.learners.items():
        answer = learn(each.train)
        chosen, tested = (Answers(np.array(part.labels), *answer(part.texts)) for part in (each.validation, each.test))
        accuracy, recall = tested.above(chosen.best_threshold())
        low, high = _wilson(accuracy, int(tested.is_in_scope.sum()))
        yield (
            f"{name:7} in scope {accuracy:.3f} [{low:.3f}–{high:.3f}], out-of-scope recall {recall:.3f},"
            f" AUROC {tested.auroc:.3f}; without a threshold {tested.accuracy:.3f}"
        )
    yield "Larson et al. 2019: Rasa .909 / .312, Dialogflow .908 / .267, MLP on USE .934 / .491, BERT .962 / .523"


def _took(seconds: float, milliseconds: float) -> str:
    return f"learnt in {seconds:.1f} s, {milliseconds:.2f} ms a message"


def _spread(numbers: Iterable[float]) -> str:
    """Give the mean, the lowest and the highest."""
    found = list(numbers)
    return f"{np.mean(found):.3f} [{min(found):.3f}–{max(found):.3f}]"


def _wilson(share: float, number: int) -> tuple[float, float]:
    """Give the 95 % interval of a share."""
    z = 1.96
    middle, spread = share + z * z / (2 * number), z * np.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
    return float((middle - spread) / (1 + z * z / number)), float((middle + spread) / (1 + z * z / number))


def _bootstrap(answers: Answers, rounds: int = 1000) -> tuple[float, float]:
    """Give the 95 % interval of the AUROC over the rows."""
    random, number, found = np.random.default_rng(0), len(answers.truth), []
    for _ in range(rounds):
        rows = random.integers(0, number, number)
        found.append(Answers(answers.truth[rows], answers.told[rows], answers.sure[rows]).auroc)
    return float(np.percentile(found, 2.5)), float(np.percentile(found, 97.5))


SETS: dict[str, Callable[[Path, Systems], Iterator[str]]] = {
    "hint3": _hint3,
    "hwu64": lambda data, systems: _plain(
        intent_data.hwu64(data, 10),
        intent_data.hwu64(data, 30),
        systems=systems,
        peers="September 2021, 10 / 30 per intent: Autofaq .802 / .851, Cognigy .776 / .842, Watson .776 / .855,"
        " LUIS .673 / .782, Dialogflow .640 / .756",
    ),
    "clinc150": _clinc150,
    "banking77": lambda data, systems: _plain(
        intent_data.banking77(data), intent_data.banking77(data, 10), systems=systems, peers="BERT about .927 in full"
    ),
    "mtop": lambda data, systems: _plain(*(intent_data.mtop(data, one) for one in ("es", "en")), systems=systems),
    "corpus50": lambda data, systems: _plain(
        *(intent_data.corpus50(data, one) for one in ("es", "en")), systems=systems
    ),
}


if __name__ == "__main__":
    main()
