"""Searching at the desk: agents find what was written, who wrote, and references with a slip, and nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from relevo.contracts.personal import Subject
from relevo.domain.messages import MAX_TEXT_BYTES, Author
from relevo.domain.search import folded, read_query
from relevo.store.personal import PostgresPersonalData
from relevo.store.search import WALK
from tests.integration.desks import at, desk_of, refused
from tests.integration.doors import Doors, raw_exchange
from tests.integration.searching import Archive, archive, doors, marked, opened

__all__ = ["archive", "doors", "opened"]

pytestmark = pytest.mark.anyio


async def test_what_everybody_wrote_is_found(archive: Archive, doors: Doors) -> None:
    """Contact, bot, agent and note, through the real doors; each hit says where and by whom."""
    await doors.texts("amina", "my suitcase is purple")
    conversation = await archive.desk.takes("amina")
    await archive.desk.says(conversation, "We look for the purple one")
    await archive.desk.does(f"{at(conversation)}/notes", text="Purple, with a ribbon", client_id="1")
    found = await archive.hits("purple")
    assert [(hit["kind"], hit["author"]) for hit in found] == [
        *(("note", "agent"), ("message", "agent"), ("message", "bot"), ("message", "contact")),
    ]
    assert {hit["conversation_id"] for hit in found} == {str(conversation.id)}
    timeline = {entry.position: entry.content.text for entry in await doors.timeline("rest", "amina")}
    assert [timeline[hit["position"]] for hit in found] == [hit["snippet"]["text"] for hit in found]
    assert [marked(hit) for hit in found] == [["Purple"], ["purple"], ["purple"], ["purple"]]


async def test_a_case_is_found_by_its_number_its_reference_and_its_goal(archive: Archive, doors: Doors) -> None:
    """By number it comes before the messages that name it."""
    await archive.desk.doors.opened.store.accounts.seen(archive.desk.agent.id)
    await doors.texts("amina", "a person please, the accordion")
    (case,) = (await archive.desk.get("/cases"))["cases"]
    await archive.writes(case["conversation_id"], f"Your case is {case['id']}", Author.BOT)
    found = []
    for typed in (case["id"], case["id"].lower(), case["id"].replace("-", " "), case["id"].rpartition("-")[2]):
        found = await archive.hits(typed)
        assert [(hit["match"], hit["case_id"]) for hit in found[:2]] == [("named", case["id"]), ("reference", None)]
    assert case["id"] in {hit["case_id"] for hit in await archive.hits("accordion")}
    assert found[0]["conversation_id"] == case["conversation_id"]


async def test_a_contact_is_found_by_name_before_what_others_wrote_about_them(archive: Archive) -> None:
    """Accents, capitals and order do not matter; the last word may be a beginning."""
    for typed in ["Lucía Fernández", "lucia fernandez", "FERNÁNDEZ lucía", "fernan", "Peña", "pena"]:
        await archive.forget()
        lucia = await archive.somebody("Lucía Fernández Peña")
        await archive.wrote("Lucia Fernandez Pena told me to write")
        found = await archive.hits(typed)
        assert [(hit["match"], hit["kind"]) for hit in found] == [("named", "contact"), ("words", "message")]
        assert (found[0]["conversation_id"], found[0]["contact_name"]) == (str(lucia), "Lucía Fernández Peña")


async def test_words_are_found_whatever_their_accents_case_and_order(archive: Archive) -> None:
    """In Spanish, in English, and in what else people write."""
    for written, typed in [
        ("El vuelo salió con retraso y perdí la conexión", "salio conexion"),
        ("El vuelo salio con retraso y perdi la conexion", "SALIÓ conexión"),
        ("¿Dónde está mi maleta? ¡Señor!", "senor donde"),
        ("el año pasado", "año"),
        ("cafe\u0301 con leche", "café"),
        ("The refund hasn't arrived at my naïve café", "naive cafe refund"),
        ("My e-mail: it says “delivered”", "DELIVERED"),
        ("I paid for the extra luggage", "luggage extra"),
        ("Straße und Ørsted", "orsted"),
        ("я потерял Чемодан", "чемодан"),
        ("reembolsado ayer", "reembo"),
    ]:
        await archive.forget()
        await archive.wrote(written)
        await archive.wrote("something else")
        assert await archive.texts(typed) == [written]


async def test_every_word_must_be_there_and_only_the_last_may_be_a_beginning(archive: Archive) -> None:
    """Else a search for many words would find everything."""
    await archive.wrote("my blue suitcase")
    assert await archive.texts("blue suitc") == ["my blue suitcase"]
    assert await archive.texts("blu suitcase") == []
    assert await archive.texts("red suitcase") == []


async def test_a_name_that_changes_is_found_by_the_new_one(archive: Archive) -> None:
    """And no longer by the old one."""
    amina = await archive.somebody("Amina Vega")
    await archive.writes(amina, "hello")
    assert len(await archive.hits("vega")) == 1
    await archive.database.run("UPDATE contacts SET display_name = 'Amina Ruiz'")
    await archive.writes(amina, "I am verified", Author.SYSTEM, "verification")
    assert len(await archive.hits("ruiz")) == 1
    assert await archive.hits("vega") == []


async def test_nothing_of_another_workspace_is_found(archive: Archive) -> None:
    """Neither words nor references nor names."""
    elsewhere = await archive.somebody("Zacharias", workspace=2)
    await archive.writes(elsewhere, "zebra AO-50017")
    for typed in ("zebra", "AO-50017", "AO-50018", "Zacharias"):
        assert await archive.hits(typed) == []


async def test_nothing_of_somebody_erased_is_found_or_kept(archive: Archive, doors: Doors) -> None:
    """Words, notes, names and references go in the same transaction; the case's number stays, alone."""
    await doors.texts("amina", "a person please for AO-50017, I am Zuleika")
    conversation = await doors.conversation("rest", "amina")
    await archive.desk.does(f"{at(conversation)}/notes", text="zigzag", client_id="1")
    (case,) = (await archive.desk.get("/cases"))["cases"]
    await archive.database.run("UPDATE contacts SET display_name = 'Zuleika Zorn'")
    asked = ("Zuleika", "Zorn", "zigzag", "AO-50017", "AO-50018", "amina", "person")
    assert all([await archive.hits(typed) for typed in asked])
    await PostgresPersonalData(archive.database).erase(
        Subject(contact_id=conversation.identity.contact_id, known_as="rest:amina"), closes_cases=True
    )
    assert [typed for typed in asked if await archive.hits(typed)] == []
    (hit,) = await archive.hits(case["id"])
    assert (hit["snippet"]["text"], hit["conversation_id"], hit["contact_name"]) == (case["id"], None, None)
    left = await archive.database.rows("SELECT kind, words::text FROM search_documents")
    assert [kind for kind, _ in left] == ["case"]
    assert "50017" not in left[0][1]


async def test_signs_of_any_query_language_are_plain_text(archive: Archive) -> None:
    """What is between words counts as a space; nothing is a wildcard, nothing is run."""
    for typed in [
        "50%",
        "a_c d",
        "O'Brien",
        "x' | 'y",
        "a & b | !c",
        "foo:*",
        "back\\slash",
        '"); DROP TABLE entries;--',
    ]:
        await archive.forget()
        await archive.wrote(f"he said {typed} to me")
        await archive.wrote("abc 501 brien foobar y entries")
        assert await archive.texts(typed) == [f"he said {typed} to me"] or typed == "foo:*"
        assert await archive.database.rows("SELECT count(*) FROM entries") == [(2,)]


async def test_too_little_is_refused_with_a_sentence(archive: Archive) -> None:
    """An agent is told what to type."""
    for typed in ["", " ", "%", "_", "*", "'", "x", "á", "\u00a1!", "\x00", "🎻"]:
        await archive.forget()
        if typed == "🎻":
            await archive.wrote("mi 🎻")
        answer = await archive.answer(typed)
        assert refused(answer) == (400, "query_too_short")


async def test_too_much_is_refused_with_a_sentence(archive: Archive) -> None:
    """And as much as is allowed is not."""
    for typed in ["x" * 201, "palabra " * 30, "é" * 900]:
        await archive.forget()
        assert refused(await archive.answer(typed)) == (400, "query_too_long")
        assert (await archive.answer(typed[:200])).status_code == 200


async def test_a_hundred_kilobytes_are_refused_with_a_sentence(archive: Archive, doors: Doors) -> None:
    """They do not even fit into an address; no door behind it is opened."""
    for path in ("/desk/api/search", "/desk/search"):
        cookie = "; ".join(f"{name}={value}" for name, value in archive.desk.http.cookies.items())
        head = f"GET {path}?q={'x' * 100_000} HTTP/1.1\r\nHost: relevo\r\nCookie: {cookie}\r\n\r\n"
        answer = (await raw_exchange(doors.port, head.encode())).decode()
        assert answer.startswith("HTTP/1.1 413")
        assert "larger than this door accepts" in answer


async def test_cursors_and_limits_that_are_none_are_refused(archive: Archive) -> None:
    """With a sentence, like everything."""
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"cursor": "x"}, "bad_cursor"),
        ({"cursor": "9-1"}, "bad_cursor"),
        ({"cursor": "3-" + "9" * 19}, "bad_cursor"),
        ({"limit": 0}, "bad_limit"),
        ({"limit": 101}, "bad_limit"),
        ({"limit": "many"}, "bad_limit"),
    ]
    for more, code in refusals:
        await archive.forget()
        assert refused(await archive.answer("hello", **more)) == (400, code)


async def test_only_who_is_signed_in_searches(archive: Archive, doors: Doors) -> None:
    """The API says so, the page leads to signing in and does not repeat what was typed."""
    await archive.wrote("a secret")
    assert refused(await doors.http.get("/desk/api/search?q=secret")) == (401, "not_authenticated")
    page = await doors.http.get("/desk/search?q=secret")
    assert (page.status_code, page.headers["Location"]) == (303, "/desk/login?next=/desk/search")
    for role in ("supervisor", "admin"):
        async with desk_of(doors, f"{role.title()} Roe", role) as other:
            assert len((await other.get("/search?q=secret"))["hits"]) == 1


async def test_pages_of_results_lose_and_double_nothing_while_messages_arrive(archive: Archive) -> None:
    """Newest first; what is written between two pages moves nothing, and a new search shows it first."""
    conversation = await archive.somebody("Violin Vega")
    for number in range(12):
        await archive.writes(conversation, f"violin {number}")
    seen, cursor = [], None
    while True:
        page = await archive.results("violin", limit=5, **({"cursor": cursor} if cursor else {}))
        seen += [hit["snippet"]["text"] for hit in page["hits"]]
        await archive.writes(conversation, f"violin again {len(seen)}")
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen[0].startswith("Violin Vega")
    assert seen[1:] == [f"violin {number}" for number in reversed(range(12))]
    assert (await archive.texts("violin"))[1] == f"violin again {len(seen)}"


async def test_pages_go_through_every_kind_of_match(archive: Archive) -> None:
    """First what is named, then the reference, then the words: each once, also one by one."""
    await archive.wrote("AO-50017 arrived")
    await archive.somebody("Amina", facts={"order": "AO-50017"})
    await archive.wrote("AO-50017/2 arrived")
    await archive.wrote("ao 50017b arrived")
    seen, cursor = [], None
    while True:
        page = await archive.results("ao-50017", limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [(hit["match"], hit["snippet"]["text"]) for hit in page["hits"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [match for match, _ in seen] == ["named", "reference", "reference", "words"]
    assert len(set(seen)) == 4


async def test_similar_ones_are_paged_too(archive: Archive) -> None:
    """Also when somebody writes the exact one between two pages."""
    for number in range(3):
        await archive.wrote(f"{number} AO-50017")
    first = await archive.results("AO-50018", limit=2)
    await archive.wrote("AO-50018")
    second = await archive.results("AO-50018", limit=2, cursor=first["next_cursor"])
    texts = [hit["snippet"]["text"] for page in (first, second) for hit in page["hits"]]
    assert texts == ["2 AO-50017", "1 AO-50017", "0 AO-50017"]


async def test_old_words_are_found_behind_many_new_ones(archive: Archive) -> None:
    """What the newest documents do not hold is found by the index."""
    await archive.wrote("a theremin")
    conversation = await archive.somebody()
    await archive.database.run(
        "INSERT INTO entries (conversation_id, position, kind, author, content)"
        " SELECT %s, n, 'message', 'bot', '{\"text\": \"hi\"}' FROM generate_series(1, %s) n",
        (conversation, WALK + 10),
    )
    await archive.database.run("UPDATE conversations SET last_position = %s WHERE id = %s", (WALK + 10, conversation))
    while await archive.desk.doors.opened.store.search.keep_up(everything=True):
        pass
    assert await archive.texts("theremin") == ["a theremin"]
    assert len(await archive.texts("hi")) == 20


async def test_a_snippet_shows_where_the_hit_is(archive: Archive) -> None:
    """A long text is cut around it, on one line, and every mark is where it says."""
    await archive.wrote(f"{'lorem ipsum ' * 200}\nthe Ukulele\n{'dolor sit ' * 200}")
    (hit,) = await archive.hits("UKULELE dolor")
    assert len(hit["snippet"]["text"]) <= 202
    assert hit["snippet"]["text"].startswith("…")
    assert marked(hit)[:2] == ["Ukulele", "dolor"]


async def test_the_largest_texts_are_kept_and_found(archive: Archive, doors: Doors) -> None:
    """64 KiB of words, of numbers, of one word, of signs: the message is never lost for its search document."""
    texts = (
        " ".join(f"w{n}" for n in range(9_000))[:MAX_TEXT_BYTES],
        " ".join(str(n) for n in range(10_000_000, 10_007_000))[:MAX_TEXT_BYTES],
        "x" * MAX_TEXT_BYTES,
        "'\\" * (MAX_TEXT_BYTES // 2),
        "é" * (MAX_TEXT_BYTES // 2),
        "a@" * (MAX_TEXT_BYTES // 2),
    )
    for number, text in enumerate(texts):
        await doors.texts(f"who-{number}", text)
    assert len(await archive.hits("w4321")) == 2, "what came, and what the bot repeats of it"
    assert (await archive.hits("10000005"))[0]["match"] == "reference"


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80))
def test_what_is_asked_is_folded_as_what_is_kept(postgres: str, text: str) -> None:
    """The SQL of the migration and the Python of the query agree on every text."""
    import psycopg

    text = text.replace("\x00", "")
    with psycopg.connect(make_conninfo(postgres, dbname="template")) as connection:
        row = connection.execute("SELECT search_folded(%s), search_words(search_folded(%s))", (text, text)).fetchone()
    assert row is not None
    assert row[0] == folded(text)
    assert [word[:50] for word in row[1]] == list(read_query(text).words)
