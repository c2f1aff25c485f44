"""The proxies of deploy/ in front of our doors: what Caddy and nginx really do with streams, answers and addresses."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.kit.programs import free_port
from relevo.domain.messages import Author, Content
from relevo.web.settings import WebSettings
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:{ROOT / '.venv' / 'nginx' / 'usr' / 'sbin'}"
DEPLOY = ROOT / "deploy"
NGINX_KEEPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What it keeps in files for a while, in folders that only an installed one has."""
TOKEN = "a token of your own systems"
WIDGET = "/widget/api/v1"


def nginx_on(folder: Path, doors: Doors, port: int) -> list[str]:
    """Write deploy/nginx.conf for this machine, and give the command."""
    _certify(folder)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    plain = free_port()
    for written, meant in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server 127.0.0.1:8080 ": f"server 127.0.0.1:{doors.port} ",
        "server 127.0.0.1:8081 ": f"server 127.0.0.1:{free_port()} ",  # one of the two is down
        "/etc/ssl/relevo/": f"{folder}/",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/": f"{folder}/",
        "help.example.com": "localhost",
        "http {": "http {" + "".join(f"\n    {kind}_temp_path {folder}/{kind};" for kind in NGINX_KEEPS),
    }.items():
        assert written in text
        text = text.replace(written, meant)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def caddy_on(folder: Path, doors: Doors, port: int) -> list[str]:
    """Write deploy/Caddyfile for this machine, and give the command."""
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    found = "\t\tdynamic a web 8080 {\n\t\t\trefresh 5s\n\t\t}\n"
    assert found in text
    text = text.replace(found, f"\t\tto 127.0.0.1:{doors.port} 127.0.0.1:{free_port()}\n")
    text = text.replace("{$RELEVO_DOMAIN}", f"https://localhost:{port}")
    here = "{\n\tadmin off\n\tauto_https disable_redirects\n\tlocal_certs\n\tskip_install_trust\n}\n"
    (folder / "Caddyfile").write_text(f"{here}{text}", encoding="utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now, day = datetime.now(timezone.utc), timedelta(days=1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = made.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    signed = dated.sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form))


PROXIES = {"nginx": nginx_on, "caddy": caddy_on}


@asynccontextmanager
async def behind(name: str, folder: Path, doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    """Run a proxy in front of the doors, and give a client of it."""
    port = free_port()
    command = PROXIES[name](folder, doors, port)
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env={"HOME": str(folder), "PATH": PATH}, stdout=output, stderr=output
        )
    unknown = ssl.create_default_context()
    unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
    try:
        async with httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=unknown, timeout=20) as client:
            while not await _listens(client):
                assert process.returncode is None, (folder / "output").read_text()
                await asyncio.sleep(0.05)
            yield client
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            process.terminate()
        await process.wait()


def _is_old_caddy() -> bool:
    told = subprocess.run(["caddy", "version"], env={"PATH": PATH}, capture_output=True, text=True, check=True).stdout
    major, minor, *_ = told.lstrip("v").split(".")
    return (int(major), int(minor)) < (2, 7)


async def _listens(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(params=PROXIES)
async def proxied(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, Doors]]:
    """Real doors behind a real proxy."""
    if shutil.which(request.param, path=PATH) is None:
        pytest.skip(f"{request.param} is not installed")
    if request.param == "caddy" and _is_old_caddy():
        pytest.skip("Caddy before 2.7 answers 502 where the first of two web processes does not listen")
    settings = WebSettings(rest_token=TOKEN, sessions_per_address=2)
    async with open_doors(database, settings=settings) as doors, behind(request.param, tmp_path, doors) as client:
        yield client, doors


async def test_a_proxy_lets_everything_through_at_once(proxied: tuple[httpx.AsyncClient, Doors]) -> None:
    """REST is answered; an event of the chat comes while the stream is open; what is not for the world is not there."""
    client, doors = proxied
    said = {"sender": "ann", "message": "hi"}
    answer = await client.post("/webhooks/rest/webhook", json=said, headers={"Authorization": f"Bearer {TOKEN}"})
    assert [each["text"] for each in answer.json()] == ["hi"]
    assert (await client.post("/webhooks/rest/webhook", json=said)).status_code == 401
    assert [(await client.get(path)).status_code for path in ("/metrics", "/ready", "/health")] == [404, 404, 200]

    headers = {"Authorization": f"Bearer {(await client.post(f'{WIDGET}/session', json={})).json()['token']}"}
    await client.post(f"{WIDGET}/messages", json={"cid": "1", "text": "hello"}, headers=headers)
    async with client.stream("GET", f"{WIDGET}/events?after=0", headers=headers) as stream:
        lines = stream.aiter_lines()
        await _until("hello", lines)
        ((conversation,),) = await doors.opened.database.rows("SELECT id FROM conversations WHERE channel = 'widget'")
        await doors.opened.store.conversations.say(conversation, Author.AGENT, Content(text="while it is open"))
        doors.opened.live.changed(conversation)
        await _until("while it is open", lines)


async def test_a_proxy_says_who_asks_and_how_browsers_are_to_behave(proxied: tuple[httpx.AsyncClient, Doors]) -> None:
    """Nobody gets another address by claiming one; TLS is for good; texts are compressed; the server has no name."""
    client, _ = proxied
    forged = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(3)]
    answers = [await client.post(f"{WIDGET}/session", json={}, headers=each) for each in forged]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    page = await client.get("/desk/login")
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["referrer-policy"]
    assert "camera=()" in page.headers["permissions-policy"]
    assert "frame-ancestors" in page.headers["content-security-policy"]
    assert page.headers["content-encoding"] == "gzip"
    assert not any(digit in page.headers.get("server", "") for digit in "0123456789")


async def _until(words: str, lines: AsyncIterator[str]) -> None:
    """Read until a line has these words; the client's own time limit ends a stream that is held back."""
    async for line in lines:
        if words in line:
            return
    raise AssertionError(f"The stream ended before “{words}”.")
