"""The demo company's bot beside the fake X: the files of this folder, with the fake's keys in its credentials."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from relevo.bootstrap.everything import Settings
from relevo.bootstrap.serve import ask_ready
from relevo.testing.x.world import FakeX

_COPIED = ("config.yml", "domain.yml", "endpoints.yml", "policies.yml", "relevo.yml", "data", "actions")
_LOOK_SECONDS = 0.3
_PR_SET_PDEATHSIG = 1
_SECTION = {
    "account_id": "${X_ACCOUNT_ID}",
    "consumer_key": "${X_CONSUMER_KEY}",
    "consumer_secret": "${X_CONSUMER_SECRET}",
    "bearer_token": "${X_BEARER_TOKEN}",
    "access_token": "${X_ACCESS_TOKEN}",
    "access_secret": "${X_ACCESS_SECRET}",
    "api_base": "${X_API_BASE}",
}


@dataclass(kw_only=True)
class LocalBot:
    """``relevo serve --demo`` in a process of its own."""

    process: asyncio.subprocess.Process
    settings: Settings
    environment: Mapping[str, str]

    async def ready(self) -> bool:
        """Wait until it listens; False when it ended before."""
        while self.process.returncode is None:
            if not await asyncio.to_thread(ask_ready, self.settings):
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def run(self, *command: str) -> int:
        """Run another command of the same installation in silence, and give its status."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "relevo",
            *command,
            env=dict(self.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait()


@asynccontextmanager
async def local_bot(settings: Settings, x: FakeX, username: str) -> AsyncIterator[LocalBot]:
    """Run the bot, and end it on leaving.

    It has the state folder of ``relevo serve``, so that there is nothing to train again and the logins are the same.
    """
    folder = settings.places.state_folder / "x-play"
    copy_bot(settings.places.project_folder, folder, username)
    token, secret = x.brand.signer()
    environment = {
        **os.environ,
        **x.environment,
        "X_ACCESS_TOKEN": token,
        "X_ACCESS_SECRET": secret,
        "RELEVO_PROJECT": str(folder),
        "RELEVO_STATE": str(settings.places.state_folder),
        "RELEVO_PORT": str(settings.address.port),
        "RELEVO_HOST": settings.address.host,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "relevo",
        "serve",
        "--demo",
        env=environment,
        start_new_session=True,  # Ctrl-C in a terminal reaches us, and we pass it on once
        preexec_fn=_end_with_us,
    )
    try:
        yield LocalBot(process=process, settings=settings, environment=environment)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


def copy_bot(project: Path, folder: Path, username: str) -> None:
    """Copy a bot's files, with X switched on in its credentials; what was there before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _COPIED:
        source = project / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    known = project / "credentials.yml"
    sections = (yaml.safe_load(known.read_text(encoding="utf-8")) if known.exists() else None) or {}
    written = {**sections, "x": {**_SECTION, "username": username}}
    (folder / "credentials.yml").write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")


def _end_with_us() -> None:
    """Have the kernel end the bot when this process is gone, however that ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
