"""The section ``sites``: what is written is read whole, and every mistake is told with its line and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relevo.configuration import read_configuration
from relevo.domain.sites import Sites
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]
KEY = "k" * 32
SHOP = """
shop:
  name: The Shop
  origins: ["https://shop.example", "https://*.shop.example", "http://localhost:3000"]
  frames: ["https://partner.example"]
  languages: [en]
  hours: {mon-fri: "09:00-17:00"}
  theme: {color: "#AA0000", position: start, greeting: "Hi there"}
  suggestions: ["Where is my order?", {en: Send it back}]
  prechat:
    - {name: email, label: Your mail, type: email, required: true}
    - {name: topic, label: Topic, type: choice, options: [{value: order, title: An order}]}
  consent: {text: We keep what you write for 30 days., url: "https://shop.example/privacy"}
  visit_days: 7
  retention_days: 30
  identity_key_env: SHOP_KEY
  uploads: {max_mb: 5, types: [image/jpeg], at_once: 2}
  proactive: [{id: checkout, text: "Need help?", when: {path: "/checkout*", seconds: 20, visits: 2}}]
  powered_by: false
kiosk:
"""


def _read(folder: Path, section: str, **environment: str) -> Sites | None:
    for name in ("policies.yml", "relevo.yml", "credentials.yml"):
        shutil.copy(BOT / name, folder / name)
    text = (folder / "relevo.yml").read_text("utf-8").partition("\n# The websites that the web chat")[0]
    indented = "\n".join(f"  {line}" for line in section.strip("\n").splitlines())
    (folder / "relevo.yml").write_text(f"{text}\nsites:\n{indented}\n", "utf-8")
    return read_configuration(folder, environment).bot.sites


def _mistakes(folder: Path, section: str, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as told:
        _read(folder, section, **environment)
    assert all(line.startswith("relevo.yml:") for line in str(told.value).splitlines())
    return str(told.value)


def test_a_site_is_read_whole_and_the_next_one_has_what_the_installation_has(tmp_path: Path) -> None:
    """Words for one language or each, the key from the environment and never printed."""
    sites = _read(tmp_path, SHOP, SHOP_KEY=KEY)
    assert sites is not None
    shop, kiosk = sites.named
    assert (shop.title, shop.languages, shop.default_language) == ("The Shop", ("en",), "en")
    assert (shop.theme.color, shop.theme.position, shop.theme.greeting) == ("#aa0000", "start", {"en": "Hi there"})
    assert shop.suggestions == ({"en": "Where is my order?"}, {"en": "Send it back"})
    assert [(one.name, one.type, one.is_required) for one in shop.prechat] == [
        ("email", "email", True),
        ("topic", "choice", False),
    ]
    assert (shop.visit_seconds, shop.retention_days, shop.is_branded) == (7 * 86_400, 30, False)
    assert (shop.uploads.max_bytes, shop.uploads.types, shop.uploads.at_once) == (5_000_000, ("image/jpeg",), 2)
    assert (shop.proactive[0].when.path, shop.proactive[0].when.seconds) == ("/checkout*", 20)
    assert shop.identity_keys == (KEY,)
    assert KEY not in repr(shop)
    assert (kiosk.languages, kiosk.origins, kiosk.identity_keys) == (("es", "en"), (), ())
    assert (kiosk.calendar, shop.calendar is None) == (None, False)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (
            "https://shop.example/",
            "“https://shop.example/” is not what browsers send; write exactly https://shop.example.",
        ),
        ("https://Shop.example", "write exactly https://shop.example."),
        ("https://shop.example:443", "write exactly https://shop.example."),
        ("https://*.Shop.example/x", "write exactly https://*.shop.example."),
        ("shop.example", "“shop.example” is no origin"),
        ("*", "“*” is no origin"),
        ("https://*", "“https://*” is no origin"),
        ("https://a.*.example", "is no origin"),
        ("ftp://shop.example", "is no origin"),
        ("https://shop.example:x", "is no origin"),
    ],
)
def test_an_origin_that_no_browser_sends_is_named_with_what_to_write(tmp_path: Path, wrong: str, told: str) -> None:
    """Exactly what failed, in its line."""
    said = _mistakes(tmp_path, f'shop:\n  origins:\n    - "https://fine.example"\n    - "{wrong}"')
    (line,) = said.splitlines()
    assert told in line
    text = (tmp_path / "relevo.yml").read_text("utf-8").splitlines()
    assert wrong in text[int(line.split(":")[1]) - 1]


def test_all_other_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Each with what to do."""
    section = """
Shop:
  origns: ["https://shop.example"]
  languages: [en, xx]
  theme: {color: red}
  prechat: [{name: topic, label: {en: T, es: T}, type: choice}, {name: a, label: A}, {name: a, label: A}]
  consent: {url: example}
  proactive: [{id: x, text: {es: Hola}}]
  visit_days: 0
  uploads: {max_mb: 99}
  identity_key_env: NOT_SET
"""
    said = _mistakes(tmp_path, section)
    for told in (
        "'Shop' is no name of a site",
        "'origns' means nothing here; did you mean 'origins'?",
        "languages is 'xx', and must be one of: en, es.",
        "color must be a colour in quotes",
        "'options' belong to a field of the type 'choice'",
        "prechat asks for 'a' twice",
        "consent lacks 'text'",
        "url must be a whole address",
        "text lacks 'en'; add it.",
        "visit_days must be a whole number, 1 or more.",
        "max_mb must be at most 10.",
        "takes the key from NOT_SET, and it is not set in the environment.",
    ):
        assert told in said, told


def test_a_key_that_can_be_guessed_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """Two names are two keys, while one takes the other's place."""
    said = _mistakes(tmp_path, "shop: {identity_key_env: SHOP_KEY}", SHOP_KEY="secret")
    assert "the key in SHOP_KEY has fewer than 32 characters" in said
    assert "secret" not in said.replace("openssl", "")
    sites = _read(tmp_path, "shop: {identity_key_env: [NEW, OLD]}", NEW=KEY, OLD="o" * 40)
    assert sites is not None
    assert sites.named[0].identity_keys == (KEY, "o" * 40)
