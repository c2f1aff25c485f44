"""Writes into the audit log what commands change: by the command line, by whom of this machine, and on which one."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relevo.bootstrap.store import OpenStore


async def write_down(
    opened: OpenStore,
    operation: str,
    target: str | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry after something was done."""
    from relevo.contracts.audit import COMMAND_LINE, AuditEntry

    entry = AuditEntry(
        operation=operation,
        status=200,
        address=f"{_user()}@{socket.gethostname()}"[:64],
        agent_name=COMMAND_LINE,
        target=target,
        before=before,
        after=after,
    )
    await opened.store.audit.write(entry)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account may have no name
        return "?"
