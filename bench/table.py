"""Compares our bot with stock Rasa in one run, and says which targets were reached; prints one table.

Both learn the same data and answer the same conversations over their REST doors, round by round; ours keeps everything
on disk. Run it with the project's Python: .venv/bin/python -m bench.table [--quick] [--no-stock]; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from datetime import date
from pathlib import Path

import uvloop

from bench.kit import our_model, stock_bot
from bench.kit.comparison import Comparison, Plan, compare
from bench.kit.programs import PROJECT, BenchError, bench_folder
from bench.kit.result import lines_of, remarks_of
from bench.kit.sizes import folder_megabytes, installed_megabytes
from bench.kit.sizing import sizing_of
from bench.kit.starts import own_environment
from bench.kit.stock_model import StockModel, kept_model, trained_model
from bench.kit.table import table_of

FULL = Plan(
    rounds=5, conversations={1: 8, 8: 24}, starts=3, long_talks=5, stock_long_talks=1, burst=600, webhook_seconds=20.0
)
QUICK = Plan(
    rounds=2, conversations={1: 8, 8: 16}, starts=1, long_talks=2, stock_long_talks=0, burst=300, webhook_seconds=8.0
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--no-stock", action="store_true", help="our side only")
    parser.add_argument("--stock-epochs", type=int, default=2, metavar="N", help="of 100, which take hours")
    training = parser.add_mutually_exclusive_group()
    training.add_argument("--train-stock", action="store_true", help="anew; else only where the files have changed")
    training.add_argument("--no-stock-training", action="store_true", help="our side only, unless there is a model")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    chosen = parser.parse_args()
    uvloop.install()
    try:
        with bench_folder() as folder:
            found = _measure(chosen, folder)
    except BenchError as error:
        parser.exit(1, f"{error}\n")
    lines = lines_of(found)
    print(f"\n{date.today().isoformat()}\n")  # noqa: DTZ011 - the day where the machine is
    print("\n".join([*table_of(lines), "", *remarks_of(found), "", *sizing_of(found.sides[0].spent(8))]))
    if chosen.json:
        document = {
            "others_share": found.others.share,
            "processors": os.cpu_count(),
            "lines": [line.document() for line in lines],
        }
        chosen.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measure(chosen: argparse.Namespace, folder: Path) -> Comparison:
    plan = QUICK if chosen.quick else FULL
    found = Comparison(plan=plan, model=our_model.train(folder))
    found.megabytes = [installed_megabytes(PROJECT / "requirements.lock", own_environment())]
    found.megabytes[0] += folder_megabytes(PROJECT / "relevo")
    if not chosen.no_stock:
        stock_bot.install()
        found.stock_model = _stock_model(chosen)
    if found.stock_model is not None:
        found.megabytes.append(installed_megabytes(stock_bot.STOCK / "requirements.lock", stock_bot.STOCK / ".venv"))
    asyncio.run(compare(found, folder))
    return found


def _stock_model(chosen: argparse.Namespace) -> StockModel | None:
    if chosen.no_stock_training:
        return kept_model(chosen.stock_epochs)
    return trained_model(chosen.stock_epochs, anew=chosen.train_stock)


if __name__ == "__main__":
    main()
