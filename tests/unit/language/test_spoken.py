"""How much of what people say is found, and how much that is not meant? Measured on sentences, as written and disturbed.

The limits lie a little below what is measured, so that a change for the worse is seen.
"""

import pytest

from app.language.matching import PackSet
from app.vocabulary import PackKind
from tests.unit.language.noise import KINDS, disturb
from tests.unit.language.said import Line, hear
from tests.unit.language.spoken import CLASSES, Spoken, read_spoken


def is_right(packs: PackSet, item: Spoken, lines: tuple[Line, ...]) -> bool:
    pack = packs.source.get(item.pack)
    hits = [hit for hit in hear(packs, *lines) if hit.pack == item.pack]
    if item.fires:
        return bool(hits)
    return not [hit for hit in hits if pack.kind is not PackKind.VIOLATION or hit.kind is PackKind.VIOLATION]


def share(packs: PackSet, said: list[tuple[Spoken, tuple[Line, ...]]]) -> float:
    right = [is_right(packs, item, lines) for item, lines in said]
    return sum(right) / len(right)


def test_every_pack_has_sentences_of_both_sorts(packs: PackSet) -> None:
    said = list(read_spoken(packs.source))
    for pack in packs.source.packs:
        assert sum(item.fires for item in said if item.pack == pack.id) == 8, pack.id
        assert sum(not item.fires for item in said if item.pack == pack.id) == 6, pack.id


@pytest.mark.parametrize("held_out", [False, True])
def test_people_are_understood(packs: PackSet, held_out: bool) -> None:
    said = [(item, item.lines) for item in read_spoken(packs.source) if item.held_out is held_out]
    recall = share(packs, [(item, lines) for item, lines in said if item.fires])
    raised_wrongly = [item for item, lines in said if not item.fires and not is_right(packs, item, lines)]
    true_hits = recall * sum(item.fires for item, _ in said)
    assert recall >= 0.94
    assert true_hits / (true_hits + len(raised_wrongly)) >= 0.98


# The second and third set were counted once as they came, and then mended by; by the first and fourth nothing was mended.
@pytest.mark.parametrize(
    ("name", "recall", "quiet"),
    [("fresh_1", 0.98, 0.97), ("fresh_2", 0.98, 0.97), ("fresh_3", 0.96, 0.97), ("fresh_4", 0.83, 0.98)],
)
def test_sentences_written_without_the_phrases_at_hand_are_understood(
    packs: PackSet, name: str, recall: float, quiet: float
) -> None:
    said = [(item, item.lines) for item in read_spoken(packs.source, name)]
    assert share(packs, [pair for pair in said if pair[0].fires]) >= recall
    assert share(packs, [pair for pair in said if not pair[0].fires]) >= quiet


@pytest.mark.parametrize("kind", [kind for kind in CLASSES.values() if kind != "fires"])
def test_what_is_not_meant_raises_nothing(packs: PackSet, kind: str) -> None:
    assert share(packs, [(item, item.lines) for item in read_spoken(packs.source) if item.kind == kind]) >= 0.93


@pytest.mark.parametrize("kind", KINDS)
def test_one_disturbance_hides_few_phrases_and_makes_hardly_any(packs: PackSet, kind: str) -> None:
    said: list[tuple[Spoken, tuple[Line, ...]]] = []
    for item in read_spoken(packs.source):
        (who, text), *rest = item.lines
        disturbed = disturb(text, kind, seed=0)
        if disturbed is not None and is_right(packs, item, item.lines):
            said.append((item, ((who, disturbed), *rest)))
    assert share(packs, [pair for pair in said if pair[0].fires]) >= 0.94
    assert share(packs, [pair for pair in said if not pair[0].fires]) >= 0.97
