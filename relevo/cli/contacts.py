"""The commands about a person's own data: ``contact export`` and ``contact erase``."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from relevo.cli.upkeep import with_store
from relevo.cli.written_down import write_down

if TYPE_CHECKING:
    from relevo.bootstrap.store import OpenStore
    from relevo.contracts.personal import Erasure, Holdings, Subject
    from relevo.flow.personal import PersonalFiles

Result = TypeVar("Result")
Who = Annotated[
    str, typer.Argument(help="The business's reference of the person, channel:address, or their mail address.")
]

contact_commands = typer.Typer(no_args_is_help=True, help="A person's own data: hand it out, or erase it.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(contact_commands, name="contact")


@contact_commands.command("export")
def export_contact(
    who: Who,
    to: Annotated[
        Path | None,
        typer.Option(help="A new .json; or a new folder or .zip, with the files too.", show_default=False),
    ] = None,
) -> None:
    """Print everything that is held about a person, as JSON (relevo.contact/1).

    With --to it is written there, readable for you alone. Status 1 when nothing is held about them.
    """
    from relevo.bootstrap.personal import demand_new, record_text, write_record, write_whole

    if to is not None:
        demand_new(to)

    async def export(files: PersonalFiles, opened: OpenStore) -> bytes:
        record = await files.export(await files.find(who))
        if to is not None and to.suffix == ".json":
            write_record(to, record)
        elif to is not None:
            await write_whole(to, record, files.bodies(record))
        told = {"conversations": len(record.conversations), "cases": len(record.cases)}
        await write_down(opened, "contact_export", after=told)
        return record_text(record)

    with _nothing_held_is_told():
        told = _with_files(export)
    if to is None:
        sys.stdout.buffer.write(told)
    else:
        typer.echo(f"Everything that Relevo holds about {who} is in {to}.", err=True)


@contact_commands.command("erase")
def erase_contact(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    close_cases: Annotated[
        bool, typer.Option("--close-cases", help="Also when cases are open or somebody waits; that ends with it.")
    ] = False,
) -> None:
    """Erase everything that is held about a person, all of it or nothing.

    What moved money or points, and the numbers of cases, stay without the person. Status 1 when nothing is held about
    them, 2 when something of theirs is going on.
    """
    from relevo.errors import Conflict

    async def look(files: PersonalFiles, _: OpenStore) -> tuple[Subject, Holdings]:
        subject = await files.find(who)
        return subject, await files.holdings(subject)

    async def erase(files: PersonalFiles, opened: OpenStore) -> Erasure:
        erasure = await files.erase(subject, closes_cases=close_cases)
        before, after = _audited(erasure)
        await write_down(opened, "contact_erase", before=before, after=after)
        return erasure

    with _nothing_held_is_told():
        subject, holdings = _with_files(look)
    typer.echo(f"Relevo holds about {who}: {_said(holdings)}.")
    for name in holdings.identities:
        typer.echo(f"  {name}")
    if not yes:
        typer.confirm("Erased is erased. Erase it?", abort=True)
    try:
        erasure = _with_files(erase)
    except Conflict as refusal:
        more = " Close what is open first, or have it closed: --close-cases." if refusal.reason == "still_open" else ""
        raise Conflict(f"{refusal}{more}", code=refusal.reason) from None
    _tell(erasure)


def _with_files(work: Callable[[PersonalFiles, OpenStore], Awaitable[Result]]) -> Result:
    async def run(opened: OpenStore) -> Result:
        from relevo.bootstrap.personal import personal_files

        return await work(await personal_files(opened), opened)

    return with_store(run, opens_attachments=True, tells=sys.stderr)


@contextmanager
def _nothing_held_is_told() -> Iterator[None]:
    from relevo.errors import NotFound

    try:
        yield
    except NotFound as nothing:
        typer.echo(str(nothing), err=True)
        raise typer.Exit(1) from None


def _audited(erasure: Erasure) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what shows that somebody was erased, and says nothing of whom."""
    erased = erasure.erased
    names = ("conversations", "shared", "entries", "attachments", "cases", "effects")
    kept = {"effects": len(erasure.kept_effects), "cases": list(erasure.kept_cases)}
    return {name: getattr(erased, name) for name in names}, {"kept": kept}


def _said(held: Holdings) -> str:
    conversations = held.conversations + held.shared
    return ", ".join(
        (
            _counted(len(held.identities), "address", "addresses"),
            f"{_counted(conversations, 'conversation')} with {_counted(held.entries, 'entry', 'entries')}",
            _counted(held.attachments, "file"),
            _counted(held.cases, "case"),
            f"{_counted(held.effects, 'effect')}",
        )
    )


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _tell(erasure: Erasure) -> None:
    typer.echo("All of that is erased.")
    if shared := erasure.erased.shared:
        typer.echo(f"{_counted(shared, 'conversation')} of these somebody else had been verified in, too.")
    if erasure.closed_cases:
        typer.echo(f"Closed with it: {', '.join(erasure.closed_cases)}.")
    if erasure.kept_effects or erasure.kept_cases:
        typer.echo("Kept for the books, without the person:")
    for effect in erasure.kept_effects:
        typer.echo(f"  {effect.key}  {_amount(effect.amount, effect.unit)}  {effect.state}")
    for number in erasure.kept_cases:
        typer.echo(f"  {number}")
    typer.echo("What the business's own systems hold, and copies of the database, are not Relevo's to erase.")


def _amount(amount: int, unit: str) -> str:
    from relevo.domain.effects import POINTS

    return f"{amount:,} {unit}" if unit == POINTS else f"{amount / 100:,.2f} {unit}"
