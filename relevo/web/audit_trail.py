"""Writes the audit log: one entry for each change that somebody made through the API, or tried to.

What was sent is kept as its shape: words that people wrote only by their length, so that the log holds nothing of a
contact and need not be changed when one is erased. States before and after are read where the desk has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace
from sanic.request import Request

from relevo.contracts.audit import AuditEntry
from relevo.contracts.store import Store
from relevo.domain.covering import masked_text
from relevo.domain.messages import clean_text
from relevo.errors import NotFound, RequestError, Unavailable
from relevo.web.errors import log
from relevo.web.openapi import Operation
from relevo.web.origins import client_address
from relevo.web.services import services_of
from relevo.web.sign_in import Session

_TELLING = frozenset(
    {"control", "control_version", "agent_id", "status", "outcome", "state", "amount", "unit", "due_at", "hash"}
    | {"promised_at", "is_away", "position", "role", "scopes", "events", "expires_at", "revoked_at", "disabled_at"}
    | {"version", "queue", "queue_id", "tag", "limits", "is_enabled", "money", "points", "languages"}
    | {"queues", "skills", "capacity", "by_hand", "old_secret_until", "follow", "until", "snoozed_until"}
)
"""What is kept as it is: states, numbers and choices of ours."""
_LONGEST_TARGET = 300
_LONGEST_CHOICE = 100


@dataclass(slots=True)
class Trail:
    """What a door knows better than the log finds out."""

    target: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    refusal: RequestError | None = None
    """Why nothing was done to the target, where others went through."""
    parts: Sequence[Trail] = ()
    """Each thing that one call changed: an entry of its own for each."""


@dataclass(kw_only=True, slots=True)
class Audited:
    """One change under way."""

    request: Request
    operation: Operation
    session: Session
    body: Any = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)
    _before: Mapping[str, Any] | None = None

    async def begin(self) -> None:
        """Look how it is before."""
        self._before = await _state(services_of(self.request).store, self.variables, self.body)

    async def end(self, status: int, answer: Any = None, error: RequestError | None = None) -> None:
        """Write what became of it; that it cannot be written changes nothing about what was done."""
        trail, agent = self.trail, self.session.agent
        after = trail.after if trail.after is not None else telling(answer)
        entry = AuditEntry(
            operation=self.operation.name,
            status=status,
            address=client_address(self.request, services_of(self.request).settings.trusted_proxies),
            agent_id=agent.id,
            agent_name=agent.name,
            role=agent.role,
            token_id=self.session.token.id if self.session.token else None,
            target=self._target(),
            code=error.reason if error else None,
            request=shape(self.body),
            before=trail.before if trail.before is not None else self._before,
            after=after if error is None else None,
        )
        entries = [_of_part(entry, part) for part in trail.parts] if error is None else []
        try:
            await services_of(self.request).store.audit.write(*(entries or [entry]))
        except Unavailable:
            log.error("audit.not_written", operation=entry.operation, agent=agent.id, target=entry.target)

    def _target(self) -> str | None:
        named = self.trail.target or next((str(value) for value in self.variables.values()), None)
        named = named or getattr(self.body, "key", None)
        return clean_text(named)[:_LONGEST_TARGET] if named else None


def _of_part(entry: AuditEntry, part: Trail) -> AuditEntry:
    status, code = (part.refusal.status, part.refusal.reason) if part.refusal else (entry.status, entry.code)
    target = clean_text(part.target or "")[:_LONGEST_TARGET] or None
    return replace(entry, target=target, status=status, code=code, before=part.before, after=part.after)


def shape(body: Any) -> Mapping[str, Any]:
    """Give what was sent, with words by their length alone."""
    sent = msgspec.to_builtins(body) if body is not None else {}
    return {key: _covered(key, value) for key, value in sent.items()} if isinstance(sent, dict) else {}


def telling(answer: Any) -> Mapping[str, Any] | None:
    """Give of an answer what says how something is now."""
    if not isinstance(answer, msgspec.Struct):
        return None
    told = {key: value for key, value in msgspec.to_builtins(answer).items() if key in _TELLING}
    return told or None


def _covered(key: str, value: Any) -> Any:
    if isinstance(value, str) and key not in _TELLING:
        return f"{len(value)} characters"
    if isinstance(value, dict) and key not in _TELLING:
        return f"{len(value)} values"
    if isinstance(value, list) and key not in _TELLING:
        return f"{len(value)} items"
    if isinstance(value, str):
        return masked_text(value)[:_LONGEST_CHOICE]
    return value[:20] if isinstance(value, list) else value


async def _state(store: Store, variables: Mapping[str, Any], body: Any) -> Mapping[str, Any] | None:
    try:
        if "conversation_id" in variables:
            found: Any = await store.desk.conversation(variables["conversation_id"])
        elif "case_id" in variables:
            found = await store.desk.case(clean_text(str(variables["case_id"])))
        elif isinstance(key := getattr(body, "key", None), str):
            found = await store.approvals.get(clean_text(key))
            return {"state": found.state.value, "amount": found.order.amount, "unit": found.order.unit}
        else:
            return None
    except NotFound:
        return None
    kept = {name: getattr(found, name) for name in sorted(_TELLING) if hasattr(found, name)}
    return dict(msgspec.to_builtins(kept))
