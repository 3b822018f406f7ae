"""A set of numbers in a file answers as a Python set does, and a damaged file never answers at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.compliance.registry.number_set import NumberSet
from app.compliance.registry.number_set_file import NumberSetWriter
from app.errors import ListDamaged

numbers = st.integers(2_000_000_000, 9_999_999_999)
# Neighbours, so that pages fill up and borders of pages and area codes are met.
close = st.builds(lambda start, steps: [start + step for step in steps], numbers, st.lists(st.integers(0, 3000), max_size=60))


def make(path: Path, *parts: np.ndarray) -> NumberSet:
    writer = NumberSetWriter()
    for part in parts:
        writer.add(np.asarray(part, dtype=np.int64))
    writer.write(path)
    return NumberSet(path)


def dense_and_sparse(random: np.random.Generator) -> np.ndarray:
    dense = 3_052_000_000 + random.choice(8_000_000, 400_000, replace=False)
    sparse = 2_122_000_000 + random.choice(8_000_000, 3_000, replace=False)
    return random.permutation(np.concatenate([dense, sparse]))


@settings(max_examples=60, deadline=None)
@given(st.lists(close, max_size=4), close)
def test_answers_as_a_set_does(tmp_path_factory: pytest.TempPathFactory, groups: list[list[int]], others: list[int]) -> None:
    held = {n for group in groups for n in group if n <= 9_999_999_999}
    asked = [n for n in [*held, *others, *(n + 1 for n in held), 0] if n <= 9_999_999_999]
    numbers = make(tmp_path_factory.mktemp("set") / "n.set", *[[n for n in g if n <= 9_999_999_999] for g in groups])
    assert numbers.contains(np.array(asked, dtype=np.int64)).tolist() == [n in held for n in asked]
    assert [n in numbers for n in asked] == [n in held for n in asked]
    assert numbers.count == len(held)
    assert sum(numbers.area_counts.values()) == len(held)


def test_full_and_scattered_pages_answer_alike_one_by_one_and_in_bulk(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    held = dense_and_sparse(random)
    numbers = make(tmp_path / "n.set", *np.array_split(held, 7), held[:1000])
    members = set(held.tolist())
    asked = np.concatenate([held[::7], 2_002_000_000 + random.integers(0, 7_000_000_000, 100_000)])
    asked = asked[asked <= 9_999_999_999]
    found = numbers.contains(asked)
    assert found.tolist() == [n in members for n in asked.tolist()]
    assert [n in numbers for n in asked[:5000].tolist()] == found[:5000].tolist()
    assert numbers.count == len(members)
    assert set(numbers.numbers_of(305).tolist()) | set(numbers.numbers_of(212).tolist()) == members
    assert numbers.area_counts == {305: 400_000, 212: 3_000}


def test_removed_numbers_are_gone_from_full_and_loose_groups(tmp_path: Path) -> None:
    held = dense_and_sparse(np.random.default_rng(6))
    writer = NumberSetWriter()
    writer.add(held)
    writer.remove(held[::2])
    writer.remove(np.array([4_042_000_000]))
    writer.write(tmp_path / "n.set")
    assert NumberSet(tmp_path / "n.set").contains(held).tolist() == [at % 2 == 1 for at in range(held.size)]


def test_an_empty_set_holds_nothing(tmp_path: Path) -> None:
    numbers = make(tmp_path / "n.set")
    assert not numbers.contains(np.array([0, 2_125_550_123, 9_999_999_999])).any()


def test_more_than_ten_digits_are_refused(tmp_path: Path) -> None:
    numbers = make(tmp_path / "n.set", np.array([2_125_550_123]))
    for wrong in (10_000_000_000, -1):
        with pytest.raises(ValueError, match="ten digits"):
            numbers.contains(np.array([wrong]))
        assert wrong not in numbers


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.9999])
def test_a_changed_byte_is_noticed_before_the_first_answer(tmp_path: Path, share: float) -> None:
    """Each byte is header, padding, table, a page or sorted numbers; padding alone may change without harm."""
    path = tmp_path / "n.set"
    held = dense_and_sparse(np.random.default_rng(7))
    make(path, held)
    content = bytearray(path.read_bytes())
    at = min(int(len(content) * share), len(content) - 1)
    content[at] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(ListDamaged, match="damaged"):
        NumberSet(path).contains(held)


@pytest.mark.parametrize("kept", [0, 7, 100, 5000, -1, -5000])
def test_a_file_that_is_cut_off_does_not_open(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "n.set"
    make(path, dense_and_sparse(np.random.default_rng(8)))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ListDamaged):
        NumberSet(path)


def test_a_missing_file_is_damage_and_not_an_empty_list(tmp_path: Path) -> None:
    with pytest.raises(ListDamaged, match="cannot be opened"):
        NumberSet(tmp_path / "gone.set")


def test_a_single_question_notices_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "n.set"
    held = dense_and_sparse(np.random.default_rng(9))
    make(path, held)
    content = bytearray(path.read_bytes())
    content[len(content) * 6 // 10] ^= 1
    path.write_bytes(content)
    numbers = NumberSet(path)
    with pytest.raises(ListDamaged):
        any(n in numbers for n in held.tolist())
