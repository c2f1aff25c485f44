"""Whatever is sent, the answer is a sentence with a code, nothing is lost, and nobody's words end up in the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from relevo.contracts.brain import Question
from relevo.errors import ConfigurationError
from relevo.web.app import WebServices, create_app
from relevo.web.server import serving
from relevo.web.settings import WebSettings
from tests.integration.doors import REST, Doors, open_doors, raw_exchange

pytestmark = pytest.mark.anyio
SECRET = "xyzzy-secret"


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot repeats what it was told."""
    async with open_doors(database) as opened:
        yield opened


async def _refused(doors: Doors, content: bytes, **rest: Any) -> tuple[int, str]:
    """Post bytes at the REST door and give status and code of the refusal."""
    response = await doors.http.post(REST, content=content, **rest)
    error = response.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"].endswith((".", "!")), error["message"]
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    return response.status_code, error["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty_body"),
        (b"{", 400, "malformed_json"),
        (b'{"sender": "a", "message": "xyzzy-secret"', 400, "malformed_json"),
        (b"sender=a&message=xyzzy-secret", 400, "malformed_json"),
        (b'{"sender": "a", "message": NaN}', 400, "malformed_json"),
        (b"\x00\x01\x02\xff\xfe", 400, "not_utf8"),
        (b'{"sender": "a", "message": "\xff\xfe xyzzy-secret"}', 400, "not_utf8"),
        ('{"sender": "a", "message": "hé"}'.encode("utf-16"), 400, "not_utf8"),
        (b"[]", 400, "wrong_type"),
        (b'["xyzzy-secret"]', 400, "wrong_type"),
        (b"null", 400, "wrong_type"),
        (b"7", 400, "wrong_type"),
        (b'"xyzzy-secret"', 400, "wrong_type"),
        (b'{"sender": 7, "message": "xyzzy-secret"}', 400, "wrong_type"),
        (b'{"sender": "a", "message": ["xyzzy-secret"]}', 400, "wrong_type"),
        (b'{"sender": "a", "message": {"text": "xyzzy-secret"}}', 400, "wrong_type"),
        (b'{"sender": "a", "message": "b", "message_id": 7}', 400, "wrong_type"),
        (b'{"sender": "a", "message": "b", "metadata": "xyzzy-secret"}', 400, "wrong_type"),
        (b"[" * 100_000, 400, "wrong_type"),
        (b'{"sender": "a", "message": "b", "metadata": ' + b'{"x":' * 100_000, 400, "too_deep"),
        (b'{"sender": "a", "message": "b", "ignored": ' + b"[" * 100_000, 400, "too_deep"),
        (
            b'{"sender": "a", "message": "b", "metadata": ' + b'{"x":' * 40 + b"1" + b"}" * 40 + b"}",
            400,
            "bad_metadata",
        ),
        (b'{"message": "xyzzy-secret"}', 400, "missing_sender"),
        (b'{"sender": null, "message": "xyzzy-secret"}', 400, "missing_sender"),
        (b'{"sender": "", "message": "xyzzy-secret"}', 400, "missing_sender"),
        (b'{"sender": "  ", "message": "xyzzy-secret"}', 400, "missing_sender"),
        (b'{"sender": "a\\u0000b", "message": "xyzzy-secret"}', 400, "bad_sender"),
        (b'{"sender": "a\\u001fb", "message": "xyzzy-secret"}', 400, "bad_sender"),
        (b'{"sender": "\\ud800", "message": "xyzzy-secret"}', 400, "bad_sender"),
        (b'{"sender": "' + b"a" * 256 + b'", "message": "xyzzy-secret"}', 400, "bad_sender"),
        (b'{"sender": "a", "message": "b", "message_id": ""}', 400, "missing_message_id"),
        (b'{"sender": "a", "message": "b", "message_id": "\\n"}', 400, "missing_message_id"),
        (b'{"sender": "a", "message": "b", "message_id": "x\\u0007"}', 400, "bad_message_id"),
        (b'{"sender": "a"}', 400, "empty_text"),
        (b'{"sender": "a", "message": ""}', 400, "empty_text"),
        (b'{"sender": "a", "message": " \\n\\t "}', 400, "empty_text"),
        (b'{"sender": "a", "message": "\\u0000"}', 400, "empty_text"),
        (b'{"sender": "a", "message": "b", "metadata": {"n": 1' + b"0" * 400 + b"}}", 400, "bad_metadata"),
        (b'{"sender": "a", "message": "b", "metadata": {"x": "' + b"y" * 20_000 + b'"}}', 413, "metadata_too_long"),
        (b'{"sender": "a", "message": "' + b"y" * (64 * 1024 + 1) + b'"}', 413, "text_too_long"),
        (b'{"sender": "a", "message": "' + b"y" * 900_000 + b'"}', 413, "text_too_long"),
        (b'{"sender": "a", "message": "' + b"y" * 1_048_576 + b'"}', 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else str(value),
)
async def test_a_body_that_cannot_be_served_is_refused_in_a_sentence(
    database: str, capsys: pytest.CaptureFixture[str], body: bytes, status: int, code: str
) -> None:
    """Malformed, mistyped, missing, too deep, too long: status and code say which, and nothing is kept or logged."""
    async with open_doors(database) as doors:
        assert await _refused(doors, body) == (status, code)
        assert await doors.opened.store.desk.conversations() == []
        assert await doors.texts("a", "still there?") == ["still there?"]
    assert SECRET not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("🛫✨", "🛫✨"),
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
        ("أين نقاطي؟", "أين نقاطي؟"),
        ("\u202eabc\u202c שלום", "\u202eabc\u202c שלום"),
        ("a\x00b", "ab"),
        ("cut \ud83d here", "cut ? here"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301\u0301"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE entries; --", "'; DROP TABLE entries; --"),
        ("%s %(x)s {0} \\", "%s %(x)s {0} \\"),
        ("\x1b[31mred", "\x1b[31mred"),
        ("y" * 64 * 1024, "y" * 64 * 1024),
    ],
    ids=lambda text: ascii(text)[:24],
)
async def test_any_text_is_kept_whole_or_cleaned_of_what_nothing_can_hold(doors: Doors, said: str, kept: str) -> None:
    """Every script and symbol passes; only NUL and lone surrogates are taken out, and then the original is kept."""
    body = json.dumps({"sender": "a", "message": said, "message_id": "1"})
    response = await doors.http.post(REST, content=body)
    assert [heard["text"] for heard in response.json()] == [kept]
    again = await doors.http.post(REST, content=body)
    assert again.json() == response.json()
    ((raw,),) = await doors.opened.database.rows("SELECT raw FROM inbox")
    assert raw == (None if said == kept else said.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=x", "", "\xff"]
)
async def test_the_content_type_is_not_asked(doors: Doors, content_type: str) -> None:
    """A body is JSON or it is not: curl without -H works."""
    headers = [(b"Content-Type", content_type.encode("latin-1"))]
    response = await doors.http.post(REST, content=b'{"sender": "a", "message": "hello"}', headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nno colon here\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        (b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n{}", 417),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n", 413),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nCookie: =;;;\xff=\x01; a\r\nAccept-Language: ;;q=x\r\n\r\n", 200),
        (b"GET /desk HTTP/1.1\r\nHost: x\r\nCookie: relevo_desk=\xff\xfe; []=1\r\n\r\n", 303),
        (b"GET /desk/login HTTP/1.1\r\nHost: \xff\r\nAccept-Language: \xff,es;q=;q=2\r\n\r\n", 200),
        (b"GET /widget/api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", 401),
        (b"GET /widget/api/v1/events HTTP/1.1\r\nHost: x\r\nOrigin: http://[\r\n\r\n", 403),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, bytes) else str(value),
)
async def test_nonsense_in_the_head_gets_an_answer(
    doors: Doors, capfd: pytest.CaptureFixture[str], request_bytes: bytes, status: int
) -> None:
    """A head that cannot be read, or means two things, is refused with a status; the server says no traceback."""
    answer = await raw_exchange(doors.port, request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    if status >= 400:
        assert b'{"error":{"code":' in answer
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_addresses_and_methods_that_are_not_there_answer_in_the_same_form(doors: Doors) -> None:
    """404 and 405 are JSON with a code, like every refusal, and 405 says what is understood."""
    for path in (
        "/nothing",
        "/desk/api/nothing",
        "/static/../settings.py",
        "/static/demo/%2e%2e/%2e%2e/app.py",
        "/%00",
    ):
        response = await doors.http.get(path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found"), path
    wrong = await doors.http.get(REST)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


async def test_the_visitor_api_refuses_in_the_same_form(doors: Doors) -> None:
    """The web chat's door is as strict as the REST door."""
    token = (await doors.http.post("/widget/api/v1/session")).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for body, status, code in (
        (b"", 400, "empty_body"),
        (b"[]", 400, "wrong_type"),
        (b'{"text": "xyzzy-secret"}', 400, "missing_cid"),
        (b'{"cid": 1, "text": "xyzzy-secret"}', 400, "wrong_type"),
        (b'{"cid": "1"}', 400, "empty_text"),
        (b'{"cid": "1", "text": "a", "payload": "b"}', 400, "text_and_payload"),
        (b'{"cid": "1", "text": "a", "language": "xyzzy secret"}', 400, "bad_language"),
        (b'{"cid": "1", "text": "' + b"y" * 70_000 + b'"}', 413, "text_too_long"),
    ):
        response = await doors.http.post("/widget/api/v1/messages", content=body, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert SECRET not in response.text
    for query, code in (("after=-1", "bad_cursor"), ("after=x", "bad_cursor"), ("wait=x", "bad_wait")):
        response = await doors.http.get(f"/widget/api/v1/events?{query}", headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (400, code)
    assert await doors.opened.store.desk.conversations() == []


async def test_an_error_of_ours_is_an_incident_without_words(
    database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw answers 500 with an incident to quote; the log has incident and place, not the text."""
    async with open_doors(database) as doors:

        async def broken(arrivals: object) -> None:
            raise ValueError(f"cannot keep {arrivals}")

        monkeypatch.setattr(doors.opened.store.inbox, "receive", broken)
        response = await doors.post("amina", SECRET)
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["code"] == "internal_error"
    logged = "".join(capsys.readouterr())
    incident = error["message"].partition("incident ")[2].partition(";")[0]
    assert incident in logged
    assert "ValueError" in logged
    assert SECRET not in logged + response.text


async def test_a_turn_leaves_no_words_in_the_log(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Texts live on the timeline, which has access rules; the log has none."""

    def script(question: Question) -> str:
        return f"{SECRET}-answer"

    async with open_doors(database, script) as doors:
        await doors.texts("amina", SECRET)
    assert SECRET not in "".join(capsys.readouterr())


async def test_a_taken_port_is_a_sentence(doors: Doors) -> None:
    """Whoever starts a second Relevo on the same port learns which port it is and what to do."""
    services = WebServices(store=doors.opened.store, live=doors.opened.live, readiness=_ready)
    with pytest.raises(ConfigurationError, match=rf"port {doors.port}.*RELEVO_PORT"):
        async with serving(create_app(services), port=doors.port):
            pass


async def _written(doors: Doors, sender: str) -> None:
    while not await doors.opened.store.conversations.find("rest", sender):
        await asyncio.sleep(0.01)


async def _ready() -> dict[str, bool | str]:
    return {}


async def test_stopping_answers_who_waits_and_ends_streams(database: str) -> None:
    """A server that stops gives waiting callers a moment, closes streams at once, and leaves no connection open."""
    settings = WebSettings(shutdown_seconds=4, rest_wait_seconds=60)
    async with open_doors(database, settings=settings, has_bot=False) as doors:
        token = (await doors.http.post("/widget/api/v1/session")).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        services = WebServices(store=doors.opened.store, live=doors.opened.live, readiness=_ready, settings=settings)
        async with httpx.AsyncClient(timeout=20) as http:
            async with serving(create_app(services), port=0) as port:
                url = f"http://127.0.0.1:{port}"
                stream = await http.send(
                    http.build_request("GET", f"{url}/widget/api/v1/events", headers=headers), stream=True
                )
                waiting = asyncio.create_task(http.post(f"{url}{REST}", json={"sender": "a", "message": "b"}))
                polling = asyncio.create_task(http.get(f"{url}/widget/api/v1/events?wait=60", headers=headers))
                await _written(doors, "a")
            assert (await polling).json()["events"] == []
            assert (await waiting).json()["error"]["code"] == "turn_pending"
            with pytest.raises(httpx.RemoteProtocolError):
                await stream.aread()
            await stream.aclose()
            with pytest.raises(httpx.ConnectError):
                await http.get(f"{url}/health")


async def test_readiness_names_what_is_missing(database: str) -> None:
    """/health says that the process lives; /ready says 503 with the missing parts in a sentence."""
    async with open_doors(database, readiness={"database": True, "bot": "No bot process has a model yet."}) as doors:
        assert (await doors.http.get("/health")).json() == {"status": "ok"}
        response = await doors.http.get("/ready")
        assert response.status_code == 503
        assert response.json()["missing"] == ["bot"]
        assert response.json()["error"] == {"code": "not_ready", "message": "No bot process has a model yet."}
        assert (await doors.http.get("/ready?part=database")).json() == {"status": "ready", "parts": {"database": True}}
        assert "those of this process are: database, bot" in (await doors.http.get("/ready?part=boat")).text
    async with open_doors(database, settings=WebSettings()) as doors:
        assert (await doors.http.get("/ready")).status_code == 200


async def test_the_same_connection_serves_on_after_a_refusal(doors: Doors) -> None:
    """A refusal costs the caller no connection: the next request on it is served."""
    body = b'{"sender": "a"}'
    refused = b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    healthy = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await raw_exchange(doors.port, refused)
    assert b"empty_text" in answer
    both = await raw_exchange(doors.port, refused + healthy)
    assert b"empty_text" in both
