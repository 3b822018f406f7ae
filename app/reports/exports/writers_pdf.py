"""How is a report written as PDF? Pages to be read and filed: what it is, what it rests on, its sums, and its first rows.

A PDF of a hundred thousand rows helps nobody: at most :data:`MOST_ROWS` of each table and :data:`PAGE_CHARACTERS` characters a
line are in it, and it says what it leaves out. CSV and workbook hold everything. The text is text, not a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from app.reports.exports.contract import Column, ColumnKind, Report, ReportTable

MOST_ROWS = 1000
"""Of one table; 2 ms for a row of fourteen columns were measured."""
LONGEST_TEXT = 400
PAGE_CHARACTERS = 190
MARGIN, HEAD, FOOT = 28, 46, 34
SANS, BOLD = "EarshotSans", "EarshotSans-Bold"
MISSING = "\u25a1"
NUMBERS = frozenset({ColumnKind.NUMBER, ColumnKind.MONEY})


@dataclass(frozen=True, slots=True)
class PdfTable:
    """A table as far as the PDF shows it: the texts of its first rows, and how many there are."""

    table: ReportTable
    rows: Sequence[Sequence[str]]
    count: int
    rows_sha256: str


@dataclass(frozen=True, slots=True)
class PdfWords:
    """What stands around the tables: lines of the front page by heading, the foot of every page."""

    about: Mapping[str, Sequence[str]]
    foot: str


def write_pdf(path: Path, report: Report, tables: Sequence[PdfTable], words: PdfWords) -> None:
    """Write the report on A4 pages, landscape; the same report gives the same bytes."""
    _load_fonts()
    size = landscape(A4)
    document = SimpleDocTemplate(
        str(path), pagesize=size, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=HEAD, bottomMargin=FOOT,
        title=report.title, author="Earshot", subject="; ".join(f"{k}: {v}" for k, v in report.filters.items()),
        invariant=1, lang="en-US",
    )  # fmt: skip
    width = size[0] - 2 * MARGIN
    story: list[Any] = [_paragraph(report.title, _TITLE)]
    for heading, lines in words.about.items():
        story.append(_paragraph(heading, _HEADING))
        story += [_paragraph(line, _BODY) for line in lines]
    for table in sorted(tables, key=lambda each: not each.table.is_summary):
        story += _set_table(table, width)
    document.build(story, canvasmaker=_canvas_with(report, words.foot))


def _set_table(shown: PdfTable, width: float) -> list[Any]:
    table = shown.table
    kept, left_out = choose_columns(table.columns)
    told = [f"{shown.count:,} rows. SHA-256 of the rows: {shown.rows_sha256}"]
    if len(shown.rows) < shown.count:
        told.append(f"Only the first {len(shown.rows):,} rows are printed here; CSV and workbook hold all of them.")
    if left_out:
        told.append(f"In CSV and workbook only: {', '.join(column.title for column in left_out)}.")
    if any(column.note for column in kept):
        told.append("; ".join(f"{column.title}: {column.note}" for column in kept if column.note) + ".")
    story = [_paragraph(table.title, _HEADING), *(_paragraph(line, _BODY) for line in told), Spacer(1, 4)]
    if not shown.rows:
        return [*story, _paragraph("There is nothing to list.", _BODY)]
    at = [index for index, column in enumerate(table.columns) if column in kept]
    total = sum(_weight(column) for column in kept)
    cells = [[_paragraph(column.title, _NUMBER_HEAD if column.kind in NUMBERS else _HEAD_CELL) for column in kept]]
    cells += [[_set_cell(row[index], table.columns[index]) for index in at] for row in shown.rows]
    # A table of few columns is no wider than it needs to be: figures far apart are hard to follow along a line.
    used = min(width, width * max(total, PAGE_CHARACTERS / 2) / PAGE_CHARACTERS)
    widths = [used * _weight(column) / total for column in kept]
    body = LongTable(cells, colWidths=widths, repeatRows=1, splitInRow=1, hAlign="LEFT")
    body.setStyle(_LOOK)
    return [*story, body]


def choose_columns(columns: Sequence[Column]) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Return the columns that fit on a page, and those that are left out: what is not main first, then the last ones."""
    kept: list[Column] = []
    room = float(PAGE_CHARACTERS)
    for column in columns:
        if column.is_main and _weight(column) <= room:
            kept.append(column)
            room -= _weight(column)
    return tuple(kept), tuple(column for column in columns if column not in kept)


def _weight(column: Column) -> float:
    return float(min(max(column.width, 6), 36))


def _set_cell(text: str, column: Column) -> Paragraph:
    cut = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
    return _paragraph(cut, _NUMBER_CELL if column.kind in NUMBERS else _CELL)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    _load_fonts()
    known = _glyphs(style.fontName)
    legible = "".join(mark if ord(mark) in known or mark == "\n" else MISSING for mark in text)
    return Paragraph(escape(legible).replace("\n", "<br/>"), style)


@cache
def _load_fonts() -> None:
    """Register the fonts that come with reportlab; they are embedded, so that the file reads the same everywhere."""
    folder = Path(reportlab.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont(SANS, str(folder / "Vera.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "VeraBd.ttf")))


@cache
def _glyphs(font: str) -> frozenset[int]:
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


def _canvas_with(report: Report, foot: str) -> type[Canvas]:
    """Return a canvas that writes head and foot when it knows how many pages there are."""

    class _Pages(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                self._frame(number, len(self._kept))
                super().showPage()
            super().save()

        def _frame(self, number: int, count: int) -> None:
            width, height = landscape(A4)
            self.setFillColor(colors.HexColor("#4a5568"))
            self.setFont(BOLD, 7)
            self.drawString(MARGIN, height - 24, _fit(report.title, BOLD, 7, width / 2))
            self.setFont(SANS, 6.5)
            told = ", ".join(f"{name}: {value}" for name, value in report.filters.items())
            self.drawString(MARGIN, height - 34, _fit(told, SANS, 6.5, width - 2 * MARGIN))
            self.drawRightString(width - MARGIN, height - 24, "This is not legal advice.")
            self.drawString(MARGIN, 18, _fit(foot, SANS, 6.5, width - 120))
            self.drawRightString(width - MARGIN, 18, f"Page {number} of {count}")

    return _Pages


def _fit(text: str, font: str, size: float, width: float) -> str:
    known = _glyphs(font)
    text = "".join(mark if ord(mark) in known else MISSING for mark in text)
    while text and pdfmetrics.stringWidth(text, font, size) > width:
        text = text[: max(0, len(text) - 8)].rstrip("…") + "…" if len(text) > 9 else ""
    return text


_BODY = ParagraphStyle("body", fontName=SANS, fontSize=7.5, leading=10, splitLongWords=1)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName=BOLD, fontSize=15, leading=19, spaceAfter=6)
_HEADING = ParagraphStyle("heading", parent=_BODY, fontName=BOLD, fontSize=9.5, leading=12, spaceBefore=10, spaceAfter=3)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=6.2, leading=7.6)
_NUMBER_CELL = ParagraphStyle("number", parent=_CELL, alignment=TA_RIGHT)
_HEAD_CELL = ParagraphStyle("head", parent=_CELL, fontName=BOLD)
_NUMBER_HEAD = ParagraphStyle("number-head", parent=_HEAD_CELL, alignment=TA_RIGHT)
_LOOK = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8edf3")),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.HexColor("#c3ccd8")),
        ("LEFTPADDING", (0, 0), (-1, -1), 2.5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2.5),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)
