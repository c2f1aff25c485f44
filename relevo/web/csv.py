"""Tables as CSV (RFC 4180, UTF-8) that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from io import StringIO
from typing import Any

from sanic.response import HTTPResponse

from relevo.domain.reports import LINES

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula, some of them in full width too."""


def csv_of(lines: Iterable[Any], name: str) -> str:
    """Give a report's lines as CSV, the names of its columns first; ``row`` is for the API alone and left out."""
    columns = [field.name for field in fields(LINES[name]) if field.name != "row"]
    return csv_text(columns, ([getattr(line, column) for column in columns] for line in lines))


def csv_text(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Give rows as CSV; text that a spreadsheet would take for a formula is preceded by an apostrophe."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def csv_answer(text: str, name: str) -> HTTPResponse:
    """Answer with a CSV file to keep; its first bytes tell Excel that it is UTF-8."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HTTPResponse(f"\ufeff{text}".encode(), 200, headers, "text/csv; charset=utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_STARTS_FORMULA) else text
