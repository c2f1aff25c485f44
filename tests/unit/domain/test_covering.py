"""What identifies a contact is covered wherever it stands, in whatever it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from relevo.domain.covering import COVER, masked


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as most are."""

    contact_name: str
    text: str
    case_id: str = "CASE-1"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One of the few that are dataclasses."""

    contact_name: str
    text: str
    case_id: str = "CASE-1"


@pytest.mark.parametrize("kind", [Record, Kept])
def test_records_of_either_kind_are_covered_however_deep_they_stand(kind: Any) -> None:
    """The record itself stays as it was: others still need it."""
    seen = kind(contact_name="Lucía Robles", text="I am lucia@example.com")
    shown = masked({"lines": [(seen,)]})["lines"][0][0]
    assert (shown.contact_name, shown.text, shown.case_id) == ("L. R.", f"I am {COVER}", "CASE-1")
    assert seen.contact_name == "Lucía Robles"
