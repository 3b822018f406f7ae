import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.language_check import (
    ChannelLanguage,
    check_channel,
    conclude,
    explain_language,
    gather_stretches,
    mark_foreign,
    measure_stretch,
)
from app.audio.language_model import LanguageModel, load_language_model, read_language_model, write_language_model
from app.audio.languages import check_by_detection
from app.conversation import Word
from app.errors import InvalidInput
from app.ports import HeardLanguage
from app.timeline import Span, total_s
from app.vocabulary import ChannelRole

DOUBT_ALONE = LanguageModel("test", "0" * 64, (1.0, 0.0, 0.0, 0.0), (1.0,) * 4, (4.0, 0.0, 0.0, 0.0), 0.0, -1.0, 1.0, {})
"""Judges by the mean doubt alone: 4 x (doubt - 1)."""

ENGLISH, FOREIGN = 0.9, 0.2
"""Word probabilities whose doubts are 0.1 and 1.6."""


def _said(start_s: float, end_s: float, confidence: float, *, per_s: float = 3.0) -> list[Word]:
    count = int((end_s - start_s) * per_s)
    return [
        Word(Span(start_s + at / per_s, start_s + (at + 1) / per_s), f"word{start_s}-{at}", confidence) for at in range(count)
    ]


def test_a_channel_of_confident_words_is_english() -> None:
    found = check_channel(_said(0, 36, ENGLISH), [Span(0, 36)], DOUBT_ALONE)
    assert (found.foreign, found.unsure, found.is_foreign) == ((), (), False)
    assert found.chance == pytest.approx(0.0, abs=0.02)


def test_a_channel_of_doubted_words_is_mostly_another_language() -> None:
    found = check_channel(_said(0, 36, FOREIGN), [Span(0, 36)], DOUBT_ALONE)
    assert found.is_foreign
    assert found.foreign == (Span(0, 36),)


def test_only_the_stretch_in_another_language_is_named() -> None:
    words = [*_said(0, 24, ENGLISH), *_said(24, 36, 0.05), *_said(36, 60, ENGLISH)]
    found = check_channel(words, [Span(0, 60)], DOUBT_ALONE)
    assert found.foreign == (Span(24, 36),)
    assert not found.is_foreign
    marked = mark_foreign(words, found)
    assert {word.low_trust for word in marked if 24 <= word.span.start_s < 36} == {True}
    assert {word.low_trust for word in marked if not 24 <= word.span.start_s < 36} == {False}


def test_speech_without_words_is_unsure_by_itself_and_foreign_beside_a_foreign_stretch() -> None:
    alone = check_channel([], [Span(0, 24)], DOUBT_ALONE)
    assert (alone.foreign, alone.unsure, alone.chance) == ((), (Span(0, 24),), None)
    beside = check_channel(_said(0, 12, FOREIGN), [Span(0, 24)], DOUBT_ALONE)
    assert (beside.foreign, beside.unsure) == ((Span(0, 24),), ())


def test_less_than_ten_seconds_are_at_most_unsure() -> None:
    found = check_channel(_said(0, 9, FOREIGN), [Span(0, 9)], DOUBT_ALONE)
    assert (found.foreign, found.unsure, found.is_foreign) == ((), (Span(0, 9),), False)
    assert all(word.low_trust for word in mark_foreign(_said(0, 9, FOREIGN), found))


@pytest.mark.parametrize("speech_s", [0.0, 1.0, 3.9])
def test_a_few_seconds_tell_no_language(speech_s: float) -> None:
    speech = [Span(0, speech_s)] if speech_s else []
    found = check_channel(_said(0, speech_s, FOREIGN), speech, DOUBT_ALONE)
    assert found == ChannelLanguage()
    assert conclude([found], "test") is None


def test_figures_of_a_stretch_by_hand() -> None:
    words = [
        Word(Span(0, 1), "yes", 0.5),
        Word(Span(1, 2), "no", 0.25),
        Word(Span(2, 3), "Yes,", 0.5),
        Word(Span(3, 4), "no", 0.25),
    ]
    (stretch,) = gather_stretches(words, [Span(0, 4)])
    # doubt (ln 2 + ln 4) / 2; two of four below 0.4; 4 of 10 expected words; pairs yes-no, no-yes, yes-no: one of three again
    assert measure_stretch(stretch) == pytest.approx((1.0397, 0.5, 0.6, 1 / 3), abs=1e-4)


SPEECH = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 30)), max_size=20)


@given(SPEECH)
def test_stretches_hold_all_speech_and_every_word_once(parts: list[tuple[float, float]]) -> None:
    speech, words, at = [], [], 0.0
    for pause_s, length_s in parts:
        speech.append(Span(at + pause_s, at + pause_s + length_s))
        at = speech[-1].end_s
        words += _said(speech[-1].start_s, at, ENGLISH)
    stretches = gather_stretches(words, speech)
    assert sum(stretch.speech_s for stretch in stretches) == pytest.approx(total_s(speech), abs=1e-3)
    assert [word for stretch in stretches for word in stretch.words] == words
    assert all(stretch.speech_s < 18.1 for stretch in stretches)


def test_the_call_is_english_foreign_or_unsure() -> None:
    english = ChannelLanguage(speech_s=30, chance=0.01)
    foreign = ChannelLanguage(foreign=(Span(0, 30),), speech_s=30, foreign_s=30, chance=0.98)
    unsure = ChannelLanguage(unsure=(Span(0, 30),), speech_s=30, unsure_s=30, chance=0.6)
    told = [conclude(pair, "test") for pair in ((english, english), (english, foreign), (english, unsure))]
    assert [(one.code, one.confidence) for one in told if one] == [("en", 0.99), (None, 0.98), (None, 0.6)]


def test_notes_name_the_party_and_the_time() -> None:
    foreign = ChannelLanguage(foreign=(Span(12, 40.5), Span(60, 75)), speech_s=50, foreign_s=43, chance=0.98)
    some = ChannelLanguage(foreign=(Span(12, 24),), unsure=(Span(100, 112),), speech_s=90, foreign_s=12, chance=0.2)
    notes = explain_language([foreign, some], [ChannelRole.CALLER, ChannelRole.AGENT])
    assert notes[0].startswith("The caller speaks mostly another language: 0:12-0:40, 1:00-1:15 does not sound like English")
    assert notes[1].startswith(
        "The agent: 0:12-0:24 does not sound like English; the words written there are not to be trusted"
    )
    assert notes[2] == "The agent: 1:40-1:52 may be another language, or too noisy to tell."
    assert len(notes) == 3


def test_a_multilingual_recogniser_names_the_language() -> None:
    windows = [
        HeardLanguage((Span(0, 25),), "es", 0.95),
        HeardLanguage((Span(25, 50),), "es", 0.9),
        HeardLanguage((Span(50, 75),), "en", 0.9),
        HeardLanguage((Span(75, 100),), "pt", 0.4),
        HeardLanguage((Span(100, 125),), "cy", 0.9),
    ]
    found = check_by_detection(windows, [Span(0, 100), Span(110, 111)])
    assert (found.foreign, found.unsure, found.code, found.is_foreign) == ((Span(0, 50),), (Span(75, 100),), "es", True)
    (note, doubt) = explain_language([found], [ChannelRole.CALLER])
    assert "0:00-0:50 sounds like Spanish" in note
    assert "1:15-1:40 may be another language" in doubt


def test_the_model_is_read_as_it_was_written() -> None:
    model = load_language_model()
    assert read_language_model(write_language_model(model)) == model
    assert model.unsure_above <= model.foreign_above


def test_a_model_for_other_figures_is_refused() -> None:
    text = write_language_model(load_language_model()).replace('"doubt"', '"loudness"')
    with pytest.raises(InvalidInput, match="train it again"):
        read_language_model(text)


def test_the_model_says_what_it_was_made_of() -> None:
    training = load_language_model().training
    assert "en" in training["languages"]
    assert len(training["languages"]) >= 10
    assert len(str(training["data_sha256"])) == 64
