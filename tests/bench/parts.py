"""How well is a call cut into its parts? The joints of composed calls that are found within half a second, and all cuts.

``python -m tests.bench.parts CORPUS [CALLS]`` composes calls (:mod:`tests.composed_calls`), listens to them with tiny.en and
prints one line per kind of joint; the calls of the set itself come first.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from app.adapters.transcribers import build_transcriber
from app.audio.decode import decode
from app.audio.pcm import DecodedAudio
from app.audio.pipeline import listen
from app.settings import Settings
from tests.composed_calls import Piece, compose, list_sources

TOLERANCE_S = 0.5
FIRST_SEED = 1_000


def main(corpus: Path, calls: int) -> None:
    """Measure the set's own composed calls, then as many of ours."""
    transcriber = build_transcriber(Settings())
    own = [(decode(path), read_timeline(corpus, path.stem)) for path in sorted((corpus / "mixed").glob("*.wav"))]
    sources = list_sources(corpus)
    ours = []
    for seed in range(FIRST_SEED, FIRST_SEED + calls):
        samples, timeline = compose(corpus, sources, seed)
        audio = DecodedAudio(samples[None, :], 8_000, 1, "pcm_mulaw", "wav", False, (), f"{seed:064d}")
        ours.append((audio, timeline))
    for name, cases in (("the set's own", own), ("composed here", ours)):
        found, there, cuts = Counter[str](), Counter[str](), 0
        for audio, timeline in cases:
            if not timeline:
                continue
            edges = [part.span.start_s for part in listen(audio, transcriber).parts[1:]]
            cuts += len(edges)
            for before, after in pairwise(timeline):
                joint = f"{before.label.split('_')[0]} > {after.label.split('_')[0]}"
                there[joint] += 1
                found[joint] += any(abs(edge - after.start_s) <= TOLERANCE_S for edge in edges)
        print(f"{name}: {found.total()} of {there.total()} joints within {TOLERANCE_S} s; {cuts} cuts", flush=True)
        for joint, count in there.most_common():
            print(f"  {joint}: {found[joint]} of {count}", flush=True)


def read_timeline(corpus: Path, name: str) -> list[Piece]:
    """Return the timeline of one of the set's composed calls; empty where there is none."""
    path = corpus / "refs" / f"mixed_{name}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [Piece(float(r["start_s"]), float(r["end_s"]), r["label"], r["parent"]) for r in csv.DictReader(file)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 12)
