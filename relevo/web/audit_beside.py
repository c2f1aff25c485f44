"""Writes into the audit log what happens beside the API: who signed in and out, who was refused, passwords set.

What somebody typed who is nobody here is not kept: it may be a contact's address, or a password in the wrong field.
"""

from __future__ import annotations

from sanic.request import Request

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.audit import AuditEntry
from relevo.errors import Unavailable
from relevo.web.errors import log
from relevo.web.origins import client_address
from relevo.web.services import services_of


async def write_down(
    request: Request, operation: str, agent: AgentAccount | None, *, status: int = 200, code: str | None = None
) -> None:
    """Add an entry; that it cannot be written changes nothing about what was done."""
    services = services_of(request)
    entry = AuditEntry(
        operation=operation,
        status=status,
        address=client_address(request, services.settings.trusted_proxies),
        agent_id=agent.id if agent else None,
        agent_name=agent.name if agent else None,
        role=agent.role if agent else None,
        target=f"agent:{agent.id}" if agent else None,
        code=code,
    )
    try:
        await services.store.audit.write(entry)
    except Unavailable:
        log.error("audit.not_written", operation=operation, agent=entry.agent_id)
