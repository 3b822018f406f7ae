"""Every place of every string is found, and no other: the table that keeps the automaton from most of a text hides nothing."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.language.seeking import Seeker

STRINGS = st.lists(st.text("abcd", min_size=1, max_size=4), max_size=8, unique=True)


def look_everywhere(strings: list[str], text: str) -> set[tuple[int, int, str]]:
    return {(i, i + len(s), s) for s in strings for i in range(len(text) - len(s) + 1) if text.startswith(s, i)}


@given(STRINGS, st.text("abcdxy", max_size=60))
@example(["ab", "bc"], "axbc ab")
@example(["ac"], "abc")
@example(["a"], "xaxxa")
@example([], "abc")
@example(["ab"], "")
def test_all_places_of_all_strings_are_found(strings: list[str], text: str) -> None:
    found = list(Seeker.of({s: s for s in strings}).find(text))
    assert len(found) == len(set(found))
    assert set(found) == look_everywhere(strings, text)


def test_many_different_letters_are_told_apart() -> None:
    letters = [chr(0xE800 + i) for i in range(4000)]
    strings = ["".join(letters[i : i + 3]) for i in range(0, 3990, 7)]
    text = "".join(reversed(letters)) + "".join(letters)
    found = list(Seeker.of({s: s for s in strings}).find(text))
    assert {value for _, _, value in found} == set(strings)
    assert all(text[start:end] == value for start, end, value in found)
    assert len(found) == len(strings)
