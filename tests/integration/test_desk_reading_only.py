"""Whoever may only look: sees every conversation and case, changes nothing, and learns nobody's particulars."""

from __future__ import annotations

import pytest

from relevo.domain.covering import masked, masked_text
from relevo.domain.effects import Decision
from tests.integration.desks import Request, at, desk_of, prepared
from tests.integration.doors import open_doors

pytestmark = pytest.mark.anyio

SAID = "a person please, I am Amina, amina.h@example.com, +44 7700 900002, loyalty AU73915024, booking OWH5T4"
PARTICULARS = ("amina.h@", "7700", "900002", "AU73915024", "OWH5T4", "AO-50017", "Haddad")


async def test_a_reader_sees_the_work_and_nobodys_particulars(database: str) -> None:
    """In the API and on the pages, in messages, facts and effects; no form that changes anything is left."""
    async with open_doors(database, Request()) as doors, desk_of(doors, "Rae Doe", "readonly") as rae:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        async with desk_of(doors) as kim:
            await prepared(doors, kim, "amina")
            await doors.texts("amina", SAID)
            (case, *_) = (await kim.get("/cases"))["cases"]
            assert "Approve" in await kim.page(f"/desk/cases/{case['id']}")
        conversation = await doors.conversation("rest", "amina")
        paths = ("/cases", f"/cases/{case['id']}", at(conversation), f"{at(conversation)}/entries")
        read = "".join([(await rae.http.get(f"/desk/api{path}")).text for path in paths])
        assert "a person please" in read
        named = "UPDATE contacts SET display_name = 'Amina Haddad' RETURNING id"
        (contact,) = await doors.opened.database.rows(named)
        rooms = ("/desk", f"/desk/cases/{case['id']}", f"/desk{at(conversation)}", f"/desk/contacts/{contact[0]}")
        found = ("/desk/search?q=please", "/desk/queue", f"/desk/contacts/{contact[0]}/business")
        pages = [await rae.page(path) for path in (*rooms, *found)]
        assert case["id"] in pages[1]
        assert "a person please" in pages[2]
        for place, text in zip(("API", *rooms, *found), (read, *pages), strict=True):
            assert [part for part in PARTICULARS if part in text] == [], place
        assert [page for page in pages if "data-api" in page] == []
        whole = [page for page in pages if "<header" in page]
        assert len(whole) == len(pages) - 1, "what is asked of the business is a part of a page"
        assert [page for page in whole if page.count('method="post"') != 1] == [], "only signing out is left"
        for path in ("/desk/admin", "/desk/admin/tokens", "/desk/audit"):
            assert (await rae.http.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("write to a.b@x.example or call 0034 600 11 22 33", "write to ••• or call •••"),
        ("booking OWH5T4, ticket 075-1234567890, passport XDA123456", "booking •••, ticket •••, passport •••"),
        ("CASE-7101 of 2026-05-04 12:30, 14.99 EUR, 3 days, 250 points", None),
        ("<b>&amp;</b> nothing to hide", None),
    ],
)
def test_particulars_are_known_by_their_form(said: str, shown: str | None) -> None:
    """Addresses, numbers and references are covered; cases, days and amounts stay."""
    assert masked_text(said) == (shown or said)


def test_fields_are_covered_by_what_they_hold() -> None:
    """A name becomes initials, an address nothing, an id stays."""
    assert masked({"contact_name": "Amina Haddad", "address": "amina", "id": "AO50017", "at_id": "X12345"}) == {
        "contact_name": "A. H.",
        "address": "•••",
        "id": "AO50017",
        "at_id": "X12345",
    }
