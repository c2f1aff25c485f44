"""``relevo x keys``: the account's keys for X's encrypted chat."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from relevo.cli.upkeep import with_store
from relevo.cli.written_down import write_down

if TYPE_CHECKING:
    from relevo.bootstrap.store import OpenStore
    from relevo.channels.x.chat_registration import KeyState, Registrar

Result = TypeVar("Result")

PASSPHRASE = "RELEVO_X_KEYS_PASSPHRASE"  # noqa: S105 - the variable's name
_WARNING = (
    "Whoever has this file and its passphrase reads everything that is written to the account encrypted, and writes in"
    " its name; nobody can take that back. Keep both, apart from each other and from this machine."
)


def keys(
    register: Annotated[bool, typer.Option("--register", help="Make keys, once, and tell X of them.")] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make new keys in place of those that X has.")] = False,
    save: Annotated[
        Path | None, typer.Option(help="Write the keys to a file, sealed with a passphrase.", show_default=False)
    ] = None,
    restore: Annotated[Path | None, typer.Option(help="Bring keys back from such a file.", show_default=False)] = None,
) -> None:
    """Show, make, save or bring back the account's keys for X's encrypted chat.

    What is written encrypted cannot be read without them; it is kept, and read once they are there. The passphrase is
    asked for, or taken from RELEVO_X_KEYS_PASSPHRASE.
    """
    from relevo.errors import ConfigurationError

    if sum((register, rotate, save is not None, restore is not None)) > 1:
        raise ConfigurationError("Choose one of --register, --rotate, --save and --restore.")
    if rotate:
        typer.confirm(
            "Whoever has only the keys that X has now, such as X's app on a phone, cannot read what comes from now on."
            " Replace them?",
            abort=True,
        )
    if register or rotate:
        _register(replaces=rotate)
    elif save is not None:
        _save(save)
    elif restore is not None:
        _restore(restore)
    else:
        _tell(_with_registrar(lambda registrar, _: registrar.state()))


def _register(*, replaces: bool) -> None:
    async def work(registrar: Registrar, opened: OpenStore) -> str:
        pair = await registrar.register(replaces=replaces)
        await write_down(opened, "x_keys_register", f"x_key:{pair.version}", after={"replaces": replaces})
        await _read_again(opened)
        return str(pair.version)

    typer.echo(f"X has the account's keys (version {_with_registrar(work)}). Encrypted messages are read and answered.")
    typer.echo("Save them now: without them nobody can read what was said. relevo x keys --save FILE")


def _save(file: Path) -> None:
    from relevo.errors import ConfigurationError

    if file.exists():
        raise ConfigurationError(f"{file} is there already; name another file.")
    passphrase = _passphrase(is_new=True)

    async def work(registrar: Registrar, opened: OpenStore) -> bytes:
        saved = await registrar.save(passphrase)
        await write_down(opened, "x_keys_save")
        return saved

    saved = _with_registrar(work)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(saved)
    typer.echo(f"The keys are in {file}. {_WARNING}")


def _restore(file: Path) -> None:
    saved, passphrase = file.read_bytes(), _passphrase(is_new=False)

    async def work(registrar: Registrar, opened: OpenStore) -> int:
        pairs = await registrar.restore(saved, passphrase)
        await write_down(opened, "x_keys_restore", after={"pairs": len(pairs)})
        await _read_again(opened)
        return len(pairs)

    count = _with_registrar(work)
    brought_back = f"{count} {'pair' if count == 1 else 'pairs'} of keys brought back"
    typer.echo(f"{brought_back}; what could not be read without them is read now.")


async def _read_again(opened: OpenStore) -> None:
    """Have what could not be read without the keys read with them."""
    await opened.store.platform_events.replay(None)
    opened.live.wake_intakes()


def _tell(state: KeyState) -> None:
    newest = state.newest
    if newest is None:
        typer.echo("There are no keys here. Make some: relevo x keys --register")
    elif state.is_known_to_x:
        typer.echo(f"The keys are registered (version {newest.version}, {len(state.pairs)} kept in all).")
    else:
        typer.echo(f"X does not know the keys that are used here (version {newest.version}): relevo x keys --register")
    if state.waiting is not None:
        typer.echo("Keys were made that X may not know; go on with: relevo x keys --register")
    if state.foreign:
        versions = ", ".join(key.version for key in state.foreign)
        typer.echo(f"X has other keys of the account that nobody has here (version {versions}), such as its app's.")


def _passphrase(*, is_new: bool) -> str:
    from relevo.channels.x.chat_registration import SHORTEST_PASSPHRASE
    from relevo.errors import ConfigurationError

    given = os.environ.get(PASSPHRASE) or str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new))
    if is_new and len(given) < SHORTEST_PASSPHRASE:
        raise ConfigurationError(f"A passphrase needs at least {SHORTEST_PASSPHRASE} characters; take several words.")
    return given


def _with_registrar(work: Callable[[Registrar, OpenStore], Awaitable[Result]]) -> Result:
    async def run(opened: OpenStore) -> Result:
        from relevo.bootstrap.everything import read_settings
        from relevo.bootstrap.x_chat import chat_keys

        async with chat_keys(opened, read_settings()) as registrar:
            return await work(registrar, opened)

    return with_store(run)
