"""What a custom action may do during one turn: identify, look up, perform effects, open cases.

Effects and codes are committed while the turn runs; everything else is gathered here and written when the turn ends, or
not at all. ``now`` is when the message arrived, so that a retried turn sees what the first try saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from relevo.contracts.attachments import Attachments, KeptFor
from relevo.contracts.business import Business, Person, Record
from relevo.contracts.desk import Handoffs
from relevo.contracts.help import Help, Passage
from relevo.contracts.policy import Policy
from relevo.contracts.runtime import Identification, Waiting
from relevo.contracts.store import Claim, Effects, Intent, TurnOutcome
from relevo.domain.attachments import Attachment, AttachmentKind
from relevo.domain.cases import Case, CaseContact, CaseRequest, Trigger, first_priority
from relevo.domain.codes import CodeCheck, CodeSending
from relevo.domain.contacts import Level
from relevo.domain.conversations import Conversation
from relevo.domain.effects import APPROVER, EffectOrder, EffectResult, PreparedEffect, Verdict
from relevo.domain.handoff import Handback, Handoff, HandoffRequest
from relevo.domain.passenger_rules import Rights
from relevo.domain.rights import Disruption, Entitlement, entitlement
from relevo.domain.service import Service
from relevo.errors import AccessDenied, StaleVerdict
from relevo.flow.case_requests import amounts, posted_case, prepared
from relevo.flow.codes import OneTimeCodes
from relevo.flow.effects import perform
from relevo.flow.handoff import priority_of
from relevo.flow.identifying import Who, suffice
from relevo.flow.reception import received

FILES_SECONDS = 86_400
"""How long a photo waits for somebody to say what it is for: sent before the request, or answered by other words."""

OFTEN = 3
"""Contacts about one case from which a person sees to it, asked for or not."""


class TurnServices(msgspec.Struct, frozen=True, kw_only=True):
    """What turns need of the world."""

    business: Business
    effects: Effects
    policies: Policy
    rights: Rights = msgspec.field(default_factory=Rights)
    """What flights owe their passengers."""
    handoffs: Handoffs | None = None
    """None: there is no desk, and nobody is ever online."""
    service: Service = msgspec.field(default_factory=Service)
    default_language: str = "es"
    verification_seconds: float = 3600.0
    """How long two facts hold for an identity: long enough for a conversation, short enough for a shared machine."""
    codes: OneTimeCodes | None = None
    """None where no mail is sent."""
    help: Help | None = None
    """None where there are no articles."""
    attachments: Attachments | None = None
    """None: only what comes with a message is known of."""


@dataclass(kw_only=True)
class ConversationTurn:
    """The turn around one claimed message; see contracts.runtime.Turn."""

    claim: Claim
    services: TurnServices
    cases: list[CaseRequest] = field(default_factory=list)
    contacts: list[CaseContact] = field(default_factory=list)
    handoff: HandoffRequest | None = None
    is_anybody_online: bool = False
    kept_attachments: list[KeptFor] = field(default_factory=list)
    performed: dict[str, EffectResult] = field(default_factory=dict)
    spent: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """When the contact's message was received."""
        return self.claim.received_at

    @property
    def zone(self) -> tzinfo:
        """Where the business is."""
        return ZoneInfo(self.services.service.timezone)

    @property
    def today(self) -> date:
        """The day where the business is, by which its rules count."""
        return self.now.astimezone(self.zone).date()

    @property
    def control_version(self) -> int:
        """A number that rises whenever control passes."""
        return self.claim.conversation.control_version

    @property
    def privacy_due_at(self) -> datetime:
        """Until when a request about the contact's own data must be answered."""
        return self.services.service.privacy_due_at(self.now)

    @cached_property
    def who(self) -> Who:
        """Who writes, as far as this turn knows."""
        return Who(identity=self.claim.conversation.identity, now=self.now, seconds=self.services.verification_seconds)

    @property
    def level(self) -> Level:
        """How the contact is verified by now."""
        return self.who.level

    @property
    def conversation_by_now(self) -> Conversation:
        """Give the conversation with what this turn learned about who writes."""
        return replace(self.claim.conversation, identity=self.who.identity_by_now)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What came with the message."""
        return self.claim.arrival.attachments

    async def files(self) -> tuple[Attachment, ...]:
        """Give what was sent lately and is for nothing yet."""
        if self.services.attachments is None:
            return self.attachments
        since = self.now - timedelta(seconds=FILES_SECONDS)
        earlier = await self.services.attachments.unused(self.claim.conversation.id, since, self.now)
        known = {file.id for file in earlier}
        return (*earlier, *(file for file in self.attachments if file.id not in known))

    async def identify(self, facts: Mapping[str, str]) -> Identification:
        """Verify the contact by facts on file."""
        if self.who.is_locked:
            return Identification.LOCKED
        if not suffice(facts):
            return Identification.TOO_FEW
        ref = await self.services.business.identify(facts)
        if ref is None or self.who.is_another(ref):
            return self.who.not_matched()
        self.who.prove(await self.services.business.person(ref), facts)
        return Identification.VERIFIED

    async def send_code(self) -> CodeSending:
        """Send a one-time code to the verified contact's address on file."""
        person = await self.person()
        if self.services.codes is None:
            return CodeSending.MAIL_OFF
        return await self.services.codes.send(self.claim, person)

    async def check_code(self, code: str) -> CodeCheck:
        """Verify the contact better by the code that was sent to them."""
        ref = self.who.verified_ref
        if self.services.codes is None:
            return CodeCheck.DEAD
        found = await self.services.codes.check(self.claim, ref, code)
        if found is CodeCheck.RIGHT:
            self.who.rise(ref, Level.CODE)
        return found

    async def person(self) -> Person:
        """Give the verified contact."""
        return await self.services.business.person(self.who.verified_ref)

    async def own(self, kind: type[Record]) -> Sequence[Record]:
        """Give what the verified contact has of a kind."""
        return await self.services.business.records(kind, self.who.verified_ref)

    async def public(self, kind: type[Record], number: str) -> Sequence[Record]:
        """Give what anybody may know of a kind by its number."""
        return await self.services.business.public(kind, number)

    @property
    def handback(self) -> Handback | None:
        """What a person decided, in the turn with which the bot takes the conversation back."""
        return self.claim.handback

    def entitlement(self, facts: Mapping[str, Any]) -> Entitlement:
        """Give what a passenger's flight is owed by the business's rules."""
        return entitlement(Disruption.of(facts), self.services.rights)

    async def judge(self, kind: str, facts: Mapping[str, Any]) -> Verdict:
        """Ask the policy about an effect without doing it."""
        return (await self._judge(kind, facts))[0]

    async def perform(
        self,
        kind: str,
        reference: str,
        arguments: Mapping[str, Any],
        *,
        amount: int | None = None,
        unit: str | None = None,
    ) -> EffectResult:
        """Do an effect once, by policy."""
        if self.level < self.services.policies.required_level(kind):
            raise AccessDenied(f"{kind} asks for a better verified contact.")
        key, ref = f"{kind}:{reference}", self.who.ref or ""
        order = EffectOrder(key=key, kind=kind, business_ref=ref, arguments=arguments, amount=amount, unit=unit)
        self.performed[order.key] = result = await self._perform(order)
        return result

    async def _perform(self, order: EffectOrder) -> EffectResult:
        while True:
            self.spent.clear()  # what was true for showing may not be for doing
            verdict, spent = await self._judge(order.kind, order.arguments)
            bound = {**order.arguments, APPROVER: verdict.approver} if verdict.approver else order.arguments
            intent = Intent(
                conversation_id=self.claim.conversation.id,
                window_days=self.services.policies.window_days(order.kind),
                spent=spent,
                expires_at=self.now + timedelta(seconds=self.services.service.approval_seconds),
            )
            try:
                return await perform(replace(order, arguments=bound), verdict, self.services, intent)
            except StaleVerdict:
                continue  # another of this person's effects was recorded meanwhile; it counts now
            finally:
                self.spent.clear()  # by now it counts for the next one

    async def _judge(self, kind: str, facts: Mapping[str, Any]) -> tuple[Verdict, int]:
        days, asked = self.services.policies.window_days(kind), (kind, self.who.ref or "")
        if days is not None and asked not in self.spent:
            self.spent[asked] = await self.services.effects.spent(*asked, days)
        spent = self.spent.get(asked, 0)
        return self.services.policies.decide(kind, {**facts, "spent": spent}, self.today), spent

    async def open_case(  # noqa: PLR0913 - one for each thing that a case may have
        self,
        case_type: str,
        trigger: Trigger,
        *,
        reference: str | None = None,
        goal: str | None = None,
        detail: Mapping[str, Any] | None = None,
        effects: Sequence[EffectResult] = (),
        promised_at: datetime | None = None,
    ) -> str:
        """Open a case for a person when the turn commits, or go on with that of their public post; give its number."""
        posted = (
            None if promised_at else await posted_case(self.services.handoffs, self.claim.conversation.id, case_type)
        )
        if posted is not None:
            case = replace(posted, type=case_type, reference=reference, priority=posted.priority.because(trigger.value))
            self.came_again(case, effects=effects, goal=goal, detail=detail, is_counted=False)
            return posted.id
        priority = first_priority(trigger, amounts(effects))
        request = CaseRequest(
            id=await self.services.effects.next_case_id(),
            type=case_type,
            trigger=trigger,
            reference=reference,
            goal=goal,
            detail=detail or {},
            priority=priority,
            due_seconds=self._due_seconds(case_type, trigger.value, priority.level),
            effects=prepared(effects),
            promised_at=promised_at,
        )
        self.cases.append(request)
        return request.id

    async def find_case(self, case_type: str, reference: str | None = None) -> Case | None:
        """Give the verified contact's open case of a type."""
        ref, handoffs = self.who.ref, self.services.handoffs
        if ref is None or handoffs is None or self.level < Level.TWO_FACTS:
            return None
        return await handoffs.find_open_case(ref, case_type, reference)

    async def own_cases(self) -> Sequence[Case]:
        """Give the contact's own cases, newest first."""
        handoffs, ref = self.services.handoffs, self.who.ref if self.level >= Level.TWO_FACTS else None
        return () if handoffs is None else await handoffs.own_cases(ref, self.claim.conversation.id)

    async def own_effects(self) -> Sequence[PreparedEffect]:
        """Give every effect ever asked for the verified contact, newest first."""
        ref = self.who.verified_ref
        return () if self.services.handoffs is None else await self.services.handoffs.own_effects(ref)

    def came_again(
        self,
        case: Case,
        *,
        effects: Sequence[EffectResult] = (),
        goal: str | None = None,
        detail: Mapping[str, Any] | None = None,
        is_counted: bool = True,
    ) -> None:
        """Link this conversation to an open case, and make it more urgent, when the turn commits."""
        priority = case.priority.with_amounts(amounts(effects))
        if is_counted:
            priority = priority.because("repeated_contact", str(case.contacted + 1))
        contact = CaseContact(
            case_id=case.id,
            type=case.type,
            reference=case.reference,
            priority=priority,
            due_seconds=self._due_seconds(case.type, case.trigger, priority.level),
            effects=prepared(effects),
            goal=goal,
            detail=detail or {},
            is_counted=is_counted,
        )
        self.contacts.append(contact)
        if is_counted and case.contacted + 1 >= OFTEN and self.handoff is None:  # whoever is free writes to them
            trigger = Trigger.REPEATED_CONTACT
            self.handoff = HandoffRequest(trigger=trigger, case_id=case.id, case_type=case.type, goal=goal or case.goal)

    def _due_seconds(self, case_type: str, trigger: str, level: str) -> float:
        language = self.claim.conversation.language or self.services.default_language
        return self.services.service.answer_seconds(case_type, trigger, level, language, self.now)

    async def hand_off(self, request: HandoffRequest) -> Waiting:
        """Pass control to a person when the turn commits, if one is online."""
        self.handoff = request
        spoken = request.language or self.claim.conversation.language or self.services.default_language
        priority = priority_of(request.case_id, self.cases, self.contacts)
        waiting = await received(self.services.handoffs, self.services.service, request, priority, spoken, self.now)
        self.is_anybody_online = waiting.is_anybody_online
        return waiting

    def find_help(self, question: str, language: str) -> Passage | None:
        """Find what answers a question."""
        return self.services.help.find(question, language) if self.services.help else None

    def keep_attachment(self, attachment_id: UUID, kind: AttachmentKind, case_id: str | None) -> None:
        """Say what an attachment of this conversation is for when the turn commits."""
        self.kept_attachments.append(KeptFor(attachment_id=attachment_id, kind=kind, case_id=case_id))

    def outcome(self, *, handoff: Handoff | None = None, **spoken: Any) -> TurnOutcome:
        """Give everything that this turn writes, with what was said."""
        return TurnOutcome(
            verification=self.who.verification,
            cases=tuple(self.cases),
            contacts=tuple(self.contacts),
            handoff=handoff,
            effects=tuple(self.performed.values()),
            kept_attachments=tuple(self.kept_attachments),
            **spoken,
        )
