"""Where to after signing in? Only to a page of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.next_page import safe_next


@pytest.mark.parametrize("target", ["/calls", "/calls?q=a%20b&from=2026-01-01", "/calls/01J?tab=2#x"])
def test_a_path_of_ours_is_kept(target: str) -> None:
    assert safe_next(target, "/") == target


@given(st.text(alphabet="/\\:.@ahtpsevil\t\n #?", max_size=30))
def test_whatever_comes_the_answer_is_a_plain_path(target: str) -> None:
    chosen = safe_next(target, "/")
    assert chosen.startswith("/")
    assert not chosen.startswith(("//", "/\\"))
    assert not set(chosen) & set("\\\t\n ")
