"""``relevo x play``: a newcomer is the customer on X."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer


def play(
    page: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8099,
) -> None:
    """Play the customer on X: a fake X, the demo's bot beside it, and a page, on this machine until Ctrl-C.

    The bot is that of this folder, with the demo company, as in serve --demo; it listens where serve would.
    """
    os.execv(sys.executable, [sys.executable, "-m", "relevo.testing.x", str(page)])  # noqa: S606 - it stands above us
