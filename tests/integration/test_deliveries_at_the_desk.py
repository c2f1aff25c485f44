"""How messages fare, as agents and administrators see it: tried again once for a click, and logged without anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.flow.channel_log import Recorder
from relevo.flow.deliver import Deliverer
from relevo.testing.loopback import Fault, Loopback
from tests.integration.composing import Room, room
from tests.integration.desks import DeskOf, desk_of, refused

pytestmark = pytest.mark.anyio


@dataclass(kw_only=True)
class Post:
    """Amina's mails, and the platform that takes them or does not."""

    here: Room
    ada: DeskOf
    platform: Loopback
    deliverer: Deliverer
    recorder: Recorder
    there: str

    async def state(self) -> dict[str, Any]:
        """Give how the one mail fares."""
        (state,) = (await self.here.kim.get(f"{self.there}/deliveries"))["deliveries"]
        return dict(state)

    async def tries_again(self, retries: int) -> Any:
        """Press the button, as somebody who saw so many tries."""
        return await self.here.kim.does(f"{self.there}/deliveries/retry", position=1, retries=retries)

    async def is_not_tried(self, retries: int, position: int = 1) -> tuple[int, str]:
        """Press it in vain."""
        return await self.here.kim.is_refused(f"{self.there}/deliveries/retry", position=position, retries=retries)


@asynccontextmanager
async def post(database: str) -> AsyncIterator[Post]:
    """Have Sara write to Amina by mail."""
    async with room(database) as here, desk_of(here.doors, "Ada Doe", "admin") as ada:
        doors, store = here.doors, here.doors.opened.store
        recorder, platform = Recorder(exchanges=store.exchanges), Loopback("email")
        doors.app.ctx.services = replace(doors.app.ctx.services, mail_company="Aurora", channel_log=recorder)
        doors.business.people["C001"] = {"name": "Amina", "email": "amina@example.com"}
        await here.sara.does(f"{here.here}/verify", version=here.amina.control_version, business_ref="C001")
        said = await here.sara.does(f"{here.here}/replies", text="Paid back today", client_id="m1", way="mail")
        sending = Deliverer(outbox=store.outbox, channels={"email": platform}, live=doors.opened.live, log=recorder)
        there = f"/conversations/{said['conversation_id']}"
        yield Post(here=here, ada=ada, platform=platform, deliverer=sending, recorder=recorder, there=there)


async def test_what_did_not_get_through_is_tried_again_once_for_each_click(database: str) -> None:
    """By whoever sees it, with a log of who did; never what went out meanwhile, or was worth something for a while."""
    async with post(database) as mails:
        kim, amina = mails.here.kim, f"/desk{mails.here.here}"
        assert ((await mails.state())["state"], (await mails.state())["may_retry"]) == ("queued", False)
        mails.platform.fail(Fault.REFUSED, Fault.ANSWER_LOST)
        await mails.deliverer.step()
        state = await mails.state()
        assert (state["state"], state["reason"], state["may_retry"]) == (
            "refused",
            "The platform refuses this address.",
            True,
        )
        for page in (amina, f"/desk{mails.there}", f"/desk/contacts/{mails.here.amina.identity.contact_id}"):
            shown = await kim.page(page)
            assert shown.count("Try again</button>") == 1, page
            assert "Not sent" in shown
        assert (await mails.tries_again(0))["state"] == "queued"
        assert (await mails.tries_again(0))["retries"] == 1  # pressed twice
        await mails.deliverer.step()
        assert (await mails.state())["state"] == "unconfirmed"
        assert "It may have arrived" in await kim.page(amina)
        assert await mails.is_not_tried(0) == (409, "retried_meanwhile")
        await mails.tries_again(1)
        await mails.deliverer.step()
        assert await mails.is_not_tried(1) == (409, "went_out")
        assert await mails.is_not_tried(0, position=7) == (404, "not_found")
        assert "✓</span> Sent" in await kim.page(amina)
        assert mails.platform.shown_to("amina@example.com") == ["Paid back today"] * 2
        log = (await mails.ada.get("/audit?operation=retry_delivery"))["entries"]
        assert [each["status"] for each in log] == [404, 409, 200, 409, 200, 200]
        await demand_the_address(mails)


async def demand_the_address(mails: Post) -> None:
    """Neither a code that nobody can use any more goes out again, nor a reply to an address that is off file."""
    database = mails.here.doors.opened.database
    await database.run("UPDATE deliveries SET state = 'refused' WHERE channel = 'email'")
    mails.here.doors.business.people["C001"] = {"email": "new@example.com"}
    assert await mails.is_not_tried(2) == (409, "way_goes_to_file")
    await database.run("UPDATE deliveries SET expires_at = now() + interval '1 hour' WHERE channel = 'email'")
    assert await mails.is_not_tried(2) == (409, "worthless")
    assert "Try again</button>" not in await mails.here.kim.page(f"/desk{mails.there}")


async def test_administrators_see_how_channels_do_and_what_they_exchanged_without_anybody(database: str) -> None:
    """Times, results and numbers of every exchange; refusals of doors by the minute; a ring, erased with the person."""
    async with post(database) as mails:
        ada, doors, recorder = mails.ada, mails.here.doors, mails.recorder
        mails.platform.fail(Fault.DEFERRED)
        await mails.deliverer.step()
        await doors.opened.database.run("UPDATE deliveries SET due_at = now() WHERE channel = 'email'")
        await mails.deliverer.step()
        for body in ({"message": "no sender"}, {"message": "none either"}, {"sender": "amina", "message": ""}):
            assert (await doors.http.post("/webhooks/rest/webhook", json=body)).status_code == 400
        assert (await doors.http.post("/widget/api/v1/messages", json={})).status_code == 401
        assert (await recorder.flush(), await recorder.flush()) == (5, 0)
        sent, later = (await ada.get("/admin/channels/email/log"))["exchanges"]
        assert (sent["direction"], sent["kind"], sent["result"], sent["address"]) == (
            "out",
            "message",
            "sent",
            "a…@example.com",
        )
        assert (later["result"], later["external_id"], sent["external_id"][:6]) == ("deferred", None, "email-")
        assert sent["duration_ms"] >= 0
        problems = (await ada.get("/admin/channels/rest/log?show=problems"))["exchanges"]
        assert {(each["result"], each["times"]) for each in problems} == {("missing_sender", 2), ("empty_text", 1)}
        await how_channels_do(mails)
        pages = [await ada.page(f"/desk/admin/channels{part}") for part in ("", "/email", "/rest?show=problems")]
        assert "amina" not in "".join(pages)
        assert "Paid back" not in "".join(pages)
        assert refused(await ada.http.get("/desk/api/admin/channels/fax/log")) == (404, "not_found")
        assert refused(await ada.http.get("/desk/api/admin/channels/rest/log?show=x")) == (400, "bad_filter")
        assert await recorder.exchanges.forget_old(3600, 2) == 3
        assert await recorder.exchanges.forget_old(-1, 9) == 2


async def how_channels_do(mails: Post) -> None:
    """Each configured one, also where nothing came; and which of them needs somebody."""
    database = mails.here.doors.opened.database
    found = {each["channel"]: each for each in (await mails.ada.get("/admin/channels"))["channels"]}
    assert {name: each["condition"] for name, each in found.items()} == dict.fromkeys(
        ("email", "rest", "widget"), "fine"
    )
    assert (found["rest"]["received_in_hour"], found["rest"]["turned_away_in_hour"]) == (1, 3)
    assert found["email"]["last_out_at"]
    assert found["rest"]["last_in_at"]
    await database.run("UPDATE deliveries SET state = 'queued', created_at = now() - interval '1 hour'")
    services = mails.here.doors.app.ctx.services
    found = {each["channel"]: each for each in (await mails.ada.get("/admin/channels"))["channels"]}
    assert (found["email"]["condition"], found["rest"]["condition"]) == ("stuck", "fine")
    mails.here.doors.app.ctx.services = replace(services, mail_company=None)
    found = {each["channel"]: each for each in (await mails.ada.get("/admin/channels"))["channels"]}
    assert (found["email"]["condition"], found["email"]["is_configured"]) == ("off", False)
