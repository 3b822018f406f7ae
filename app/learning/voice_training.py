"""How is the voice model made and tested, from a manifest to figures? Reads the corpus, hears it, fits, evaluates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.audio.voice.model import VoiceModel, write_voice_model
from app.errors import InvalidInput
from app.learning.fit_voice import fit_voice_model
from app.learning.voice_corpus import VoiceCorpus, hash_training_data, read_voice_corpus
from app.learning.voice_evaluation import VoiceEvaluation, evaluate_model
from app.learning.voice_figures import HeardVoice, measure_voices
from app.learning.voice_rows import is_live, list_machine_sources
from app.ports import VoiceEncoder

MODEL_SERIES = "voice-1"
MORE = frozenset({"same_sentence", "turns"})
"""Subclasses of machine voices made beside the corpus; they teach, and are tested only in the test of matched sentences."""

OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with the figures it reached on what it had not heard, and what was left out of its making."""

    model: VoiceModel
    evaluation: VoiceEvaluation
    left_out: tuple[str, ...]


def train_voice(
    manifest: Path,
    encoder: VoiceEncoder,
    *,
    more: Path | None = None,
    cache_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> Trained:
    """Return the model learned from a manifest's recordings, and from further machine voices when there are some.

    Raises
    ------
    InvalidInput
        If the manifest cannot be used, or no people or machines are left that may be learned from.
    """
    corpus = read_voice_corpus(manifest)
    extra = read_voice_corpus(more, must_have_both=False) if more else None
    if extra and any(voice.truth == "live" for voice in extra.voices):
        raise InvalidInput(f"{more}: expected machine voices alone, got live people; list them in the manifest")
    voices = [voice for voice in corpus.voices if voice.may_train]
    voices += [voice for voice in (extra.voices if extra else ()) if voice.may_train]
    rows, failed = measure_voices(
        voices, corpus.noises, encoder, cache_dir=cache_dir, on_progress=_told(on_progress, "listening")
    )
    _require_both(rows, manifest)
    training = _describe(manifest, corpus, extra, rows)
    if on_progress:
        on_progress("fitting", 1.0)
    unnamed = fit_voice_model(rows, version=MODEL_SERIES, encoder_sha256=encoder.encoder_sha256, training=training)
    content = hashlib.sha256(write_voice_model(unnamed).encode()).hexdigest()
    model = replace(unnamed, version=f"{MODEL_SERIES}-{content[:8]}")
    left_out = [*corpus.left_out, *failed]
    left_out += [f"{voice.name}: its licence does not allow training" for voice in corpus.voices if not voice.may_train]
    return Trained(model, evaluate_model(rows, model, _tested(rows)), tuple(left_out))


def evaluate_voice(
    manifest: Path,
    encoder: VoiceEncoder,
    model: VoiceModel,
    *,
    more: Path | None = None,
    cache_dir: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[VoiceEvaluation, tuple[str, ...]]:
    """Return the figures on a manifest's recordings, and the files that were left out, each with the reason."""
    corpus = read_voice_corpus(manifest)
    extra = read_voice_corpus(more, must_have_both=False) if more else None
    voices = [*corpus.voices, *(extra.voices if extra else ())]
    rows, failed = measure_voices(
        voices, corpus.noises, encoder, cache_dir=cache_dir, on_progress=_told(on_progress, "listening")
    )
    _require_both(rows, manifest)
    left_out = (*corpus.left_out, *failed)
    return evaluate_model(rows, model, _tested(rows)), left_out


def _tested(rows: Sequence[HeardVoice]) -> NDArray[np.bool_]:
    return np.array([row.voice.subclass not in MORE for row in rows])


def _require_both(rows: Sequence[HeardVoice], manifest: Path) -> None:
    live = is_live(rows)
    if not rows or live.all() or not live.any():
        found = f"{int(sum(live))} of people and {int(sum(~live))} of machines"
        raise InvalidInput(f"{manifest}: expected voices of people and of machines that can be heard, got {found}")


def _describe(manifest: Path, corpus: VoiceCorpus, extra: VoiceCorpus | None, rows: Sequence[HeardVoice]) -> dict[str, object]:
    voices = list({row.voice.name: row.voice for row in rows}.values())
    live = [voice for voice in voices if voice.truth == "live"]
    return {
        "data_sha256": hash_training_data(voices),
        "manifest_sha256": corpus.manifest_sha256,
        "more_manifest_sha256": extra.manifest_sha256 if extra else None,
        "files_heard": len(voices),
        "rows": len(rows),
        "live_speakers": len({voice.speaker for voice in live}),
        "sources": {source: len({v.name for v in voices if v.source == source}) for source in list_machine_sources(rows)},
    }


def _told(on_progress: OnProgress | None, what: str) -> Callable[[float], None] | None:
    return (lambda share: on_progress(what, share)) if on_progress else None
