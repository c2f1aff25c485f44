"""How many files and connections a process may have open: as many as the machine lets it."""

from __future__ import annotations

import resource

_WANTED = 65_536


def open_many_files() -> int:
    """Raise this process's own limit as far as it may, and give it; many machines begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
