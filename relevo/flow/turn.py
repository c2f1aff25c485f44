"""What a custom action may do during one turn: identify, look up, perform effects, open cases.

Effects are committed while the turn runs; everything else is gathered here and written when the turn ends, or not at
all. ``now`` is when the message arrived, so that a retried turn sees what the first try saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS, Business, Person, Trip
from relevo.contracts.policy import Policy
from relevo.contracts.runtime import Identification
from relevo.contracts.store import Claim, Effects, TurnOutcome, Verification
from relevo.domain.cases import CaseRequest, Trigger
from relevo.domain.contacts import MAX_FAILED_TRIES, Level
from relevo.domain.effects import EffectOrder, EffectResult, Verdict
from relevo.errors import AccessDenied
from relevo.flow.effects import perform


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnServices:
    """What turns need of the world."""

    business: Business
    effects: Effects
    policies: Policy
    verification_seconds: float = 3600.0
    """How long two facts hold for an identity: long enough for a conversation, short enough for a shared machine."""


@dataclass(kw_only=True)
class ConversationTurn:
    """The turn around one claimed message; see contracts.runtime.Turn."""

    claim: Claim
    services: TurnServices
    verification: Verification | None = None
    cases: list[CaseRequest] = field(default_factory=list)
    performed: dict[str, EffectResult] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """When the contact's message was received."""
        return self.claim.received_at

    @property
    def level(self) -> Level:
        """How the contact is verified by now."""
        if self.verification is not None:
            return self.verification.level
        return self.claim.conversation.identity.level_at(self.now)

    async def identify(self, facts: Mapping[str, str]) -> Identification:
        """Verify the contact by facts on file."""
        if self._failed_tries() >= MAX_FAILED_TRIES:
            return Identification.LOCKED
        if not _suffice(facts):
            return Identification.TOO_FEW
        ref = await self.services.business.identify(facts)
        if ref is None or self._ref() not in (None, ref):
            return self._not_matched()
        await self._verified(ref)
        return Identification.VERIFIED

    async def person(self) -> Person:
        """Give the verified contact."""
        return await self.services.business.person(self._verified_ref())

    async def trips(self) -> Sequence[Trip]:
        """Give the verified contact's tickets."""
        return await self.services.business.trips(self._verified_ref())

    def decide(self, kind: str, facts: Mapping[str, Any]) -> Verdict:
        """Ask the policy about an effect without doing it."""
        return self.services.policies.decide(kind, facts, self.now.date())

    async def perform(self, kind: str, reference: str, arguments: Mapping[str, Any]) -> EffectResult:
        """Do an effect once, by policy."""
        if self.level < self.services.policies.required_level(kind):
            raise AccessDenied(f"{kind} asks for a better verified contact.")
        order = EffectOrder(key=f"{kind}:{reference}", kind=kind, business_ref=self._ref() or "", arguments=arguments)
        verdict = self.decide(kind, arguments)
        result = await perform(order, verdict, self.services, self.claim.conversation.id)
        self.performed[order.key] = result
        return result

    async def open_case(
        self,
        case_type: str,
        trigger: Trigger,
        *,
        reference: str | None = None,
        goal: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> str:
        """Open a case for a person when the turn commits, and give its number."""
        number = await self.services.effects.next_case_id()
        self.cases.append(
            CaseRequest(id=number, type=case_type, trigger=trigger, reference=reference, goal=goal, detail=detail or {})
        )
        return number

    def outcome(self, **spoken: Any) -> TurnOutcome:
        """Give everything that this turn writes, with what was said."""
        return TurnOutcome(
            verification=self.verification,
            cases=tuple(self.cases),
            effects=tuple(self.performed.values()),
            **spoken,
        )

    def _ref(self) -> str | None:
        if self.verification is not None and self.verification.business_ref is not None:
            return self.verification.business_ref
        identity = self.claim.conversation.identity
        return identity.business_ref if identity.level_at(self.now) > Level.CLAIMED else None

    def _verified_ref(self) -> str:
        ref = self._ref()
        if ref is None or self.level < Level.TWO_FACTS:
            raise AccessDenied("The contact is not verified.")
        return ref

    def _failed_tries(self) -> int:
        if self.verification is not None:
            return self.verification.failed_tries
        return self.claim.conversation.identity.failed_tries

    def _not_matched(self) -> Identification:
        tries = self._failed_tries() + 1
        known = self.verification or Verification(
            level=self.level,
            business_ref=self._ref(),
            verified_until=self._verified_until(),
            failed_tries=0,
        )
        self.verification = replace(known, failed_tries=tries)
        return Identification.LOCKED if tries >= MAX_FAILED_TRIES else Identification.NOT_MATCHED

    async def _verified(self, ref: str) -> None:
        person = await self.services.business.person(ref)
        until = self.now + timedelta(seconds=self.services.verification_seconds)
        self.verification = Verification(
            level=max(self.level, Level.TWO_FACTS),
            business_ref=ref,
            # Two facts do not prolong what somebody else vouched for.
            verified_until=self._verified_until() if self.level > Level.TWO_FACTS else until,
            failed_tries=0,
            name=f"{person.given_names} {person.surnames}",
        )

    def _verified_until(self) -> datetime | None:
        return (self.verification or self.claim.conversation.identity).verified_until


def _suffice(facts: Mapping[str, str]) -> bool:
    given = {kind for kind, value in facts.items() if value and kind in REFERENCE_FACTS | OTHER_FACTS}
    return len(given) >= 2 and bool(given & REFERENCE_FACTS)
