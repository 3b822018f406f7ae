"""What is heard in a recording? The stages of listening in order, each a module of its own.

Speech and tones, then words, are found channel by channel, and each channel's result is kept under the hash of everything it
depends on: a worker that was killed goes on at the channel it was at, and no sound is recognised twice. What follows from
them (turns, utterances) is cheap and computed anew. Nothing here reads files, clocks or settings.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.audio.asr import merge_utterances, recognise_channel
from app.audio.hot_words import doubt_hot_words
from app.audio.language_check import ChannelLanguage, conclude, explain_language, mark_foreign
from app.audio.languages import (
    check_by_detection,
    check_by_doubt,
    choose_check,
    windows_from_json,
    windows_to_json,
)
from app.audio.line_changes import LineChange, find_line_changes
from app.audio.listening_json import (
    span_from_json,
    span_to_json,
    spans_from_json,
    tone_from_json,
    tone_to_json,
    word_from_json,
    word_to_json,
)
from app.audio.part_cuts import ChannelSound
from app.audio.parts import find_parts, list_filled, select_parties
from app.audio.pcm import DecodedAudio, as_float
from app.audio.roles import (
    explain_named_speakers,
    explain_roles,
    guess_channel_roles,
    guess_estimated_speakers,
)
from app.audio.segmentation import plan_clips
from app.audio.speakers import estimate_speakers, estimate_turns, explain_speakers, label_parts, label_utterances
from app.audio.tones import find_sounding, read_spectra
from app.audio.turns import compute_turns
from app.audio.vad import VadOptions, drop_wordless, find_speech, without
from app.audio.voice.judge import explain_no_verdict, find_caller_channel, judge_caller, score_channel
from app.audio.voice.model import load_voice_model
from app.audio.voice_pieces import VoicePieces, measure_pieces, pieces_from_json, pieces_to_json
from app.conversation import CallerVoice, Listening, Tone, Utterance, Word
from app.ports import LanguageDetector, StageCache, Transcriber, VoiceEncoder
from app.timeline import Span
from app.vocabulary import ChannelRole, ToneKind, VoiceLabel

PIPELINE_VERSION = "4"
"""Raise it whenever any stage may give another result on the same input; every kept result then counts as stale."""

_Heard = TypeVar("_Heard")

OnProgress = Callable[[str, float], None]
"""Told the stage and the share of all listening that is done, 0 to 1."""

SIGNALS_SHARE = 0.05
"""Finding speech and tones takes a few percent of the time of recognition."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What the signal of one channel shows before any word is recognised; ``pieces`` only where both parties share it."""

    speech: tuple[Span, ...]
    tones: tuple[Tone, ...]
    not_speech: tuple[Span, ...]
    changes: tuple[LineChange, ...] = ()
    pieces: VoicePieces | None = None


def listen(
    decoded: DecodedAudio,
    transcriber: Transcriber,
    *,
    channel_roles: Sequence[ChannelRole] | None = None,
    hot_words: str | None = None,
    cache: StageCache | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> Listening:
    """Return everything that is heard in a recording.

    Parameters
    ----------
    channel_roles
        What each channel of the file carries; without it the roles on a stereo recording are guessed from what is said, and
        where that does not tell, the caller is on the first channel. One channel is always a mix of both parties.
    hot_words
        Names and phrases that are likely to be said.
    cache
        Remembers what was heard on each channel.
    threads
        Channels heard at the same time; the result does not depend on it. ``on_progress`` is then called from any of them,
        never from two at once.
    """
    tell = on_progress or (lambda stage, share: None)
    prints = [_fingerprint(samples) for samples in decoded.samples]
    progress = _JointProgress(tell, [0.0] * decoded.channels)

    def hear_signals(channel: int) -> Signals:
        progress.begin_signals(channel)
        return _signals_of(decoded.samples[channel], channel, prints[channel], cache, is_shared=decoded.channels == 1)

    def hear_words(channel: int) -> tuple[Word, ...]:
        told = functools.partial(progress.tell_share, channel)
        told(0.0)
        return _words_of(decoded.samples[channel], prints[channel], signals[channel], transcriber, hot_words, cache, told)

    signals = _for_each_channel(hear_signals, decoded.channels, threads)
    words = _for_each_channel(hear_words, decoded.channels, threads)

    tell("turns", 1.0)
    tones = tuple(sorted((tone for heard in signals for tone in heard.tones), key=lambda tone: (tone.span, tone.channel)))
    checked_by = choose_check(transcriber)
    languages = [
        _language_of(samples, prints[channel], signals[channel], words[channel], transcriber, checked_by, cache)
        for channel, samples in enumerate(decoded.samples)
    ]
    words = [doubt_hot_words(mark_foreign(said, language), hot_words) for said, language in zip(words, languages, strict=True)]
    roles, role_notes = decide_roles(decoded.channels, channel_roles, words, tones)
    caller = find_caller_channel(roles)
    scores = _scores_of(decoded.samples[caller], prints[caller], signals[caller], transcriber, cache)
    speech = tuple(
        drop_wordless(heard.speech, [word.span for word in said]) for heard, said in zip(signals, words, strict=True)
    )
    utterances = merge_utterances(words, roles)
    parts = tuple(
        part
        for at, heard in enumerate(signals)
        for part in find_parts(
            ChannelSound(at, roles[at], decoded.duration_s, speech[at], heard.tones, heard.changes, tuple(words[at]))
        )
    )
    parties = [select_parties(spans, parts, channel) for channel, spans in enumerate(speech)]
    turns = compute_turns(parties, decoded.duration_s, channel_roles=roles, filled=list_filled(parts))
    if decoded.channels == 1 and signals[0].pieces is not None and parties[0]:
        voices = estimate_speakers(signals[0].pieces, parties[0])
        role_notes = (*role_notes, explain_speakers(voices))
        if voices is not None:
            utterances, parts = label_utterances(utterances, voices), label_parts(parts, voices)
            guess = guess_estimated_speakers(utterances)
            role_notes = (*role_notes, explain_named_speakers(guess, utterances)) if guess else role_notes
            turns = replace(turns, estimated=estimate_turns(voices, turns.dead_air))
    return Listening(
        sha256=decoded.sha256,
        duration_s=round(decoded.duration_s, 3),
        sample_rate_hz=decoded.source_rate_hz,
        channels=decoded.channels,
        channel_roles=roles,
        speech=speech,
        utterances=utterances,
        turns=turns,
        tones=tones,
        caller_voice=_voice_of(scores, transcriber, roles, speech, utterances),
        engine={
            "earshot": __version__,
            "pipeline": PIPELINE_VERSION,
            "asr": transcriber.identity.as_json(),
            "voice": load_voice_model().version,
        },
        notes=(*decoded.notes, *role_notes, *explain_language(languages, roles)),
        parts=parts,
        language=conclude(languages, checked_by) if checked_by else None,
    )


def decide_roles(
    channels: int, given: Sequence[ChannelRole] | None, words: Sequence[Sequence[Word]], tones: Sequence[Tone]
) -> tuple[tuple[ChannelRole, ...], tuple[str, ...]]:
    """Return what each kept channel carries, and notes on how that was found out; the sender's word needs none if it fits."""
    usual = assign_roles(channels, given)
    if channels == 1 or (given is not None and len(given) == channels):
        return usual, ()
    unfit = f"The sender's channel roles were not used: {len(given or ())} given for {channels} channels."
    found = guess_channel_roles(words, tones)
    roles, guess = found or (usual, None)
    return roles, (*([unfit] if given else []), explain_roles(guess))


def assign_roles(channels: int, given: Sequence[ChannelRole] | None = None) -> tuple[ChannelRole, ...]:
    """Return what each kept channel carries; roles given for another number of channels do not fit and are not used."""
    if channels == 1:
        return (ChannelRole.MIXED,)
    if given is not None and len(given) == channels:
        return tuple(given)
    usual = (ChannelRole.CALLER, ChannelRole.AGENT)
    return (*usual, *[ChannelRole.UNKNOWN] * (channels - 2))


def _signals_of(samples: NDArray[np.int16], channel: int, print_: str, cache: StageCache | None, *, is_shared: bool) -> Signals:
    def compute() -> dict[str, Any]:
        spectra = read_spectra(samples, channel)
        tones = spectra.tones
        speech = _without_tones(find_speech(samples), find_sounding(samples, tones))
        not_speech = find_sounding(samples, [tone for tone in tones if tone.kind is not ToneKind.BEEP])
        return {
            "speech": [span_to_json(span) for span in speech],
            "tones": [tone_to_json(tone) for tone in tones],
            "not_speech": [span_to_json(span) for span in not_speech],
            "changes": [
                {"at_s": change.at_s, "pause": span_to_json(change.pause), "probability": change.probability}
                for change in find_line_changes(spectra.timbre, find_sounding(samples, tones))
            ],
            "pieces": pieces_to_json(measure_pieces(spectra.timbre, speech)) if is_shared else None,
        }

    made_of = {"pcm": print_, "channel": channel, "vad": asdict(VadOptions()), "is_shared": is_shared}
    kept = _remember(cache, "signals", made_of, compute)
    tones = tuple(tone_from_json(tone) for tone in kept["tones"])
    changes = tuple(
        LineChange(change["at_s"], span_from_json(change["pause"]), change["probability"]) for change in kept["changes"]
    )
    pieces = pieces_from_json(kept["pieces"]) if kept["pieces"] else None
    return Signals(spans_from_json(kept["speech"]), tones, spans_from_json(kept["not_speech"]), changes, pieces)


def _without_tones(speech: Sequence[Span], sounding: Sequence[Span]) -> tuple[Span, ...]:
    """Return the speech beside tones; the detector takes tones for speech and widens them, which leaves slivers beside."""
    vad = VadOptions()
    wide = [Span(max(0.0, tone.start_s - vad.edge_s), tone.end_s + vad.edge_s) for tone in sounding]
    return tuple(span for span in without(speech, wide) if span.duration_s >= vad.least_speech_s)


def _words_of(
    samples: NDArray[np.int16],
    print_: str,
    signals: Signals,
    transcriber: Transcriber,
    hot_words: str | None,
    cache: StageCache | None,
    on_progress: Callable[[float], None],
) -> tuple[Word, ...]:
    not_speech = signals.not_speech

    def compute() -> dict[str, Any]:
        words = recognise_channel(
            samples, transcriber, signals.speech, not_speech=not_speech, hot_words=hot_words, on_progress=on_progress
        )
        return {"words": [word_to_json(word) for word in words]}

    made_of = {
        "pcm": print_,
        "speech": [span_to_json(span) for span in signals.speech],
        "not_speech": [span_to_json(span) for span in not_speech],
        "hot_words": hot_words,
        "asr": transcriber.identity.as_json(),
    }
    return tuple(word_from_json(word) for word in _remember(cache, "words", made_of, compute)["words"])


def _language_of(
    samples: NDArray[np.int16],
    print_: str,
    signals: Signals,
    words: Sequence[Word],
    transcriber: Transcriber,
    checked_by: str | None,
    cache: StageCache | None,
) -> ChannelLanguage:
    """Return what is not English on a channel; nothing where no check goes with the recogniser."""
    if checked_by is None:
        return ChannelLanguage()
    if not isinstance(transcriber, LanguageDetector) or not transcriber.names_languages:
        return check_by_doubt(words, signals.speech)
    detector = transcriber

    def compute() -> dict[str, Any]:
        clips = plan_clips(samples, signals.not_speech)
        return {"windows": windows_to_json(detector.detect_languages(as_float(samples), clips))}

    made_of = {
        "pcm": print_,
        "not_speech": [span_to_json(span) for span in signals.not_speech],
        "asr": transcriber.identity.as_json(),
    }
    windows = windows_from_json(_remember(cache, "language", made_of, compute)["windows"])
    return check_by_detection(windows, signals.speech)


def _scores_of(
    samples: NDArray[np.int16], print_: str, signals: Signals, transcriber: Transcriber, cache: StageCache | None
) -> Sequence[Mapping[str, Any]] | None:
    """Return the voice model's scores of the caller's channel; None where the recogniser has no encoder it knows."""
    model = load_voice_model()
    if not isinstance(transcriber, VoiceEncoder) or explain_no_verdict(transcriber.encoder_sha256, model):
        return None

    def compute() -> dict[str, Any]:
        return {"scores": score_channel(samples, transcriber, model, speech=signals.speech, not_speech=signals.not_speech)}

    made_of = {
        "pcm": print_,
        "speech": [span_to_json(span) for span in signals.speech],
        "not_speech": [span_to_json(span) for span in signals.not_speech],
        "model": model.version,
    }
    return list(_remember(cache, "voice", made_of, compute)["scores"])


def _voice_of(
    scores: Sequence[Mapping[str, Any]] | None,
    transcriber: Transcriber,
    roles: Sequence[ChannelRole],
    speech: Sequence[Sequence[Span]],
    utterances: Sequence[Utterance],
) -> CallerVoice:
    model = load_voice_model()
    if scores is not None:
        return judge_caller(scores, model, roles=roles, speech=speech, utterances=utterances)
    encoder = transcriber.encoder_sha256 if isinstance(transcriber, VoiceEncoder) else None
    return explain_no_verdict(encoder, model) or CallerVoice(VoiceLabel.UNKNOWN)


def _remember(
    cache: StageCache | None, stage: str, made_of: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
) -> Mapping[str, Any]:
    if cache is None:
        return compute()
    content = json.dumps({"stage": stage, "version": PIPELINE_VERSION, **made_of}, sort_keys=True)
    key = f"{stage}-{hashlib.sha256(content.encode()).hexdigest()}"
    found = cache.load(key)
    if found is None:
        found = compute()
        cache.store(key, found)
    return found


def _fingerprint(samples: NDArray[np.int16]) -> str:
    return hashlib.sha256(np.ascontiguousarray(samples).data).hexdigest()


def _for_each_channel(work: Callable[[int], _Heard], channels: int, threads: int) -> list[_Heard]:
    """Return what the work gives for each channel, several at a time where there are threads; the first failure ends it."""
    if min(channels, threads) == 1:
        return [work(channel) for channel in range(channels)]
    pool = ThreadPoolExecutor(min(channels, threads), thread_name_prefix="channel")
    try:
        return list(pool.map(work, range(channels)))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _JointProgress:
    """Turns the shares done of each channel's recognition into the share done of all listening."""

    tell: OnProgress
    shares: list[float]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin_signals(self, channel: int) -> None:
        with self.lock:
            self.tell("speech", SIGNALS_SHARE * channel / len(self.shares))

    def tell_share(self, channel: int, share: float) -> None:
        with self.lock:
            self.shares[channel] = max(share, self.shares[channel])
            done = sum(self.shares) / len(self.shares)
            self.tell("transcript", SIGNALS_SHARE + (1 - SIGNALS_SHARE) * done)
