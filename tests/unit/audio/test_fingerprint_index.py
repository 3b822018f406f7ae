"""What the index proposes is what counting by hand proposes; files and merged files say the same as memory."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from app.audio import fingerprint_index
from app.audio.fingerprint import Landmarks
from app.audio.fingerprint_index import Segment, find_candidates, merge_segments, open_segment, write_segment


def marks(seed: int, count: int = 300, span: int = 3000, pool: int = 4000) -> Landmarks:
    random = np.random.default_rng(seed)
    frames = np.sort(random.integers(0, span, count)).astype(np.uint16)
    return Landmarks(random.integers(0, pool, count).astype(np.uint32), frames)


def later(landmarks: Landmarks, by: int) -> Landmarks:
    return Landmarks(landmarks.hashes, (landmarks.frames + by).astype(np.uint16))


def count_by_hand(prints: dict[int, Landmarks], asked: Landmarks) -> dict[int, tuple[int, int]]:
    best = {}
    for no, stored in prints.items():
        votes: Counter[int] = Counter()
        for mark, frame in zip(asked.hashes, asked.frames, strict=True):
            votes.update(int(at) - int(frame) for at in stored.frames[stored.hashes == mark])
        near = {offset: votes[offset - 1] + votes[offset] + votes[offset + 1] for offset in votes}
        if near and max(near.values()) >= 3:
            best[no] = (max(near.values()), max(near, key=lambda o: (near[o], -o)))
    return best


@pytest.fixture
def prints() -> dict[int, Landmarks]:
    return {3 * n + 1: marks(n) for n in range(40)}


def test_votes_equal_a_count_by_hand(prints: dict[int, Landmarks]) -> None:
    asked = later(marks(17), 40)
    found = find_candidates([Segment.build(prints.items())], asked)
    by_hand = count_by_hand(prints, asked)
    assert (found[0].print_no, found[0].offset_frames) == (52, -40)
    assert found[0].votes >= 300
    assert {c.print_no: c.votes for c in found} == {
        no: votes for no, (votes, _) in by_hand.items() if no in {c.print_no for c in found}
    }
    assert len(found) == min(len(by_hand), fingerprint_index.MOST_CANDIDATES)


def test_one_segment_and_many_give_the_same_answer(prints: dict[int, Landmarks], tmp_path: Path) -> None:
    items = sorted(prints.items())
    whole = Segment.build(items)
    parts = [Segment.build(items[first : first + 9]) for first in range(0, 40, 9)]
    merged = merge_segments(parts)
    write_segment(tmp_path / "a.prints", merged, first_id="A", last_id="Z")
    mapped, first_id, last_id = open_segment(tmp_path / "a.prints")
    assert (first_id, last_id) == ("A", "Z")
    for seed in (3, 30, 99):
        asked = later(marks(seed), 7)
        answer = find_candidates([whole], asked)
        assert find_candidates(parts, asked) == answer
        assert find_candidates([merged], asked) == answer
        assert find_candidates([mapped], asked) == answer


def test_a_common_landmark_does_not_crowd_out_the_rare_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = marks(1, count=100, pool=1 << 19)
    common = Landmarks(np.full(2000, asked.hashes[0], np.uint32), np.arange(2000).astype(np.uint16))
    prints = {1: asked, **dict.fromkeys(range(2, 40), common)}
    monkeypatch.setattr(fingerprint_index, "MOST_POSTINGS", 500)
    found = find_candidates([Segment.build(prints.items())], asked)
    assert found[0].print_no == 1
    assert found[0].votes >= 90


def test_a_file_that_was_cut_off_or_is_another_is_refused(prints: dict[int, Landmarks], tmp_path: Path) -> None:
    path = tmp_path / "a.prints"
    write_segment(path, Segment.build(prints.items()), first_id="A", last_id="Z")
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(ValueError, match="delete the file"):
        open_segment(path)
    path.write_bytes(b"something else" * 100)
    with pytest.raises(ValueError, match="another file"):
        open_segment(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.prints"]


def test_nothing_is_found_in_nothing(prints: dict[int, Landmarks]) -> None:
    nothing = Landmarks(np.zeros(0, np.uint32), np.zeros(0, np.uint16))
    assert find_candidates([], marks(1)) == ()
    assert find_candidates([Segment.build(prints.items())], nothing) == ()
    assert find_candidates([Segment.build([(1, nothing)])], marks(1)) == ()
