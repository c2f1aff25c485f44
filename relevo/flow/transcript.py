"""Writes a conversation down for the contact to keep: who said what and when, as plain text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from relevo.contracts.conversations import Conversations
from relevo.domain.messages import Author, Entry
from relevo.flow.earlier import entries_of_contact
from relevo.flow.texts import say

_PAGE = 200
MOST_MESSAGES = 2_000
"""The newest ones; a conversation of years is not a mail."""


async def transcript(
    conversations: Conversations, conversation_id: UUID, *, language: str | None, company: str, zone: ZoneInfo
) -> str:
    """Give the messages of a conversation as text, times in the business's time zone."""
    entries = [entry async for entry in _messages(conversations, conversation_id)][-MOST_MESSAGES:]
    titles = {button.payload: button.title for entry in entries for button in entry.content.buttons}
    head = say(language, "transcript_title", company=company)
    lines = [_line(entry, titles, language, company, zone) for entry in entries]
    return "\n\n".join([f"{head}\n{zone.key}", *lines]) + "\n"


async def _messages(conversations: Conversations, conversation_id: UUID) -> AsyncIterator[Entry]:
    position = 0
    while entries := await entries_of_contact(conversations, conversation_id, position, _PAGE):
        for entry in entries:
            if entry.kind == "message":
                yield entry
        position = entries[-1].position


def _line(entry: Entry, titles: dict[str, str], language: str | None, company: str, zone: ZoneInfo) -> str:
    said = "\n".join(_said(entry, titles, language))
    return f"[{_clock(entry.created_at, zone)}] {_who(entry, language, company)}:\n{said}"


def _said(entry: Entry, titles: dict[str, str], language: str | None) -> Iterator[str]:
    content = entry.content
    if content.text:
        yield titles.get(content.text, content.text) if entry.author is Author.CONTACT else content.text
    for button in content.buttons:
        yield f"  · {button.title}"
    for file in content.attachments:
        yield say(language, "transcript_file", name=file.name)


def _who(entry: Entry, language: str | None, company: str) -> str:
    if entry.author is Author.CONTACT:
        return say(language, "transcript_you")
    return say(language, "transcript_agent", company=company) if entry.author is Author.AGENT else company


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
