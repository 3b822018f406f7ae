"""Which calls hold these words? Full-text search over transcripts: FTS5 on SQLite, tsvector on PostgreSQL.

What people type is cut into words and phrases first and handed over as values, so that no input can be a syntax error.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, column, func, literal_column, select, table, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import Function

from app.models.analysis import TranscriptDocument

MARK_START, MARK_END = "\ue000", "\ue001"
MOST_PHRASES = 12
SNIPPET_WORDS = 18
_QUOTED_OR_WORD = re.compile(r'"([^"]*)"|(\S+)')
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class WordSearch:
    """What to look for: every phrase must occur; a phrase is one word, or several in a row."""

    phrases: tuple[tuple[str, ...], ...]


def parse_search(typed: str) -> WordSearch | None:
    """Read what a person typed; ``"in quotes"`` is a phrase. None when there is no word in it."""
    phrases: list[tuple[str, ...]] = []
    for quoted, word in _QUOTED_OR_WORD.findall(typed):
        found = tuple(_WORDS.findall((quoted or word).lower()))
        if found and found not in phrases:
            phrases.append(found)
    return WordSearch(tuple(phrases[:MOST_PHRASES])) if phrases else None


def matching_calls(session: Session, search: WordSearch) -> Select[str]:
    """Return the statement that gives the ids of the calls whose transcript holds all phrases."""
    if _is_postgresql(session):
        return select(TranscriptDocument.call_id).where(_vector().op("@@")(_tsquery(search)))
    words = table("transcript_words", column("rowid"), column("text"))
    return (
        select(TranscriptDocument.call_id)
        .join(words, words.c.rowid == TranscriptDocument.doc_no)
        .where(literal_column("transcript_words").op("MATCH")(_fts5(search)))
    )


def load_snippets(session: Session, search: WordSearch, call_ids: Iterable[str]) -> Mapping[str, str]:
    """Return for each of these calls the stretch of its transcript in which the words stand, between U+E000 and U+E001."""
    wanted = sorted(set(call_ids))
    if not wanted:
        return {}
    if _is_postgresql(session):
        options = f"StartSel={MARK_START}, StopSel={MARK_END}, MaxWords={SNIPPET_WORDS}, MinWords={SNIPPET_WORDS // 2}"
        excerpt = func.ts_headline("english", TranscriptDocument.text, _tsquery(search), options)
        rows = session.execute(select(TranscriptDocument.call_id, excerpt).where(TranscriptDocument.call_id.in_(wanted)))
        return {row[0]: row[1] for row in rows}
    statement = text(
        "SELECT d.call_id, snippet(transcript_words, 0, :start, :end, '…', :words) FROM transcript_words"
        " JOIN transcript_document d ON d.doc_no = transcript_words.rowid"
        " WHERE transcript_words MATCH :query AND transcript_words.rowid IN"
        " (SELECT doc_no FROM transcript_document WHERE call_id IN :calls)"
    ).bindparams(bindparam("calls", expanding=True))
    values = {"start": MARK_START, "end": MARK_END, "words": SNIPPET_WORDS, "query": _fts5(search), "calls": wanted}
    return {row[0]: row[1] for row in session.execute(statement, values)}


def split_marks(snippet: str) -> tuple[tuple[str, bool], ...]:
    """Cut a snippet into (text, is it a found word) pieces."""
    pieces: list[tuple[str, bool]] = []
    for part in re.split(f"({MARK_START}[^{MARK_END}]*{MARK_END})", snippet):
        if part:
            is_found = part.startswith(MARK_START)
            pieces.append((part.strip(MARK_START + MARK_END) if is_found else part, is_found))
    return tuple(pieces)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _fts5(search: WordSearch) -> str:
    """Return the query in FTS5's language; every phrase is a quoted string of letters and digits."""
    return " AND ".join('"' + " ".join(phrase) + '"' for phrase in search.phrases)


def _vector() -> Function[object]:
    return func.to_tsvector(literal_column("'english'"), TranscriptDocument.text)


def _tsquery(search: WordSearch) -> object:
    query: object = None
    for phrase in search.phrases:
        one = func.phraseto_tsquery(literal_column("'english'"), " ".join(phrase))
        query = one if query is None else query.op("&&")(one)  # type: ignore[attr-defined]
    return query
