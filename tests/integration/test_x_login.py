"""Relevo acts in the account's name by tokens that are kept sealed, renewed in time by one host, and asked for once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from relevo.channels.x.answers import XAway, XSignedOut
from relevo.channels.x.login import SCOPES, Login, tokens_found
from relevo.errors import ConfigurationError
from relevo.settings import Secret
from relevo.store.x import PostgresXTokens
from relevo.testing.x.faults import Fault
from relevo.testing.x.server import fake_x
from tests.integration.sending_on_x import Sending, account_on, sending
from tests.processes import free_port

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("is_pasted", [False, True])
async def test_the_owner_says_yes_once_and_the_tokens_act_for_the_account(*, is_pasted: bool) -> None:
    """By the browser that comes back, or by the address that is pasted."""
    async with fake_x() as x:
        login = Login(account=account_on(x), port=free_port())
        sent_to = x.logins.allow(login.address)
        assert sent_to.startswith(login.callback)
        found = await login.finish(sent_to if is_pasted else await _by_browser(login, sent_to))
        assert (found.account_id, found.username) == (x.brand.id, x.brand.username)
        assert set(found.tokens.scopes) == set(SCOPES)
        assert found.tokens.refresh is not None


async def _by_browser(login: Login, sent_to: str) -> str:
    waiting = asyncio.create_task(login.called_back())
    async with httpx.AsyncClient() as browser:
        while (page := await _opened(browser, sent_to)) is None:
            await asyncio.sleep(0)
    assert "go back to the terminal" in page.text
    return await waiting


async def _opened(browser: httpx.AsyncClient, address: str) -> httpx.Response | None:
    try:
        assert (await browser.get(address.replace("/callback", "/favicon.ico"))).status_code == 404
        return await browser.get(address)
    except httpx.ConnectError:
        return None


async def test_what_is_no_yes_of_the_account_is_kept_nowhere() -> None:
    """Another login's address, a no, a code that is used up, another account: each with what to do."""
    async with fake_x() as x:
        login, other = Login(account=account_on(x)), Login(account=account_on(x))
        sent_to = x.logins.allow(other.address)
        with pytest.raises(ConfigurationError, match="another login"):
            await login.finish(sent_to)
        denied = x.logins.allow(login.address).split("&code=")[0] + "&error=access_denied"
        with pytest.raises(ConfigurationError, match="access_denied"):
            await login.finish(denied)
        await other.finish(sent_to)
        with pytest.raises(ConfigurationError, match="good once"):
            await other.finish(sent_to)
        stranger = x.account("7777", username="stranger")
        with pytest.raises(ConfigurationError, match="account 7777"):
            await login.finish(x.logins.allow(login.address, stranger.id))


async def test_two_hosts_renew_expired_tokens_once_and_keep_the_new_ones_sealed(database: str) -> None:
    """A refresh token is good once: who comes second takes what the first one got."""
    async with sending(database, hosts=3) as here:
        old = await here.host.tokens.read("1111")
        assert old is not None
        here.time.now += timedelta(hours=2)
        found = await asyncio.gather(*(host.api.get("/2/users/me") for host in here.hosts for _ in range(3)))
        assert {answer["data"]["id"] for answer in found} == {"1111"}
        assert len(here.x.calls("oauth.token")) == 1
        assert here.x.access.refused["refresh"] == 0
        new = await here.host.tokens.read("1111")
        assert new is not None
        assert new.access != old.access
        (sealed,) = (await here.opened.database.rows("SELECT sealed FROM x_tokens"))[0]
        assert new.access.reveal().encode() not in bytes(sealed)
        assert repr(new).count("•••") == 2
        assert await PostgresXTokens(here.opened.database, bytes(31) + b"x").read("1111") is None


async def test_a_token_that_x_ends_early_is_renewed_and_the_message_goes_out_once(database: str) -> None:
    """A 401 is certainly nothing sent."""
    async with sending(database) as here:
        await _ended(here)
        await here.answer("Hello")
        await here.send()
        assert here.ann.heard() == ["Hello"]
        assert [call.status for call in here.x.calls("dm.send")] == [401, 201]


async def test_who_is_signed_out_is_told_so_and_everything_waits_for_the_next_login(database: str) -> None:
    """Nothing is refused for that, and nobody asks on and on."""
    async with sending(database) as here:
        here.x.access.withdraw("1111")
        await here.answer("Hello")
        await here.answer("Again", to=here.x.customer("3333").id)
        await here.send()
        await here.later(30)
        await here.send()
        assert {state for state, _ in await here.states()} == {"queued"}
        assert all("relevo x login" in reason for _, reason in await here.states())
        assert len(here.x.calls("dm.send")) <= 2
        with pytest.raises(ConfigurationError, match="relevo x login"):
            await tokens_found(here.host.api, await here.host.tokens.read("1111"))
        grant = here.x.brand.grant()
        kept = await here.host.tokens.read("1111")
        assert kept is not None
        access, refresh = Secret(grant.access_token), Secret(grant.refresh_token)
        new = replace(kept, access=access, refresh=refresh, expires_at=grant.expires_at)
        await here.host.tokens.keep("1111", new)
        await here.host.limits.resume("1111")
        await here.later(601)
        await here.send()
        assert here.ann.heard() == ["Hello"]


async def test_while_x_gives_no_tokens_the_old_ones_are_kept(database: str) -> None:
    """A refresh that could not be asked for is asked for again."""
    async with sending(database) as here:
        here.time.now += timedelta(hours=2)
        here.x.faults.next("oauth.token", Fault.BROKEN_BEFORE)
        with pytest.raises(XAway):
            await here.host.api.get("/2/users/me")
        assert (await here.host.api.get("/2/users/me"))["data"]["id"] == "1111"


async def test_tokens_of_the_developer_portal_need_no_login(database: str) -> None:
    """OAuth 1.0a signs what is asked, addresses with parameters and files too."""
    async with fake_x() as x, sending(database, account=account_on(x, x.brand.signer())) as here:
        api, _ = here.host.api, x.customer("2222")
        assert (await api.get("/2/dm_events", params={"max_results": 5, "expansions": "sender_id,x y&z"}))["meta"]
        answer = await api.post("/2/dm_conversations/with/2222/messages", body={"text": "¡Hola!"})
        assert answer["data"]["dm_event_id"]
        assert await tokens_found(api, None) == "acts as @Aurora by OAuth 1.0a"
        assert x.access.refused["signature"] == 0
        here.host.api.account = replace(api.account, access_token=None)
        with pytest.raises(ConfigurationError, match="nobody has logged in"):
            await tokens_found(api, None)


async def test_what_a_login_does_not_allow_is_told(database: str) -> None:
    """By name, so that the developer portal can be mended; and whose tokens they are."""
    async with sending(database) as here:
        api, tokens = here.host.api, await here.host.tokens.read("1111")
        assert tokens is not None
        assert await tokens_found(api, tokens) == "acts as @Aurora by OAuth 2.0"
        with pytest.raises(ConfigurationError, match=r"lacks media.write"):
            await tokens_found(api, replace(tokens, scopes=tuple(set(SCOPES) - {"media.write"})))
        api.account = replace(api.account, account_id="9")
        with pytest.raises((ConfigurationError, XSignedOut), match="relevo x login"):
            await tokens_found(api, tokens)


async def _ended(here: Sending) -> None:
    tokens = await here.host.tokens.read("1111")
    assert tokens is not None
    here.x.access.forget(tokens.access.reveal())
