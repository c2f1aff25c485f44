"""Runs the fake X until Ctrl-C: what ``relevo x play`` starts."""

from __future__ import annotations

import asyncio
import sys

from relevo.testing.x.server import fake_x


async def _run() -> None:
    async with fake_x(port=8099) as x:
        for name, value in x.environment.items():
            sys.stdout.write(f"{name}={value}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(_run())
    except KeyboardInterrupt:
        sys.exit(130)
