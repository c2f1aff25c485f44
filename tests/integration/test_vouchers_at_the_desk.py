"""Vouchers that people add to cases: at once within their limit, else by four eyes; the case goes on."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace
from playwright.async_api import async_playwright, expect

from relevo.bootstrap.business import load_demo
from relevo.bootstrap.store import OpenStore
from relevo.configuration import read_configuration
from relevo.contracts.accounts import AgentPowers
from relevo.contracts.records import Voucher
from relevo.flow.approvals import Decider
from relevo.flow.confirm import Confirmer
from relevo.flow.mail import Mailer
from relevo.store.aurora.company import Aurora
from relevo.store.aurora.demo import ZONE
from relevo.store.mails import PostgresMails
from relevo.web.passwords import hash_password
from tests.integration.desks import NOELIA, PASSWORD, SARA, DeskOf, desk_of, shown
from tests.integration.doors import Doors, open_doors

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.anyio

PRIYA, CASE = "C004", "/cases/CASE-7002"
CODE = re.compile(r"AUV-[2-9A-HJKMNP-Z]{5}")


def _decider(opened: OpenStore) -> Decider:
    store = opened.store
    return Decider(
        approvals=store.approvals,
        effects=store.effects,
        business=Aurora(opened.database),
        policies=read_configuration(Path(__file__).parents[2], {}).policies,
        conversations=store.conversations,
        live=opened.live,
        default_language="en",
    )


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """The desk of the demo company."""
    async with open_doors(database) as opened:
        await load_demo(opened.opened, afresh=True)
        services = opened.app.ctx.services
        opened.app.ctx.services = replace(services, decider=_decider(opened.opened))
        yield opened


@pytest.fixture
async def sara(doors: Doors) -> AsyncIterator[DeskOf]:
    """An agent with a limit of 200.00 EUR."""
    async with desk_of(doors, "Sara Molina", powers=SARA) as desk:
        yield desk


@pytest.fixture
async def noelia(doors: Doors) -> AsyncIterator[DeskOf]:
    """A supervisor with more."""
    async with desk_of(doors, "Noelia Prat", "supervisor", NOELIA) as desk:
        yield desk


def _wish(amount: int, reason: str = "Two days without news", client_id: str | None = None) -> dict[str, object]:
    return {"amount": amount, "reason": reason, "client_id": client_id or uuid4().hex}


async def _vouchers(doors: Doors, ref: str = PRIYA) -> list[Voucher]:
    return list(await Aurora(doors.opened.database).records(Voucher, ref))


async def test_within_the_limit_it_is_given_at_once(doors: Doors, sara: DeskOf) -> None:
    """With a code and a year's time; the case stays open, and the same again gives nothing more."""
    wish = _wish(3_000)
    effect = await sara.does(f"{CASE}/voucher", **wish)
    assert (effect["state"], effect["amount"], effect["unit"]) == ("done", 3_000, "EUR")
    assert await sara.does(f"{CASE}/voucher", **wish) == effect
    (voucher,) = await _vouchers(doors)
    assert CODE.fullmatch(voucher.code)
    assert voucher.code == effect["result"]["code"]
    assert (voucher.valid_until - datetime.now(ZONE).date()).days in (364, 365, 366)
    view = await sara.get(CASE)
    assert view["case"]["status"] == "open"
    assert not view["case"]["waits_for_approval"]


async def test_it_is_confirmed_by_mail_with_its_code(doors: Doors, sara: DeskOf) -> None:
    """In the language on file, to the address on file."""
    effect = await sara.does(f"{CASE}/voucher", **_wish(3_000))
    opened = doors.opened
    mailer = Mailer(mails=PostgresMails(opened.database), live=opened.live, company="Aurora")
    assert await Confirmer(mailer=mailer, business=Aurora(opened.database)).step() == 1
    ((content,),) = await opened.database.rows("SELECT content FROM entries WHERE content ? 'subject'")
    assert content["subject"] == "Your voucher of €30.00"
    assert f"Code: {effect['result']['code']}" in content["text"]


async def test_above_the_limit_somebody_else_has_to_approve_it(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """Four eyes: not whoever asked for it, even if their limit grows; the case stays open after it is given."""
    effect = await sara.does(f"{CASE}/voucher", **_wish(25_000))
    assert (effect["state"], effect["may_not_approve"], effect["rule"]) == (
        "prepared", "four_eyes", "voucher.above_own_limit"
    )  # fmt: skip
    assert await _vouchers(doors) == []
    case = await doors.opened.store.desk.case(effect["case_id"])
    assert (case.waits_for_approval, case.is_being_settled) == (True, False), "a refund is told to wait when it does"
    assert (await sara.is_refused("/effects/approve", **shown(effect)))[0] in (403, 409)
    given = await noelia.does("/effects/approve", **shown(effect))
    assert given["state"] == "done"
    assert [voucher.amount for voucher in await _vouchers(doors)] == [25_000]
    assert (await noelia.get(CASE))["case"]["status"] == "open"


async def test_a_declined_one_leaves_the_case_open(doors: Doors, sara: DeskOf, noelia: DeskOf) -> None:
    """It was beside what the case is about."""
    effect = await sara.does(f"{CASE}/voucher", **_wish(25_000))
    await noelia.does("/effects/decline", **shown(effect), reason="That is too much")
    assert (await noelia.get(CASE))["case"]["status"] == "open"
    assert await _vouchers(doors) == []


async def test_whoever_has_no_limit_may_ask_for_one(doors: Doors, noelia: DeskOf) -> None:
    """And a colleague gives it."""
    async with desk_of(doors, "George Baines", powers=AgentPowers()) as george:
        effect = await george.does(f"{CASE}/voucher", **_wish(1_000))
        assert effect["state"] == "prepared"
    assert (await noelia.does("/effects/approve", **shown(effect)))["state"] == "done"


async def test_what_is_no_voucher_is_refused_with_a_sentence(doors: Doors, sara: DeskOf) -> None:
    """Nothing is kept of it."""
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(0)) == (400, "bad_voucher_amount")
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(-500)) == (400, "bad_voucher_amount")
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(50_001)) == (409, "voucher_policy")
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(100, "  ")) == (400, "bad_voucher_reason")
    assert await sara.is_refused("/cases/CASE-9999/voucher", **_wish(100)) == (404, "not_found")
    await doors.opened.database.run("UPDATE cases SET status = 'closed' WHERE id = 'CASE-7002'")
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(100)) == (409, "case_closed")
    await doors.opened.database.run("UPDATE cases SET status = 'open', business_ref = NULL WHERE id = 'CASE-7002'")
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(100)) == (409, "unknown_contact")
    assert await doors.opened.database.rows("SELECT key FROM effects") == []


async def test_other_words_under_the_same_client_id_are_refused(doors: Doors, sara: DeskOf) -> None:
    """Nobody gives twice by a page that sends twice."""
    await sara.does(f"{CASE}/voucher", **_wish(1_000, client_id="once"))
    assert await sara.is_refused(f"{CASE}/voucher", **_wish(2_000, client_id="once")) == (409, "client_id_reused")
    assert [voucher.amount for voucher in await _vouchers(doors)] == [1_000]


async def test_nobody_gives_themselves_one(doors: Doors) -> None:
    """Not even within their limit."""
    powers = AgentPowers(limits={"money": 20_000}, business_ref=PRIYA)
    async with desk_of(doors, "Priya Anand", powers=powers) as priya:
        assert await priya.is_refused(f"{CASE}/voucher", **_wish(100)) == (403, "own_contact")
        assert "Add a voucher" not in await priya.page("/desk/cases/CASE-7002")


async def test_the_contact_hears_it_in_the_chat(doors: Doors, sara: DeskOf) -> None:
    """Where the case has a conversation, with amount, code and until when."""
    await doors.texts("priya", "hello")
    conversation = await doors.conversation("rest", "priya")
    await doors.opened.database.run(
        "INSERT INTO case_conversations (case_id, conversation_id) VALUES ('CASE-7002', %s)", (conversation.id,)
    )
    effect = await sara.does(f"{CASE}/voucher", **_wish(3_000))
    told = await doors.texts("priya", "and?")
    assert any(f"a voucher of €30.00 for you: its code is {effect['result']['code']}" in text for text in told)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
async def test_it_is_added_on_the_cases_page(doors: Doors) -> None:
    """Amount and reason in a form; the page then shows it as done, and the case as open."""
    await doors.opened.store.accounts.add_agent(
        "sara@aurora.example", "Sara Molina", "agent", hash_password(PASSWORD), SARA
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(base_url=doors.url, viewport={"width": 1366, "height": 900}, locale="en-GB")
        page = await context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto("/desk")
        await page.locator("[name=email]").fill("sara@aurora.example")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("main button").click()
        await expect(page.locator("#cases")).to_be_visible()
        await page.goto("/desk/cases/CASE-7002")
        await page.get_by_text("Add a voucher").click()
        await expect(page.get_by_text("Up to 200.00 EUR it is given at once")).to_be_visible()
        await page.get_by_label("Amount (EUR)").fill("30")
        await page.get_by_label("Reason, for colleagues").fill("Two days without news of her suitcase")
        await page.get_by_role("button", name="Add voucher").click()
        await expect(page.locator(".decided .state-done")).to_be_visible()
        await expect(page.locator(".decided li").first).to_contain_text("Voucher €30.00 AUV-")
        await expect(page.locator(".decided li").first).to_contain_text("Two days without news of her suitcase")
        await browser.close()
    assert complaints == []
    assert [voucher.amount for voucher in await _vouchers(doors)] == [3_000]
