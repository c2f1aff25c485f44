"""Who at the desk may do what: four roles, and which of them each kind of operation is for."""

from __future__ import annotations

AGENT, SUPERVISOR, ADMIN, READONLY = "agent", "supervisor", "admin", "readonly"
ROLES = (AGENT, SUPERVISOR, ADMIN, READONLY)

EVERYBODY = frozenset(ROLES)
"""May look."""
WORKERS = frozenset({AGENT, SUPERVISOR, ADMIN})
"""Work with contacts: whoever may only look is not one of them."""
LEADERS = frozenset({SUPERVISOR, ADMIN})
ADMINS = frozenset({ADMIN})
