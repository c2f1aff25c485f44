"""What the doors need, handed in by ``bootstrap``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

import msgspec
from sanic.request import Request

from relevo.configuration.posts import PostRules
from relevo.configuration.x import XAccount
from relevo.contracts.admin import ShownSetting
from relevo.contracts.channel_log import ChannelLog, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.help import Articles
from relevo.contracts.live import Live
from relevo.contracts.reaching import REACHES, Reach
from relevo.contracts.store import Store
from relevo.domain.service import Service
from relevo.domain.sites import Sites
from relevo.flow.approvals import Decider
from relevo.flow.assist import Assisting
from relevo.flow.desk_settings import CurrentService
from relevo.flow.mail import Mailer
from relevo.flow.standing import Standing
from relevo.flow.teaching import Intents
from relevo.web.settings import WebSettings
from relevo.web.widget_manifest import Manifest, read_manifest

Readiness = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""Tells about each part whether it is ready: True, or False or a sentence that says what is missing."""


class Remark(str):
    """What somebody should know about a part that keeps nobody from being served."""

    __slots__ = ()


class DemoContact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a newcomer may be in the demo."""

    ref: str
    name: str
    language: str
    email: str


class WebServices(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What the doors need."""

    store: Store
    live: Live
    readiness: Readiness
    stopping: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    """Set when this process is about to end: who waits is answered with what there is, and asks another one."""
    decider: Decider | None = None
    """Decides about prepared effects; None where no business can be asked."""
    assisting: Assisting | None = None
    """What agents may ask a model for; None where the business names none."""
    articles: Articles | None = None
    """What the help pages show; None where there are none."""
    service: Service = msgspec.field(default_factory=Service)
    current: CurrentService | None = None
    """What administrators may say in place of relevo.yml; the service is what counts of both."""
    verification_seconds: float = 3600.0
    """How long it holds that an agent has found out who writes."""
    intents: Intents = msgspec.field(default_factory=Intents)
    """What the bot can be taught."""
    shown_settings: Sequence[ShownSetting] = ()
    """What the business has written into its files, for its administrators to read."""
    mail_company: str | None = None
    """Who writes mails, by name; None where no mail is sent."""
    reaches: Mapping[str, Reach] = msgspec.field(default_factory=lambda: REACHES)
    """The configured channels but mail, with how they reach somebody."""
    channel_log: ChannelLog = msgspec.field(default_factory=Unlogged)
    sites: Sites = msgspec.field(default_factory=Sites)
    """The websites that the web chat stands on."""
    x: XAccount | None = None
    """The account on X; None where X is off."""
    posts: PostRules = msgspec.field(default_factory=PostRules)
    mailer: Mailer | None = None
    """What posts mails; None where nobody does."""
    widget_folder: Path = Path(__file__).parent / "static" / "widget"
    """The widget's built files."""
    settings: WebSettings = msgspec.field(default_factory=WebSettings)
    clock: Clock = system_clock
    process: str = "web"
    """This process's name among those of all machines."""
    standing: Standing | None = None
    """How much waits, for ``/metrics``; None where nobody looks."""
    company_name: str = "Relevo"
    is_demo: bool = False
    mails_links: bool = False
    """Whether people who set their password get the link for it by mail."""
    demo_contacts: Sequence[DemoContact] = ()

    @cached_property
    def widget(self) -> Manifest:
        """What the widget's build says about itself."""
        return read_manifest(self.widget_folder)


def services_of(request: Request) -> WebServices:
    """Give the services of the app that got this request."""
    return cast(WebServices, request.app.ctx.services)
