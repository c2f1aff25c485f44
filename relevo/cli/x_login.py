"""``relevo x login``: lets Relevo act in the account's name."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from relevo.cli.upkeep import with_store
from relevo.cli.written_down import write_down


def login(
    port: Annotated[int, typer.Option(help="Port of this machine that the browser comes back to.", min=1024)] = 8422,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste the address that the browser is sent to, as on another machine.")
    ] = False,
) -> None:
    """Let Relevo act in the account's name: its owner says yes in a browser, once.

    With access_token and access_secret alone in credentials.yml no login is needed.
    """
    from relevo.bootstrap.everything import read_bot_files, read_settings
    from relevo.bootstrap.x_login import keep_login
    from relevo.channels.x.login import Login
    from relevo.errors import ConfigurationError

    settings = read_settings()
    account = read_bot_files(settings).x
    if account is None:
        raise ConfigurationError("X is off: add 'x' to credentials.yml, as docs/howto/x.md shows.")
    if account.client_id is None:
        raise ConfigurationError("credentials.yml has access_token and no client_id, so no login is needed.")
    begun = Login(account=account, port=port)
    typer.echo(f"The app's page in the developer portal must list this callback: {begun.callback}")
    typer.echo(f"Log in on X as the account, and open:\n\n{begun.address}\n")
    given = typer.prompt("The address that you were sent to") if paste else asyncio.run(begun.called_back())
    found = asyncio.run(begun.finish(given))

    with_store(lambda opened: keep_login(opened, settings, account, found.tokens))
    with_store(lambda opened: write_down(opened, "x_login", f"x_account:{found.account_id}"))
    typer.echo(
        f"Relevo acts as @{found.username} (account {found.account_id}). Have X tell what happens: relevo x setup"
    )
