"""Tables as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO

from fastapi import Request
from fastapi.responses import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | bool | datetime | None


def wants_csv(request: Request) -> bool:
    """Whether the path ends in .csv, or the caller accepts CSV and not JSON."""
    accept = request.headers.get("accept", "")
    return request.url.path.endswith(".csv") or ("text/csv" in accept and "application/json" not in accept)


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A download called `<name>.csv`, with a line of names first."""
    disposition = f'attachment; filename="{name}.csv"'
    headers = {"content-disposition": disposition, "cache-control": "no-store", "vary": "accept"}
    return Response(
        as_csv(header, rows), media_type="text/csv; charset=utf-8; header=present", headers=headers
    )


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The table as text. Nothing is an empty cell, and text that a spreadsheet would run gets an apostrophe."""
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(header)
    lines.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.3f}".rstrip("0").rstrip(".")
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(FORMULA) else cell
