"""Mail as a channel: what a real mail server gets, and what becomes of a mail when the server misbehaves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from relevo.channels.email.channel import EmailChannel
from relevo.contracts.channel import Delivery
from relevo.domain.messages import Author, Button, Content
from relevo.errors import (
    ConfigurationError,
    PlatformAway,
    SendDeferred,
    SendError,
    SendRefused,
    SendUnconfirmed,
)
from tests.integration.mail_server import ADDRESS, NAME, Fault, MailServer, certificate, logged_in, mail_server

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
HTML = '<img src=x onerror="alert(1)"> & <b>bold</b>'


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """Give a mail server."""
    async with mail_server() as running:
        yield running


def delivery(content: Content | str = "hello", **changes: Any) -> Delivery:
    """Give a mail on its way out."""
    known = {
        "id": 7,
        "channel": "email",
        "address": "amina@example.com",
        "conversation_id": UUID(int=5),
        "position": 1,
        "content": Content(text=content, subject="Your points") if isinstance(content, str) else content,
        "author": Author.SYSTEM,
        "queued_at": NOW,
        "attempts": 1,
    }
    return Delivery(**{**known, **changes})


def channel(server: MailServer, *, seconds: float = 10.0, **changes: Any) -> EmailChannel:
    """Give the channel that sends through a server."""
    return EmailChannel(server.account(**changes), clock=lambda: NOW, seconds=seconds)


async def verdict(sending: EmailChannel, one: Delivery | None = None) -> SendError:
    """Send what cannot be sent and give what is said of it."""
    with pytest.raises(SendError) as told:
        await sending.send(one or delivery())
    assert str(told.value).endswith("."), str(told.value)
    return told.value


async def test_a_mail_is_plain_text_that_says_whom_it_is_from_and_that_a_machine_wrote_it(server: MailServer) -> None:
    """One delivery, one mail, and its id is the receipt."""
    receipt = await channel(server).send(delivery("¡Hola, Lucía!\n\n.\n..two dots\nwords — “quoted” ✈\n"))
    (mail,) = server.mails
    assert (mail.get_content_type(), mail.get_content_charset(), mail.is_multipart()) == ("text/plain", "utf-8", False)
    assert server.texts[0] == "¡Hola, Lucía!\n\n.\n..two dots\nwords — “quoted” ✈\n"
    assert (mail["From"], mail["To"], mail["Subject"]) == (f"{NAME} <{ADDRESS}>", "amina@example.com", "Your points")
    assert mail["Date"].datetime == NOW
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert receipt.external_id == mail["Message-ID"]
    assert b"\r\nMIME-Version: 1.0\r\n" in server.accepted[0]
    assert server.accepted[0].isascii()


async def test_mails_of_one_conversation_are_one_thread_and_others_are_not(server: MailServer) -> None:
    """By ids alone, also where those are longer than a line; every attempt of one delivery has the same id."""
    domain = f"{'a' * 60}.{'b' * 60}.example"
    sent = [delivery(id=1), delivery(id=2), delivery(id=2, attempts=2), delivery(id=3, conversation_id=UUID(int=6))]
    for one in sent:
        await channel(server, sender=f"ayuda@{domain}").send(one)
    first, second, again, other = server.mails
    assert first["References"] == first["In-Reply-To"] == second["References"] == f"<{UUID(int=5)}@{domain}>"
    assert other["References"] == f"<{UUID(int=6)}@{domain}>"
    assert len({first["Message-ID"], second["Message-ID"], other["Message-ID"], first["References"]}) == 4
    assert second["Message-ID"] == again["Message-ID"] == f"<{UUID(int=5)}.2@{domain}>"


async def test_what_a_person_writes_is_not_called_automatic(server: MailServer) -> None:
    """An agent's mail may be answered like any other."""
    await channel(server).send(delivery(author=Author.AGENT))
    assert (server.mails[0]["Auto-Submitted"], server.mails[0]["X-Auto-Response-Suppress"]) == (None, None)


@pytest.mark.parametrize(
    "subject",
    [
        "Devolución de 14,99 €",
        "ñ" * 150,
        "word " * 35,
        "✈" * 120 + " and so on",
        HTML,
        "=?utf-8?q?not_encoded?=",
    ],
)
async def test_a_subject_arrives_as_it_was_written(server: MailServer, subject: str) -> None:
    """Whatever it is made of, in lines that every server takes."""
    await channel(server).send(delivery(Content(text="x", subject=subject)))
    (mail,) = server.mails
    assert mail["Subject"] == subject.strip() or subject.startswith("=?")
    head = server.accepted[0].partition(b"\r\n\r\n")[0]
    assert all(
        len(line) <= 78 for line in head.split(b"\r\n") if not line.startswith((b"References", b"In-Reply", b"Me"))
    )


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\n ", "\x00\n"])
async def test_no_line_break_in_a_field_begins_another_header(server: MailServer, break_: str) -> None:
    """Neither in the subject, nor in the name that the mail is from."""
    attack = f"Points{break_}Bcc: eve@example.com{break_}{break_}<b>words</b>"
    await channel(server, sender_name=attack.replace("\x00", "")).send(delivery(Content(text="hello", subject=attack)))
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert server.texts == ["hello\n"]
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert re.fullmatch(r"Points ?Bcc: eve@example.com +<b>words</b>", mail["Subject"])


@pytest.mark.parametrize(
    "address",
    [
        "amina@example.com\nBcc: eve@example.com",
        "amina@example.com>\r\nRCPT TO:<eve@example.com",
        "amina@example.com, eve@example.com",
        "amina <amina@example.com>",
        "amina",
        "@example.com",
        "amina@-example-.com",
        "josé@example.com",
        "",
    ],
)
async def test_what_is_no_address_is_refused_and_no_server_is_asked(server: MailServer, address: str) -> None:
    """Certainly not sent, and it never will be."""
    assert type(await verdict(channel(server), delivery(address=address))) is SendRefused
    assert server.connections == 0


async def test_an_address_in_another_script_s_domain_is_written_as_machines_do(server: MailServer) -> None:
    """The server needs to know nothing of other scripts."""
    await channel(server).send(delivery(address="Amina@Büro.example"))
    assert server.mails[0]["To"] == "amina@xn--bro-hoa.example"


async def test_html_stays_text_in_every_field(server: MailServer) -> None:
    """Nothing that anybody wrote becomes markup in a mail program; buttons and pictures are lines of text."""
    content = Content(
        text=HTML, subject=HTML, image="https://x.example/<i>", buttons=(Button(title=HTML, payload="/x"),)
    )
    await channel(server, sender_name=HTML).send(delivery(content))
    (mail,) = server.mails
    assert (mail.get_content_type(), mail["Subject"]) == ("text/plain", HTML)
    assert mail["From"].addresses[0].display_name == HTML
    assert server.texts[0] == f"{HTML}\n• {HTML}\nhttps://x.example/<i>\n"


async def test_words_without_any_text_are_refused(server: MailServer) -> None:
    """An empty mail helps nobody."""
    assert type(await verdict(channel(server), delivery(Content(custom={"a": 1})))) is SendRefused


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault.NOT_NOW, SendDeferred, "451 4.7.1 Greylisted"),
        (Fault.WORDS_NOT_NOW, SendDeferred, "452 4.3.1 No room"),
        (Fault.GOES_BEFORE_WORDS, SendDeferred, "the connection was lost"),
        (Fault.NO_SUCH_RECIPIENT, SendRefused, "550 5.1.1 No such user"),
        (Fault.WORDS_REFUSED, SendRefused, "554 5.7.1 Looks like spam"),
        (Fault.SENDER_REFUSED, PlatformAway, f"takes no mail from {ADDRESS}: 553"),
        (Fault.GOES_AFTER_WORDS, SendUnconfirmed, "the connection was lost"),
    ],
)
async def test_each_misfortune_has_its_verdict(
    server: MailServer, fault: Fault, kind: type[SendError], words: str
) -> None:
    """Deferred and refused are certainly not sent; unconfirmed is said only once the words had left."""
    server.fail(fault)
    told = await verdict(channel(server))
    assert type(told) is kind
    assert words in str(told)
    assert bool(server.accepted) is (kind is SendUnconfirmed)


async def test_a_server_that_says_nothing_after_the_words_leaves_it_unconfirmed(server: MailServer) -> None:
    """It may have it; waiting for ever would stop everybody else."""
    server.fail(Fault.SILENT_AFTER_WORDS)
    told = await verdict(channel(server, seconds=0.5))
    assert type(told) is SendUnconfirmed
    assert len(server.accepted) == 1


async def test_what_is_not_taken_now_is_tried_for_more_than_a_day(server: MailServer) -> None:
    """Soon at first, then rarely."""
    waits = []
    for attempt in range(1, 8):
        server.fail(Fault.NOT_NOW)
        told = await verdict(channel(server), delivery(attempts=attempt))
        assert isinstance(told, SendDeferred)
        assert told.until is not None
        waits.append(told.until - NOW)
    assert waits[0] == timedelta(minutes=1)
    assert sum(waits, timedelta()) > timedelta(days=1)


async def test_a_server_that_is_not_there_is_away() -> None:
    """That says nothing about the mail."""
    async with mail_server() as server:
        pass
    assert "cannot be reached" in str(await verdict(channel(server)))
    assert type(await verdict(channel(server))) is PlatformAway


async def test_a_password_that_is_not_accepted_is_no_fault_of_the_mail() -> None:
    """Somebody mends the account, and the mail is sent; the password is in no sentence."""
    async with mail_server(auth_require_tls=False) as server:
        told = await verdict(channel(server, **logged_in("wrong password")))
        assert type(told) is PlatformAway
        assert "does not accept user and password (code 535)" in str(told)
        assert "wrong password" not in str(told)
        await channel(server, **logged_in("open sesame")).send(delivery())
        assert (server.logins[-1], len(server.accepted)) == ((b"aurora", b"open sesame"), 1)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(tmp_path: Path, tls: str) -> None:
    """Whoever stands between us and the server reads nothing."""
    context, _ = certificate(tmp_path)
    async with mail_server(tls=context, is_tls_at_once=tls == "tls") as server:
        told = await verdict(channel(server, tls=tls, **logged_in("open sesame")))
        assert type(told) is PlatformAway
        assert "certificate that is not to be trusted: self" in str(told)
        assert (server.logins, server.accepted) == ([], [])


async def test_a_server_that_should_protect_the_connection_and_does_not_gets_nothing(server: MailServer) -> None:
    """Taking STARTTLS out of a greeting is the oldest trick."""
    told = await verdict(channel(server, tls="starttls"))
    assert type(told) is PlatformAway
    assert "STARTTLS" in str(told)


async def test_a_trusted_certificate_protects_login_and_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private authority is named by SSL_CERT_FILE, as everywhere."""
    context, file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with mail_server(tls=context, require_starttls=True) as server:
        sending = channel(server, tls="starttls", **logged_in("open sesame"))
        assert "logged in as aurora" in await sending.reach()
        await sending.send(delivery())
        assert len(server.accepted) == 1


async def test_reaching_sends_no_mail_and_says_what_is_wrong(server: MailServer) -> None:
    """``relevo check`` is told by a sentence."""
    assert await channel(server).reach() == f"127.0.0.1 port {server.port} (none), from {ADDRESS}"
    assert server.accepted == []
    with pytest.raises(ConfigurationError, match=r"^127\.0\.0\.1 port 1 cannot be reached: .*\. Mend 'email' in cred"):
        await channel(server, port=1).reach()
