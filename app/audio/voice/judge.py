"""Whose voice is judged, and on what? Brings sound and behaviour of the caller together for one verdict.

The caller's channel is judged where there is one. On a channel that both parties share, every second is heard and the verdict
speaks only when all of it points one way. The scores of a channel are JSON-able, so that they are kept like other stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.listening_json import span_to_json, spans_from_json
from app.audio.pcm import FloatView
from app.audio.segmentation import plan_clips
from app.audio.voice.behaviour import read_behaviour
from app.audio.voice.model import StretchScore, VoiceModel
from app.audio.voice.stretches import gather_stretches
from app.audio.voice.verdict import Thresholds, decide_voice
from app.conversation import CallerVoice, Utterance, VoiceReason
from app.ports import EncoderBlock, VoiceEncoder
from app.timeline import Span, merge
from app.vocabulary import ChannelRole, VoiceLabel

LEAST_OVERLAP_SHARE = 0.3
"""A second counts as speech when the voice detector hears somebody in this much of it: not where a tone or a breath moved the
level."""


def find_caller_channel(roles: Sequence[ChannelRole]) -> int:
    """Return the channel on which the caller is heard: the caller's own, else the first."""
    return next((channel for channel, role in enumerate(roles) if role is ChannelRole.CALLER), 0)


def score_channel(
    samples: NDArray[np.int16],
    encoder: VoiceEncoder,
    model: VoiceModel,
    *,
    speech: Sequence[Span],
    not_speech: Sequence[Span] = (),
) -> list[dict[str, Any]]:
    """Return the model's scores of one channel, stretch by stretch, as JSON-able values.

    Parameters
    ----------
    samples
        int16 array of shape (n,), 16 kHz.
    speech
        Where the voice detector hears somebody.
    not_speech
        Signalling and music, as for recognition, whose windows are used again.
    """
    sound: Any = FloatView(samples)  # answers slices as an array does
    blocks = [block for block in encoder.encode_blocks(sound, plan_clips(samples, not_speech)) if _is_spoken(block, speech)]
    return [_score_to_json(model.score(stretch)) for stretch in gather_stretches(sound, blocks)]


def judge_caller(
    scores: Sequence[Mapping[str, Any]],
    model: VoiceModel,
    *,
    roles: Sequence[ChannelRole],
    speech: Sequence[Sequence[Span]],
    utterances: Sequence[Utterance],
) -> CallerVoice:
    """Return the verdict on the caller from the scores of the caller's channel and from what was said when."""
    channel = find_caller_channel(roles)
    others = None
    if len(roles) > 1:
        others = merge(span for at, spans in enumerate(speech) for span in spans if at != channel)
    said = [utterance for utterance in utterances if utterance.channel == channel]
    behaviour = read_behaviour(speech[channel], others, said)
    return decide_voice(
        [_score_from_json(score) for score in scores], behaviour, Thresholds(model.live_below, model.not_live_above)
    )


def explain_no_verdict(encoder_sha256: str | None, model: VoiceModel) -> CallerVoice | None:
    """Return the verdict where the model cannot be used, or None where it can."""
    if encoder_sha256 is None:
        why = "The recogniser in use does not show how it hears voices"
    elif encoder_sha256 != model.encoder_sha256:
        why = "The voice model was trained with other encoder weights than those in use"
    else:
        return None
    return CallerVoice(VoiceLabel.UNKNOWN, None, (VoiceReason("not_measured", why, 0.0),))


def _is_spoken(block: EncoderBlock, speech: Sequence[Span]) -> bool:
    heard_s = sum(block.span.overlap_s(span) for span in speech)
    return heard_s >= LEAST_OVERLAP_SHARE * block.span.duration_s


def _score_to_json(score: StretchScore) -> dict[str, Any]:
    return {
        "spans": [span_to_json(span) for span in score.spans],
        "speech_s": score.speech_s,
        "not_live": round(score.not_live, 4),
        "recorded": round(score.recorded, 4),
        "groups": {group: round(weight, 4) for group, weight in score.groups.items()},
    }


def _score_from_json(data: Mapping[str, Any]) -> StretchScore:
    return StretchScore(
        spans_from_json(data["spans"]), data["speech_s"], data["not_live"], data["recorded"], dict(data["groups"])
    )
