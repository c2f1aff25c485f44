"""What a bot leaves out of Rasa's imports is left out for Rasa alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
from relevo.brain.lean import NEVER_USED, importing_rasa
import redis
with importing_rasa():
    import rasa.core.lock_store, rasa.core.channels.slack
import sys, boto3
left = [name for name in sys.modules if name.partition(".")[0] in NEVER_USED - {"redis", "boto3", "botocore"}]
print(sys.modules["redis"] is redis, callable(redis.Redis.from_url), callable(boto3.client), left)
try:
    rasa.core.channels.slack.AsyncWebClient("token", "more")
except Exception as error:
    print(error)
"""


@pytest.mark.rasa
def test_actions_get_the_real_packages_whenever_they_import_them() -> None:
    """What was imported before stays, what is imported after is real, and only Rasa's own use of it is refused."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LOOK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.strip().splitlines()[-2:]
    assert first == "True True True []"
    assert "needs a package that Relevo leaves out" in second
