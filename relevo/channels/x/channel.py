"""Sends direct messages on X: few are taken, and none is sent twice.

    for each message of the delivery that was not sent yet:
      slot of the budget ─► file uploaded ─► begun (committed) ─► X is asked ─► its id (committed)
        none: delayed          │                                 │ no answer: unconfirmed, looked up before all else
                               └ X says no: refused, delayed or away, and not begun any more

A message that was begun and has no id may have been sent: by this process, which got no answer, or by one that died. It
is looked for among the account's own messages, and sent again only where it is not there after a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from relevo.channels.x.answers import XAway, XError, XRefused, XUnanswered
from relevo.channels.x.api import XApi
from relevo.channels.x.chat_failures import NotOnChat
from relevo.channels.x.direct import Message, Say, messages_of
from relevo.channels.x.limits import SEND_CHAT, SEND_DM
from relevo.channels.x.lookup import Lookup
from relevo.channels.x.media import Uploads
from relevo.channels.x.verdicts import delayed, verdict
from relevo.contracts.attachments import Attachments
from relevo.contracts.channel import Delivery, Priority, Receipt
from relevo.contracts.clock import Clock, system_clock
from relevo.contracts.x import CHAT, ChatWriter, Limits, Part, Parts, Peer, Peers, X
from relevo.domain.echoes import fingerprint
from relevo.errors import RequestError, SendRefused, SendUnconfirmed, SendUnwanted, Unavailable


class XShared(msgspec.Struct, frozen=True, kw_only=True):
    """What all hosts share about the account."""

    peers: Peers
    limits: Limits
    parts: Parts
    attachments: Attachments


class XChannel:
    """X, as a channel that can look up; see contracts.channel.Channel and LooksUp."""

    name = X
    is_duplicate_safe = False

    def __init__(
        self,
        api: XApi,
        shared: XShared,
        say: Say,
        *,
        chat: ChatWriter | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Without ``chat`` whoever wrote encrypted is not answered."""
        self._api = api
        self._shared = shared
        self._say = say
        self._chat = chat
        self._clock = clock
        self._uploads = Uploads(api, clock=clock)
        self._lookup = Lookup(api, shared.limits, shared.parts, clock)

    async def send(self, delivery: Delivery) -> Receipt:
        """Send what of a delivery was not sent yet, by the transport that it was begun by."""
        known = await self._shared.parts.of(delivery.id)
        peer = await self._shared.peers.of(delivery.address)
        if peer.opted_out_at is not None and delivery.priority is Priority.PROACTIVE:
            raise SendUnwanted("They asked that no program writes to them. Write yourself, or wait until they write.")
        if CHAT in ({part.transport for part in known.values()} or {peer.transport}):
            return await self._by_chat(delivery, peer)
        return await self._by_dm(delivery, await self._lookup.settled(delivery, known))

    async def look_up(self, delivery: Delivery) -> Receipt | None:
        """Find out which of a delivery's messages arrived; those that did not are sent by ``send``.

        By XChat the same message may be sent again, since it keeps its id.
        """
        known = await self._lookup.settled(delivery, await self._shared.parts.of(delivery.id))
        sent = {number: part.external_id for number, part in known.items() if part.external_id}
        if not sent or len(sent) < known[max(known)].of:
            return None
        return Receipt(external_id=sent[max(sent)])

    async def _by_chat(self, delivery: Delivery, peer: Peer) -> Receipt:
        if self._chat is None:
            raise SendRefused("They wrote encrypted (XChat), and that is not set up here: run relevo x keys.")
        if wait := await self._shared.limits.reserve(self._account_id, SEND_CHAT, delivery.priority):
            raise delayed(wait)
        words = fingerprint(delivery.content.text or "")
        part = Part(number=0, of=1, fingerprint=words, transport=CHAT, begun_at=self._clock())
        await self._shared.parts.begin(delivery, part)
        try:
            receipt = await self._chat.send(delivery, peer)
        except SendRefused as error:
            await self._shared.parts.end(delivery.id, 0, None)
            if isinstance(error, NotOnChat):
                return await self._by_dm(delivery, {})
            raise
        await self._shared.parts.end(delivery.id, 0, receipt.external_id)
        await self._shared.limits.resume(self._account_id)
        return receipt

    async def _by_dm(self, delivery: Delivery, known: Mapping[int, Part]) -> Receipt:
        messages = messages_of(delivery, self._say)
        external_id = None
        for number, message in enumerate(messages):
            words = fingerprint(message.text)
            part = known.get(number) or Part(number=number, of=len(messages), fingerprint=words)
            external_id = part.external_id or await self._send_one(delivery, replace(part, fingerprint=words), message)
        return Receipt(external_id=external_id)

    async def _send_one(self, delivery: Delivery, part: Part, message: Message) -> str:
        if wait := await self._shared.limits.reserve(self._account_id, SEND_DM, delivery.priority):
            raise delayed(wait)
        try:
            external_id = await self._ask(delivery, await self._with_file(delivery, part, message), message)
        except XUnanswered as error:
            raise SendUnconfirmed("X did not say whether it was sent.") from error
        except XError as error:
            await self._shared.parts.end(delivery.id, part.number, None)
            if isinstance(error, XAway):
                await self._shared.limits.release(self._account_id, SEND_DM)
            raise await verdict(error, self._shared.limits, self._account_id, self._clock()) from error
        await self._shared.parts.end(delivery.id, part.number, external_id)
        await self._shared.limits.resume(self._account_id)
        return external_id

    async def _ask(self, delivery: Delivery, part: Part, message: Message) -> str:
        """Have X send a message; one whose file X does not know any more gets the file anew, once."""
        try:
            return await self._post(delivery, part, message)
        except XRefused as error:
            if part.upload_id is None or error.status != 400:
                raise
        part = await self._with_file(delivery, replace(part, upload_id=None), message)
        return await self._post(delivery, part, message)

    async def _post(self, delivery: Delivery, part: Part, message: Message) -> str:
        body: dict[str, Any] = {"text": message.text} if message.text else {}
        if part.upload_id is not None:
            body["attachments"] = [{"media_id": part.upload_id}]
        await self._shared.parts.begin(delivery, replace(part, begun_at=self._clock()))
        answer = await self._api.post(f"/2/dm_conversations/with/{delivery.address}/messages", body=body)
        message_id = (answer.get("data") or {}).get("dm_event_id")
        if not message_id:
            raise XUnanswered("X answered, and did not say as what it was sent.")
        return str(message_id)

    async def _with_file(self, delivery: Delivery, part: Part, message: Message) -> Part:
        if message.file is None or (part.upload_id and part.usable_until and part.usable_until > self._clock()):
            return part
        try:
            opened = await self._shared.attachments.read(X, delivery.address, message.file.id)
        except Unavailable:
            raise
        except RequestError as error:
            raise XRefused(400, error.code, f"The file cannot be opened here. {error}") from error
        uploaded = await self._uploads.upload(message.file.name, message.file.mime, opened.body)
        part = replace(part, upload_id=uploaded.media_id, usable_until=uploaded.usable_until)
        await self._shared.parts.keep_upload(delivery.id, part)
        return part

    @property
    def _account_id(self) -> str:
        return self._api.account.account_id
