"""Who may ask the fake X, and how often: tokens with scopes, OAuth 1.0a, and limits by the clock with their headers."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from oauthlib.oauth1 import Client

from tests.x_hook import BEGIN, Business, business

pytestmark = pytest.mark.anyio
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0000"
REDIRECT = "http://127.0.0.1:1/callback"


def asked_for(here: Business, scope: str = "dm.read dm.write offline.access") -> str:
    """Give the address where the account's owner is asked."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    asked = {"response_type": "code", "client_id": "x-client-id", "redirect_uri": REDIRECT, "scope": scope}
    asked |= {"state": "s1", "code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{here.x.url}/i/oauth2/authorize?{urlencode(asked)}"


async def exchange(here: Business, **form: str) -> httpx.Response:
    """Ask for tokens."""
    return await here.http.post("/2/oauth2/token", data=form, auth=("x-client-id", "x-client-secret"))


async def code_of(here: Business) -> dict[str, str]:
    """Say yes and give what is exchanged for tokens."""
    answer = await here.http.post(asked_for(here))
    given = parse_qs(urlsplit(answer.headers["location"]).query)
    assert given["state"] == ["s1"]
    return {"grant_type": "authorization_code", "code": given["code"][0], "redirect_uri": REDIRECT}


async def test_fifteen_messages_in_fifteen_minutes_and_no_more() -> None:
    """The headers say what is left and when it begins anew; what comes beyond is counted."""
    async with business() as here:
        answers = [await here.sends(f"message {number}") for number in range(16)]
        assert [answer.status_code for answer in answers] == [201] * 15 + [429]
        assert [int(answer.headers["x-rate-limit-remaining"]) for answer in answers] == [*range(14, -1, -1), 0]
        last = answers[-1].headers
        assert int(last["x-rate-limit-reset"]) == int(BEGIN.timestamp()) + 900
        assert (last["x-user-limit-24hour-limit"], last["x-user-limit-24hour-remaining"]) == ("1440", "1425")
        assert last["x-app-limit-24hour-remaining"] == "1425"
        assert here.x.limits.exceeded == {"dm.send": 1}

        here.clock.forward(minutes=15)
        assert (await here.sends("message 16")).status_code == 201


async def test_a_day_has_its_own_limit() -> None:
    """1,440 messages, however they are spread over it."""
    async with business(is_subscribed=False) as here:
        for _ in range(96):
            for _ in range(15):
                here.x.limits.count("dm.send", "1111")
            here.clock.forward(minutes=14, seconds=59)
            here.clock.forward(seconds=1)
        assert here.clock.now.day == 27  # a day has 96 windows: the 1,440 are used up exactly when it ends
        assert here.x.limits.exceeded == {}
        here.user = {"Authorization": f"Bearer {here.x.brand.grant().access_token}"}
        assert (await here.sends("a new day")).headers["x-user-limit-24hour-remaining"] == "1439"


async def test_accounts_do_not_share_their_windows() -> None:
    """Fifteen belong to each."""
    async with business() as here:
        other = here.x.account("9999", username="Other")
        token = {"Authorization": f"Bearer {other.grant().access_token}"}
        for number in range(15):
            await here.sends(f"message {number}")
        place = "/2/dm_conversations/with/2222/messages"
        assert (await here.http.post(place, json={"text": "a"}, headers=token)).status_code == 201


async def test_who_is_not_known_or_may_not_is_refused() -> None:
    """401 for a wrong or old token, 403 for a missing scope and for the app where an account must ask."""
    async with business() as here:
        narrow = here.x.brand.grant(("dm.read", "tweet.read", "users.read"))
        tokens = {"nobody's": 401, narrow.access_token: 403, here.x.app.bearer_token: 403}
        place = "/2/dm_conversations/with/2222/messages"
        for token, status in tokens.items():
            headers = {"Authorization": f"Bearer {token}"}
            assert (await here.http.post(place, json={"text": "a"}, headers=headers)).status_code == status
        assert (await here.http.post(place, json={"text": "a"})).status_code == 401
        here.clock.forward(hours=2)
        assert (await here.sends("a")).status_code == 401
        assert here.x.access.refused == {"bearer": 3, "scope": 1, "expired": 1}
        assert (await here.http.get("/2/webhooks", headers=here.user)).status_code == 401
        assert here.x.brand.sent == []


async def test_an_oauth_1_signature_is_checked() -> None:
    """Made by a well-known library, with the query in it; a changed query, method or secret is refused."""
    async with business() as here:
        token, secret = here.x.brand.signer()
        url = f"{here.x.url}/2/dm_events?max_results=5&expansions=sender_id%2Cattachments.media_keys"

        def signed(secret: str) -> dict[str, str]:
            client = Client("x-consumer-key", "x-consumer-secret", token, secret)
            headers: dict[str, str] = client.sign(url)[1]
            return headers

        assert (await here.http.get(url, headers=signed(secret))).status_code == 200
        assert (await here.http.get(url.replace("=5", "=6"), headers=signed(secret))).status_code == 401
        assert (await here.http.get(url, headers=signed("another"))).status_code == 401
        assert here.x.access.refused == {"signature": 2}


async def test_the_owner_says_yes_and_the_app_gets_tokens_that_renew_themselves() -> None:
    """The page, a code that is good once, tokens, and a refresh token that is used up by using it."""
    async with business() as here:
        page = await here.http.get(asked_for(here))
        assert page.status_code == 200
        assert "@Aurora" in page.text
        code = await code_of(here)
        first = (await exchange(here, **code, code_verifier=VERIFIER)).json()
        assert (first["token_type"], first["expires_in"]) == ("bearer", 7200)
        assert (await exchange(here, **code, code_verifier=VERIFIER)).status_code == 400

        second = (await exchange(here, grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
        assert second["refresh_token"] != first["refresh_token"]
        new = {"Authorization": f"Bearer {second['access_token']}"}
        keys = f"/2/dm_conversations/media/1/2/{'a' * 5}"
        assert (await here.http.get(keys, headers=new)).status_code == 404


async def test_a_refresh_token_used_again_ends_the_whole_login() -> None:
    """Somebody has stolen it, as far as X can tell."""
    async with business() as here:
        first = (await exchange(here, **await code_of(here), code_verifier=VERIFIER)).json()
        again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = (await exchange(here, **again)).json()
        assert (await exchange(here, **again)).json()["error"] == "invalid_request"
        third = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
        assert (await exchange(here, **third)).status_code == 400
        for token in (first["access_token"], second["access_token"]):
            headers = {"Authorization": f"Bearer {token}"}
            assert (await here.http.get("/2/users/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("mistake", ["verifier", "late", "redirect", "client"])
async def test_a_code_is_for_whom_it_was_made(mistake: str) -> None:
    """Another verifier, half a minute too late, another address, another client."""
    async with business() as here:
        form = {**await code_of(here), "code_verifier": VERIFIER}
        if mistake == "verifier":
            form["code_verifier"] = VERIFIER[::-1]
        if mistake == "redirect":
            form["redirect_uri"] += "/elsewhere"
        if mistake == "late":
            here.clock.forward(seconds=30)
        auth = ("x-client-id", "guessed" if mistake == "client" else "x-client-secret")
        answer = await here.http.post("/2/oauth2/token", data=form, auth=auth)
        assert answer.status_code == (401 if mistake == "client" else 400)
