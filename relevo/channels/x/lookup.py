"""Looks among the account's own messages for those that may have been sent: before anything is sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from relevo.channels.x.answers import XAway, XError
from relevo.channels.x.api import XApi
from relevo.channels.x.limits import READ_DMS
from relevo.channels.x.verdicts import STOPPED, delayed, verdict
from relevo.contracts.channel import Delivery, Priority
from relevo.contracts.clock import Clock
from relevo.contracts.x import DM, Limits, Part, Parts
from relevo.domain.echoes import fingerprint
from relevo.errors import SendDeferred

SETTLE = timedelta(seconds=60)
"""How long after it was begun a message that X does not list was not sent: longer than asking X ever takes."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_MOST_PAGES = 3


class Lookup:
    """Settles which parts of deliveries were sent."""

    def __init__(self, api: XApi, limits: Limits, parts: Parts, clock: Clock) -> None:
        self._api = api
        self._limits = limits
        self._parts = parts
        self._clock = clock

    async def settled(self, delivery: Delivery, known: Mapping[int, Part]) -> Mapping[int, Part]:
        """Give parts without doubt: each has its id, or is not begun; raises SendDeferred while that cannot be told."""
        doubtful = {
            part.number: part.begun_at
            for part in known.values()
            if part.begun_at is not None and part.external_id is None and part.transport == DM
        }
        if not doubtful:
            return known
        asked_at = self._clock()
        own = await self._own_since(delivery.address, min(doubtful.values()) - _CLOCKS_DIFFER)
        for number, begun_at in doubtful.items():
            found = next((each for each in own if fingerprint(own[each]) == known[number].fingerprint), None)
            if found is not None:
                del own[found]
            elif asked_at < begun_at + SETTLE:
                raise SendDeferred("X did not say whether it was sent.", until=begun_at + SETTLE)
            await self._parts.end(delivery.id, number, found)
        return await self._parts.of(delivery.id)

    async def _own_since(self, address: str, since: datetime) -> dict[str, str]:
        """Give the account's messages to somebody since then which no delivery is known to be, oldest first."""
        found: dict[str, str] = {}
        token: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._page(address, token)
            events = [each for each in page.get("data") or () if isinstance(each, dict)]
            mine = [each for each in events if str(each.get("sender_id")) == self._api.account.account_id]
            found |= {str(each["id"]): str(each.get("text") or "") for each in mine if _time(each) >= since}
            token = (page.get("meta") or {}).get("next_token")
            if not token or any(_time(event) < since for event in events):
                ours = await self._parts.are_ours(list(found))
                return {each: found[each] for each in reversed(found) if each not in ours}
        raise SendDeferred("More was written to them than can be looked through.", until=self._clock() + STOPPED)

    async def _page(self, address: str, token: str | None) -> Mapping[str, Any]:
        account_id = self._api.account.account_id
        if wait := await self._limits.reserve(account_id, READ_DMS, Priority.AGENT):
            raise delayed(wait)
        params = {
            "max_results": 100,
            "dm_event.fields": "id,text,sender_id,created_at,event_type",
            "event_types": "MessageCreate",
            "pagination_token": token,
        }
        try:
            return await self._api.get(f"/2/dm_conversations/with/{address}/dm_events", params=params)
        except XError as error:
            if isinstance(error, XAway):
                await self._limits.release(account_id, READ_DMS)
            judged = await verdict(error, self._limits, account_id, self._clock())
            if isinstance(judged, SendDeferred):
                raise judged from error
            raise SendDeferred(f"X does not show what was sent: {judged}", until=self._clock() + STOPPED) from error


def _time(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(event.get("created_at")).replace("Z", "+00:00"))
