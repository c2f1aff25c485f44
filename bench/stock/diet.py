"""Learns intents as stock Rasa does, and answers texts; bench/kit/stock_diet.py runs it with the Python of .venv here.

Reads a job on standard input and writes the answers to the file named. The pipeline is the one that `rasa init` writes,
read from config.yml as far as DIET: what follows it there changes no intent, but for the FallbackClassifier, whose
threshold would hide the confidences that are compared. All that Rasa leaves behind stays in the current folder.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.utils.io import read_yaml_file
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog

DIET = "DIETClassifier"


def main() -> None:
    configure_logging_and_warnings()  # as the command `rasa` does: every message would be logged, and that be timed
    configure_structlog()
    job = json.load(sys.stdin)
    began = perf_counter()
    model = train(job["train_texts"], job["train_labels"], job["seed"])
    seconds = perf_counter() - began
    told, sure, milliseconds = asyncio.run(answer(model, job["test_texts"]))
    answers = {"told": told, "sure": sure, "seconds": seconds, "milliseconds": milliseconds}
    Path(sys.argv[1]).write_text(json.dumps(answers), encoding="utf-8")


def train(texts: Sequence[str], labels: Sequence[str], seed: int) -> str:
    """Give the path of a model; the texts go in as JSON, where brackets mark no entities as they do in YAML."""
    if odd := [label for label in labels if "/" in label]:
        raise SystemExit(f"Rasa takes what follows a slash for a response, not for an intent: {odd[0]}.")
    examples = [{"text": text, "intent": label} for text, label in zip(texts, labels, strict=True)]
    Path("nlu.json").write_text(json.dumps({"rasa_nlu_data": {"common_examples": examples}}), encoding="utf-8")
    config = {"recipe": "default.v1", "assistant_id": "diet", "language": "en", "pipeline": list(pipeline(seed))}
    Path("config.yml").write_text(json.dumps(config), encoding="utf-8")
    model = train_nlu("config.yml", "nlu.json", "models")
    if model is None:
        raise SystemExit("Rasa trained no model.")
    return str(model)


def pipeline(seed: int) -> Iterator[Mapping[str, Any]]:
    """Give the components as far as DIET, and DIET with the seed."""
    for component in read_yaml_file(Path(__file__).with_name("config.yml"))["pipeline"]:
        if component["name"] == DIET:
            yield {**component, "random_seed": seed}
            return
        yield component


async def answer(model: str, texts: Sequence[str]) -> tuple[list[str], list[float], float]:
    """Give the intents, the confidences, and the milliseconds of one message once the first has been read."""
    agent = Agent.load(model)
    await agent.parse_message("hello")
    began = perf_counter()
    intents = [(await agent.parse_message(text))["intent"] for text in texts]
    milliseconds = 1000 * (perf_counter() - began) / len(texts)
    return [intent["name"] or "" for intent in intents], [intent["confidence"] for intent in intents], milliseconds


if __name__ == "__main__":
    main()
