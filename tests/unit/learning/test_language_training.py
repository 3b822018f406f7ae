from pathlib import Path

import pytest

from app.adapters.stage_cache import FolderStageCache
from app.audio.language_check import check_channel
from app.audio.language_model import read_language_model, write_language_model
from app.conversation import Word
from app.errors import InvalidInput
from app.learning.language_corpus import HeardPassage, Passage, hear_passages, read_language_corpus
from app.learning.language_training import render_training, train_language
from app.timeline import Span
from tests.fakes import ScriptedTranscriber

SAMPLE_CALL = Path(__file__).parents[3] / "sample_audio" / "calls" / "plumbing-misdial.wav"
HEADER = "file,language,speakers,channels,duration_s,licence\n"


def _heard(language: str, number: int, *, licence_allows: bool = True) -> HeardPassage:
    """A passage of 24 s: English is written with confidence, anything else with doubt, a little differently each time."""
    confidence = (0.9 if language == "en" else 0.35) - 0.01 * (number % 7)
    words = tuple(
        Word(Span(at / 3, at / 3 + 0.3), f"w{(at * (7 + number)) % 50}", confidence - 0.05 * (at % 3)) for at in range(72)
    )
    passage = Passage(language, f"{language}-{number}", (Path(f"{language}{number}.wav"),), 0, licence_allows)
    return HeardPassage(passage, words, (Span(0, 24),), f"{language}{number}")


CORPUS = [_heard(language, number) for language in ("en", "es", "fr", "ru") for number in range(6)]


def test_languages_are_told_by_copies_that_never_heard_them() -> None:
    trained = train_language(CORPUS, asr_sha256="a" * 64)
    found = {row.name: (row.passages, row.foreign) for row in trained.rows}
    assert found == {f"en en-{n}": (1, 0) for n in range(6)} | {
        f"{language} {language}-{n}": (1, 1) for language in ("es", "fr", "ru") for n in range(6)
    }
    assert trained.auc == 1.0
    assert "left out: 1.000" in render_training(trained)


def test_the_model_that_was_written_judges_as_the_one_that_was_trained() -> None:
    model = train_language(CORPUS, asr_sha256="a" * 64).model
    again = read_language_model(write_language_model(model))
    spoken = _heard("de", 1)
    assert check_channel(spoken.words, spoken.speech, again) == check_channel(spoken.words, spoken.speech, model)
    assert check_channel(spoken.words, spoken.speech, again).is_foreign


def test_what_may_not_be_learned_from_changes_no_weight() -> None:
    forbidden = [_heard("nl", number, licence_allows=False) for number in range(6)]
    with_it, without = (train_language(heard, asr_sha256="a" * 64).model for heard in ([*CORPUS, *forbidden], CORPUS))
    assert with_it.weights == without.weights
    assert with_it.training == without.training


@pytest.mark.parametrize("languages", [("en",), ("en", "es"), ("es", "fr", "ru")])
def test_too_few_languages_teach_nothing(languages: tuple[str, ...]) -> None:
    heard = [_heard(language, number) for language in languages for number in range(3)]
    with pytest.raises(InvalidInput, match="English and at least two other languages"):
        train_language(heard, asr_sha256="a" * 64)


def test_short_files_of_a_speaker_become_one_passage(tmp_path: Path) -> None:
    rows = [("a", "es", 10), ("b", "es", 10), ("c", "es", 10), ("d", "fr", 10)]
    for name, _, _ in rows:
        (tmp_path / f"{name}.wav").touch()
    lines = "".join(f"{name}.wav,{language},s,1,{seconds},CC BY 4.0\n" for name, language, seconds in rows)
    (tmp_path / "manifest.csv").write_text(HEADER + lines + "")
    passages = read_language_corpus(tmp_path / "manifest.csv")
    assert [[file.stem for file in passage.files] for passage in passages] == [["a", "b"], ["c"], ["d"]]


def test_what_was_heard_is_kept_until_the_pipeline_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passage = Passage("en", "caller", (SAMPLE_CALL,), 0, may_train=True)
    cache, recogniser = FolderStageCache(tmp_path), ScriptedTranscriber()
    first = hear_passages([passage], recogniser, cache=cache)
    asked = len(recogniser.heard)
    assert hear_passages([passage], recogniser, cache=cache) == first
    assert len(recogniser.heard) == asked > 0
    monkeypatch.setattr("app.learning.language_corpus.PIPELINE_VERSION", "another")
    hear_passages([passage], recogniser, cache=cache)
    assert len(recogniser.heard) == 2 * asked


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "expected the columns"),
        ("file,language\nx.wav,es\n", "missing"),
        (HEADER + "x.wav,es,s,1,10,MIT\n", "are not there"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "manifest.csv").write_text(content)
    with pytest.raises(InvalidInput, match=expected):
        read_language_corpus(tmp_path / "manifest.csv")
