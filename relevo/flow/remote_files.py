"""Takes in the files of a message that a platform keeps for us: fetched at once, made safe, refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec
import structlog

from relevo.contracts.attachments import Attachments
from relevo.contracts.platform import Platform, RemoteFile, Written
from relevo.domain.attachments import MAX_OF_MESSAGE, Attachment
from relevo.errors import Conflict, PlatformAway, TooLarge, Unreadable, Unsupported
from relevo.flow.attach import SentFile, attach
from relevo.flow.texts import has_text, say

REFUSED = "refused_files"
"""Where a message's metadata says why a file of it is not there."""
ALONE = "refused_alone"
"""Set there where the message was nothing but such files."""
PATIENCE = timedelta(minutes=5)
"""How long a message waits for a file that cannot be fetched right now."""
_OURS = UUID("7e1e70a0-0000-4000-8000-000000000031")
_log = structlog.get_logger()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message's files."""

    attachments: tuple[Attachment, ...] = ()
    refused: tuple[str, ...] = ()
    """Why others are not there: a code for each."""


class RemoteFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Fetches and keeps files; the same file of the same message is kept once, however often it is asked for."""

    attachments: Attachments

    async def take(self, platform: Platform, written: Written, age: timedelta) -> Taken:
        """Take a message's files; raises PlatformAway while the message may still wait for them."""
        taken: list[Attachment] = []
        refused: list[str] = []
        for number, file in enumerate(written.files[:MAX_OF_MESSAGE]):
            try:
                taken.append(await self._one(platform, written, file, number))
            except PlatformAway:
                if age < PATIENCE:
                    raise
                refused.append("file_gone")
            except (Unreadable, Unsupported, TooLarge) as error:
                refused.append(error.reason)
        if refused:
            _log.info("remote_files.refused", channel=platform.name, codes=refused)
        return Taken(attachments=tuple(taken), refused=tuple(refused))

    async def _one(self, platform: Platform, written: Written, file: RemoteFile, number: int) -> Attachment:
        attachment_id = uuid5(_OURS, "\x1f".join((platform.name, written.address, written.message_id, str(number))))
        sent = SentFile(
            channel=platform.name,
            address=written.address,
            name=file.name,
            claimed_mime=file.claimed_mime,
            data=await platform.fetch(file),
        )
        try:
            return await attach(self.attachments, sent, attachment_id)
        except Conflict:  # the platform has drawn the same picture anew; what came first counts
            return (await self.attachments.uploaded(platform.name, written.address, [attachment_id]))[0]


def why(language: str | None, codes: Sequence[str]) -> str | None:
    """Say to a contact why files of theirs did not arrive, and what to do; None where all did."""
    keys = dict.fromkeys(
        f"refused_{code}" if has_text(language, f"refused_{code}") else "refused_file" for code in codes
    )
    return " ".join(say(language, key) for key in keys) or None


def refused_in(metadata: Mapping[str, Any]) -> list[str]:
    """Give the codes that a message's metadata holds."""
    codes = metadata.get(REFUSED)
    return [code for code in codes if isinstance(code, str)] if isinstance(codes, list) else []


def placeholder(files: Sequence[RemoteFile]) -> str:
    """Give what stands on the timeline for a message whose files are all refused and that has no words."""
    return " ".join(f"[{file.name}]" for file in files)
