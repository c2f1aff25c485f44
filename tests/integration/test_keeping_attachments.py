"""How attachments are kept: unreadable in the database, for a limited time, each for its own conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from relevo.bootstrap.store import OpenStore, open_store
from relevo.contracts.attachments import KeptFor, Upload
from relevo.contracts.store import TurnOutcome
from relevo.domain.attachments import Attachment, AttachmentKind, AttachmentState, Retention
from relevo.domain.cases import CaseRequest, Trigger
from relevo.domain.messages import Arrival
from relevo.errors import ConfigurationError, Conflict, Damaged, Gone
from relevo.flow.expire import Expirer
from tests.integration.hands import claimed

pytestmark = pytest.mark.anyio
BODY = b"%PDF-1.4 a passport " + bytes(600_000)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[OpenStore]:
    """A store with a key."""
    async with open_store(database, attachment_key=bytes(32)) as store:
        yield store


def upload(attachment_id: UUID | None = None, body: bytes = BODY, by: str = "amina") -> Upload:
    """Give an upload of somebody."""
    file = Attachment(
        id=attachment_id or uuid4(), name="a.pdf", mime="application/pdf", size_bytes=len(body), sha256="00"
    )
    return Upload(attachment=file, channel="push", address=by, source_sha256=body[:32], body=body, thumbnail=b"small")


async def sent(opened: OpenStore, kind: AttachmentKind = AttachmentKind.OTHER) -> Attachment:
    """Send a file of a kind; that of an identity document has an open case."""
    file = await opened.store.attachments.keep(upload())
    arrival = Arrival(channel="push", address="amina", external_id=str(file.id), text="look", attachments=(file,))
    claim = await claimed(opened.store.inbox, arrival)
    assert claim.arrival.attachments == (file,)
    case = CaseRequest(id=f"CASE-{file.id}", type="other", trigger=Trigger.USER_REQUEST)
    kept = KeptFor(attachment_id=file.id, kind=kind, case_id=case.id)
    await opened.store.inbox.settle(claim, TurnOutcome(cases=(case,), kept_attachments=(kept,)))
    return file


async def chunks(opened: OpenStore) -> int:
    """Count what is kept of all files."""
    found: int = (await opened.database.rows("SELECT count(*) FROM attachment_chunks"))[0][0]
    return found


async def pass_days(opened: OpenStore, days: int) -> None:
    """Let time pass for everything that is kept."""
    await opened.database.run(
        "UPDATE attachments SET created_at = created_at - make_interval(days => %s),"
        " case_ended_at = case_ended_at - make_interval(days => %s)",
        (days, days),
    )


async def test_the_database_holds_nothing_readable(opened: OpenStore) -> None:
    """Neither the file nor its thumbnail; both open again with the key."""
    file = await opened.store.attachments.keep(upload())
    kept = b"".join(row[0] for row in await opened.database.rows("SELECT sealed FROM attachment_chunks"))
    assert b"passport" not in kept
    assert b"small" not in kept
    assert bytes(100) not in kept
    assert await chunks(opened) == 4
    assert (await opened.store.attachments.read("push", "amina", file.id)).body == BODY
    assert (await opened.store.attachments.read("push", "amina", file.id, is_thumbnail=True)).body == b"small"


async def test_another_key_opens_nothing_and_says_so(database: str, opened: OpenStore) -> None:
    """A process with another key, and one without any."""
    file = await opened.store.attachments.keep(upload())
    async with open_store(database, attachment_key=bytes(31) + b"x") as other:
        with pytest.raises(Damaged, match="another key"):
            await other.store.attachments.read("push", "amina", file.id)
    async with open_store(database) as without:
        with pytest.raises(ConfigurationError, match="without the key"):
            await without.store.attachments.read("push", "amina", file.id)


async def test_an_id_is_kept_once(opened: OpenStore) -> None:
    """The same bytes again are what is kept already; others are refused."""
    first = upload()
    await opened.store.attachments.keep(first)
    assert await opened.store.attachments.keep(first) == first.attachment
    with pytest.raises(Conflict):
        await opened.store.attachments.keep(upload(first.attachment.id, b"%PDF-1.4 other"))
    assert await chunks(opened) == 4


async def test_a_turn_says_what_only_its_own_conversations_files_are_for(opened: OpenStore) -> None:
    """An id from elsewhere, by mistake or on purpose, changes nothing."""
    file = await sent(opened)
    stranger = await claimed(opened.store.inbox, Arrival(channel="push", address="bea", external_id="b", text="hi"))
    kept = KeptFor(attachment_id=file.id, kind=AttachmentKind.IDENTITY_DOCUMENT, case_id=None)
    await opened.store.inbox.settle(stranger, TurnOutcome(kept_attachments=(kept,)))
    ((conversation, kind),) = await opened.database.rows("SELECT conversation_id, kind FROM attachments")
    assert kind == "other"
    assert await opened.store.attachments.states(conversation) == {file.id: AttachmentState.SHOWN}


@pytest.mark.parametrize(
    ("kind", "days"),
    [(AttachmentKind.IDENTITY_DOCUMENT, 90), (AttachmentKind.EVIDENCE, 365), (AttachmentKind.OTHER, 180)],
)
async def test_each_kind_is_kept_for_so_long(opened: OpenStore, kind: AttachmentKind, days: int) -> None:
    """On the last day it is there, after it nothing is but its entry on the timeline."""
    file = await sent(opened, kind)
    expirer = Expirer(attachments=opened.store.attachments)
    await pass_days(opened, days - 1)
    assert await expirer.expire() == 0
    await pass_days(opened, 1)
    assert await expirer.expire() == 1
    assert await expirer.expire() == 0
    assert await chunks(opened) == 0
    with pytest.raises(Gone, match="was erased"):
        await opened.store.attachments.read("push", "amina", file.id)
    ((conversation,),) = await opened.database.rows("SELECT id FROM conversations")
    assert await opened.store.attachments.states(conversation) == {file.id: AttachmentState.ERASED}
    assert (await opened.store.conversations.entries(conversation, 0))[0].content.attachments == (file,)


@pytest.mark.parametrize("status", ["resolved", "closed"])
async def test_an_identity_document_goes_thirty_days_after_its_case(opened: OpenStore, status: str) -> None:
    """Counted from the end of the case; one that is opened again begins anew."""
    await sent(opened, AttachmentKind.IDENTITY_DOCUMENT)
    expirer = Expirer(attachments=opened.store.attachments)
    for state, days, erased in (("open", 20, 0), (status, 0, 0), (status, 29, 0), ("open", 0, 0), (status, 0, 0)):
        await opened.database.run("UPDATE cases SET status = %s", (state,))
        await pass_days(opened, days)
        assert await expirer.expire() == erased
    await pass_days(opened, 29)
    assert await expirer.expire() == 0
    await pass_days(opened, 1)
    assert await expirer.expire() == 1


async def test_what_was_never_sent_is_forgotten_after_a_day(opened: OpenStore) -> None:
    """Wholly: nothing refers to it. A message that names it afterwards is refused."""
    file = await opened.store.attachments.keep(upload())
    expirer = Expirer(attachments=opened.store.attachments, retention=Retention(unsent_days=1))
    assert await expirer.expire() == 0
    await pass_days(opened, 1)
    assert await expirer.expire() == 1
    assert await opened.database.rows("SELECT 1 FROM attachments") == []
    late = Arrival(channel="push", address="amina", external_id="late", text="", attachments=(file,))
    with pytest.raises(Conflict, match="Attach it again"):
        await opened.store.inbox.receive([late])
    assert await opened.database.rows("SELECT 1 FROM entries") == []
