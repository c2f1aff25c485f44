"""Imports Rasa without the platforms and stores that it could talk to and Relevo never has it talk to.

Rasa imports the clients of all its channels, brokers and stores wherever it is imported. Measured with the reference
bot: without them, and in this order, a bot process has 175 MB instead of 232, and is loaded after 2.5 s of processor
time instead of 3.8. They are only left out while Rasa is imported: the business's actions, imported before or after,
get the real ones.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from relevo.brain import placeholders

NEVER_USED = frozenset({
    "aio_pika", "aiogram", "apscheduler", "boto3", "botocore", "bson", "colorhash", "confluent_kafka", "engineio",
    "fbmessenger", "google", "matplotlib", "mattermostwrapper", "prompt_toolkit", "psycopg2", "pydot", "pymongo",
    "questionary", "redis", "rocketchat_API", "sentry_sdk", "slack_sdk", "socketio", "twilio", "webexteamssdk",
})  # fmt: skip


@contextmanager
def importing_rasa() -> Iterator[None]:
    """Leave out what is never used from the imports in this block."""
    placeholders.install()
    _import_early()
    finder = placeholders.Placeholders(NEVER_USED - {name.partition(".")[0] for name in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if finder.stands_for(name)]:
            del sys.modules[name]


def _import_early() -> None:
    """Import skops, which reads and writes classifiers, while little else is there.

    It looks through every imported module for each of a thousand names: before Rasa that is a second less.
    """
    with suppress(ImportError):  # not every Rasa brings it
        importlib.import_module("skops.io")
