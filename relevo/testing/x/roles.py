"""The demo company's contacts as people on X."""

from __future__ import annotations

from relevo.store.aurora.demo import demo_data
from relevo.testing.x.play import Role
from relevo.web.languages import WORDS, words_for_contacts


def demo_roles() -> list[Role]:
    """Give everybody of the demo who is on X."""
    return [
        Role(
            user_id=known["id"],
            name=f"{contact['given_names'].split()[0]} {contact['surnames'].split()[0]}",
            username=known["username"],
            followers=known["followers"],
            language=contact["language"],
            about=_texts("about", contact["id"]),
            sentence=_texts("try", contact["id"]),
        )
        for contact in demo_data()["contacts"]
        if (known := contact.get("identities", {}).get("x"))
    ]


def demo_account() -> tuple[str, str]:
    """Give id and username of the demo company's own account."""
    account = demo_data()["company"]["x_account"]
    return account["id"], account["username"]


def _texts(kind: str, contact: str) -> dict[str, str]:
    words = {language: words_for_contacts(language).get(f"demo.{kind}_{contact}") for language in WORDS}
    return {language: text for language, text in words.items() if text}
