"""A visitor's own copy by mail, from the widget's menu to a real mail server: for those alone who are known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from relevo.channels.email.channel import EmailChannel
from relevo.domain.sites import Site, Sites
from relevo.flow.deliver import Deliverer
from relevo.flow.mail import Mailer
from relevo.store.mails import PostgresMails
from tests.databases import Databases
from tests.integration.hands import let_all_be_due
from tests.integration.mail_server import MailServer, mail_server
from tests.integration.shops import SHOP, Shop, shop_of
from tests.integration.visiting import KEY, forget, signed
from tests.integration.visits import CHROMIUM, Visit

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
SITES = Sites(
    named=(
        Site(
            name="default",
            title="Shop",
            languages=("en",),
            default_language="en",
            origins=(SHOP,),
            identity_keys=(KEY,),
        ),
    )
)


@pytest.fixture(scope="module")
async def shop(databases: Databases, postgres: str) -> AsyncIterator[Shop]:
    """One browser on one server that can write mails."""
    async with shop_of(databases, postgres, sites=SITES) as opened:
        doors = opened.doors
        mailer = Mailer(mails=PostgresMails(doors.opened.database), live=doors.opened.live, company="Shop")
        doors.app.ctx.services = replace(doors.app.ctx.services, mailer=mailer)
        doors.business.people["C001"] = {"name": "Amina Noor", "email": "amina@example.com"}
        yield opened


@pytest.fixture(autouse=True)
async def _nobody_yet(shop: Shop) -> None:
    await forget(shop.doors)


async def _deliver(shop: Shop, server: MailServer) -> None:
    opened = shop.doors.opened
    channels = {"email": EmailChannel(server.account())}
    deliverer = Deliverer(outbox=opened.store.outbox, channels=channels, live=opened.live)
    await let_all_be_due(opened.database)
    while await deliverer.step():
        pass


async def _talks(visit: Visit) -> None:
    await visit.open(SHOP)
    await visit.say("first <b>")
    await expect(visit.page.locator("#chat-log .bubble")).to_have_count(2)
    await visit.say("second")
    await expect(visit.page.locator("#chat-log .bubble")).to_have_count(4)


async def test_whoever_is_signed_in_gets_all_of_it_at_the_address_on_file(shop: Shop) -> None:
    """Everything that was said, in order, to that address alone, once; the chat says so."""
    async with shop.visited() as visit, mail_server() as server:
        await _talks(visit)
        await visit.page.evaluate("jwt => Relevo.identify(jwt)", signed(aud="default", email="eve@example.com"))
        await expect(visit.page.locator("relevo-chat .top")).to_contain_text("Amina Noor")
        await visit.page.get_by_role("button", name="Options").click()
        await visit.page.get_by_role("button", name="Send me the conversation by e-mail").click()
        await expect(visit.page.get_by_text("On its way to the e-mail address that we have of you.")).to_be_visible()
        await _deliver(shop, server)
        ((mail,), (text,)) = server.mails, server.texts
        assert mail["to"] == "amina@example.com"
        said = ["You:\nfirst <b>", "Shop:\nYou said <first <b>>", "You:\nsecond", "Shop:\nYou said <second>"]
        places = [text.index(one) for one in said]
        assert places == sorted(places)
        assert visit.complaints == []


async def test_whoever_is_nobody_in_particular_is_not_offered_it_and_gets_none(shop: Shop) -> None:
    """Neither by the menu nor by asking the address behind it."""
    async with shop.visited() as visit, mail_server() as server:
        await _talks(visit)
        await visit.page.get_by_role("button", name="Options").click()
        await expect(visit.page.get_by_role("button", name="Save the conversation")).to_be_visible()
        await expect(visit.page.get_by_role("button", name="e-mail")).to_have_count(0)
        ask = """async api => {
          const { token } = JSON.parse(localStorage.getItem("relevo:default"));
          const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
          const body = JSON.stringify({ email: "eve@example.com" });
          return (await fetch(`${api}/transcript`, { method: "POST", headers, body })).status;
        }"""
        assert await visit.page.evaluate(ask, f"{shop.doors.url}/widget/api/v1") == 403
        await _deliver(shop, server)
        assert server.mails == []
