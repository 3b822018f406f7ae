"""Is the caller a live person, a recorded message or a synthetic voice, and why?

The sound decides first: calibrated odds of the stretches, with a band between two lines in which the answer is unknown.
Behaviour moves the odds by a bounded amount and tells a recording from a synthetic voice that converses; alone it never makes a
voice that sounds live into a machine. Every reason carries the weight that it had: positive speaks against a live person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from app.audio.voice.behaviour import Behaviour
from app.audio.voice.model import FURTHEST_LOG_ODDS, StretchScore
from app.conversation import CallerVoice, VoiceReason
from app.timeline import Span
from app.vocabulary import VoiceLabel

LEAST_SPEECH_S = 2.0
"""Of less speech than this nothing is said: the shortest tenth of the training files."""

BEHAVIOUR_WEIGHTS: Mapping[str, float] = {
    "monologue": 0.7,
    "no_reaction": 1.0,
    "menu_wording": 1.0,
    "repetition": 0.7,
    "converses": -0.4,
}
"""ASSUMPTION: log-odds that experience suggests; there is no corpus of whole calls to measure them on. They are small beside
the sound's (up to 4) and bounded by MOST_BEHAVIOUR."""

MOST_BEHAVIOUR = 1.5

SHARED_CHANNEL_SHARE = 0.5
"""On a channel that both parties share, what is said may be the other party's menu: it counts half."""

LEAST_GROUP_WEIGHT = 0.25
"""Groups of figures that moved the odds by less are not worth a sentence."""

PARTIES_DISAGREE_SHARE = 0.25
"""Where two parties share a channel and at least this share of the speech is on each side, nothing is said about the caller."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Log-odds below which a voice is live, and above which it is not."""

    live_below: float
    not_live_above: float


def decide_voice(scores: Sequence[StretchScore], behaviour: Behaviour, thresholds: Thresholds) -> CallerVoice:
    """Return the verdict on the caller's voice with its reasons, the weightiest first."""
    speech_s = sum(score.speech_s for score in scores)
    if speech_s < LEAST_SPEECH_S:
        why = f"Only {speech_s:.1f} s of the caller's speech; at least {LEAST_SPEECH_S:.0f} s are needed"
        return CallerVoice(VoiceLabel.UNKNOWN, None, (VoiceReason("too_little_speech", why, 0.0),))
    sound = sum(score.not_live * score.speech_s for score in scores) / speech_s
    acts = find_behaviour_reasons(behaviour)
    moved = max(-MOST_BEHAVIOUR, min(MOST_BEHAVIOUR, sum(reason.weight for reason in acts)))
    total = sound + moved
    reasons = tuple(sorted([*_sound_reasons(scores, speech_s), *acts], key=lambda reason: -abs(reason.weight)))
    probabilities = _probabilities(total, _recorded_log_odds(scores, behaviour, speech_s))
    if not behaviour.is_two_party and _do_parties_disagree(scores, thresholds, speech_s):
        both = VoiceReason(
            "parties_disagree", "Some stretches sound live and some do not; who the caller is cannot be told here", 0.0
        )
        return CallerVoice(VoiceLabel.UNKNOWN, probabilities, (both, *reasons))
    return CallerVoice(_label(sound, total, thresholds, probabilities), probabilities, reasons)


def find_behaviour_reasons(behaviour: Behaviour) -> tuple[VoiceReason, ...]:
    """Return what the caller did as reasons, with the weight of each."""
    found: list[tuple[str, str, tuple[Span, ...]]] = []
    who = "The caller's voice" if behaviour.is_two_party else "A voice on the channel that both parties share"
    if behaviour.menu_wording:
        found.append(("menu_wording", f"{who} asks for key presses or calls itself recorded", behaviour.menu_wording))
    if behaviour.does_not_react:
        text = f"Does not react: {behaviour.answers} of {behaviour.chances} turns of the other party answered"
        text += f", {len(behaviour.talked_through)} talked through" if behaviour.talked_through else ""
        found.append(("no_reaction", text, behaviour.talked_through))
    elif behaviour.does_converse:
        late = "" if behaviour.median_latency_s is None else f", after {behaviour.median_latency_s:.1f} s in the middle"
        found.append(("converses", f"Answers {behaviour.answers} of {behaviour.chances} turns of the other party{late}", ()))
    if behaviour.monologue and not behaviour.does_converse:
        seconds = behaviour.monologue.duration_s
        found.append(("monologue", f"Talks for {seconds:.0f} s while nobody else takes a turn", (behaviour.monologue,)))
    if behaviour.repeated:
        found.append(("repetition", "Says the same sentence again, word for word", behaviour.repeated))
    share = 1.0 if behaviour.is_two_party else SHARED_CHANNEL_SHARE
    return tuple(VoiceReason(code, text, round(BEHAVIOUR_WEIGHTS[code] * share, 2), spans) for code, text, spans in found)


_GROUP_TEXT = {
    "timbre": "The sound of the voice",
    "liveliness": "How much the voice varies from moment to moment",
    "spectrum": "The shape of the spectrum",
    "line": "The quiet behind the voice",
    "pitch": "Pitch and its unsteadiness",
    "pauses": "Pauses and loudness within sentences",
}


def _sound_reasons(scores: Sequence[StretchScore], speech_s: float) -> list[VoiceReason]:
    """Return for each group of figures what it added to the odds, where it pointed most clearly."""
    reasons = []
    for group, subject in _GROUP_TEXT.items():
        weight = sum(score.groups[group] * score.speech_s for score in scores) / speech_s
        if abs(weight) < LEAST_GROUP_WEIGHT:
            continue
        strongest = max(scores, key=lambda score: score.groups[group] * (1 if weight > 0 else -1))
        side = "recordings and synthetic voices" if weight > 0 else "live callers"
        weight = max(-FURTHEST_LOG_ODDS, min(FURTHEST_LOG_ODDS, weight))
        reasons.append(VoiceReason(f"sound_{group}", f"{subject}: closer to {side}", round(weight, 2), strongest.spans))
    return reasons


def _recorded_log_odds(scores: Sequence[StretchScore], behaviour: Behaviour, speech_s: float) -> float:
    """Return the odds of a recorded person against a synthetic voice, given that it is not live: no recording converses."""
    heard = sum(score.recorded * score.speech_s for score in scores) / speech_s
    return heard - (2.0 if behaviour.does_converse else 0.0)


def _probabilities(not_live: float, recorded: float) -> dict[str, float]:
    machine = _chance(not_live)
    shares = {"live": 1 - machine, "recorded": machine * _chance(recorded), "synthetic": machine * (1 - _chance(recorded))}
    return {name: round(share, 3) for name, share in shares.items()}


def _label(sound: float, total: float, thresholds: Thresholds, probabilities: Mapping[str, float]) -> VoiceLabel:
    if total > thresholds.not_live_above and sound > thresholds.live_below:
        return VoiceLabel.RECORDED if probabilities["recorded"] > probabilities["synthetic"] else VoiceLabel.SYNTHETIC
    if total < thresholds.live_below and sound < thresholds.not_live_above:
        return VoiceLabel.LIVE
    return VoiceLabel.UNKNOWN


def _do_parties_disagree(scores: Sequence[StretchScore], thresholds: Thresholds, speech_s: float) -> bool:
    machine_s = sum(score.speech_s for score in scores if score.not_live > thresholds.not_live_above)
    live_s = sum(score.speech_s for score in scores if score.not_live < thresholds.live_below)
    return min(machine_s, live_s) >= PARTIES_DISAGREE_SHARE * speech_s


def _chance(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))
