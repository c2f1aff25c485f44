"""Makes a mail of a delivery: plain text, threaded with its conversation, the same in every attempt."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

from relevo.configuration.mail import MailAccount
from relevo.contracts.channel import Delivery
from relevo.domain.addresses import mail_address
from relevo.domain.messages import Author, Content
from relevo.errors import SendRefused

_MAX_LINE = 200
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class _Policy(EmailPolicy):
    """Leaves ids as they are: Python 3.10 encodes those longer than a line, and no reader finds the thread then."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in ("message-id", "in-reply-to", "references"):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep=SMTP.linesep, cte_type="7bit")


def message_id(delivery: Delivery, account: MailAccount) -> str:
    """Give a delivery's Message-ID, the same in every attempt; delivery numbers alone begin again after a reset."""
    return f"<{delivery.conversation_id}.{delivery.id}@{account.domain}>"


def write(delivery: Delivery, account: MailAccount, at: datetime) -> EmailMessage:
    """Give the mail of a delivery; raises SendRefused when there is nothing to write, or nobody to write to."""
    address = mail_address(delivery.address)
    text = _text(delivery.content)
    if address is None:
        raise SendRefused("The address is no mail address.")
    if not text.strip():
        raise SendRefused("There is no text to send.")
    message = EmailMessage(_POLICY)
    message["From"] = _address(account.sender, _line(account.sender_name))
    message["To"] = _address(address)
    message["Subject"] = _line(delivery.content.subject or account.sender_name)
    message["Date"] = at
    message["Message-ID"] = message_id(delivery, account)
    # Nothing has this id. All mails of a conversation answer it, and by that readers show them as one thread.
    message["In-Reply-To"] = message["References"] = f"<{delivery.conversation_id}@{account.domain}>"
    if delivery.author is not Author.AGENT:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text, cte="quoted-printable")
    return message


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address("" if name == address else name, local, domain)


def _line(text: str) -> str:
    """Give a text as one line: whatever would begin another header is a space."""
    return _UNPRINTABLE.sub("", " ".join(text.split()))[:_MAX_LINE]


def _text(content: Content) -> str:
    parts = [content.text, *(f"• {button.title}" for button in content.buttons), content.image]
    text = "\n".join(part for part in parts if part).replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", text)
