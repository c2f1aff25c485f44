"""Runs a fake X for other programs of a bench until it is told to stop; its first line is what a bot has to know."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

from relevo.testing.x.play import EASY
from relevo.testing.x.server import fake_x

FIRST_USER = 600_000


async def main(customers: int) -> None:
    """Run with so many customers."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with fake_x() as x:
        x.limits.set("dm.send", *EASY)
        for number in range(FIRST_USER, FIRST_USER + customers):
            x.customer(str(number), username=f"c{number}")
        token, secret = x.brand.signer()
        print(json.dumps({**x.environment, "X_ACCESS_TOKEN": token, "X_ACCESS_SECRET": secret}), flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
