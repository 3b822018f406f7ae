"""Reads the sentences of ``data/spoken_*.txt`` and says which a tuner may look at: every second one is held out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.language.packs import PhrasePacks
from app.vocabulary import Speaker
from tests.unit.language.said import Line

DATA = Path(__file__).parent / "data"
CLASSES = {
    "+": "fires",
    "-n": "denied",
    "-q": "asked",
    "-r": "reported",
    "-f": "supposed",
    "-h": "other sense",
    "-o": "other party",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One conversation, the pack it is about, and whether the pack must be raised by it."""

    pack: str
    lines: tuple[Line, ...]
    kind: str  # one of CLASSES' values
    held_out: bool

    @property
    def fires(self) -> bool:
        return self.kind == "fires"


def read_spoken(packs: PhrasePacks, name: str = "spoken") -> Iterator[Spoken]:
    """Give every sentence of the data, in its order."""
    counts: dict[str, int] = {}  # over all packs, so that each half has its share of every class
    for path in sorted(DATA.glob(f"{name}*.txt")):
        pack = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            if line.startswith("PH-"):
                pack = line
                continue
            mark, _, text = line.partition(" ")
            who = "c" if packs.get(pack).speaker is Speaker.CALLER else "a"
            turns = []
            for turn in text.split(" / "):
                speaker, colon, rest = turn.partition(": ")
                turns.append((speaker, rest) if colon and speaker in "acu" else (who, turn))
            counts[mark] = counts.get(mark, 0) + 1
            yield Spoken(pack, tuple(turns), CLASSES[mark], held_out=counts[mark] % 2 == 0)
