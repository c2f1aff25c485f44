"""The store, with a database behind it: each process opens it here, and has all of its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from relevo.contracts.composer import Composer
from relevo.contracts.store import Store
from relevo.store.accounts import PostgresAccounts
from relevo.store.admin import PostgresAdmin
from relevo.store.api_access import PostgresAnswers, PostgresTokens
from relevo.store.approvals import PostgresApprovals
from relevo.store.attachments import PostgresAttachments
from relevo.store.audit import PostgresAuditLog
from relevo.store.bots import PostgresBots
from relevo.store.case_work import PostgresCaseWork
from relevo.store.channel_log import PostgresExchanges
from relevo.store.chats import PostgresChats
from relevo.store.contacts import PostgresContacts
from relevo.store.conversations import PostgresConversations
from relevo.store.deliveries import PostgresDeliveries
from relevo.store.desk import PostgresDesk
from relevo.store.desk_settings import PostgresDeskSettings
from relevo.store.desktop import PostgresDesktop
from relevo.store.effects import PostgresEffects
from relevo.store.elsewhere import PostgresElsewhere
from relevo.store.handoffs import PostgresHandoffs
from relevo.store.inbox import PostgresInbox
from relevo.store.live import EVERYTHING, PostgresLive
from relevo.store.merges import PostgresMerges
from relevo.store.notices import PostgresNotices
from relevo.store.outbox import PostgresOutbox
from relevo.store.platform_events import PostgresPlatformEvents
from relevo.store.platform_marks import PostgresPlatformMarks
from relevo.store.pool import Database
from relevo.store.posts import PostgresPosts
from relevo.store.ratings import PostgresRatings
from relevo.store.reaching import PostgresReaching
from relevo.store.ready_words import PostgresReadyWords
from relevo.store.reports import PostgresReports
from relevo.store.routing import PostgresRouting
from relevo.store.search import PostgresSearch
from relevo.store.sights import PostgresSights
from relevo.store.sla import PostgresRounds
from relevo.store.tags import PostgresTags
from relevo.store.teachings import PostgresTeachings
from relevo.store.translations import PostgresTranslations
from relevo.store.unsent import PostgresUnsents
from relevo.store.visits import PostgresVisits
from relevo.store.webhooks import PostgresWebhooks
from relevo.store.worklist import PostgresWorklist
from relevo.store.writing import PostgresWriting


class OpenStore(msgspec.Struct, frozen=True, kw_only=True):
    """A database that is connected and listened to."""

    database: Database
    store: Store
    live: PostgresLive


@asynccontextmanager
async def open_store(
    dsn: str,
    *,
    size: int = 8,
    name: str = "relevo",
    lease_seconds: float = 60.0,
    hears: Sequence[str] = EVERYTHING,
    attachment_key: bytes | None = None,
) -> AsyncIterator[OpenStore]:
    """Connect to a migrated database, hearing these channels of wake-ups; everything is closed on leaving.

    Without the key there is everything but what attachments hold.
    """
    database = Database(dsn, size=size, name=name)
    await database.open()
    live = PostgresLive(database, hears)
    await live.open()
    try:
        yield OpenStore(database=database, store=_store(database, lease_seconds, attachment_key), live=live)
    finally:
        await live.close()
        await database.close()


def _store(database: Database, lease_seconds: float, attachment_key: bytes | None) -> Store:
    return Store(
        inbox=PostgresInbox(database, lease_seconds=lease_seconds),
        outbox=PostgresOutbox(database, lease_seconds=lease_seconds),
        effects=PostgresEffects(database),
        conversations=PostgresConversations(database),
        desk=PostgresDesk(database),
        handoffs=PostgresHandoffs(database),
        routing=PostgresRouting(database),
        approvals=PostgresApprovals(database),
        case_work=PostgresCaseWork(database),
        accounts=PostgresAccounts(database),
        visits=PostgresVisits(database),
        chats=PostgresChats(database),
        bots=PostgresBots(database),
        attachments=PostgresAttachments(database, attachment_key),
        search=PostgresSearch(database),
        sights=PostgresSights(database),
        worklist=PostgresWorklist(database),
        rounds=PostgresRounds(database),
        notices=PostgresNotices(database),
        composer=_composer(database),
        contacts=PostgresContacts(database),
        merges=PostgresMerges(database),
        reports=PostgresReports(database),
        teachings=PostgresTeachings(database),
        ratings=PostgresRatings(database),
        tokens=PostgresTokens(database),
        answers=PostgresAnswers(database),
        audit=PostgresAuditLog(database),
        webhooks=PostgresWebhooks(database, attachment_key),
        admin=PostgresAdmin(database),
        desk_settings=PostgresDeskSettings(database),
        tags=PostgresTags(database),
        deliveries=PostgresDeliveries(database),
        exchanges=PostgresExchanges(database),
        platform_events=PostgresPlatformEvents(database, attachment_key, lease_seconds=lease_seconds),
        platform_marks=PostgresPlatformMarks(database),
        elsewhere=PostgresElsewhere(database),
        posts=PostgresPosts(database),
    )


def _composer(database: Database) -> Composer:
    return Composer(
        writing=PostgresWriting(database),
        unsent=PostgresUnsents(database),
        desktop=PostgresDesktop(database),
        ready=PostgresReadyWords(database),
        reaching=PostgresReaching(database),
        translations=PostgresTranslations(database),
    )
