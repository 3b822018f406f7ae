"""Which numbers does an XML list hold? Reads any size in pieces, and tells full lists from change lists by their marks.

The FTC publishes no schema. An element or attribute of three digits sets the area code for what lies inside it, seven digits
are a number in it, ten digits a whole number; beside a number A or D is what happened to it, and anything that reads as a
moment is when. Declarations of a document type are refused, because their entities can grow without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.parsers import expat

import numpy as np

from app.compliance.registry.moments import NO_MOMENT
from app.compliance.registry.parse import is_shaped
from app.compliance.registry.sources import Garbage, Piece, read_action, read_micros
from app.compliance.registry.unpack import BLOCK_BYTES, Member
from app.errors import InvalidInput

_AREA, _LOCAL, _WHOLE = re.compile("[2-9][0-9]{2}"), re.compile("[0-9]{7}"), re.compile(r"(?:\+?1)?([0-9]{10})")
_DIGITS = re.compile("[0-9]")
_NUMBER_TAG = re.compile("ph|num|tel|tn", re.IGNORECASE)


def read_xml(member: Member) -> Iterator[Piece]:
    """Yield the numbers of an XML list. Raises InvalidInput when it is cut off or not well-formed."""
    reader = _Reader(member.name)
    with member.open() as file:
        while block := file.read(BLOCK_BYTES):
            reader.feed(block, is_last=False)
            yield replace(reader.take(), byte_count=len(block))
        reader.feed(b"", is_last=True)
        yield reader.take()


class _Reader:
    """Collects rows while the parser walks through the elements."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._areas: list[str] = [""]
        self._texts: list[str] = [""]
        self._open: dict[str, str] | None = None
        self._kind = ""
        self._rows: list[tuple[int, int, int]] = []
        self._garbage: list[Garbage] = []

    def feed(self, block: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            raise InvalidInput(
                f"{self._name}: the XML is cut off or damaged ({error}); download it again", file=self._name
            ) from None

    def take(self) -> Piece:
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 3)
        garbage, self._rows, self._garbage = tuple(self._garbage), [], []
        has_actions = bool(len(table)) and bool((table[:, 1] >= 0).any())
        if has_actions and (table[:, 1] < 0).any():
            raise InvalidInput(f"{self._name}: some numbers say A or D and others do not: neither full list nor change list")
        if self._kind == "change" and len(table) and not has_actions:
            raise InvalidInput(f"{self._name}: it calls itself a change list, but its numbers do not say A or D")
        if not has_actions:
            return Piece(table[:, 0], len(table) + len(garbage), garbage)
        return Piece(table[:, 0], len(table) + len(garbage), garbage, table[:, 1].astype(np.uint8), table[:, 2])

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._areas) == 1:
            self._kind = attributes.get("type", "").strip().casefold()
        self._areas.append(self._areas[-1])
        self._texts.append("")
        self._read(tag, attributes)

    def _text(self, text: str) -> None:
        self._texts[-1] += text

    def _end(self, tag: str) -> None:
        self._areas.pop()
        text = self._texts.pop().strip()
        if _AREA.fullmatch(text):
            self._areas[-1] = text  # <ac>212</ac> before the numbers of the same parent
        elif text:
            self._read(tag, {"": text})

    def _read(self, tag: str, values: dict[str, str]) -> None:
        cells = [value.strip() for value in values.values()]
        area = next((cell for cell in cells if _AREA.fullmatch(cell)), "")
        if area:
            self._areas[-1] = area
        local = next((cell for cell in cells if _LOCAL.fullmatch(cell)), "")
        whole = next((match[1] for cell in cells if (match := _WHOLE.fullmatch(cell))), "")
        number = int(whole or (self._areas[-1] + local if local and self._areas[-1] else "0"))
        if number and bool(is_shaped(np.array([number]))[0]):
            rest = [cell for cell in cells if cell not in (area, local) and not _WHOLE.fullmatch(cell)]
            actions = [action for cell in rest if (action := read_action(cell)) is not None]
            moments = [moment for cell in rest if len(cell) > 7 and (moment := read_micros(cell)) is not None]
            self._rows.append((number, actions[0] if actions else -1, moments[0] if moments else NO_MOMENT))
        elif local or whole or (_NUMBER_TAG.match(tag) and any(_DIGITS.search(cell) for cell in cells)):
            reason = "it is no telephone number" if self._areas[-1] or whole else "its area code is missing"
            shown = f"<{tag}> {' '.join(cells)}"[:80]
            self._garbage.append(Garbage(self._name, self._parser.CurrentLineNumber, reason, shown))

    def _refuse_doctype(self, *_: object) -> None:
        raise InvalidInput(
            f"{self._name}: expected plain XML, got a document type declaration, which lists of numbers do not have",
            file=self._name,
        )
