"""Runs the fake X, a bot beside it and the page until Ctrl-C: what ``relevo x play`` starts."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys

from aiohttp import web

from relevo.bootstrap.everything import Settings, read_settings
from relevo.bootstrap.serve import address
from relevo.errors import ConfigurationError, RelevoError
from relevo.testing.x.local_bot import LocalBot, local_bot
from relevo.testing.x.play import Play
from relevo.testing.x.roles import demo_account, demo_roles
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX

_RETRY_SECONDS = 3.0


def main(port: int) -> int:
    """Run until a signal, with the page on a port, and give the exit status."""
    try:
        return asyncio.run(_run(read_settings(), _free(port)))
    except RelevoError as error:
        sys.stderr.write(f"{error}\n")
        return 2


async def _run(settings: Settings, port: int) -> int:
    account_id, username = demo_account()
    plays: list[Play] = []

    def add_page(app: web.Application, x: FakeX) -> None:
        plays.append(Play(x=x, roles=demo_roles(), desk=f"{address(settings)}/desk"))
        plays[0].add_to(app)

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with fake_x(port=port, brand_id=account_id, username=username, more=add_page) as x:
        x.brand.name = "Aurora"
        async with local_bot(settings, x, username) as bot:
            tasks = [asyncio.create_task(each) for each in (stop.wait(), bot.process.wait(), _play(plays[0], bot))]
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return 0 if stop.is_set() else bot.process.returncode or 0


async def _play(play: Play, bot: LocalBot) -> None:
    """Try again and again what the bot could not take, as while it starts; give it keys and say that it listens."""
    play.x.subscribe(f"{address(bot.settings)}/webhooks/x")
    if not await bot.ready():
        return
    await bot.run("x", "keys", "--register")
    play.ready()
    sys.stdout.write(f"\n  Play the customer on X:  {play.x.url}\n\n")
    sys.stdout.flush()
    while True:
        await asyncio.sleep(_RETRY_SECONDS)
        if play.x.deliveries.not_taken:
            await play.x.deliveries.retry()
            play.x.happened(())


def _free(port: int) -> int:
    """Give the page's port back; raises ConfigurationError where it is taken."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(f"Port {port} is taken; choose another for the page with --page.") from error
    return port


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
