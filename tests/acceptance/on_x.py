"""Aurora on a fake X: real processes, set up by the commands that an owner types, and customers who write there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import yaml
from anyio.from_thread import BlockingPortal, start_blocking_portal

from relevo.testing.x.customer import Customer
from relevo.testing.x.posts import Posted
from relevo.testing.x.server import fake_x
from relevo.testing.x.world import FakeX
from tests.processes import Installation

BRAND = "AuroraAir"
PATIENCE_SECONDS = 60.0
_SECTION = {
    "account_id": "${X_ACCOUNT_ID}",
    "consumer_key": "${X_CONSUMER_KEY}",
    "consumer_secret": "${X_CONSUMER_SECRET}",
    "bearer_token": "${X_BEARER_TOKEN}",
    "access_token": "${X_ACCESS_TOKEN}",
    "access_secret": "${X_ACCESS_SECRET}",
    "api_base": "${X_API_BASE}",
    "username": BRAND,
}


@dataclass(kw_only=True)
class Somebody:
    """A customer with X in their hand."""

    customer: Customer
    portal: BlockingPortal
    written: int = 0

    def says(self, text: str, *, photo: bytes | None = None) -> str:
        """Write one message, and give the one that answers it."""
        before = len(self.customer.received)
        self.written += 1
        self.portal.call(partial(self.customer.writes, text, photo=photo))
        return self.hears(before + 1)[before]

    def hears(self, count: int) -> list[str]:
        """Wait until they have got so many messages, and give their texts."""
        return self.portal.call(partial(self.customer.until, count, seconds=PATIENCE_SECONDS))

    def posts(self, text: str, *, impressions: int) -> Posted:
        """Write publicly."""
        return self.portal.call(partial(self.customer.posts, text, impressions=impressions))


@dataclass(kw_only=True)
class Square:
    """X, and the business that answers there."""

    x: FakeX
    portal: BlockingPortal
    aurora: Installation

    def meets(self, user_id: str, username: str, *, transport: str = "dm", followers: int = 97) -> Somebody:
        """Give somebody who writes by a transport."""
        join = partial(self.x.customer, user_id, username=username, transport=transport, followers=followers)
        return Somebody(customer=self.portal.call(join), portal=self.portal)

    def publicly(self, count: int) -> list[Posted]:
        """Wait until the business has written so many posts, and give them."""
        self.portal.call(self.x.until, lambda: len(self.x.brand.posted) >= count)
        return self.x.brand.posted


@contextmanager
def aurora_on_x(aurora: Installation) -> Iterator[Square]:
    """Serve an installation on a fake X, with its webhook and its keys made by commands."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(fake_x(username=BRAND)) as x:
        _switch_on(aurora, x)
        running = aurora.start("serve", "--demo")
        try:
            running.wait_for("Ctrl-C stops everything.")
            with ThreadPoolExecutor() as pool:
                list(pool.map(partial(_command, aurora), (("setup", "--url", aurora.url), ("keys", "--register"))))
            yield Square(x=x, portal=portal, aurora=aurora)
        finally:
            running.end()


def _command(aurora: Installation, words: Sequence[str]) -> None:
    done = aurora.run("x", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def _switch_on(aurora: Installation, x: FakeX) -> None:
    token, secret = x.brand.signer()
    aurora.environment |= {**x.environment, "X_ACCESS_TOKEN": token, "X_ACCESS_SECRET": secret}
    credentials = aurora.project / "credentials.yml"
    sections = yaml.safe_load(credentials.read_text(encoding="utf-8"))
    credentials.write_text(yaml.safe_dump({**sections, "x": _SECTION}, allow_unicode=True), encoding="utf-8")
