"""Reads the public intent data sets that bench/nlu.py learns from and tests on; none of them is in this repository."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OUT_OF_SCOPE = "oos"
_HINT3_OUT_OF_SCOPE = "NO_NODES_DETECTED"


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and what each is; OUT_OF_SCOPE is none of the classes."""

    texts: Sequence[str]
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is learnt from, what a threshold may be chosen on, and what is only tested on."""

    name: str
    train: Labelled
    test: Labelled
    validation: Labelled | None = None


def hint3(data: Path, shop: str) -> DataSet:
    """Give a shop's real questions, many of them out of scope."""
    folder = data / "hint3" / "dataset" / "v1"
    return DataSet(
        f"HINT3 {shop}",
        _csv(folder / "train" / f"{shop}_train.csv", "sentence", "label"),
        _csv(folder / "test" / f"{shop}_test.csv", "sentence", "label"),
    )


def hint3_predictions(data: Path, shop: str, system: str) -> Iterator[tuple[str, str, float]]:
    """Give what a system answered: the truth, its intent, its confidence that it is in scope."""
    with (data / "hint3" / "preds" / f"{system}_{shop}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            truth, told = (_hint3_label(row[name]) for name in ("label", "predicted_node"))
            yield truth, told, 0.0 if told == OUT_OF_SCOPE else float(row["predicted_node_score"] or 0)


def hwu64(data: Path, per_intent: int) -> DataSet:
    """Give the split that the vendors were run on."""
    folder, size = data / "hwu64" / "autofaq_saas", {10: "small", 30: "large"}[per_intent]
    train, test = (_csv(folder / f"hwu_{size}_{part}.csv", "text", "intent") for part in ("train", "test"))
    return DataSet(f"HWU64 {per_intent} per intent", train, test)


def clinc150(data: Path) -> DataSet:
    """Give 150 intents, with a validation part and out-of-scope requests in both parts."""
    read = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))

    def part(*names: str) -> Labelled:
        rows = [row for name in names for row in read[name]]
        return Labelled([text for text, _ in rows], [label for _, label in rows])

    return DataSet("CLINC150", part("train"), part("test", "oos_test"), part("val", "oos_val"))


def banking77(data: Path, shots: int | None = None) -> DataSet:
    """Give an online bank's questions, all of them or so many for each intent."""
    folder = data / "banking77"
    test = _csv(folder / "test.csv", "text", "category")
    file = folder / "train.csv" if shots is None else folder / "fewshot_dnnc" / f"train_{shots}.csv"
    train = _csv(file, "text", "category" if shots is None else None)
    name = "BANKING77" + (f" {shots}-shot" if shots else "")
    return DataSet(name, _lower(train), _lower(test))


def mtop(data: Path, language: str) -> DataSet:
    """Give the same sentences in one of two languages."""
    rows = list(_rows(data / "mtop_es" / "mtop_es_en.csv"))
    train, test = (_part(rows, split, f"text_{language}", f"intent_{language}") for split in ("dev", "test"))
    return DataSet(f"MTOP {language}", train, test)


def corpus50(data: Path, language: str) -> DataSet:
    """Give a small support corpus in one of two languages."""
    rows = list(_rows(data / "nlpjs_corpus50" / f"corpus50_{language}.csv"))
    train, test = (_part(rows, split, "text", "intent") for split in ("train", "test"))
    return DataSet(f"corpus50 {language}", train, test)


def _part(rows: Sequence[Mapping[str, str]], split: str, text: str, label: str) -> Labelled:
    part = [row for row in rows if row["split"] == split and row[label] != "None"]
    return Labelled([row[text] for row in part], [row[label] for row in part])


def _lower(labelled: Labelled) -> Labelled:
    return Labelled(labelled.texts, [label.lower() for label in labelled.labels])


def _csv(file: Path, text: str, label: str | None) -> Labelled:
    rows = list(_rows(file))
    label = label or next(name for name in rows[0] if name != text)
    return Labelled([row[text] for row in rows], [_hint3_label(row[label]) for row in rows])


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        yield from csv.DictReader(opened)


def _hint3_label(label: str) -> str:
    return OUT_OF_SCOPE if label == _HINT3_OUT_OF_SCOPE else label
