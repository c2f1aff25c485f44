"""Rasa without its weight: what is never installed, what no bot uses, and what loads when it is used.

Rasa 3.6.21 imports TensorFlow, Dask, the clients of all its channels, brokers and stores, SciPy and scikit-learn
wherever it is imported. TensorFlow and Dask are not installed: only DIET, TED, UnexpecTED and the response selector
need the one, and the other walks the graph, which graph_runner.py does here. The rest is deferred, see
relevo/deferred.py: a bot whose components use it loads it. Rasa's own command line (rasa_cli.py) gets all at once.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from relevo.deferred import deferring, leave_out, leaving_out

NOT_INSTALLED = frozenset({
    "tensorflow", "tensorflow_text", "tensorflow_hub", "tensorflow_addons", "keras", "jax", "jaxlib", "dask",
    "confluent_kafka",
})  # fmt: skip
_INSTALL = (
    "It needs a package that Relevo leaves out to stay small. Choose another component in config.yml, or install Rasa"
    " with TensorFlow as docs/howto/tensorflow.md says."
)
STORES = frozenset({"redis", "sqlalchemy"})
"""Classes are made of these wherever Rasa is imported, so that deferring them is of no use."""
_OWN_STORE = "Relevo keeps conversations itself; Rasa's own stores are there for: relevo rasa."

DEFERRED = frozenset({
    "aio_pika", "aiogram", "aiormq", "apscheduler", "boto3", "botocore", "bson", "cachecontrol", "colorhash",
    "dateutil", "engineio", "fbmessenger", "google", "huggingface_hub", "joblib", "jwt", "matplotlib",
    "mattermostwrapper", "networkx", "pamqp", "prompt_toolkit", "psycopg2", "pydot", "pymongo", "pytz",
    "questionary", "randomname", "requests", "rocketchat_API", "safetensors", "sanic", "scipy", "sentry_sdk",
    "sklearn", "sklearn_crfsuite", "skops", "slack_sdk", "socketio", "terminaltables", "tqdm", "twilio",
    "webexteamssdk",
    "rasa.core.agent", "rasa.core.channels", "rasa.core.http_interpreter", "rasa.core.test", "rasa.nlu.test",
    "rasa.telemetry",
})  # fmt: skip
"""Packages, and single modules of Rasa's."""

_RUNNER, _CHANNELS = "rasa.engine.runner.dask", "rasa.core.channels"


def install() -> None:
    """Leave out what is not installed, and have our runner where Rasa looks for its own; idempotent."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("SANIC_REGISTER", "false")
    if _RUNNER in sys.modules:
        return
    sys.modules[_RUNNER] = _Runner(_RUNNER)
    leave_out([root for root in NOT_INSTALLED if importlib.util.find_spec(root) is None], _INSTALL)


@contextmanager
def importing_rasa(*, to_answer_only: bool = False) -> Iterator[None]:
    """Import Rasa in this block; to answer only, without the libraries of its stores, which training needs."""
    install()
    with leaving_out(STORES if to_answer_only else (), _OWN_STORE), deferring(DEFERRED):
        _name_what_channels_share()
        yield


def _name_what_channels_share() -> None:
    """Have the four names that all of Rasa asks the package of its channels for, without running it."""
    channel = importlib.import_module(f"{_CHANNELS}.channel")
    for name in ("CollectingOutputChannel", "InputChannel", "OutputChannel", "UserMessage"):
        setattr(sys.modules[_CHANNELS], name, getattr(channel, name))


class _Runner(ModuleType):
    """Stands for Rasa's module of this name, without importing Rasa."""

    def __getattr__(self, name: str) -> object:
        if name != "DaskGraphRunner":
            raise AttributeError(name)
        from relevo.brain.graph_runner import SequentialGraphRunner

        return SequentialGraphRunner
