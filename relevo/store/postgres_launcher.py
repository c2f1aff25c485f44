"""Runs one PostgreSQL program for an owner, as an unprivileged account, and ends it when the owner ends.

    python -I -S postgres_launcher.py OWNER_PID UID GID PROGRAM ARGUMENT...

A script of its own (standard library only) that stays as the program's parent. The kernel's parent-death
signal follows the *thread* that started a child: set on postgres alone, it would stop the database as soon as
a worker thread that had opened it ended. Here the signal only makes this process look whether its owner is
still its parent. Between this process, which has one thread, and postgres the signal is exact: a kill -9 of
owner or launcher leaves no server.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

OWNER_MAY_BE_GONE = signal.SIGUSR1
ASKED_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WATCHED = (OWNER_MAY_BE_GONE, *ASKED_TO_END, signal.SIGCHLD, signal.SIGALRM)
FAST_SHUTDOWN = signal.SIGINT
IMMEDIATE_SHUTDOWN = signal.SIGQUIT
PATIENCE_SECONDS = 30
PASSED_ON = ("PATH", "LD_LIBRARY_PATH")
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Run the program and return its exit status."""
    owner, uid, gid = (int(argument) for argument in arguments[:3])
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # an owner that ignores it hands that down
    libc = ctypes.CDLL(None, use_errno=True)
    _signal_when_parent_ends(libc, OWNER_MAY_BE_GONE)
    if os.getppid() != owner:
        return 1
    launcher = os.getpid()
    child = os.fork()
    if child == 0:
        _run_program(libc, launcher, uid, gid, arguments[3:])
    return _wait_for(child, owner)


def _run_program(libc: ctypes.CDLL, launcher: int, uid: int, gid: int, command: list[str]) -> NoReturn:
    try:
        _restore_signals()
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        # A change of account clears the parent-death signal, so it is asked for afterwards.
        _signal_when_parent_ends(libc, FAST_SHUTDOWN)
        if os.getppid() == launcher:
            os.execve(command[0], command, _environment())
    except OSError as error:
        print(f"{command[0]} cannot be run as account {uid}: {error.strerror}", file=sys.stderr, flush=True)
    os._exit(127)


def _restore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)


def _environment() -> dict[str, str]:
    # Not the owner's: it holds secrets that other processes of the account could read, and PG* variables.
    return {"LC_ALL": "C", **{name: os.environ[name] for name in PASSED_ON if name in os.environ}}


def _wait_for(child: int, owner: int) -> int:
    while True:
        received = signal.sigwait(WATCHED)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return abs(os.waitstatus_to_exitcode(status))
        if received == signal.SIGALRM:
            os.kill(child, IMMEDIATE_SHUTDOWN)
        elif received in ASKED_TO_END or os.getppid() != owner:
            os.kill(child, FAST_SHUTDOWN)
            signal.alarm(PATIENCE_SECONDS)


def _signal_when_parent_ends(libc: ctypes.CDLL, number: signal.Signals) -> None:
    if libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
