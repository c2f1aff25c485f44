"""The page of results: without any script, in both languages, and nothing that somebody wrote becomes markup."""

from __future__ import annotations

import re
from html import unescape

import pytest

from relevo.domain.messages import Author
from tests.integration.doors import Doors
from tests.integration.searching import Archive, archive, doors, opened

__all__ = ["archive", "doors", "opened"]

pytestmark = pytest.mark.anyio


def items(page: str) -> list[str]:
    """Give the results of a page."""
    return re.findall(r'<a href="([^"]+)"><span class="from">', page)


async def test_every_page_of_the_desk_has_the_field(archive: Archive, doors: Doors) -> None:
    """A form that is sent without any script; on the page of results it holds what was searched for."""
    await doors.texts("amina", "hello")
    conversation = await doors.conversation("rest", "amina")
    for path in ("/desk", f"/desk/conversations/{conversation.id}"):
        assert '<form class="search" role="search" action="/desk/search">' in await archive.desk.page(path)
    assert 'name="q" value="&lt;hello&gt;"' in (await archive.page("<hello>")).text


@pytest.mark.parametrize(
    ("language", "title", "nothing", "short"),
    [
        ("en", "Found for <q>oboe</q>", "Nothing was found.", "Search for at least two letters or digits"),
        ("es", "Resultados de <q>oboe</q>", "No se encontró nada.", "Busca al menos dos letras o cifras"),
    ],
)
async def test_results_nothing_and_too_little_are_said_in_the_reader_s_language(
    archive: Archive, language: str, title: str, nothing: str, short: str
) -> None:
    """Each with a sentence that says what to do."""
    assert nothing in (await archive.page("oboe", language)).text
    await archive.wrote("the oboe", "Ana Vega")
    page = (await archive.page("oboe", language)).text
    assert title in page
    assert "the <mark>oboe</mark>" in page
    assert "Ana Vega" in page
    assert f'role="alert">{short}' in (await archive.page("x", language)).text
    assert 'role="alert">' not in (await archive.page("", language)).text.partition("<main")[2].partition("</main>")[0]


async def test_a_hit_leads_to_its_place_in_the_conversation(archive: Archive) -> None:
    """Also far up in a long one: the page that opens has the message, and it is named in the address."""
    conversation = await archive.wrote("the first oboe")
    for number in range(150):
        await archive.writes(conversation, f"line {number}", Author.BOT)
    (address,) = items((await archive.page("oboe")).text)
    path, _, place = unescape(address).partition("#")
    opened = await archive.desk.page(path)
    assert f'id="{place}"' in opened
    assert "the first oboe" in opened


async def test_what_people_wrote_is_text_and_never_markup(archive: Archive) -> None:
    """In snippets, names and the query itself, also where the mark cuts through it."""
    nasty = "<script>alert('oboe')</script> & <mark>oboe</mark>"
    await archive.wrote(nasty, "<b>Oboe</b>")
    page = (await archive.page("<i>oboe script")).text
    assert "<script>alert" not in page
    assert "<i>" not in page
    page = (await archive.page("oboe")).text
    assert "<b>" not in page.replace("<b>Desk</b>", "")
    shown = [
        unescape(re.sub("</?mark>", "", each)) for each in re.findall(r'class="preview" dir="auto">(.*)</span>', page)
    ]
    assert nasty in shown


async def test_hits_of_one_conversation_stand_together(archive: Archive) -> None:
    """Under one heading, where the newest of them is."""
    amina, bilal = await archive.somebody("Amina"), await archive.somebody("Bilal")
    for who, text in ((amina, "oboe 1"), (bilal, "oboe 2"), (amina, "oboe 3")):
        await archive.writes(who, text)
    page = (await archive.page("oboe")).text
    assert [re.sub(r"\s*<.*", "", heading) for heading in re.findall(r"<h2>(\w+ .*?)</h2>", page)] == ["Amina", "Bilal"]
    assert page.index("</mark> 3") < page.index("</mark> 1") < page.index("</mark> 2")


async def test_more_than_a_page_goes_on_by_a_link(archive: Archive) -> None:
    """Each of them once."""
    conversation = await archive.somebody()
    for number in range(25):
        await archive.writes(conversation, f"oboe {number}")
    page = (await archive.page("oboe")).text
    (link,) = re.findall(r'<a class="more" href="(/desk/search[^"]+)"', page)
    rest = await archive.desk.page(unescape(link))
    assert (len(items(page)), len(items(rest))) == (20, 5)
    assert not set(items(page)) & set(items(rest))
    assert not re.findall(r'href="/desk/search[^"]+cursor', rest)


async def test_nothing_that_is_searched_for_is_logged(
    archive: Archive, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither found nor refused."""
    await archive.wrote("about xylophones")
    with caplog.at_level("DEBUG"):
        for asked in ("xylophones", "xylophones" * 30, "x"):
            await archive.page(asked)
            await archive.answer(asked)
    own = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert "xylophone" not in "".join(own)
    out = capfd.readouterr()
    assert "xylophone" not in out.out
