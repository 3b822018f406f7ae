"""Which texts hold what was said? Takes words of a transcript out of evidence, reasons and notes, and leaves the rest.

Keys that quote are dropped whatever they hold, and what stands between quotation marks goes; any other text is dropped where
it repeats three words of the transcript in a row, or is a shorter utterance as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

QUOTING = frozenset({"quote", "quotes", "phrase", "phrases", "text", "said", "words", "word", "match", "snippet", "transcript"})
ERASED = "[erased on request]"
RUN = 3
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_QUOTED = re.compile("\u201c[^\u201d]*\u201d")


class Words:
    """The words of a call's transcripts, as runs of three; shorter utterances as they are."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: set[tuple[str, ...]] = set()
        for text in texts:
            self._runs |= _runs(text)

    def are_in(self, text: str) -> bool:
        """Tell whether a text repeats what was said."""
        return not self._runs.isdisjoint(_runs(text))

    def clean(self, text: str) -> str:
        """Return a text without quotations, or, where it still repeats what was said, that it was erased."""
        without = _QUOTED.sub(ERASED, text)
        return ERASED if self.are_in(without) else without

    def strip(self, value: Any) -> Any:
        """Return JSON without what quotes or repeats."""
        if isinstance(value, Mapping):
            return {key: self.strip(inner) for key, inner in value.items() if key not in QUOTING}
        if isinstance(value, list | tuple):
            return [self.strip(inner) for inner in value]
        return self.clean(value) if isinstance(value, str) else value


def _runs(text: str) -> set[tuple[str, ...]]:
    said = _WORD.findall(text.casefold())
    width = min(RUN, len(said))
    return {tuple(said[at : at + width]) for at in range(len(said) - width + 1)} if width else set()
