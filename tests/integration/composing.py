"""A desk at which agents write, for tests of the composer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from relevo.domain.conversations import Conversation
from relevo.domain.service import Service
from relevo.flow.unsent import UnsentWatch
from tests.integration.desks import DeskOf, Request, at, desk_of, spoken
from tests.integration.doors import Doors, open_doors


@dataclass(kw_only=True)
class Room:
    """An agent who has a conversation, a colleague, and a supervisor."""

    doors: Doors
    sara: DeskOf
    kim: DeskOf
    noelia: DeskOf
    amina: Conversation

    @property
    def here(self) -> str:
        """Where the conversation is in the API."""
        return at(self.amina)

    async def spoken(self) -> list[str]:
        """Give everything that was said."""
        return spoken(await self.doors.timeline("rest", "amina"))

    async def position(self) -> int:
        """Give the newest position of the timeline."""
        return (await self.doors.conversation("rest", "amina")).last_position

    async def send_due(self, *, is_due: bool = True) -> int:
        """Let the moment pass in which replies may be taken back, and send what is due."""
        if is_due:
            await self.doors.opened.database.run("UPDATE unsent_replies SET due_at = now() - interval '1 second'")
        store = self.doors.opened.store
        return await UnsentWatch(unsent=store.composer.unsent, live=self.doors.opened.live).step()

    async def composer(self) -> Any:
        """Give what is being written."""
        return await self.sara.get(f"{self.here}/composer")


@asynccontextmanager
async def room(database: str) -> AsyncIterator[Room]:
    """Have Amina with Sara, who speaks to her."""
    async with AsyncExitStack() as stack:
        doors = await stack.enter_async_context(open_doors(database, Request()))
        doors.app.ctx.services = replace(doors.app.ctx.services, service=Service())
        sara = await stack.enter_async_context(desk_of(doors, "Sara Molina"))
        kim = await stack.enter_async_context(desk_of(doors, "Kim Doe"))
        noelia = await stack.enter_async_context(desk_of(doors, "Noelia Prat", "supervisor"))
        await doors.texts("amina", "hello, a person please")
        yield Room(doors=doors, sara=sara, kim=kim, noelia=noelia, amina=await sara.takes("amina"))
