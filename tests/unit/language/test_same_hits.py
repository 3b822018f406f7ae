"""One long transcript is searched at once, and gives what its parts give alone: what makes the search fast changes no hit."""

import random
from dataclasses import replace

from app.conversation import KeywordHit, Utterance
from app.language.matching import PackSet
from app.language.spotting import spot
from app.timeline import Span
from tests.unit.language.noise import KINDS, disturb
from tests.unit.language.said import utter
from tests.unit.language.spoken import read_spoken

APART_S = 60.0  # longer than anything that joins utterances or looks for digits behind a question


def told(hits: tuple[KeywordHit, ...]) -> list[tuple[object, ...]]:
    return sorted(
        (
            hit.pack,
            hit.phrase,
            hit.kind,
            hit.speaker,
            hit.quote,
            hit.match,
            hit.confidence,
            hit.low_trust,
            round(hit.span.start_s, 6),
        )
        for hit in hits
    )


def test_a_long_transcript_gives_the_hits_of_its_parts(packs: PackSet) -> None:
    chance = random.Random(5)
    conversations: list[list[Utterance]] = []
    at_s = 0.0
    for item in read_spoken(packs.source):
        (who, text), *rest = item.lines
        said = disturb(text, chance.choice(list(KINDS)), seed=1) or text
        lines = utter((who, said), *rest, start_s=at_s)
        conversations.append(lines)
        at_s = lines[-1].span.end_s + APART_S
    chance.shuffle(conversations)
    together = spot([line for lines in conversations for line in lines], packs, duration_s=at_s)
    alone = [hit for lines in conversations for hit in spot(lines, packs, duration_s=at_s)]
    assert len(together) > 500
    assert told(together) == told(tuple(alone))


def test_searching_again_and_later_gives_the_same_hits(packs: PackSet) -> None:
    said = [line for item in list(read_spoken(packs.source))[:200] for line in utter(*item.lines)]
    first = spot(said, packs, duration_s=600.0)
    assert spot(said, packs, duration_s=600.0) == first
    later = [replace(line, span=Span(line.span.start_s + 1_000, line.span.end_s + 1_000)) for line in said]
    moved = spot(later, packs, duration_s=2_000.0)
    assert [(hit.pack, hit.quote) for hit in moved] == [(hit.pack, hit.quote) for hit in first]
