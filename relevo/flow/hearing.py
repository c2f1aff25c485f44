"""Makes of what a platform tells what it means: a message in the inbox, a receipt, a sign, a post for who watches them.

Each of these is the same however often it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from msgspec.structs import replace

from relevo.contracts.channel_log import ChannelLog, Unlogged
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.live import Live
from relevo.contracts.overload import Overload
from relevo.contracts.platform import (
    REVOKED,
    Corrected,
    Echo,
    Heard,
    Platform,
    Posted,
    Revoked,
    Seen,
    Typing,
    Unposted,
    Written,
)
from relevo.contracts.posts import PostWatch
from relevo.contracts.store import Store
from relevo.contracts.x import Echoes, Peers
from relevo.domain.conversations import ENDED, Control, Conversation
from relevo.domain.messages import MAX_TEXT_BYTES, Arrival, Author, Content, Entry
from relevo.domain.service import Service
from relevo.errors import Conflict
from relevo.flow.elsewhere import AppWords
from relevo.flow.menus import chosen
from relevo.flow.opting_out import OPTED_OUT, opts_out
from relevo.flow.overload import keep_within
from relevo.flow.receive import arrival, receive
from relevo.flow.remote_files import ALONE, REFUSED, RemoteFiles, placeholder, why
from relevo.flow.texts import say

_MENU_REACH = 40
"""How many entries back a menu is looked for."""
_log = structlog.get_logger()


@dataclass(kw_only=True)
class Hearing:
    """What everything means that a platform tells; its service may be replaced at any time."""

    store: Store
    live: Live
    posts: PostWatch | None = None
    """None: nobody looks after posts, and they are left."""
    echoes: Echoes | None = None
    """None: nothing is sent there, so what is heard of our own is left."""
    peers: Peers | None = None
    overload: Overload | None = None
    """None: whoever writes any number of messages gets as many answers."""
    log: ChannelLog = field(default_factory=Unlogged)
    clock: Clock = field(default=system_clock)
    default_language: str = "es"
    service: Service = field(default_factory=Service)

    async def hear(self, platform: Platform, heard: Heard, age: timedelta) -> None:
        """Make of it what it means; ``age`` is how long ago it came. Raises PlatformAway, and refusals for ever."""
        if isinstance(heard, Written):
            await self._written(platform, heard, age)
        elif isinstance(heard, Corrected):
            await self._corrected(platform.name, heard)
        elif isinstance(heard, Echo):
            await self._echoed(platform.name, heard)
        elif isinstance(heard, (Seen, Typing)):
            await self._signed(platform.name, heard)
        elif isinstance(heard, (Posted, Unposted)):
            await self._posted(heard)
        elif isinstance(heard, Revoked):
            await self.store.platform_marks.put(platform.name, REVOKED, heard.account_id)
            self.log.count(platform.name, "account", "revoked")
            _log.error("intake.revoked", channel=platform.name)

    async def _written(self, platform: Platform, written: Written, age: timedelta) -> None:
        files = await RemoteFiles(attachments=self.store.attachments).take(platform, written, age)
        conversation = await self.store.conversations.find(platform.name, written.address)
        is_with_bot = conversation is None or conversation.control is Control.BOT or conversation.control in ENDED
        if self.peers is not None and written.transport is not None:
            await self.peers.heard(written.address, written.transport, at=written.written_at)
        is_alone = not written.text.strip() and not files.attachments
        text = placeholder(written.files) if is_alone else _fitting(written.text)
        if is_alone and not text:
            return  # a sticker, a reaction: there is nothing to answer
        metadata = {REFUSED: list(files.refused), ALONE: is_alone} if files.refused and is_with_bot else None
        latest = await self._latest(conversation)
        payload = self._payload(conversation, written, latest)
        if payload is None and await opts_out(self.posts, self.peers, written, latest) and is_with_bot:
            metadata = {OPTED_OUT: True}
        message = arrival(
            channel=platform.name,
            address=written.address,
            message_id=written.message_id,
            text=text,
            metadata=metadata,
            attachments=files.attachments,
        )
        if payload or (text != written.text and not is_alone):
            message = replace(message, text=payload or text, raw=written.text.encode("utf-8", "surrogatepass"))
        received = await self._received(message)
        if received is not None and written.name and (conversation is None or not conversation.identity.business_ref):
            await self.store.elsewhere.named(received, written.name)
        if received is not None and files.refused and not is_with_bot:
            await self._tell_refused(received, conversation, files.refused)

    async def _received(self, message: Arrival) -> UUID | None:
        """Keep a message, and give its conversation where it is new."""
        try:
            received = await receive(self.store.inbox, self.live, message)
        except Conflict:
            return None  # it is there already, with what was known of it then
        if received.is_new:
            if self.overload is not None and await keep_within(self.overload, received.inbox_id, self.default_language):
                self.live.wake_senders()
            self.live.changed(received.conversation_id)
        return received.conversation_id if received.is_new else None

    async def _latest(self, conversation: Conversation | None) -> Sequence[Entry]:
        if conversation is None:
            return ()
        after = max(0, conversation.last_position - _MENU_REACH)
        return await self.store.conversations.entries(conversation.id, after)

    def _payload(self, conversation: Conversation | None, written: Written, latest: Sequence[Entry]) -> str | None:
        """Give what the words choose, where the bot has shown a menu and answers."""
        if conversation is None or conversation.control is not Control.BOT or not conversation.issued_payloads:
            return None
        if written.payload in conversation.issued_payloads:
            return written.payload
        found = chosen(written.text, latest)
        return found if found in conversation.issued_payloads else None

    async def _tell_refused(self, conversation_id: UUID, of: Conversation | None, codes: Sequence[str]) -> None:
        """Tell a contact whom a person serves why a file did not arrive; else their turn says so."""
        language = (of.language if of else None) or self.default_language
        content = Content(text=why(language, codes))
        await self.store.conversations.say(conversation_id, Author.SYSTEM, content)
        self.live.changed(conversation_id)
        self.live.wake_senders()

    async def _corrected(self, channel: str, heard: Corrected) -> None:
        """Take a correction as a message of its own: a person reads that it is one, the bot what it waits for."""
        conversation = await self.store.conversations.find(channel, heard.address)
        is_with_bot = conversation is None or conversation.control is Control.BOT
        language = (conversation.language if conversation else None) or self.default_language
        text = heard.text if is_with_bot else say(language, "corrected", text=heard.text)
        message = arrival(
            channel=channel,
            address=heard.address,
            message_id=heard.message_id,
            text=text,
            metadata={"corrects": heard.of},
        )
        await self._received(message)

    async def _echoed(self, channel: str, echo: Echo) -> None:
        """Confirm what we sent; what we did not send, one of our people wrote in the platform's own app."""
        if self.echoes is None or not echo.text.strip():
            return
        if await self.echoes.confirm(echo.address, echo.message_id, echo.text, echo.sent_at):
            return
        words = AppWords(store=self.store, live=self.live, service=self.service, clock=self.clock)
        await words.written(channel, echo)

    async def _signed(self, channel: str, heard: Seen | Typing) -> None:
        conversation = await self.store.conversations.find(channel, heard.address)
        if conversation is None:
            return
        if isinstance(heard, Typing):
            await self.store.chats.contact_types(conversation.id)
        else:
            position = await self.store.elsewhere.position_of(conversation.id, heard.up_to)
            if position is None or not await self.store.chats.contact_read(conversation.id, position):
                return
        self.live.contact_stirred(conversation.id)

    async def _posted(self, heard: Posted | Unposted) -> None:
        if self.posts is None:
            return
        if isinstance(heard, Posted):
            await self.posts.seen(heard.post)
        else:
            await self.posts.gone(heard.post_id)


def _fitting(text: str) -> str:
    """Give as much of a text as one message holds; the whole of it is kept beside it."""
    encoded = text.encode("utf-8", "surrogatepass")
    return text if len(encoded) <= MAX_TEXT_BYTES else encoded[:MAX_TEXT_BYTES].decode("utf-8", "ignore")
