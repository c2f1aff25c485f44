"""What must be in a database before the first customer comes: the model, perhaps the demo, a login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relevo.bootstrap.business import load_demo
from relevo.bootstrap.console import Console
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.first_login import FirstLogin, first_login
from relevo.bootstrap.lifetime import process_name
from relevo.bootstrap.model_supply import fetch_own, publish_own, publish_trained
from relevo.bootstrap.store import OpenStore, open_store
from relevo.store.aurora.demo import demo_agents
from relevo.store.models import PostgresModels


async def fetch_model(dsn: str, settings: Settings) -> None:
    """Fetch the model of the present files, if others have published it."""
    async with _opened(dsn) as opened:
        await fetch_own(PostgresModels(opened.database), settings)


async def publish_model(dsn: str, settings: Settings, trained: Path | None = None) -> None:
    """Publish what was just trained, or else the model of the present files."""
    async with _opened(dsn) as opened:
        published = PostgresModels(opened.database)
        if trained is None:
            await publish_own(published, settings)
        else:
            await publish_trained(published, settings, trained)


async def prepare_content(dsn: str, settings: Settings, console: Console, *, with_demo: bool) -> FirstLogin:
    """Load the demo where that is wanted, forget bots of a run that crashed, and make the first login."""
    async with _opened(dsn) as opened:
        if with_demo:
            fresh = await load_demo(opened, afresh=False)
            console.done("demo", "Aurora, dates counted from now" if fresh else "Aurora, as you left it")
        for number in range(1, settings.bots.bots + 1):
            await opened.store.bots.gone(process_name(f"bot-{number}"))  # after a crash, they still look alive
        email = "admin@aurora.example" if with_demo else "admin@relevo.example"
        colleagues = demo_agents() if with_demo else []
        return await first_login(opened.store.accounts, email, settings.places.first_login, colleagues)


@asynccontextmanager
async def _opened(dsn: str) -> AsyncIterator[OpenStore]:
    async with open_store(dsn, size=2, name="relevo serve", hears=()) as opened:
        yield opened
