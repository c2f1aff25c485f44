"""What tests measured while they ran, said at the end of a run: numbers that people want to read, not only a pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest


class Measured:
    """Collects sentences and sums."""

    def __init__(self) -> None:
        self.conversations: dict[str, int] = defaultdict(int)
        """Generated conversations, by what they are about."""
        self.messages: dict[str, list[int]] = defaultdict(list)
        """Customer messages of each dialogue that was solved within its bar, by file."""

    def add(self, conversations: Mapping[str, int], messages: Mapping[str, list[int]]) -> None:
        """Add what another process measured."""
        for what, count in conversations.items():
            self.conversations[what] += count
        for file, counted in messages.items():
            self.messages[file] += counted

    def lines(self) -> list[str]:
        """Give what was measured; nothing that did not run."""
        about = ", ".join(f"{what} {count:,}" for what, count in sorted(self.conversations.items()))
        total = sum(self.conversations.values())
        counted = [f"{file:24} {sorted(messages)}" for file, messages in sorted(self.messages.items())]
        return [
            *([f"Generated conversations in which the rules held: {total:,} ({about})."] if total else []),
            *(["Customer messages until it was solved, dialogue by dialogue:", *counted] if counted else []),
        ]


_KEY = pytest.StashKey[Measured]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing measured."""
    config.stash[_KEY] = Measured()


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> Measured:
    """What is said at the end of the run."""
    return request.config.stash[_KEY]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass it to the process that speaks, where the tests run in several."""
    found = session.config.stash[_KEY]
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["measured"] = [dict(found.conversations), dict(found.messages)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take it from a process that is done."""
    if found := getattr(node, "workeroutput", {}).get("measured"):
        node.config.stash[_KEY].add(*found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it."""
    if lines := config.stash[_KEY].lines():
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
