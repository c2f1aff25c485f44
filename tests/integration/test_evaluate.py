"""``relevo evaluate`` on a small bot of two languages: the report, the exit status, and what it refuses."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from relevo.brain import lean
from relevo.brain.bot_files import BotFiles
from relevo.brain.models import Models
from relevo.errors import ConfigurationError
from relevo.evaluation.evaluation import Evaluation
from tests.processes import Installation

pytestmark = pytest.mark.rasa

SMALL_BOT = Path(__file__).parent / "evaluated"
INTENTS = {"greet", "order", "refund", "thanks"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The small bot in a folder of its own."""
    return Path(shutil.copytree(SMALL_BOT, tmp_path / "a bot"))


@pytest.fixture
def installation(project: Path, system_state: Path) -> Installation:
    """The small bot, for the command."""
    return Installation(project=project)


@pytest.fixture
def examined(project: Path, tmp_path: Path) -> Callable[..., Evaluation]:
    """Evaluate the small bot in this process, without its stories."""
    lean.install()
    from relevo.brain.examine import Wish, examine

    def evaluate(folds: int = 3, languages: tuple[str, ...] = (), seed: int = 0) -> Evaluation:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wish = Wish(folds=folds, languages=languages, seed=seed, has_stories=False)
            return examine(BotFiles(project), Models(tmp_path / "models"), wish, tmp_path, lambda *_: None)

    return evaluate


def test_a_bot_is_evaluated_from_the_command_line(installation: Installation, tmp_path: Path) -> None:
    """A summary, a page and numbers; a story that goes otherwise is named; too low an accuracy is status 1."""
    folder = tmp_path / "out"
    done = installation.run("evaluate", "--folds", "3", "--output", str(folder), "--fail-under", "1")
    print(done.stdout, done.stderr)
    assert done.returncode == 1
    assert "1 of 2 go as written" in done.stdout
    assert "In “en” the accuracy is " in done.stderr
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert {code: set(group["intents"]) for code, group in told["languages"].items()} == {"en": INTENTS, "es": INTENTS}
    assert [told["languages"][code]["accuracy"]["of"] for code in ("en", "es")] == [15, 15]
    assert told["all"]["accuracy"]["of"] == 29, "“ok” is in both languages"
    assert told["all"]["accuracy"]["value"] > 0.5
    assert told["all"]["entities"]["city"]["recall"] == 1
    (failed,) = told["stories"]["failed"]
    assert failed["file"] == "tests/stories/test_stories.yml"
    assert failed["difference"] == "after message 2 (order): utter_greet is written, the bot does utter_order"
    page = (folder / "report.html").read_text("utf-8")
    assert "an order is not greeted" in page
    assert "<script" not in page
    assert not (installation.state / "models").exists(), "running bots would take up a model there"


def test_the_same_seed_gives_the_same_numbers(examined: Callable[..., Evaluation]) -> None:
    """A business sees what its change did, not what chance did; one language is measured of what both taught."""
    first, again = examined(), examined()
    assert [(each.example, each.intent) for each in first.readings] == [
        (each.example, each.intent) for each in again.readings
    ]
    only = examined(languages=("es",))
    assert [group.name for group in only.groups] == ["es"]
    assert only.languages[0].accuracy == first.languages[1].accuracy


def test_a_bot_without_languages_is_one_group(project: Path, examined: Callable[..., Evaluation]) -> None:
    """Any Rasa project can be evaluated; an intent with one example does not keep it from that."""
    for code in ("en", "es"):
        (project / "data" / "nlu" / code / "all.yml").rename(project / "data" / f"{code}.yml")
    (project / "data" / "rare.yml").write_text("nlu:\n- intent: thanks_a_lot\n  examples: |\n    - bless you\n")
    evaluation = examined()
    assert [group.name for group in evaluation.groups] == ["all"]
    assert evaluation.thin == {"thanks_a_lot": 1}
    rare = next(score for score in evaluation.everything.intents if score.name == "thanks_a_lot")
    assert (rare.support, rare.recall) == (1, 0)
    with pytest.raises(ConfigurationError, match=r"Nothing tells which examples are in “es”: .*data/nlu/es"):
        examined(languages=("es",))


def test_what_cannot_be_evaluated_is_a_sentence(project: Path, examined: Callable[..., Evaluation]) -> None:
    """Too many folds, an unknown language, no pipeline, a mistake in the examples, no examples."""
    with pytest.raises(ConfigurationError, match=r"“en” for 9 folds: thanks \(3\), greet \(4\).*--folds 4"):
        examined(folds=9)
    with pytest.raises(ConfigurationError, match="no examples in “fr”, only in en, es"):
        examined(languages=("fr",))
    config = project / "config.yml"
    config.write_text(config.read_text("utf-8").replace("LogisticRegression", "LogisticGuess"))
    with pytest.raises(ConfigurationError, match="Can't load class for name 'LogisticGuessClassifier'"):
        examined()
    config.write_text("recipe: default.v1\n")
    with pytest.raises(ConfigurationError, match=r"config\.yml has no pipeline"):
        examined()
    broken = project / "data" / "nlu" / "en" / "all.yml"
    broken.write_text("nlu:\n- intent: [greet\n")
    with pytest.raises(ConfigurationError, match=r"data/nlu/en/all\.yml:\d"):
        examined()
    shutil.rmtree(project / "data" / "nlu")
    with pytest.raises(ConfigurationError, match="no examples of what people say"):
        examined()


def test_a_folder_that_cannot_be_written_is_told_at_once(installation: Installation) -> None:
    """Not after minutes of work; nor is a share above 1 taken."""
    refused = installation.run("evaluate", "--output", "config.yml")
    assert refused.returncode == 2
    assert refused.stderr.startswith("The report cannot be written to ")
    assert "name another folder with --output" in refused.stderr
    assert installation.run("evaluate", "--fail-under", "90").returncode == 2
