"""What administrators have said at the desk in place of relevo.yml, for processes, checks and commands."""

from __future__ import annotations

from typing import Protocol

from relevo.bootstrap import OpenStore
from relevo.bootstrap.lifetime import Part
from relevo.configuration import BotFile
from relevo.domain.service import Service
from relevo.flow.desk_settings import CurrentService


class Served(Protocol):
    """Something that runs by the service."""

    service: Service

    @property
    def run(self) -> Part:
        """What it does until told to stop."""
        ...


async def current_service(opened: OpenStore, bot: BotFile) -> CurrentService:
    """Give what counts by now, to begin with and to be kept current."""
    current = CurrentService(bot=bot, store=opened.store.desk_settings, live=opened.live)
    await current.look()
    return current


def kept_current(current: CurrentService, served: Served) -> Part:
    """Give a part whose service is replaced whenever it changes."""

    def renew(service: Service) -> None:
        served.service = service

    current.serve(renew)
    return served.run
