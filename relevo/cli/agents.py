"""The commands about the people who work at the desk: ``agent add`` and ``agent remove``."""

from __future__ import annotations

import re
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from relevo.cli.upkeep import with_store
from relevo.cli.written_down import write_down
from relevo.domain.roles import ROLES

if TYPE_CHECKING:
    from relevo.bootstrap.store import OpenStore
    from relevo.contracts.accounts import AgentAccount, AgentPowers, Duty

_LARGEST = 10**9
"""Highest limit that makes sense, in currency and in points."""

agent_commands = typer.Typer(no_args_is_help=True, help="The people who work at the desk.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(agent_commands, name="agent")


@agent_commands.command("add")
def add_agent(  # noqa: PLR0913, PLR0917 - one option for each thing that is known of an agent
    email: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str | None, typer.Option(help="How colleagues and customers see them.")] = None,
    role: Annotated[str, typer.Option(help="agent, supervisor, admin, or readonly: sees, changes nothing.")] = "agent",
    money: Annotated[
        str | None, typer.Option(help="How much they may approve, such as 200.00; 0: nothing.", show_default=False)
    ] = None,
    points: Annotated[
        int | None, typer.Option(help="How many points they may approve; 0: none.", min=0, show_default=False)
    ] = None,
    languages: Annotated[
        str | None, typer.Option(help="What they speak, best first, such as es,en.", show_default=False)
    ] = None,
    queues: Annotated[
        str | None,
        typer.Option(help="Queues they take from and see, such as refunds,default; any: all.", show_default=False),
    ] = None,
    skills: Annotated[
        str | None, typer.Option(help="What they can do that queues ask for, such as refunds.", show_default=False)
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(help="How many conversations they are offered at once.", min=0, max=100, show_default=False),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(help="Their own reference as a customer: nobody approves for themselves.", show_default=False),
    ] = None,
) -> None:
    """Make an account for the desk, or give an existing one a new name, role and password.

    What is not given stays as it is, but name, role and password; at first an agent may approve nothing.
    Asks for a password; an empty one, or no terminal to ask on, has one made and printed once. Whoever was signed in
    with the old password is signed out.
    """
    from relevo.errors import ConfigurationError
    from relevo.web.passwords import MIN_CHARACTERS, hash_password, new_password

    if role not in ROLES:
        raise ConfigurationError(f"“{role}” is no role; choose one of {', '.join(ROLES)}.")
    if "@" not in email.strip("@") or any(character.isspace() for character in email):
        raise ConfigurationError(f"“{email}” is no e-mail address.")
    limits = {"money": _minor_units(money), "points": points}
    spoken = _languages(languages)
    offered = _queues(queues), _names("skill", skills), capacity
    asked = _ask_password() if sys.stdin.isatty() else ""
    if asked and len(asked) < MIN_CHARACTERS:
        raise ConfigurationError(f"A password needs {MIN_CHARACTERS} characters or more.")
    password = asked or new_password()

    async def add(opened: OpenStore) -> AgentAccount:
        accounts = opened.store.accounts
        await _demand_queues(opened, offered[0])
        known = await accounts.agent(email)
        powers = replace(_powers(known, limits, spoken, contact), duty=_duty(known, *offered))
        named = name or email.partition("@")[0]
        agent = await accounts.add_agent(email, named, role, hash_password(password), powers)
        before, after = _shown(known) if known else None, _shown(agent)
        await write_down(opened, "agent_add", f"agent:{agent.id}", before=before, after=after)
        return agent

    agent = with_store(add)
    typer.echo(f"{agent.email} may sign in at /desk as {role}, and approves {_said_limits(agent)}.")
    if not asked:
        typer.echo(f"Password: {password}   (kept nowhere; write it down now)")


@agent_commands.command("remove")
def remove_agent(email: Annotated[str, typer.Argument(help="What they signed in with.")]) -> None:
    """Take an account away and sign its owner out.

    Their conversations go back to the queue, their cases wait for somebody else, and what they did keeps their name.
    """
    from relevo.errors import NotFound

    async def remove(opened: OpenStore) -> int:
        from relevo.flow.leaving import Leaving

        gone = await opened.store.accounts.remove_agent(email)
        if gone is None:
            raise NotFound(f"Nobody signs in as {email}; nothing was changed.")
        freed = await Leaving(store=opened.store, live=opened.live).leave(gone.id)
        before, after = {"email": gone.email, "name": gone.name, "role": gone.role}, {"conversations": len(freed)}
        await write_down(opened, "agent_remove", f"agent:{gone.id}", before=before, after=after)
        return len(freed)

    count = with_store(remove)
    typer.echo(
        f"{email.strip().lower()} may not sign in any more."
        f" {count} {'conversation went' if count == 1 else 'conversations went'} back to the queue."
    )


def _shown(agent: AgentAccount) -> dict[str, Any]:
    """Give of an account what the audit log keeps."""
    told = {name: getattr(agent, name) for name in ("email", "name", "role", "limits", "languages")}
    told |= {name: getattr(agent.duty, name) for name in ("queues", "skills", "capacity")}
    return {**told, "is_customer": agent.business_ref is not None}


def _powers(
    known: AgentAccount | None, limits: dict[str, int | None], languages: tuple[str, ...] | None, contact: str | None
) -> AgentPowers:
    """Give what an agent may do: what was given now, else what was known."""
    from relevo.contracts.accounts import AgentPowers

    kept = dict(known.limits) if known else {}
    kept |= {measure: limit for measure, limit in limits.items() if limit is not None}
    return AgentPowers(
        limits={measure: limit for measure, limit in kept.items() if limit},
        languages=languages if languages is not None else known.languages if known else (),
        business_ref=contact if contact is not None else known.business_ref if known else None,
    )


def _minor_units(money: str | None) -> int | None:
    from relevo.errors import ConfigurationError

    if money is None:
        return None
    try:
        amount = Decimal(money)
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount <= _LARGEST and amount * 100 == int(amount * 100)):
        raise ConfigurationError(f"“{money}” is no amount; write it with a point, such as 200.00.")
    return int(amount * 100)


def _languages(given: str | None) -> tuple[str, ...] | None:
    from relevo.errors import ConfigurationError

    if given is None:
        return None
    found = tuple(part.strip().lower() for part in given.split(",") if part.strip())
    for language in found:
        if not re.fullmatch(r"[a-z]{2,3}", language):
            raise ConfigurationError(f"“{language}” is no language; write two letters each, such as es,en.")
    return found


def _duty(
    known: AgentAccount | None, queues: tuple[str, ...] | None, skills: tuple[str, ...] | None, capacity: int | None
) -> Duty:
    """Give what an agent is offered: what was given now, else what was known."""
    from relevo.contracts.accounts import Duty

    kept = known.duty if known else Duty()
    return Duty(
        queues=kept.queues if queues is None else queues,
        skills=kept.skills if skills is None else skills,
        capacity=kept.capacity if capacity is None else capacity,
    )


def _queues(given: str | None) -> tuple[str, ...] | None:
    return () if given == "any" else _names("queue", given)


async def _demand_queues(opened: OpenStore, named: tuple[str, ...] | None) -> None:
    """Refuse names of queues that there are not."""
    from relevo.bootstrap.desk_settings import queue_names
    from relevo.errors import ConfigurationError

    known = await queue_names(opened) if named else ()
    for name in named or ():
        if name not in known:
            raise ConfigurationError(f"“{name}” is no queue; there are {', '.join(known)}.")


def _names(what: str, given: str | None) -> tuple[str, ...] | None:
    from relevo.errors import ConfigurationError

    if given is None:
        return None
    found = tuple(dict.fromkeys(part.strip().lower() for part in given.split(",") if part.strip()))
    for name in found:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
            raise ConfigurationError(f"“{name}” is no name of a {what}; write small letters, such as refunds.")
    return found


def _said_limits(agent: AgentAccount) -> str:
    money, points = agent.limits.get("money"), agent.limits.get("points")
    said = [f"up to {money / 100:,.2f}"] if money else []
    said += [f"up to {points:,} points"] if points else []
    return " and ".join(said) or "nothing"


def _ask_password() -> str:
    from relevo.errors import ConfigurationError

    password = _hidden("Password (empty: one is made)")
    if password and _hidden("Again") != password:
        raise ConfigurationError("The two passwords differ; nothing was changed.")
    return password


def _hidden(question: str) -> str:
    answer: str = typer.prompt(question, default="", show_default=False, hide_input=True)
    return answer
