"""Looks for no garbage while a process starts: what it makes then stays, and looking costs a fourth of the start.

Measured 2026-11: importing the web process took 1.7 s with it and 1.2 s without; 450 of 143,000 things were garbage.
"""

from __future__ import annotations

import gc


def postpone() -> None:
    """Look for none until the process has settled; what nobody refers to goes all the same."""
    gc.disable()


def settle() -> None:
    """Look from now on, but not through what is there: that stays.

    Whoever settles again has replaced much of it, so that everything is looked through once.
    """
    if gc.isenabled():
        gc.unfreeze()
        gc.collect()
    gc.freeze()
    gc.enable()
