"""The documentation names every column and default pattern that intake understands."""

from pathlib import Path

from app.intake.columns import SYNONYMS
from app.intake.filenames import DEFAULT_PATTERNS

TEXT = (Path(__file__).parents[3] / "docs" / "intake.md").read_text("utf-8")


def test_every_column_name_is_documented() -> None:
    assert [name for names in SYNONYMS.values() for name in names if name not in TEXT] == []


def test_every_default_pattern_is_documented() -> None:
    assert [pattern for pattern in DEFAULT_PATTERNS if pattern not in TEXT] == []
