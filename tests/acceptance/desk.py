"""An agent at the desk of a real installation: signed in over HTTP as a browser does, reading and deciding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.processes import Installation


@dataclass(kw_only=True)
class DeskSession:
    """One signed-in agent."""

    http: httpx.Client
    form_token: str

    def get(self, path: str) -> Any:
        """Read something."""
        answer = self.http.get(f"/desk/api{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Do something, or be refused."""
        return self.http.post(f"/desk/api{path}", json=body, headers={"X-Form-Token": self.form_token})

    def does(self, path: str, **body: Any) -> Any:
        """Do something that is allowed."""
        answer = self.post(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def conversation(self, address: str) -> Any:
        """Give the conversation with an address as it is now."""
        found = [line for line in self.get("/conversations")["conversations"] if line["address"] == address]
        assert len(found) == 1, found
        return found[0]

    def timeline(self, address: str) -> list[Any]:
        """Give an address's timeline."""
        entries: list[Any] = self.get(f"/conversations/{self.conversation(address)['id']}/entries")["entries"]
        return entries

    def takes_over(self, address: str) -> Any:
        """Take control of an address's conversation."""
        line = self.conversation(address)
        return self.does(f"/conversations/{line['id']}/take-over", version=line["control_version"])

    def writes(self, address: str, text: str, *, files: Sequence[tuple[str, str, bytes]] = ()) -> None:
        """Write to a customer, with files by name, type and bytes."""
        here = f"/conversations/{self.conversation(address)['id']}"
        kept = [self._uploads(here, *file) for file in files]
        self.does(f"{here}/replies", client_id=uuid4().hex, text=text, attachments=kept)

    def _uploads(self, here: str, name: str, mime: str, body: bytes) -> str:
        told = {"X-Form-Token": self.form_token, "X-File-Name": name, "Content-Type": mime}
        answer = self.http.post(f"/desk/api{here}/attachments", content=body, headers=told)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["attachment"]["id"])

    def hands_back(self, address: str, outcome: str, told: str | None = None, **slots: Any) -> None:
        """Give the conversation back to the bot."""
        line = self.conversation(address)
        version = line["control_version"]
        self.does(f"/conversations/{line['id']}/hand-back", version=version, outcome=outcome, told=told, slots=slots)

    def effect_of(self, case_id: str) -> Any:
        """Give the one effect that is decided about in a case."""
        (effect,) = self.get(f"/cases/{case_id}")["effects"]
        return effect

    def approves(self, effect: Any) -> httpx.Response:
        """Approve an effect as it was shown."""
        return self.post("/effects/approve", key=effect["key"], hash=effect["hash"])


def password_of(installation: Installation) -> str:
    """Give the password that was made for the installation; the demo's agents share it."""
    login = (installation.state / "first-login.txt").read_text(encoding="utf-8")
    found = re.search(r"^password: (\S+)$", login, re.MULTILINE)
    assert found is not None, login
    return found[1]


@contextmanager
def signed_in(installation: Installation, email: str) -> Iterator[DeskSession]:
    """Sign one of the demo's agents in."""
    with httpx.Client(base_url=installation.url, timeout=30) as http:
        token = re.findall(r'name="form_token" value="(\w+)"', http.get("/desk/login").text)[0]
        http.post("/desk/login", data={"email": email, "password": password_of(installation), "form_token": token})
        me = http.get("/desk/api/me")
        assert me.status_code == 200, me.text
        yield DeskSession(http=http, form_token=me.json()["form_token"])
