"""Hands out everything that is held about a person, or erases it: what the law lets anybody ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec
import structlog

from relevo.contracts.attachments import Attachments
from relevo.contracts.business import Business
from relevo.contracts.personal import ContactRecord, Erasure, HeldAttachment, Holdings, PersonalData, Subject
from relevo.domain.addresses import mail_address
from relevo.errors import BusinessUnavailable, ConfigurationError, Conflict, NotFound, RequestError, Unavailable

FILES = "files"
"""The folder for what attachments hold."""
_log = structlog.get_logger()


class PersonalFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What is held about people, in the hands of whoever runs Relevo."""

    held: PersonalData
    business: Business
    attachments: Attachments

    async def find(self, term: str) -> Subject:
        """Give the one person whom a term means.

        Raises NotFound where nothing is held about anybody of that name, Conflict where it may be several.
        """
        term = term.strip()
        ref, is_silent = await self._known_to_business(term)
        subjects = await self.held.find(term, ref)
        if not subjects:
            raise NotFound(_nothing_about(term, is_silent=is_silent), code="nothing_held")
        if len(subjects) > 1:
            names = ", ".join(subject.known_as for subject in subjects)
            raise Conflict(f"“{term}” may be more than one person here: {names}. Say which of them.", code="ambiguous")
        return subjects[0]

    async def holdings(self, subject: Subject) -> Holdings:
        """Count what is held about somebody."""
        return await self.held.holdings(subject)

    async def export(self, subject: Subject) -> ContactRecord:
        """Give everything that is held, but what attachments hold."""
        record = await self.held.export(subject)
        _log.info("contact.exported", conversations=len(record.conversations), cases=len(record.cases))
        return record

    async def bodies(self, record: ContactRecord) -> AsyncIterator[tuple[str, bytes]]:
        """Give what each attachment holds, by its name in what is written, and note in the record where that is."""
        for held in record.attachments:
            try:
                opened = await self.attachments.read(held.channel, held.address, held.id)
            except Unavailable:
                raise  # what cannot be read just now is not what cannot be read
            except (RequestError, ConfigurationError) as error:
                held.problem = str(error)
                continue
            held.file = _file_name(held)
            yield held.file, opened.body

    async def erase(self, subject: Subject, *, closes_cases: bool = False) -> Erasure:
        """Erase everything but the amounts that moved and the numbers of cases."""
        erasure = await self.held.erase(subject, closes_cases=closes_cases)
        erased = erasure.erased
        _log.info("contact.erased", conversations=erased.conversations + erased.shared, cases=erased.cases)
        return erasure

    async def _known_to_business(self, term: str) -> tuple[str | None, bool]:
        """Give whom the business knows by a mail address or a loyalty number, and whether it was silent."""
        facts: Mapping[str, str] = {"email" if mail_address(term) else "loyalty_number": term}
        try:
            return await self.business.identify(facts), False
        except BusinessUnavailable:
            return None, True


def _file_name(held: HeldAttachment) -> str:
    return f"{FILES}/{held.id}-{held.name}"


def _nothing_about(term: str, *, is_silent: bool) -> str:
    sentence = f"Relevo holds nothing about “{term}”."
    if is_silent and mail_address(term):
        sentence += " The business's own system did not say whose address it is; try the person's reference there."
    return sentence
