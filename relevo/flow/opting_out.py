"""Whoever writes that they want nothing from a program is told so once, and then only answered."""

from __future__ import annotations

from collections.abc import Sequence

from relevo.contracts.platform import Written
from relevo.contracts.posts import PostWatch
from relevo.contracts.x import Peers
from relevo.domain.messages import Entry
from relevo.flow.menus import is_asking

OPTED_OUT = "opted_out"
"""Marks a message that says so, and names the text that answers it."""


async def opts_out(posts: PostWatch | None, peers: Peers | None, written: Written, latest: Sequence[Entry]) -> bool:
    """Tell whether a message says so, and remember it; ``latest`` is what the timeline ends with before it."""
    if posts is None or peers is None:
        return False
    if not await posts.opts_out(written.address, written.text, is_asked=is_asking(latest)):
        return False
    await peers.opted_out(written.address)
    return True
