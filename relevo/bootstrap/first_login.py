"""The login made for this installation: the database keeps a hash, the state folder the password, for its owner alone.

The file stays until its password opens nothing any more: somebody who closed the terminal must still get in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from relevo.contracts.accounts import Accounts, AgentPowers
from relevo.store.aurora.demo import DemoAgent
from relevo.web.passwords import PasswordChecks, hash_password, new_password


class FirstLogin(msgspec.Struct, frozen=True):
    """An administrator's e-mail, and the password if it was made just now."""

    email: str
    password: str | None
    colleagues: tuple[str, ...] = ()
    """Whoever got an account with the same password: the demo's agents."""


async def first_login(accounts: Accounts, email: str, file: Path, colleagues: Sequence[DemoAgent] = ()) -> FirstLogin:
    """Make the installation's first administrator unless there is one already; then colleagues get accounts, too."""
    known = await accounts.agent(email)
    if known is None:
        password = new_password()
        others = [agent for agent in colleagues if agent.email != email]
        emails = tuple(agent.email for agent in others)
        also = f"also: {', '.join(emails)}\n" if emails else ""
        _write(file, f"email: {email}\npassword: {password}\n{also}")
        for agent in others:
            powers = AgentPowers(limits=agent.limits, languages=agent.languages)
            await accounts.add_agent(agent.email, agent.name, agent.role, hash_password(password), powers)
        await accounts.add_agent(email, "Admin", "admin", hash_password(password))
        return FirstLogin(email, password, emails)
    kept = _password_in(file)
    if kept is not None and not await PasswordChecks().is_right(kept, known.password_hash):
        _remove(file)
    return FirstLogin(email, None)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)


def _write(file: Path, content: str) -> None:
    _remove(file)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(content)


def _password_in(file: Path) -> str | None:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return next((line.removeprefix("password: ") for line in lines if line.startswith("password: ")), "")
