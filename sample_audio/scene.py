"""When does who say what? Plays a script into two channels, 0 the caller's side and 1 ours, and writes down the truth.

People answer after 0.25 to 0.95 s, sometimes into the other's last word; "..." in a text is a hesitation of 0.3 to 0.7 s. All
of it is drawn from the script's own seed, so a call never depends on another call.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sample_audio import line, tones
from sample_audio.line import RATE_HZ
from sample_audio.script import Message, Script
from sample_audio.tones import Burst, Samples
from sample_audio.voices import SPEECH_RATE_HZ, Studio

SEED = 20261122


@dataclass(slots=True)
class Said:
    """One utterance of the truth."""

    party: str
    side: str
    start_s: float
    end_s: float
    text: str
    sensitive: str | None = None


@dataclass(slots=True)
class Scene:
    """A played script: the two channels (float32, 8 kHz) and everything that happens in them."""

    channels: list[Samples]
    said: list[Said] = field(default_factory=list)
    tones: list[tuple[int, Burst]] = field(default_factory=list)
    parts: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return len(self.channels[0]) / RATE_HZ


def play(script: Script, messages: dict[str, Message]) -> Scene:
    """Speak and place every turn; the answer is ready to be written, whatever the codec."""
    stage = _Stage(script, messages)
    for turn in script.turns:
        stage.perform(turn)
    return stage.finish()


def derive_seed(name: str) -> int:
    """Return the seed of a call or a message: the project's seed and its name."""
    return (SEED + zlib.crc32(name.encode())) % 2**31


class _Stage:
    def __init__(self, script: Script, messages: dict[str, Message]) -> None:
        self.script = script
        self.messages = messages
        self.rng = np.random.default_rng(derive_seed(script.id))
        self.studio = Studio(derive_seed(script.id))
        self.placed: list[tuple[int, float, Samples]] = []
        self.scene = Scene([])
        self.cursor_s = script.lead_s
        self.last_side: str | None = None
        self.open_parts: dict[str, float] = {}

    def perform(self, turn: Any) -> None:
        verb = next(key for key in turn if key in self.script.cast or key in _SIGNALS or key in _OTHERS)
        if verb in self.script.cast:
            self._speak(verb, turn)
        elif verb == "pause_s":
            self.cursor_s += turn[verb]
        elif verb == "begin":
            self.open_parts[turn[verb]] = self.cursor_s
        elif verb == "end":
            self.scene.parts.append((turn[verb], self.open_parts.pop(turn[verb]), self.cursor_s))
        elif verb == "recording":
            self._play_message(turn)
        else:
            self._signal(verb, turn)

    def finish(self) -> Scene:
        duration_s = max([self.cursor_s, *(start + len(w) / RATE_HZ for _, start, w in self.placed)]) + self.script.tail_s
        channels = [np.zeros(round(duration_s * RATE_HZ), np.float32) for _ in range(2)]
        for channel, start_s, wave in self.placed:
            at = round(start_s * RATE_HZ)
            channels[channel][at : at + len(wave)] += wave
        for channel, side in enumerate(("caller", "agent")):
            heard = line.add_line_noise(channels[channel], self.script.noise_dbfs[channel], self.rng)
            if any(party.is_mobile for party in self.script.cast.values() if party.side == side):
                heard = line.pass_mobile(line.limit_peaks(heard))
            channels[channel] = line.limit_peaks(heard)
        self.scene.channels = channels
        self.scene.said.sort(key=lambda said: said.start_s)
        return self.scene

    def _speak(self, name: str, turn: Any, at_s: float | None = None) -> None:
        party = self.script.cast[name]
        wave = self._voice(party.voice, turn[name], party.level_dbfs + float(self.rng.uniform(-1, 1)))
        if at_s is None:
            at_s = self._choose_start(party.side, turn)
        length_s = len(wave) / RATE_HZ
        channel = 0 if party.side == "caller" else 1
        self.placed.append((channel, at_s, wave))
        self.scene.said.append(Said(name, party.side, at_s, at_s + length_s, _tidy(turn[name]), turn.get("sensitive")))
        if "back_s" not in turn and "meanwhile" not in turn:
            self.last_side = party.side
        self.cursor_s = max(self.cursor_s, at_s + length_s)

    def _choose_start(self, side: str, turn: Any) -> float:
        if "back_s" in turn or "over_s" in turn:
            return max(0.0, self.cursor_s - turn.get("back_s", turn.get("over_s")))
        if "gap_s" in turn:
            return float(self.cursor_s + turn["gap_s"])
        low, high = (0.35, 0.7) if side == self.last_side else (0.25, 0.95)
        return float(self.cursor_s + self.rng.uniform(low, high))

    def _voice(self, voice: str, text: str, level_dbfs: float) -> Samples:
        parts: list[Samples] = []
        for piece in text.split("..."):
            if not piece.strip():
                continue
            if parts:
                parts.append(np.zeros(round(self.rng.uniform(0.3, 0.7) * RATE_HZ), np.float32))
            parts.append(_to_line(self.studio.speak(voice, piece.strip()), level_dbfs))
        return np.concatenate(parts)

    def _play_message(self, turn: Any) -> None:
        """Play a stretch of a recorded message on a channel while the other side says what ``meanwhile`` holds."""
        wave, lines = render_message(self.messages[turn["recording"]])
        start, end = turn.get("from_s", 0.0), min(turn.get("until_s", len(wave) / RATE_HZ), len(wave) / RATE_HZ)
        name = turn["party"]
        side = self.script.cast[name].side
        at_s = self.cursor_s + turn.get("gap_s", 0.6)
        self.placed.append((0 if side == "caller" else 1, at_s, wave[round(start * RATE_HZ) : round(end * RATE_HZ)]))
        for line_start, line_end, text in lines:
            if line_end > start and line_start < end:
                said = Said(name, side, at_s + max(0, line_start - start), at_s + min(end, line_end) - start, _tidy(text))
                self.scene.said.append(said)
        for aside in turn.get("meanwhile", ()):
            speaker = next(key for key in aside if key in self.script.cast)
            self._speak(speaker, {speaker: aside[speaker], "meanwhile": True}, at_s + aside["at_s"])
        self.cursor_s = max(self.cursor_s, at_s + end - start)
        self.last_side = side

    def _signal(self, verb: str, turn: Any) -> None:
        wave, bursts = _SIGNALS[verb](turn[verb])
        channel = 0 if verb == "keys" else 1
        at_s = self.cursor_s + turn.get("gap_s", 0.3)
        self.placed.append((channel, at_s, wave))
        for burst in bursts:
            moved = Burst(burst.kind, burst.detail, at_s + burst.start_s, at_s + burst.end_s)
            self.scene.tones.append((channel, moved))
        if verb == "hold_s":
            self.scene.parts.append(("hold", at_s, at_s + len(wave) / RATE_HZ))
        self.cursor_s = at_s + len(wave) / RATE_HZ


_SIGNALS = {
    "ringback_s": lambda seconds: tones.make_ringback(seconds, RATE_HZ),
    "busy_s": lambda seconds: tones.make_busy(seconds, RATE_HZ),
    "beep_s": lambda seconds: tones.make_beep(seconds, RATE_HZ),
    "keys": lambda keys: tones.make_keys(str(keys), RATE_HZ),
    "sit": lambda _: tones.make_intercept(RATE_HZ),
    "hold_s": lambda seconds: _make_music(float(seconds)),
}
_OTHERS = frozenset({"pause_s", "begin", "end", "recording"})


def render_message(message: Message) -> tuple[Samples, list[tuple[float, float, str]]]:
    """Return a recorded message at 8 kHz and its lines as (start_s, end_s, text); the same wherever it is played."""
    studio = Studio(derive_seed(message.id))
    parts: list[Samples] = []
    lines, at = [], 0
    for text in message.lines:
        wave = _to_line(studio.speak(message.voice, text), message.level_dbfs)
        gap = np.zeros(round(message.gap_s * RATE_HZ), np.float32)
        parts += [wave, gap]
        lines.append((at / RATE_HZ, (at + len(wave)) / RATE_HZ, text))
        at += len(wave) + len(gap)
    return np.concatenate(parts), lines


def _make_music(seconds: float) -> tuple[Samples, list[Burst]]:
    wave, bursts = tones.make_hold_music(seconds, RATE_HZ)
    return line.limit_band(wave), bursts


def _to_line(wave: Samples, level_dbfs: float) -> Samples:
    import soxr

    narrow = soxr.resample(wave, SPEECH_RATE_HZ, RATE_HZ, quality="HQ").astype(np.float32)
    return line.limit_peaks(line.set_speech_level(line.limit_band(narrow), level_dbfs))


def _tidy(text: str) -> str:
    return " ".join(text.replace("...", " ").split())
