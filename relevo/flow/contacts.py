"""What agents and other systems do about a person: record what happened elsewhere, merge and split.

Recorded elsewhere and unanswered ─► the person's open cases become more urgent, with that reason, now and when one is
opened later.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.business import Business
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.contacts import Contacts, Recorded, Whom
from relevo.contracts.live import Live
from relevo.contracts.store import Store
from relevo.domain.cases import Priority
from relevo.domain.merging import EVIDENCE, UNANSWERED, Encounter
from relevo.domain.messages import clean_text
from relevo.errors import AccessDenied, BusinessUnavailable, NotFound, Unavailable, Unreadable
from relevo.flow.waiting import keep_watch

LOOK_SECONDS = 10.0
MAX_REASON_CHARACTERS = 1_000
OLDEST, AHEAD = timedelta(days=3650), timedelta(minutes=10)
"""How old an encounter may be, and how far another system's clock may be ahead."""
_log = structlog.get_logger()


class ContactWork(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs; all refusals are sentences."""

    store: Store
    live: Live
    clock: Clock = msgspec.field(default=system_clock)
    business: Business | None = None

    async def record(self, encounter: Encounter, whom: Whom, agent: AgentAccount) -> Recorded:
        """Keep what another system recorded, once, and have what is open about that person become more urgent."""
        now = self.clock()
        if not now - OLDEST <= encounter.happened_at <= now + AHEAD:
            raise Unreadable("“at” must be a time within ten years, and not still to come.", code="bad_time")
        whom = await self._known(whom)
        recorded = await self.store.contacts.record(encounter, whom, agent.id)
        await raise_unanswered(self.store.contacts, self.live)
        self._changed("record", agent)
        return recorded

    async def merge(self, kept: UUID, other: UUID, agent: AgentAccount, evidence: str, reason: str) -> int:
        """Make two contacts one, for a reason and with evidence; never one's own."""
        if kept == other:
            raise Unreadable("A contact cannot be merged with itself; name another one.", code="same_contact")
        if evidence not in EVIDENCE:
            raise Unreadable(f"“evidence” must be one of {', '.join(EVIDENCE)}.", code="bad_evidence")
        if agent.business_ref is not None and await self.store.merges.is_own(agent.business_ref, kept, other):
            raise AccessDenied("You may not merge your own contact; somebody else has to.", code="own_contact")
        number = await self.store.merges.merge(kept, other, agent.id, evidence, demand_reason(reason))
        self._changed("merge_contacts", agent)
        return number

    async def split(self, kept: UUID, merge_id: int, agent: AgentAccount, reason: str) -> UUID:
        """Take out again who was merged."""
        parted = await self.store.merges.split(kept, merge_id, agent.id, demand_reason(reason))
        self._changed("split_contacts", agent)
        return parted

    async def merge_cases(self, kept: str, other: str, agent: AgentAccount, reason: str) -> int:
        """Have a case go on in another."""
        if kept == other:
            raise Unreadable("A case cannot be merged with itself; name another one.", code="same_case")
        number = await self.store.merges.merge_cases(kept, other, agent.id, demand_reason(reason))
        self._changed("merge_cases", agent)
        return number

    async def split_cases(self, kept: str, merge_id: int, agent: AgentAccount, reason: str) -> str:
        """Take out again the case that was merged."""
        parted = await self.store.merges.split_cases(kept, merge_id, agent.id, demand_reason(reason))
        self._changed("split_cases", agent)
        return parted

    async def _known(self, whom: Whom) -> Whom:
        """Give whom it is about with the name that they have on file; raises NotFound for nobody's reference."""
        ref = whom.business_ref
        if ref is None or self.business is None or await self.store.contacts.knows(ref):
            return whom
        try:
            person = await self.business.person(ref)
        except NotFound:
            raise NotFound("Nobody has this reference in the business's files.", code="unknown_person") from None
        except BusinessUnavailable as error:
            raise Unavailable(f"{error} Nothing was recorded; send it again in a moment.") from error
        return replace(whom, name=f"{person.given_names} {person.surnames}".strip())

    def _changed(self, verb: str, agent: AgentAccount) -> None:
        self.live.changed(None)
        _log.info("contacts", verb=verb, agent=agent.id)


class UnansweredWatch(msgspec.Struct, frozen=True, kw_only=True):
    """Raises cases that were opened after their person had tried elsewhere."""

    contacts: Contacts
    live: Live

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until told to stop."""
        await keep_watch(stop, self.step, live=self.live, what="unanswered", pause_seconds=LOOK_SECONDS)

    async def step(self) -> int:
        """Look once, and give how many cases were raised."""
        return await raise_unanswered(self.contacts, self.live)


async def raise_unanswered(contacts: Contacts, live: Live) -> int:
    """Raise every open case whose person tried elsewhere unanswered within a day, and give how many those were."""
    found = await contacts.unanswered()
    for case_id, conversation_id, times in found:
        await contacts.raise_case(case_id, Priority().because(UNANSWERED, str(times)))
        live.changed(conversation_id)
    return len(found)


def demand_reason(reason: str) -> str:
    """Give a reason as it is kept; raises Unreadable where there is none."""
    cleaned = clean_text(reason).strip()
    if not cleaned or len(cleaned) > MAX_REASON_CHARACTERS:
        raise Unreadable(f"Say why, in at most {MAX_REASON_CHARACTERS} characters.", code="bad_merge_reason")
    return cleaned
