"""What must hold of a conversation between contact, bots and agents, whatever met what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from relevo.bootstrap.store import OpenStore
from relevo.contracts.handoff import HandbackRecord, HandoffRecord
from relevo.domain.conversations import TRANSITIONS, WAITING, Control
from tests.properties.relay_world import LIMIT, MOST, SMALL, Relay

OPEN = ("requested", "queued", "offered", "agent", "wrap_up")
Row = dict[str, Any]

_TABLES = {
    "entries": "SELECT * FROM entries WHERE conversation_id = %s ORDER BY position",
    "inbox": "SELECT * FROM inbox WHERE conversation_id = %s ORDER BY position",
    "handoffs": "SELECT * FROM handoffs WHERE conversation_id = %s ORDER BY episode",
    "deliveries": "SELECT * FROM deliveries WHERE conversation_id = %s ORDER BY position",
    "effects": "SELECT * FROM effects WHERE conversation_id = %s ORDER BY key",
    "conversations": "SELECT * FROM conversations WHERE id = %s",
}


@dataclass(frozen=True)
class Kept:
    """Everything that is kept of one conversation."""

    tables: dict[str, list[Row]]

    def of_kind(self, *kinds: str) -> list[Row]:
        return [row for row in self.tables["entries"] if row["kind"] in kinds]


async def kept(opened: OpenStore, conversation_id: UUID) -> Kept:
    """Look at everything."""
    tables = {}
    async with opened.database.connection() as connection:
        for name, statement in _TABLES.items():
            cursor = connection.cursor(row_factory=dict_row)
            tables[name] = await (await cursor.execute(statement, (conversation_id,))).fetchall()
    return Kept(tables)


def check(found: Kept) -> None:
    """Check what must hold at every moment."""
    positions = [row["position"] for row in found.tables["entries"]]
    assert positions == list(range(1, len(positions) + 1)), "the timeline has a gap"
    there_is_one_holder_at_a_time(found)
    everybody_speaks_only_with_control(found)
    there_is_one_open_episode_at_most_and_each_has_a_record(found)
    what_is_said_is_delivered_once(found)
    decisions_are_told_once(found)


def check_the_end(found: Kept, relay: Relay) -> None:
    """Check what must hold once everything has come to its end."""
    check(found)
    nobody_stops_waiting_before_their_time(found, relay)
    effects_are_allowed_and_wanted(found, relay)
    received = Counter((row["external_id"], row["text"]) for row in found.tables["inbox"] if row["kind"] == "message")
    assert received == Counter((arrival.external_id, arrival.text) for arrival in relay.written), "lost or doubled"
    answered = Counter(row["inbox_id"] for row in found.of_kind("message", "draft") if row["author"] != "contact")
    for row in found.tables["inbox"]:
        assert row["state"] in {"settled", "dead"}, f"never ends: {row}"
        was_left = row["id"] in relay.inbox.kept
        assert answered[row["id"]] or was_left, f"nobody answers: {row['text']}"
        assert answered[row["id"]] <= 1 or row["text"] == "boom", f"answered twice: {row['text']}"
    assert not [row for row in found.tables["effects"] if row["state"] == "intended"]


def there_is_one_holder_at_a_time(found: Kept) -> None:
    """The steps of control are one path of TRANSITIONS that ends where the conversation is."""
    control, (conversation,) = Control.BOT, found.tables["conversations"]
    holder = None
    for row in found.of_kind("control"):
        step = row["content"]["custom"]
        before, after = Control(step["from"]), Control(step["to"])
        assert before is control, f"control passes from {before}, and {control} had it"
        assert after in TRANSITIONS[before], f"control may not pass from {before} to {after}"
        control, holder = after, step.get("agent_id")
    assert conversation["control"] == control.value
    assert conversation["agent_id"] == holder
    assert (holder is not None) is (control is Control.AGENT)


def everybody_speaks_only_with_control(found: Kept) -> None:
    """The bot's words are messages while it has control and drafts while not; agents write while they have it."""
    control = Control.BOT
    for row in found.tables["entries"]:
        if row["kind"] == "control":
            control = Control(row["content"]["custom"]["to"])
        if row["author"] == "bot" and row["kind"] in {"message", "draft"}:
            assert (row["kind"] == "message") is (control is Control.BOT), f"{row['kind']} of the bot under {control}"
        if row["author"] == "agent" and row["kind"] == "message":
            assert control is Control.AGENT, f"an agent writes under {control}"


def there_is_one_open_episode_at_most_and_each_has_a_record(found: Kept) -> None:
    """Its state says what control says, and whoever hands back leaves a record too."""
    (conversation,), episodes = found.tables["conversations"], found.tables["handoffs"]
    assert [row["episode"] for row in episodes] == list(range(1, len(episodes) + 1))
    for row in episodes:
        record = msgspec.convert(row["record"], HandoffRecord)
        assert (record.handoff_id, record.idempotency_key) == (row["id"], row["idempotency_key"])
        assert record.conversation_id == row["conversation_id"]
        if row["handback"] is not None:
            msgspec.convert(row["handback"], HandbackRecord)
    open_ones, control = [row for row in episodes if row["state"] in OPEN], Control(conversation["control"])
    assert len(open_ones) <= 1, f"several are open: {open_ones}"
    states = [row["state"] for row in open_ones]
    if control in WAITING:
        assert states == ["queued"], f"somebody waits, and the episode says {states}"
    elif control is Control.AGENT:
        assert states == ["agent"], f"an agent has control, and the episode says {states}"
        assert open_ones[0]["agent_id"] == conversation["agent_id"]
    else:
        assert states in ([], ["requested"]), f"control is {control}, and the episode says {states}"


def nobody_stops_waiting_before_their_time(found: Kept, relay: Relay) -> None:
    """A wait that is ended by the clock was over, whatever wait a watcher had seen before it."""
    for row in found.tables["handoffs"]:
        if relay.is_anybody_online and row["state"] == "expired":
            assert row["ended_at"] >= row["expires_at"], f"nobody had waited too long: {row}"


def what_is_said_is_delivered_once(found: Kept) -> None:
    """Every word of bot, agent and system has exactly one delivery; drafts have none."""
    said = [row["position"] for row in found.of_kind("message") if row["author"] != "contact"]
    assert [row["position"] for row in found.tables["deliveries"]] == said


def effects_are_allowed_and_wanted(found: Kept, relay: Relay) -> None:
    """Nothing without the contact's yes, nothing big without a person, nothing beyond the sum, nothing else."""
    wanted = {relay.key(row["text"].partition(" ")[2]) for row in found.tables["inbox"] if " " in row["text"]}
    rows = {row["key"]: row for row in found.tables["effects"]}
    assert rows.keys() <= wanted, "done or prepared without a yes"
    for key, order in relay.business.booked.items():
        row = rows[key]
        amount = order.amount or 0
        assert (order.business_ref, amount) == (relay.name, row["amount"]), f"another one was done: {row}"
        assert row["state"] in {"done", "intended", "unconfirmed"}, f"done, and recorded as {row['state']}"
        if amount > SMALL:
            assert row["decided_by"] is not None, f"nobody approved {row}"
            assert row["decided_by"] != row["changed_by"], f"approved by whoever changed it: {row}"
            assert amount <= LIMIT
            assert (key, amount) in relay.clicked, f"nobody was shown {amount} and approved it: {row}"
    assert {key for key, row in rows.items() if row["state"] == "done"} <= relay.business.booked.keys()
    assert sum(order.amount or 0 for order in relay.business.booked.values()) <= MOST, "together beyond the limit"


def decisions_are_told_once(found: Kept) -> None:
    """What a person or the clock decided is followed at once by its words; an approval has one result at most."""
    entries = found.tables["entries"]
    approved, results, refused = Counter[str](), Counter[str](), set[str]()
    for row, following in zip(entries, [*entries[1:], None], strict=True):
        if row["kind"] != "effect" or row["author"] == "bot":
            continue
        about = row["content"]["custom"]
        if "approved_by" in about or "changed_by" in about:
            approved[about["key"]] += "approved_by" in about
            continue
        assert following is not None
        assert (following["kind"], following["author"]) == ("message", "system"), f"nobody was told of {about}"
        is_late = str(following["content"]["text"]).startswith("What you had agreed to")
        is_result = row["author"] == "system" and about["rule"] != "approval.expired" and not is_late
        was_refused = about["key"] in refused and about["state"] == "done"  # to another who asked at the same moment
        results[about["key"]] += is_result and not was_refused
        refused = (refused | {about["key"]}) if is_result and not was_refused else (refused - {about["key"]})
    assert all(results[key] <= approved[key] for key in results), f"told {results} of {approved}"
    begun = [row for row in found.tables["effects"] if row["state"] == "intended" and row["decided_by"]]
    assert results + Counter(row["key"] for row in begun) == +approved, f"told {results} of {approved}"


def note(found: Kept, seen: Counter[str]) -> None:
    """Count what happened."""
    for row in found.tables["entries"]:
        seen[f"{row['kind']} of {row['author']}"] += 1
    for row in found.of_kind("control"):
        step = row["content"]["custom"]
        seen[f"{step['from']} to {step['to']}"] += 1
    for row in found.tables["handoffs"]:
        seen["later episodes"] += row["episode"] > 1
    for row in found.tables["effects"]:
        seen[f"effects {row['state']}"] += 1
    for row in found.tables["inbox"]:
        seen[f"inbox {row['state']}"] += 1
        seen["turns begun again"] += row["attempts"] > 1
