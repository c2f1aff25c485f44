"""Who writes, during one turn: what was known of the identity before, and what this turn proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from relevo.contracts.business import OTHER_FACTS, REFERENCE_FACTS, Person
from relevo.contracts.runtime import Identification
from relevo.contracts.store import Verification
from relevo.domain.contacts import MAX_FAILED_TRIES, Identity, Level
from relevo.errors import AccessDenied


@dataclass(kw_only=True, slots=True)
class Who:
    """One identity as this turn finds it, and the verification that it will leave."""

    identity: Identity
    now: datetime
    seconds: float
    """How long a verification holds."""
    verification: Verification | None = None

    @property
    def level(self) -> Level:
        """How surely the contact is known by now."""
        return self.verification.level if self.verification is not None else self.identity.level_at(self.now)

    @property
    def ref(self) -> str | None:
        """The business's reference of the person, where one is known and still holds."""
        if self.verification is not None and self.verification.business_ref is not None:
            return self.verification.business_ref
        return self.identity.business_ref if self.identity.level_at(self.now) > Level.CLAIMED else None

    @property
    def verified_ref(self) -> str:
        """The reference of the verified person; raises AccessDenied below two facts."""
        if self.ref is None or self.level < Level.TWO_FACTS:
            raise AccessDenied("The contact is not verified.")
        return self.ref

    @property
    def is_locked(self) -> bool:
        """Whether too many tries were wrong."""
        return self._failed_tries >= MAX_FAILED_TRIES

    @property
    def identity_by_now(self) -> Identity:
        """The identity with what this turn learned."""
        known = self.verification
        if known is None:
            return self.identity
        return replace(
            self.identity,
            business_ref=known.business_ref or self.identity.business_ref,
            level=known.level,
            verified_until=known.verified_until,
            failed_tries=known.failed_tries,
            verified_facts=known.facts or self.identity.verified_facts,
        )

    def is_another(self, ref: str) -> bool:
        """Tell whether somebody else is known to write: an identity is never switched on the way."""
        return self.ref not in (None, ref)

    def not_matched(self) -> Identification:
        """Count a wrong try."""
        tries = self._failed_tries + 1
        known = self.verification or Verification(
            level=self.level, business_ref=self.ref, verified_until=self._verified_until, failed_tries=0
        )
        self.verification = replace(known, failed_tries=tries)
        return Identification.LOCKED if self.is_locked else Identification.NOT_MATCHED

    def prove(self, person: Person, facts: Mapping[str, str]) -> None:
        """Know a person by facts on file."""
        self.rise(person.ref, Level.TWO_FACTS)
        assert self.verification is not None
        self.verification = replace(
            self.verification,
            failed_tries=0,
            name=f"{person.given_names} {person.surnames}",
            facts={kind: value for kind, value in facts.items() if value},
        )

    def rise(self, ref: str, level: Level) -> None:
        """Know somebody at a level, from now on; less does not prolong what more has proved."""
        until = self.now + timedelta(seconds=self.seconds)
        self.verification = Verification(
            level=max(self.level, level),
            business_ref=ref,
            verified_until=self._verified_until if self.level > level else until,
            failed_tries=self._failed_tries,
            name=self.verification.name if self.verification else None,
            facts=self.verification.facts if self.verification else {},
        )

    @property
    def _failed_tries(self) -> int:
        return (self.verification or self.identity).failed_tries

    @property
    def _verified_until(self) -> datetime | None:
        return (self.verification or self.identity).verified_until


def suffice(facts: Mapping[str, str]) -> bool:
    """Tell whether facts are two different ones, of which one is a reference that only the contact has."""
    given = {kind for kind, value in facts.items() if value and kind in REFERENCE_FACTS | OTHER_FACTS}
    return len(given) >= 2 and bool(given & REFERENCE_FACTS)
