"""What the voice model learns from, how it is fitted, and how it is tested."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.audio.features import SIGNAL_FEATURES
from app.audio.voice.model import read_voice_model, write_voice_model
from app.audio.voice.stretches import GROUPS, Stretch
from app.errors import InvalidInput
from app.learning.fit_voice import fit_voice_model
from app.learning.telephone_lines import LINES, simulate_line
from app.learning.voice_auc import find_auc, find_auc_same_line
from app.learning.voice_card import render_card
from app.learning.voice_corpus import VoiceFile, read_voice_corpus
from app.learning.voice_evaluation import evaluate_model
from app.learning.voice_figures import HeardVoice, plan_lines
from app.learning.voice_held_out import judged_as, list_heard, score_held_out
from app.learning.voice_rows import is_live, speaker_folds, weigh, weighted_quantile
from app.learning.voice_tables import render_evaluation
from app.timeline import Span

HEADER = "file,class,speakers,duration_s,channels,reference_transcript,licence,subclass,variant"
WIDTH = 2 * 3 + len(SIGNAL_FEATURES)


def voice(name: str, source: str = "live", **changes: object) -> VoiceFile:
    truth = {"live": "live", "prompts": "recorded"}.get(source, "synthetic")
    values = {"subclass": "read", "text": "", "may_train": True, "speaker": name, "variant": "native", **changes}
    return VoiceFile(path=Path(name), name=name, truth=truth, source=source, **values)  # type: ignore[arg-type]


def heard(count: int, source: str, shift: float, seed: int) -> list[HeardVoice]:
    """Voices whose first figure is shifted."""
    figures = np.random.default_rng(seed).normal(0, 1, (count, WIDTH))
    figures[:, 0] += shift
    return [
        HeardVoice(voice(f"{source}{at}", source, text=f"sentence {at}"), LINES[at % 2], True, row)
        for at, row in enumerate(figures)
    ]


ROWS = heard(60, "live", -1.5, 1) + heard(25, "flite", 1.5, 2) + heard(25, "newvoice", 1.5, 3) + heard(25, "prompts", 1.0, 4)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav", "c.wav", "d.wav", "e.wav", "n.wav", "s.wav"):
        (tmp_path / name).write_bytes(b"RIFF")
    lines = [
        HEADER,
        "a.wav,live_human,p:1,3,1,hello there,CC BY 4.0,read,clean",
        "b.wav,tts,piper:joe,3,1,Hello there!,MIT,ord,tel_gsm",
        "c.wav,recorded_prompt,Ann Prompt,3,1,press one,CC BY-NC 4.0,ivr_prompt,native",
        "d.wav,tts,flite:kal,3,1,x,,ord,clean",
        "e.wav,music,,3,1,,MIT,hold,native",
        "gone.wav,tts,flite:kal,3,1,x,MIT,ord,clean",
        "n.wav,noise,,3,1,,MIT,street,native",
        "s.wav,live_human,q:1 q:2,60,2,,MIT,conversation,native",
    ]
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_manifest_is_read_by_what_may_be_learned(manifest: Path) -> None:
    corpus = read_voice_corpus(manifest)
    taught = {v.name: v.may_train for v in corpus.voices if "#" not in v.name}
    assert taught == {"a.wav": True, "b.wav": True, "c.wav": False, "d.wav": False}
    assert [v.source for v in corpus.voices[:3]] == ["live", "piper", "ann prompt"]
    assert [v.name for v in corpus.noises] == ["n.wav"]
    assert corpus.left_out == ("e.wav: class music is not one voice", "gone.wav: there is no such file")


def test_a_conversation_of_live_people_is_heard_in_parts_of_each_channel(manifest: Path) -> None:
    parts = [v for v in read_voice_corpus(manifest).voices if v.name.startswith("s.wav")]
    assert [(v.channel, v.start_s) for v in parts] == [(0, 0.0), (0, 24.0), (1, 0.0), (1, 24.0)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "columns"),
        ("file,class\na.wav,tts\n", "speakers, reference_transcript, licence, variant, channels missing"),
        (f"{HEADER}\na.wav,tts,piper:joe,3,1,x,MIT,ord,clean\n", "live people"),
        (f"{HEADER}\na.wav,live_human,p:1,3,1,x,MIT,read,clean\n", "recorded_prompt or tts"),
    ],
)
def test_an_unusable_manifest_is_refused_with_the_reason(manifest: Path, content: str, said: str) -> None:
    manifest.write_text(content)
    with pytest.raises(InvalidInput, match=said):
        read_voice_corpus(manifest)


def test_no_manifest_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        read_voice_corpus(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("variant", "count", "simulated"), [("clean", 3, [True] * 3), ("tel_gsm", 1, [False]), ("native", 2, [False, True])]
)
def test_wide_files_go_over_three_lines_and_real_lines_stay(variant: str, count: int, simulated: list[bool]) -> None:
    lines = plan_lines(voice("x", variant=variant))
    assert [is_simulated for _, is_simulated in lines] == simulated
    assert len({name for name, _ in lines}) == count


@pytest.mark.parametrize("kind", LINES)
def test_a_line_repeats_itself_and_another_seed_is_another_line(kind: str) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 16000) * (np.sin(np.arange(16000) / 500) > 0)
    over = simulate_line(wave, kind, 7)
    assert over.shape == wave.shape
    assert np.array_equal(over, simulate_line(wave, kind, 7))
    assert not np.array_equal(over, simulate_line(wave, kind, 8))


def test_a_good_line_passes_the_telephone_band_alone() -> None:
    over = simulate_line(np.random.default_rng(0).normal(0, 0.1, 16000), "clean", 7)
    power = np.abs(np.fft.rfft(over)) ** 2
    hz = np.fft.rfftfreq(len(over), 1 / 8000)
    assert power[hz < 60].mean() < 0.01 * power[(hz > 500) & (hz < 3000)].mean()


def test_packets_are_lost_in_whole_frames() -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 80000)
    lost = (simulate_line(wave, "loss", 3).reshape(-1, 160) == 0.0).all(axis=1)
    assert 0.01 < lost.mean() < 0.06


@pytest.mark.parametrize(("kind", "wave", "said"), [("radio", np.ones(100), "radio"), ("gsm", np.zeros(100), "silence")])
def test_a_line_needs_a_known_kind_and_a_voice(kind: str, wave: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulate_line(wave, kind, 1)


def test_auc_counts_pairs() -> None:
    # of the six pairs (3, 1) (3, 2) (3, 3) (2, 1) (2, 2) (2, 3): 3 won, 2 even, 1 lost
    assert find_auc(np.array([3.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx((3 + 2 * 0.5) / 6)


def test_auc_over_the_same_line_compares_within_lines_only() -> None:
    machines, people = np.array([1.0, 5.0]), np.array([0.0, 4.0, 9.0])
    lines = np.array(["a", "b"])
    assert find_auc_same_line(machines, lines, people, np.array(["a", "b", "c"])) == 1.0
    assert find_auc_same_line(machines, lines, people, np.array(["c"] * 3)) == find_auc(machines, people)


def test_people_and_machines_have_half_of_the_say_and_each_source_the_same() -> None:
    weights = weigh(ROWS)
    live = is_live(ROWS)
    assert weights[live].sum() == pytest.approx(weights[~live].sum())
    sources = [row.voice.source for row in ROWS]
    by_source = {s: weights[[x == s for x in sources]].sum() for s in ("flite", "newvoice", "prompts")}
    assert len({round(total, 6) for total in by_source.values()}) == 1


def test_weighted_quantile_counts_weight() -> None:
    assert weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 0.5) == 1.0
    assert weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0]), 0.99) == 3.0


def test_all_rows_of_a_speaker_are_in_one_fold() -> None:
    rows = [HeardVoice(voice(f"f{at}", speaker="one"), "gsm", True, np.zeros(WIDTH)) for at in range(9)]
    assert len(set(speaker_folds(rows, 5))) == 1


def test_held_out_scores_are_from_models_that_never_heard_the_source() -> None:
    odd = heard(25, "odd", 0.0, 9)  # an engine that is no different from people
    rows = [*ROWS, *odd]
    fitted = fit_voice_model(rows, version="v", encoder_sha256="e", training={})
    standardised = fitted.standardise(np.stack([row.figures for row in rows]))
    scores = score_held_out(rows, standardised, fitted.without, fitted.not_live)
    machines = scores.machine[[row.voice.source == "odd" for row in [*ROWS, *odd]]]
    people = scores.live["odd"][is_live([*ROWS, *odd])]
    assert 0.4 < find_auc(machines, people) < 0.95  # between chance (shift 0 of -1.5) and the known engines
    known = scores.machine[[row.voice.source == "flite" for row in [*ROWS, *odd]]]
    assert find_auc(known, people) > find_auc(machines, people)


def test_a_figure_that_changes_with_the_line_counts_less_than_one_that_stays() -> None:
    """Both figures part the classes equally well; the second one also moves when a recording is sent over another line."""
    rng, rows = np.random.default_rng(6), []
    for at in range(80):
        shift, figures = (1.0 if at % 2 else -1.0), rng.normal(0, 1, WIDTH)
        source = ("flite" if at % 4 == 1 else "newvoice") if at % 2 else "live"
        for line, moved in (("gsm", -1.0), ("noise", 1.0)):
            over = figures.copy()
            over[0] += shift
            over[1] += shift + moved
            rows.append(HeardVoice(voice(f"r{at}", source), line, True, over))
    spread = np.stack([row.figures for row in rows]).std(axis=0)
    fitted = fit_voice_model(rows, version="v", encoder_sha256="e", training={})
    stays, moves = fitted.not_live.weights[:2] / spread[:2]
    assert stays > 0
    assert moves < 0.5 * stays


def test_a_file_of_the_training_is_known_by_its_content_under_another_name() -> None:
    taught = [replace(row, content_sha256=f"{at:064x}"[::-1]) for at, row in enumerate(ROWS)]
    heard_before = list_heard(taught)
    renamed = [replace(row, voice=replace(row.voice, speaker=f"someone{at}")) for at, row in enumerate(taught)]
    renamed[70] = replace(renamed[70], voice=replace(renamed[70].voice, source="a new name"))
    sources, folds = judged_as(renamed, heard_before)
    assert sources[70] == "flite"
    assert (folds == speaker_folds(taught, 5)).all()
    assert (folds != speaker_folds(renamed, 5)).any()
    strangers, _ = judged_as([replace(row, content_sha256="f" * 64) for row in renamed], heard_before)
    assert strangers[70] == "a new name"


@pytest.fixture(scope="module")
def model() -> object:
    return fit_voice_model(ROWS, version="v", encoder_sha256="e", training={"files": [], "sources": {"flite": 25}})


def test_a_model_is_written_and_read_without_running_anything(model: object) -> None:
    text = write_voice_model(model)  # type: ignore[arg-type]
    again = read_voice_model(text)
    assert write_voice_model(again) == text
    assert {name.split("|")[0] for name in again.without} == {"*", "flite", "newvoice", "prompts"}
    assert again.live_below <= again.not_live_above


def test_the_parts_of_a_score_add_up(model: object) -> None:
    figures = ROWS[70].figures
    stretch = Stretch((Span(0, 8),), 8.0, figures)
    score = model.score(stretch)  # type: ignore[attr-defined]
    assert tuple(score.groups) == GROUPS
    total = sum(score.groups.values()) + model.not_live.intercept  # type: ignore[attr-defined]
    assert score.not_live == pytest.approx(max(-4.0, min(4.0, total)), abs=1e-6)


def test_a_model_of_other_figures_is_refused(model: object) -> None:
    text = write_voice_model(model).replace('"features_version":"', '"features_version":"old ')  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="train it again"):
        read_voice_model(text)


def test_evaluation_tells_engines_apart_from_people_and_says_what_was_met(model: object) -> None:
    result = evaluate_model(ROWS, model)  # type: ignore[arg-type]
    by_source = {source.source: source for source in result.sources}
    assert {name: source.kind for name, source in by_source.items()} == {
        "flite": "classic",
        "newvoice": "neural",
        "prompts": "recorded",
    }
    assert by_source["flite"].auc > 0.9  # normal shifts 3 apart: 0.98
    assert by_source["flite"].auc_low <= by_source["flite"].auc <= by_source["flite"].auc_high
    assert result.matched_sentences == 25
    assert result.live.called_not_live + result.live.called_live + result.live.unknown == pytest.approx(1.0, abs=2e-4)
    assert {shares.source for shares in result.verdicts} == {"live", "flite", "newvoice", "prompts"}
    for verdicts in result.verdicts:
        assert verdicts.live + verdicts.unknown + verdicts.not_live == pytest.approx(1.0, abs=2e-4)
    told = {verdicts.source: verdicts.recorded for verdicts in result.verdicts}
    assert told["prompts"] is None  # the only recorded speaker: without it nothing is known of recordings
    assert told["flite"] is not None
    assert [line.line for line in result.lines] == sorted(LINES[:2])
    assert sum(line.machine_rows + line.live_rows for line in result.lines) == len(ROWS)
    assert result.speakers.speakers == 60
    shares = by_source["flite"]
    assert shares.called_not_live + shares.called_live + shares.unknown == pytest.approx(1.0, abs=2e-4)


def test_another_set_is_judged_by_the_model_that_never_heard_its_engine(model: object) -> None:
    rows = heard(40, "live", -1.5, 11) + heard(20, "flite", 1.5, 12) + heard(20, "brandnew", 1.5, 13)
    result = evaluate_model(rows, model)  # type: ignore[arg-type]
    assert result.way.endswith("new to the model altogether: brandnew")
    assert all(source.auc > 0.9 for source in result.sources)


def test_table_and_card_carry_the_figures(model: object) -> None:
    result = evaluate_model(ROWS, model)  # type: ignore[arg-type]
    training = {"files_heard": 135, "rows": 135, "live_speakers": 60, "sources": {"flite": 25}, "data_sha256": "d" * 64}
    described = fit_voice_model(ROWS, version="v", encoder_sha256="e", training={**training, "more_manifest_sha256": None})
    for text in (render_evaluation(result), render_card(described, result, ["x/a.wav: too short"])):
        assert f"{result.sources[0].auc:.3f}" in text
        assert f"{result.live.called_not_live:.1%}" in text
    assert "too short: 1 (a.wav)" in render_card(described, result, ["x/a.wav: too short"])
