"""The key that attachments are kept with, and for how long they are: from the settings, or made at the first start."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from relevo.bootstrap.everything import Settings
from relevo.domain.attachments import AttachmentKind, Retention
from relevo.errors import ConfigurationError
from relevo.settings import Key


def attachment_key(settings: Settings) -> bytes:
    """Give the key; raises ConfigurationError when its file cannot be used."""
    given = settings.attachments.attachment_key
    return given.raw if given is not None else _key_in(settings.places.attachment_key)


def retention(settings: Settings) -> Retention:
    """Give for how long attachments are kept."""
    days = settings.attachments
    return Retention(
        days={
            AttachmentKind.IDENTITY_DOCUMENT: days.identity_document_days,
            AttachmentKind.EVIDENCE: days.evidence_days,
            AttachmentKind.OTHER: days.other_attachment_days,
        },
        identity_days_after_case=days.identity_document_days_after_case,
        unsent_days=days.unsent_attachment_days,
    )


def _key_in(file: Path) -> bytes:
    try:
        if not file.exists():
            _make(file)
        return Key(file.read_text(encoding="ascii").strip()).raw
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be used ({error.strerror}); make its folder writable, or set RELEVO_ATTACHMENT_KEY."
        ) from error
    except ValueError:
        raise ConfigurationError(
            f"{file} holds no key. Bring it back from a copy; only where nobody has sent any file yet, delete it."
        ) from None


def _make(file: Path) -> None:
    """Write the file whole before it has its name; when two processes start at once, the first one's key stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}-{secrets.token_hex(6)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            written.flush()
            os.fsync(written.fileno())
        os.link(unfinished, file)
    except FileExistsError:
        return
    finally:
        unfinished.unlink()
