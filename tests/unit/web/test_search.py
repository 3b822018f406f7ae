"""What is looked for when somebody types words?"""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.adapters.database import open_database
from app.web.call_list.search import load_snippets, matching_calls, parse_search, split_marks


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ("gift card", (("gift",), ("card",))),
        ('"Gift  Card" visa', (("gift", "card"), ("visa",))),
        ("don't", (("don", "t"),)),
        ('"unclosed phrase', (("unclosed",), ("phrase",))),
        ("gift gift", (("gift",),)),
        ("café ñandú", (("café",), ("ñandú",))),
    ],
)
def test_words_and_quoted_phrases_are_told_apart(typed: str, phrases: tuple[tuple[str, ...], ...]) -> None:
    found = parse_search(typed)
    assert found
    assert found.phrases == phrases


@pytest.mark.parametrize("typed", ["", "  ", '"', '""', "*-()", "…"])
def test_what_holds_no_word_is_no_search(typed: str) -> None:
    assert parse_search(typed) is None


def test_found_words_are_cut_out_of_their_snippet() -> None:
    assert split_marks("a \ue000gift\ue001 \ue000card\ue001 b") == (
        ("a ", False), ("gift", True), (" ", False), ("card", True), (" b", False),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(typed=st.text(max_size=40).filter(lambda text: "\x00" not in text))
def test_no_text_is_a_syntax_error(template_engine: Engine, typed: str) -> None:
    search = parse_search(typed)
    if search is None:
        return
    with Session(template_engine) as session:
        assert session.scalars(matching_calls(session, search)).all() == []
        assert load_snippets(session, search, ["no-call"]) == {}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def template_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The empty, migrated database of each kind that other tests copy; the examples only read."""
    if request.param == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('sqlite_template')}"
    else:
        server = make_url(request.getfixturevalue("postgres_server"))
        url = server.set(database=request.getfixturevalue("postgres_template")).render_as_string(hide_password=False)
    engine = open_database(url)
    yield engine
    engine.dispose()
