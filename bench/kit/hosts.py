"""Hosts of a bench: network namespaces on one bridge, inside namespaces of the bench's own, with no way out.

The bench runs as the first process of a process namespace with mounts and network of its own. The kernel ends and
removes all of it with the bench, also where that is killed: nothing has to be cleaned up.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from bench.kit.programs import BenchError

INSIDE = "BENCH_INSIDE"
"""The variable that says that the namespaces are made."""
_APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private")
_NETWORK, _BRIDGE = "10.77.0", "hosts"
OUR_ADDRESS = f"{_NETWORK}.1"
_FOLDER = Path("/mnt")
_NEEDED = ("unshare", "nsenter", "ip", "mount")


def why_not() -> str | None:
    """Say why hosts cannot be made here, or None."""
    if missing := [name for name in _NEEDED if shutil.which(name) is None]:
        return f"these programs are missing: {', '.join(missing)}"
    tried = subprocess.run(
        [*_APART, "sh", "-c", "mount -t tmpfs none /mnt && ip link add x type bridge && ip link add y type veth"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if tried.returncode == 0 else f"making namespaces is not permitted: {tried.stderr.strip()[:200]}"


def run_apart(module: str, arguments: Sequence[str]) -> NoReturn:
    """Go on as a module of the bench in namespaces of its own; whoever kills this process kills all of that."""
    command = [*_APART, sys.executable, "-m", module, *arguments]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})  # noqa: S606 - there is no shell to start it


def folder_apart() -> Path:
    """Give a folder in memory that only processes within our namespaces see; raises BenchError outside of them."""
    if not is_apart():
        raise BenchError("This is for a bench with namespaces of its own alone.")
    _run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(_FOLDER)])
    return _FOLDER


def is_apart() -> bool:
    """Whether this process has namespaces of its own."""
    return INSIDE in os.environ and os.getpid() == 1


@dataclass
class Host:
    """One host with one address; everything that runs on it is started through ``command``."""

    name: str
    address: str
    holder: int
    """A process that does nothing but keep the namespace."""
    is_cut: bool = False

    def command(self, command: Sequence[str], account: tuple[int, int] | None = None) -> list[str]:
        """Give the command line that runs a program on this host, perhaps as another account."""
        identity = [f"--setuid={account[0]}", f"--setgid={account[1]}"] if account else []
        return ["nsenter", f"--target={self.holder}", "--net", *identity, "--", *command]

    def cut(self) -> None:
        """Take the cable out: what is sent is lost, and nobody is told."""
        self.is_cut = True
        _ip("link", "set", f"to-{self.name}", "down")

    def mend(self) -> None:
        """Put the cable in again."""
        self.is_cut = False
        _ip("link", "set", f"to-{self.name}", "up")


@dataclass
class Network:
    """The bridge that joins the hosts, and us."""

    hosts: list[Host] = field(default_factory=list)

    @staticmethod
    def make() -> Network:
        """Make the bridge."""
        _ip("link", "set", "lo", "up")
        _ip("link", "add", _BRIDGE, "type", "bridge")
        _ip("address", "add", f"{OUR_ADDRESS}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        return Network()

    def add(self, name: str) -> Host:
        """Add a host."""
        holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        _until_apart(holder.pid)
        host = Host(name, f"{_NETWORK}.{len(self.hosts) + 10}", holder.pid)
        cable = ["link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", str(holder.pid)]
        _ip(*cable)
        _ip("link", "set", f"to-{name}", "master", _BRIDGE, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{host.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            _run(host.command(["ip", *words]))
        self.hosts.append(host)
        return host


def _until_apart(pid: int) -> None:
    ours = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        os.sched_yield()


def _ip(*words: str) -> None:
    _run(["ip", *words])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
