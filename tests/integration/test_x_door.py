"""The door of X takes what X proves to have sent, once, and nothing else; and what came is answered."""

from __future__ import annotations

import pytest

from tests.integration.xs import dm, on_x

pytestmark = pytest.mark.anyio


async def test_a_signed_message_is_answered(database: str) -> None:
    """From the door to the outbox."""
    async with on_x(database, lambda question: f"You said: {question.text}", is_reading=True) as x:
        assert (await x.post(dm("my flight was cancelled"))).status_code == 200
        await x.doors.until("SELECT count(*) = 1 FROM deliveries WHERE channel = 'x'")
        assert await x.said() == [
            ("contact", "my flight was cancelled"),
            ("bot", "You said: my flight was cancelled"),
        ]
