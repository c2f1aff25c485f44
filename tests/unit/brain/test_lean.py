"""What a process does not need is not loaded in it, and loads by itself when somebody uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELD = """
import sys
def held(*heavy):  # a module that is deferred has a name, and nothing in it
    ran = {name for name, module in sys.modules.items() if "__builtins__" in vars(module)}
    return sorted(set(heavy) & (ran | {name.partition(".")[0] for name in ran}))
"""
BOT = (
    HELD
    + """
from relevo.brain.lean import DEFERRED, STORES, importing_rasa
import redis
from relevo.brain.current import import_rasa
import_rasa()
with importing_rasa():
    import rasa.engine.recipes.default_components
    import relevo.nlu.clauses, relevo.nlu.intents, relevo.nlu.references, relevo.nlu.tokens
import rasa.core.actions.action
rasa.core.actions.action.default_actions()  # the first turn asks for them
print(held(*DEFERRED, *STORES - {"redis"}, "distutils", "pytest", "setuptools", "unittest", "websockets"))

import boto3
print(sys.modules["redis"] is redis, callable(redis.Redis.from_url), callable(boto3.client))
from rasa.core.channels import BUILTIN_CHANNELS
print("slack" in BUILTIN_CHANNELS, held("slack_sdk", "sanic", "scipy"))
import numpy
from rasa.shared.nlu.training_data.features import Features
print(Features(numpy.eye(2), "sentence", "text", "here").is_sparse(), held("scipy"))
try:
    rasa.core.tracker_store.SQLTrackerStore.Base()
except Exception as error:
    print(error)
"""
)
WEB = (
    HELD
    + """
from relevo.cli.processes import LATER
from relevo.deferred import deferring
with deferring(LATER):
    import relevo.bootstrap.web, relevo.bootstrap.database, relevo.bootstrap.everything
print(held(*LATER, "setuptools", "rasa", "rasa_sdk", "numpy", "scipy", "sklearn", "sqlalchemy", "matplotlib"))
"""
)


def run(text: str) -> list[str]:
    """Run a program in a process of its own and give the lines that it prints."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


@pytest.mark.rasa
def test_a_bot_loads_what_it_uses() -> None:
    """Nothing heavy at first; then actions get real packages, Rasa what it uses of them, and the rest is a sentence."""
    at_first, actions, channels, features, store = run(BOT)
    assert at_first == "[]"
    assert actions == "True True True"
    assert channels == "True ['sanic', 'slack_sdk']"
    assert features == "False ['scipy']"
    assert "Relevo keeps conversations itself" in store


def test_a_web_process_starts_without_what_it_may_need_later_and_knows_nothing_of_rasa() -> None:
    """Nothing that understands or answers is loaded in it."""
    assert run(WEB) == ["[]"]
