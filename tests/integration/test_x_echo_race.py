"""An echo that comes while its sender writes down that it was sent is nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from relevo.testing.x.faults import Fault
from tests.integration.sending_on_x import sending

pytestmark = pytest.mark.anyio
_BLOCKED = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_an_echo_that_meets_its_sender_is_ours(database: str) -> None:
    """X tells of a message before or after it answers, as it happens: the echo waits for the sender and looks again."""
    async with sending(database) as here:
        here.x.faults.next("dm.send", Fault.RESPONSE_LOST)
        await here.answer("Hello")
        await here.send()
        (message,) = here.x.brand.sent
        database_ = here.opened.database
        async with database_.connection() as connection, connection.transaction():
            await connection.execute("UPDATE x_parts SET external_id = %s", (message.id,))
            told = asyncio.create_task(here.echoes.confirm("2222", message.id, "Hello", message.sent_at))
            while not (await database_.rows(_BLOCKED))[0][0]:
                await asyncio.sleep(0.01)
        assert await told is True
