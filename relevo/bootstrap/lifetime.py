"""How a process lives and ends: until a signal, one of its parts failing, or the end of whoever started it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

Part = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Something that runs until told to stop."""

_log = structlog.get_logger()
_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 1.0


def process_name(name: str) -> str:
    """Give a process's name among those of all machines."""
    return f"{socket.gethostname()}-{name}"


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine on the fast event loop."""
    import uvloop

    uvloop.install()
    asyncio.run(main)


async def run_until_stopped(*parts: Part, stop_seconds: float) -> None:
    """Run parts together until SIGTERM or SIGINT, or until one of them fails.

    Then all may finish what they have in hand; what has not finished after ``stop_seconds`` is cut off. Raises what a
    part raised.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    running = [asyncio.create_task(part(stop)) for part in parts]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    _, unfinished = await asyncio.wait(running, timeout=stop_seconds)
    for task in unfinished:
        _log.warning("process.cut_off")
        task.cancel()
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def end_with(supervisor: int, stop_seconds: float) -> None:
    """End this process when the one that started it is gone, however that ended.

    The kernel's signal comes at once; the thread makes sure, since a busy event loop may never hear the signal.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)

    def watch() -> None:
        while os.getppid() == supervisor:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(stop_seconds)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
