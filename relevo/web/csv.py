"""Tables as CSV (RFC 4180, UTF-8) that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import StringIO
from typing import Any

import msgspec
from sanic.response import HTTPResponse

from relevo.domain.reports import LINES
from relevo.web.desk_readonly import for_reader
from relevo.web.sign_in import Session

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula, some of them in full width too."""


def columns_of(name: str) -> list[str]:
    """Give the columns of a report; ``row`` is for the API alone and left out."""
    return [field for field in LINES[name].__struct_fields__ if field != "row"]


def csv_answer(session: Session, columns: Sequence[str], lines: Iterable[Any], name: str) -> HTTPResponse:
    """Answer with a CSV file to keep, covered as pages are for its reader; Excel knows by its first bytes that it is
    UTF-8.
    """
    rows = ([for_reader(session, getattr(line, column), column) for column in columns] for line in lines)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HTTPResponse(f"\ufeff{_table(columns, rows)}".encode(), 200, headers, "text/csv; charset=utf-8")


def _table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Give rows as CSV; text that a spreadsheet would take for a formula is preceded by an apostrophe."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([cell_of(column) for column in columns])
    writer.writerows([cell_of(value) for value in row] for row in rows)
    return out.getvalue()


def cell_of(value: Any) -> str:
    """Give a value as a cell."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode() if value else ""
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_STARTS_FORMULA) else text
