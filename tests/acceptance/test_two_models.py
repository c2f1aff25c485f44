"""Two models side by side, each in a real process with Rasa: a request is finished by a bot that knows it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import yaml

from tests.acceptance.conftest import Make
from tests.processes import Installation, Running, make_small

REFUNDS = """
version: "3.1"
nlu:
  - intent: refund
    examples: |
      - give my money back
      - refund my order
      - I want a refund
rules:
  - rule: begin a refund
    steps:
      - intent: refund
      - action: refund_form
      - active_loop: refund_form
  - rule: end a refund
    condition: [{active_loop: refund_form}]
    steps:
      - action: refund_form
      - active_loop: null
      - slot_was_set: [{requested_slot: null}]
      - action: utter_refunded
      - action: action_forget
"""
FORGET = '''

class ActionForget(Action):
    """Forgets the ticket, so that the next request asks for one."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_forget"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[Any]:
        """Forget it."""
        return [SlotSet("ticket", None)]
'''


def test_while_models_are_exchanged_a_request_ends_where_it_is_known(made: Make, database: str) -> None:
    """An older bot leaves it to a newer one; once nobody knows it, the customer is told and a person gets it."""
    older, newer = _machine(made, database), _machine(made, database)
    _teach_refunds(newer)
    for machine in (older, newer):
        done = machine.run("train")
        assert done.returncode == 0, done.stderr
    with _running(older, "web"), _bot(newer, "newer") as new, ThreadPoolExecutor() as callers:
        assert older.say("ann", "refund my order") == ["Which ticket?"]
        with _bot(older, "older") as old:
            with _frozen(new):
                assert older.say("bob", "credit my points") == ["Which ticket?"]
                asked = callers.submit(older.say, "ann", "it is T0001")
                old.wait_for("outcome=left_to_others")
            assert asked.result(timeout=60) == ["T0001 goes back."]
            assert "outcome=left_to_others" not in new.printed

            assert older.say("ann", "give my money back") == ["Which ticket?"]
            assert new.end(signal.SIGTERM) == 0
            (told,) = older.say("ann", "it is T0002")
            assert re.search(r"CASE-\d+", told)
            assert older.say("bob", "it is T0003") == ["Credit ticket T0003?"]
            assert old.printed.count("bot.model_loaded") == 1


def _machine(made: Make, database: str) -> Installation:
    machine = made(DATABASE_URL=database)
    make_small(machine)
    return machine


def _teach_refunds(machine: Installation) -> None:
    """Have a bot know a request that the others do not, with code of its own."""
    (machine.project / "data" / "refunds.yml").write_text(REFUNDS, encoding="utf-8")
    with (machine.project / "actions.py").open("a", encoding="utf-8") as actions:
        actions.write(FORGET)
    domain = yaml.safe_load((machine.project / "domain.yml").read_text(encoding="utf-8"))
    domain["intents"].append("refund")
    domain["forms"]["refund_form"] = {"required_slots": ["ticket"]}
    domain["actions"].append("action_forget")
    domain["responses"]["utter_refunded"] = [{"text": "{ticket} goes back."}]
    (machine.project / "domain.yml").write_text(yaml.safe_dump(domain), encoding="utf-8")


@contextmanager
def _running(machine: Installation, *command: str) -> Iterator[Running]:
    running = machine.start(*command)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)
        print(running.printed)


@contextmanager
def _bot(machine: Installation, name: str) -> Iterator[Running]:
    with _running(machine, "bot", "--name", name) as bot:
        bot.wait_for("bot.model_loaded")
        yield bot


@contextmanager
def _frozen(bot: Running) -> Iterator[None]:
    os.kill(bot.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(bot.process.pid, signal.SIGCONT)
