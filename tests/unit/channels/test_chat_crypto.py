"""What chatxdk wrote once is read for ever, and names are the same on every host."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relevo.channels.x import chat_crypto as crypto
from relevo.channels.x.chat_crypto import NoConversationKey, NotSigned
from relevo.contracts.x_chat import OwnPair, PublicKey

pytestmark = pytest.mark.anyio

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "payloads/x_chat.json").read_text(encoding="utf-8"))
OWN = OwnPair(**{**VECTORS["own"], "secret": base64.b64decode(VECTORS["own"]["secret"])})
SIGNERS = {"2222": [PublicKey(**key) for key in VECTORS["ann"]]}


async def test_what_an_earlier_version_wrote_is_read() -> None:
    """Key, words, file, button and failure, by whatever version of the library is installed."""
    assert crypto.opens(OWN)
    assert all(map(crypto.is_bound, SIGNERS["2222"]))
    conversation, keys = crypto.learned(VECTORS["key_change"], [OWN], "1111", SIGNERS)
    assert conversation == "1111:2222"
    assert keys == {VECTORS["key_version"]: base64.b64decode(VECTORS["conversation_key"])}
    told = crypto.opened(VECTORS["message"], keys, SIGNERS)
    assert (told["id"], told["sender_id"], told["verified"]) == (VECTORS["message_id"], "2222", True)
    assert told["content"]["text"] == "¿Dónde está mi maleta?"
    assert told["content"]["quick_reply"]["response"]["options"]["selected_option_id"] == "1"
    assert told["attachments"][0]["media_hash_key"] == "mhk1"
    assert await crypto.decrypted_file(base64.b64decode(VECTORS["file"]), *keys.values()) == b"passport"
    assert crypto.opened(VECTORS["failure"], {}, {})["failure"] == "ContentsTooLarge"


def test_what_is_missing_is_told_apart() -> None:
    """A signature and a key are asked for at different places."""
    with pytest.raises(NotSigned):
        crypto.opened(VECTORS["message"], {VECTORS["key_version"]: bytes(32)}, {})
    with pytest.raises(NoConversationKey):
        crypto.opened(VECTORS["message"], {}, SIGNERS)
    with pytest.raises(NotSigned):
        crypto.learned(VECTORS["key_change"], [OWN], "1111", {})


@pytest.mark.parametrize(
    ("told", "partner"),
    [
        ("1111:2222", "2222"),
        ("2222-1111", "2222"),
        ("g123", None),
        ("3333:2222", None),
        ("1111:1111", None),
        ("1111", None),
        ("1111:2222:3333", None),
        ("1111:ann", None),
        ("", None),
    ],
)
def test_a_conversation_is_between_the_account_and_one_person(told: str, partner: str | None) -> None:
    """However X separates them; groups and conversations of others are nobody's here."""
    assert crypto.partner_in(told, "1111") == partner


def test_the_smaller_number_comes_first() -> None:
    """By its value: accounts from long ago have few digits."""
    assert crypto.conversation_of("1111", "999") == "999:1111"
    assert crypto.conversation_of("999", "1111") == "999:1111"


def test_the_id_is_read_of_the_event_as_it_came() -> None:
    """So that an event is known again, by whatever way it comes; of what is none, nothing is read."""
    assert crypto.message_id_in(VECTORS["message"]) == VECTORS["message_id"]
    raw = base64.b64decode(VECTORS["message"])
    for cut in range(48):
        assert crypto.message_id_in(base64.b64encode(raw[:cut]).decode()) in {None, ""}
    for odd in (b"\x0b\x00\x01\xff\xff\xff\xf9", b"\x0c\x00\x02", b""):
        assert crypto.message_id_in(base64.b64encode(odd).decode()) is None
    assert crypto.message_id_in("no base64 at all!") is None


def test_nobody_else_pays_for_it() -> None:
    """A web process without an account on X has none of it in memory."""
    asked = "import sys, relevo.bootstrap.web; print(*(n for n in sys.modules if 'chat_xdk' in n))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
