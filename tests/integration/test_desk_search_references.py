"""References at the desk: found however they are typed, and with one slip."""

from __future__ import annotations

import re
from importlib.resources import files

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from tests.integration.searching import Archive, archive, marked, opened

__all__ = ["archive", "opened"]

pytestmark = pytest.mark.anyio


async def test_a_reference_is_found_however_it_is_typed(archive: Archive) -> None:
    """Spaces, dashes, capitals, O for 0, I for 1; orders, bookings, tickets, loyalty numbers, flights, mail, phones."""
    for written, typed in [
        ("AO-50017", "AO-50017"),
        ("AO-50017", "ao50017"),
        ("AO-50017", "AO 500 17"),
        ("AO-50017", "A0-5OOI7"),
        ("AO-50017", "50017"),
        ("AO-50017", "OA-50017"),
        ("pedido AO 50017.", "AO-50017"),
        ("SUB-301", "sub 301"),
        ("OWH5T4", "owh5t4"),
        ("OWH5T4", "0WH5T4"),
        ("075-1000000022", "0751000000022"),
        ("0751000000022", "075 1000000022"),
        ("AU 4820 7315", "AU48207315"),
        ("AU48207315", "48207315"),
        ("AU0702", "au 0702"),
        ("AU0702", "AUO7O2"),
        ("María.López+1@example.com", "maria.lopez+1@example.com"),
        ("+34 612 345 678", "+34612345678"),
        ("+34612345678", "612 345 678"),
        ("(612) 345-678", "612345678"),
        ("RBLQTX", "rblqtx"),
    ]:
        await archive.forget()
        await archive.wrote(f"Hola, es {written} gracias")
        await archive.wrote("XY-99999 is another one, call 933 111 222")
        (hit,) = await archive.hits(typed)
        assert hit["match"] in ("reference", "words")
        assert written.strip("().") in " ".join(marked(hit)) or marked(hit)


async def test_a_reference_is_found_with_one_slip(archive: Archive) -> None:
    """One character wrong, missing, doubled or swapped; the hit says that it is only similar, and marks it."""
    for written, typed in [
        ("AO-50017", "AO-50817"),
        ("AO-50017", "AO-5017"),
        ("AO-50017", "AO-500017"),
        ("AO-50017", "AO-50071"),
        ("OWH5T4", "OWH5T"),
        ("OWH5T4", "OHW5T4"),
        ("OWH5T4", "OWH5TT4"),
        ("RBLQTX", "RBLQTY"),
        ("0751000000022", "0751000000032"),
        ("075-1000000022", "07510000000222"),
        ("AU48207315", "AU4827315"),
        ("AU48207315", "AU 4820 7351"),
        ("AU0702", "AU0720"),
        ("CASE-7101", "CASE-7110"),
        ("maria.lopez@example.com", "maria.lopes@example.com"),
        ("maria.lopez@example.com", "maria.lopez@exmaple.com"),
        ("+34 612 345 678", "+34 612 345 687"),
        ("612345678", "61234578"),
    ]:
        await archive.forget()
        await archive.wrote(f"Hola, es {written} gracias")
        await archive.wrote("XY-99999 is another one, call 933 111 222")
        (hit,) = await archive.hits(typed)
        assert hit["match"] == "similar_reference"
        assert "".join(marked(hit))


async def test_of_a_reference_exactly_it_is_marked(archive: Archive) -> None:
    """Not the words beside it."""
    for written, typed, shown in [
        ("I paid for order AO-50017 twice", "AO 50017", ["AO-50017"]),
        ("es el AO 500 17, y ya", "ao50017", ["AO 500 17"]),
        ("es el AO-50017, y ya", "AO-50018", ["AO-50017"]),
        ("llama al +34 612 345 678 ya", "612345678", ["612 345 678"]),
        ("llama al +34612345678 ya", "612345678", ["+34612345678"[1:]]),
        ("el vuelo AU0702 y el AU0703", "AU0702", ["AU0702"]),
    ]:
        await archive.forget()
        await archive.wrote(written)
        (hit,) = await archive.hits(typed)
        assert marked(hit) == shown


async def test_two_slips_are_another_reference(archive: Archive) -> None:
    """Else half of all orders would be similar."""
    await archive.wrote("it is AO-50017")
    assert await archive.texts("AO-58817") == []
    assert await archive.texts("AO-517") == []


async def test_similar_references_are_shown_only_where_none_is_exactly_this(archive: Archive) -> None:
    """Whoever types a number right sees that one."""
    await archive.wrote("flight AU3411")
    await archive.wrote("flight AU3412")
    assert await archive.texts("AU3411") == ["flight AU3411"]
    assert {*await archive.texts("AU3419")} == {"flight AU3411", "flight AU3412"}


async def test_what_a_contact_was_verified_with_finds_them(archive: Archive) -> None:
    """Mail and loyalty number on file, also with a slip."""
    conversation = await archive.somebody(
        "Oliver", facts={"email": "oliver@example.com", "loyalty_number": "AU73915024"}
    )
    for typed, match in (("oliver@example.com", "named"), ("AU73915024", "named"), ("AU73915042", "similar_reference")):
        (hit,) = await archive.hits(typed)
        assert (hit["match"], hit["conversation_id"]) == (match, str(conversation))


_PARTS = st.sampled_from([
    *(" ", ",", "-", "\n", "\u00a0", "\u3000", "x", "B52", "AO", "50017", "600", "123", "1.250", "ABCDEF", "l0I0"),
    *("a@b.es", "x.y+z@q-r.com", "ñandú", "é\u0301", "İ", "日本", "x" * 60, "1" * 45, "0123456789012", "q" * 51, "€5"),
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(_PARTS, max_size=16), kind=st.sampled_from(["message", "note", "contact", "case"]))
def test_words_are_what_they_were_when_search_began(postgres: str, parts: list[str], kind: str) -> None:
    """Documents that were written then are searched beside those that are written now."""
    with psycopg.connect(make_conninfo(postgres, dbname="template", user="postgres")) as connection:
        connection.execute(_functions_of_old())
        asked = "SELECT old_search_lexemes(%s, %s) = search_lexemes(%s, %s)"
        found = connection.execute(asked, (kind, "".join(parts)) * 2).fetchone()
        connection.rollback()
    assert found == (True,)


def _functions_of_old() -> bytes:
    written = (files("relevo.store") / "migrations" / "0016_search.sql").read_text(encoding="utf-8")
    bodies = re.findall(r"CREATE FUNCTION (?:search_references|search_lexemes)\(.*?\nEND \$\$;", written, re.DOTALL)
    old = "\n".join(bodies)
    for name in ("search_references", "search_lexemes"):
        old = old.replace(name, f"old_{name}")
    return old.encode()
