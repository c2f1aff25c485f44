"""The web process: doors, sweeper, deliverer. It never imports Rasa."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec.structs import replace

from relevo import garbage
from relevo.bootstrap.assistant import assisting
from relevo.bootstrap.attachments import attachment_key, retention
from relevo.bootstrap.business import DEMO_COMPANY, business_of, demo_contacts, is_demo
from relevo.bootstrap.desk_settings import current_service, kept_current
from relevo.bootstrap.everything import Settings
from relevo.bootstrap.files import open_many_files
from relevo.bootstrap.help import shelf
from relevo.bootstrap.intents import intents_of
from relevo.bootstrap.lifetime import Part, process_name, run_until_stopped
from relevo.bootstrap.load import overload_watch, standing_of
from relevo.bootstrap.mail import mail_channel, mailer
from relevo.bootstrap.reaches import reaches_of
from relevo.bootstrap.serve import address
from relevo.bootstrap.shown import shown_settings
from relevo.bootstrap.sites import COMPANY, sites_of, with_demo_key
from relevo.bootstrap.store import OpenStore, open_store
from relevo.bootstrap.x import OnX, on_x, x_problem
from relevo.channels.webhooks.post import SafePoster
from relevo.configuration import Configuration
from relevo.contracts.bots import Bots
from relevo.contracts.channel import Channel
from relevo.contracts.channel_log import ChannelLog
from relevo.domain.formality import address_formally
from relevo.errors import Unavailable
from relevo.flow.agenda import AgendaWatch
from relevo.flow.approvals import Decider
from relevo.flow.channel_log import Recorder
from relevo.flow.confirm import Confirmer
from relevo.flow.contacts import UnansweredWatch
from relevo.flow.deliver import Deliverer
from relevo.flow.desk_settings import CurrentService
from relevo.flow.expire import Expirer
from relevo.flow.forget_answers import AnswerWatch
from relevo.flow.forget_audit import AuditWatch
from relevo.flow.forget_visitors import VisitorExpirer
from relevo.flow.handoff import QueueWatch
from relevo.flow.leaving import Leaving
from relevo.flow.password_links import LinkPost
from relevo.flow.promises import PromiseWatch
from relevo.flow.ratings import RatingWatch
from relevo.flow.routing import Router
from relevo.flow.search import Indexer
from relevo.flow.sla import SlaWatch
from relevo.flow.standing import Standing
from relevo.flow.sweep import Sweeper
from relevo.flow.unreachable import Unreachable
from relevo.flow.unsent import UnsentWatch
from relevo.flow.webhooks import Herald
from relevo.store.agenda import PostgresAgenda
from relevo.store.live import CHATS, INTAKES, ROUTERS, SENDERS, SETTINGS, TIMELINES
from relevo.store.personal import PostgresPersonalData
from relevo.web.app import WebServices, create_app
from relevo.web.server import serving
from relevo.web.services import DemoContact, Remark

_log = structlog.get_logger()


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the database answers and a bot with a model lives."""

    bots: Bots
    lost_seconds: float
    standing: Standing | None = None
    """Who knows how much waits; None: nobody asks."""
    overload_seconds: float = 10.0
    look_at_x: Callable[[], Awaitable[str | None]] | None = None
    """Gives what is wrong with the account on X; None where X is off."""

    async def __call__(self) -> Mapping[str, bool | str]:
        """Tell about each part."""
        told = await self._bot()
        load = await self.standing.load() if told["database"] is True and self.standing is not None else None
        if load is not None and load.is_overloaded:
            told["queue"] = Remark(
                f"Answers take longer than {self.overload_seconds:.0f} s: {load.lanes_waiting} conversations wait, the "
                f"first for {load.oldest_wait_seconds:.0f} s. Start more bots: relevo bot."
            )
        if self.look_at_x is not None and told["database"] is True:
            problem = await self.look_at_x()
            told["x"] = Remark(problem) if problem else True
        return told

    async def _bot(self) -> dict[str, bool | str]:
        try:
            living = await self.bots.living(self.lost_seconds)
        except Unavailable as error:
            return {"database": str(error), "bot": "Whether a bot is ready is kept in the database."}
        if any(bot.problem is None for bot in living):
            return {"database": True, "bot": True}
        told = next((bot.problem for bot in living if bot.problem), None)
        return {"database": True, "bot": told or "No bot process runs; start one with: relevo bot."}


async def run_web(settings: Settings, configuration: Configuration, dsn: str, tell: Callable[[str], None]) -> None:
    """Run a web process until it is told to stop."""
    open_many_files()
    address_formally(configuration.bot.formal)
    async with open_store(
        dsn,
        size=settings.database.web_connections,
        name="relevo web",
        hears=(INTAKES, ROUTERS, SENDERS, SETTINGS, TIMELINES, *CHATS),
        attachment_key=attachment_key(settings),
    ) as opened:
        decider, current = await _decider(configuration, opened), await current_service(opened, configuration.bot)
        recorder = Recorder(exchanges=opened.store.exchanges)
        standing = standing_of(settings, configuration, opened)
        services = replace(await _services(settings, configuration, opened, decider, standing), channel_log=recorder)
        async with (
            assisting(opened, configuration) as model,
            on_x(opened, configuration, recorder, attachment_key(settings), settings.web.public_url) as x,
        ):
            app = create_app(replace(services, assisting=model, current=current))
            async with serving(app, settings.address.host, settings.address.port) as port:
                _log.info("web.listening", host=settings.address.host, port=port)
                garbage.settle()
                tell(f"Listens on {settings.address.host} port {port}.")
                parts = _parts(settings, configuration, opened, decider, current, standing)
                parts += x.served_by(current) if x is not None else []
                parts += _deliverer(settings, configuration, opened, x, recorder)
                pushing = {*standing.pushing, *(x.channels if x is not None else ())}
                agenda = PostgresAgenda(opened.database)
                parts += [AgendaWatch(agenda=agenda, live=opened.live, pushing=sorted(pushing)).run]
                await run_until_stopped(*parts, recorder.run, stop_seconds=settings.bots.stop_seconds)


async def _decider(configuration: Configuration, opened: OpenStore) -> Decider:
    store = opened.store
    return Decider(
        approvals=store.approvals,
        effects=store.effects,
        business=await business_of(opened),
        policies=configuration.policies,
        conversations=store.conversations,
        live=opened.live,
        default_language=configuration.bot.default_language,
        zone=ZoneInfo(configuration.bot.service.timezone),
    )


async def _services(
    settings: Settings, configuration: Configuration, opened: OpenStore, decider: Decider, standing: Standing
) -> WebServices:
    demo = await is_demo(opened)
    company = DEMO_COMPANY if demo else COMPANY
    sites = sites_of(configuration, company)
    return WebServices(
        store=opened.store,
        live=opened.live,
        readiness=Readiness(
            bots=opened.store.bots,
            lost_seconds=settings.bots.bot_lost_seconds,
            standing=standing,
            overload_seconds=settings.bots.overload_seconds,
            look_at_x=partial(x_problem, opened, configuration.x.account_id) if configuration.x else None,
        ),
        decider=decider,
        articles=shelf(settings),
        verification_seconds=configuration.bot.verification_seconds,
        intents=intents_of(settings),
        settings=settings.web,
        sites=with_demo_key(sites, attachment_key(settings)) if demo else sites,
        mailer=mailer(opened, configuration),
        x=configuration.x,
        posts=configuration.bot.posts,
        reaches=reaches_of(configuration),
        shown_settings=shown_settings(settings, configuration),
        mail_company=configuration.mail.sender_name if configuration.mail else None,
        is_demo=demo,
        mails_links=configuration.mail is not None,
        process=process_name(f"web-{settings.address.port}"),
        standing=standing,
        demo_contacts=_demo_contacts() if demo else (),
        company_name=company,
    )


def _demo_contacts() -> list[DemoContact]:
    return [DemoContact(**contact) for contact in demo_contacts()]


def _poster(settings: Settings) -> SafePoster:
    return SafePoster(
        may_be_private=settings.web.webhooks_to_private_networks,
        may_be_plain_here=settings.web.webhooks_to_this_machine,
    )


def _parts(
    settings: Settings,
    configuration: Configuration,
    opened: OpenStore,
    decider: Decider,
    current: CurrentService,
    standing: Standing,
) -> list[Part]:
    store, live = opened.store, opened.live
    sweeper = Sweeper(
        inbox=store.inbox,
        effects=store.effects,
        live=live,
        silence_seconds=settings.bots.silence_seconds,
        default_language=configuration.bot.default_language,
        handoffs=store.handoffs,
        standing=standing,
        queueing_seconds=settings.bots.queueing_seconds,
    )
    expirer = Expirer(attachments=store.attachments, retention=retention(settings))
    indexer = Indexer(search=store.search)
    watches = _watches(configuration, opened, current)
    parts: list[Part] = [current.run, kept_current(current, sweeper), decider.run, *watches, expirer.run]
    parts += [partial(indexer.run, live=live)]
    parts += [overload_watch(settings, configuration, opened, standing).run]
    parts += [Leaving(store=store, live=live).run]
    parts += [AuditWatch(audit=store.audit, days=configuration.bot.service.audit_days).run]
    herald = Herald(webhooks=store.webhooks, poster=_poster(settings), live=live)
    parts += [herald.run, AnswerWatch(answers=store.answers).run, _visitor_expirer(configuration, opened).run]
    if configuration.mail is not None:
        confirmer = Confirmer(mailer=mailer(opened, configuration), business=decider.business)
        parts.append(partial(confirmer.run, live=live))
    return [*parts, *_link_posts(settings, configuration, opened)]


def _deliverer(
    settings: Settings, configuration: Configuration, opened: OpenStore, x: OnX | None, log: ChannelLog
) -> list[Part]:
    """Give what sends; nothing where REST and the web chat, which fetch for themselves, are all there is."""
    channels: dict[str, Channel] = dict(x.channels) if x is not None else {}
    if email := mail_channel(configuration):
        channels[email.name] = email
    deliverer = Deliverer(
        outbox=opened.store.outbox,
        channels=channels,
        live=opened.live,
        patience_seconds=settings.delivery.delivery_patience_seconds,
        log=log,
        ended_badly=_unreachable(configuration, opened).answered_in_vain,
    )
    return [deliverer.run] if channels else []


def _unreachable(configuration: Configuration, opened: OpenStore) -> Unreachable:
    bot = configuration.bot
    return Unreachable(
        store=opened.store,
        live=opened.live,
        channels=reaches_of(configuration),
        service=bot.service,
        default_language=bot.default_language,
    )


def _link_posts(settings: Settings, configuration: Configuration, opened: OpenStore) -> list[Part]:
    """Give what mails links to set passwords with; nothing where no mail is sent."""
    email, account = mail_channel(configuration), configuration.mail
    if email is None or account is None:
        return []
    desk_url = (settings.web.public_url or address(settings)).rstrip("/")
    post = LinkPost(links=opened.store.admin.links, channel=email, company=account.sender_name, desk_url=desk_url)
    return [partial(post.run, live=opened.live)]


def _visitor_expirer(configuration: Configuration, opened: OpenStore) -> VisitorExpirer:
    named = sites_of(configuration, COMPANY).named
    days = {site.name: site.retention_days for site in named if site.retention_days is not None}
    return VisitorExpirer(visits=opened.store.visits, held=PostgresPersonalData(opened.database), days=days)


def _watches(configuration: Configuration, opened: OpenStore, current: CurrentService) -> list[Part]:
    """Give what looks after the time that people and promises have."""
    store, live, bot = opened.store, opened.live, configuration.bot
    language = bot.default_language
    watches: list[Part] = [
        kept_current(
            current,
            Router(routing=store.routing, live=live, default_language=language, reaches=reaches_of(configuration)),
        ),
        QueueWatch(handoffs=store.handoffs, live=live, default_language=language).run,
        kept_current(
            current, PromiseWatch(case_work=store.case_work, live=live, default_language=language, store=store)
        ),
        kept_current(current, SlaWatch(rounds=store.rounds, live=live)),
        UnsentWatch(unsent=store.composer.unsent, live=live).run,
        UnansweredWatch(contacts=store.contacts, live=live).run,
    ]
    if bot.csat:
        watches.append(RatingWatch(ratings=store.ratings, live=live, default_language=language).run)
    return watches
