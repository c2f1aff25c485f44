"""What administrators have said at the desk in place of relevo.yml, for processes, checks and commands."""

from __future__ import annotations

from typing import Protocol

from relevo.bootstrap.everything import read_bot_file
from relevo.bootstrap.lifetime import Part
from relevo.bootstrap.store import OpenStore
from relevo.configuration import BotFile
from relevo.configuration.desk import SECTIONS
from relevo.domain.service import Service
from relevo.errors import ConfigurationError
from relevo.flow.desk_settings import CurrentService, Section


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


async def queue_names(opened: OpenStore) -> tuple[str, ...]:
    """Give the queues that there are by now; raises ConfigurationError with every mistake in relevo.yml."""
    current = await current_service(opened, read_bot_file())
    return tuple(queue.name for queue in current.service.queues.all)


def told(current: CurrentService) -> str:
    """Tell which sections the desk has in place of relevo.yml; raises ConfigurationError where one fits no more.

    Nothing where the file counts whole.
    """
    sections = [current.section(name) for name in SECTIONS]
    broken = [
        f"{_said(one)} fits relevo.yml no more, so the file counts: {_why(one)}" for one in sections if one.misfits
    ]
    if broken:
        raise ConfigurationError("\n".join(broken))
    return "\n".join(f"{_said(one)} counts in place of relevo.yml" for one in sections if one.is_from_desk)


def _said(section: Section) -> str:
    newest = section.newest
    who = f"{newest.agent_name} on {newest.changed_at:%Y-%m-%d %H:%M} UTC" if newest else ""
    return f"{section.name}: what {who} said at /desk/admin/{section.name}"


def _why(section: Section) -> str:
    return " ".join(mistake.sentence for mistake in section.misfits)


def kept_current(current: CurrentService, served: Served) -> Part:
    """Give a part whose service is replaced whenever it changes."""

    def renew(service: Service) -> None:
        served.service = service

    current.serve(renew)
    return served.run
