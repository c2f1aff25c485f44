"""What these tests may ask for: a store on a database of the test alone, with two people who decide."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from tests.properties.month import AGENTS, AT_A_TIME


@pytest.fixture
async def till(database: str) -> AsyncIterator[OpenStore]:
    """A store on a database of this test alone."""
    async with open_store(database, size=AT_A_TIME, name="relevo money") as store:
        for name in AGENTS:
            await store.store.accounts.add_agent(f"{name}@aurora.example", name, "supervisor", "no hash")
        yield store
