"""How is a recording stored? Writes the channels in one of the formats that switches and recorders really use.

libsndfile writes what telephony uses; AAC and Opus come from FFmpeg through PyAV in its bit-exact mode (libsndfile gives each
Ogg file a random serial number). Bit rates are as low as the trade's archives go.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sample_audio.line import RATE_HZ

Frames = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Codec:
    """A file format: suffix, what libsndfile or FFmpeg calls it, sample rate, and options of the encoder."""

    suffix: str
    container: str
    subtype: str
    rate_hz: int = RATE_HZ
    compression: float | None = None
    bit_rate: int | None = None
    mono_only: bool = False


CODECS = {
    "wav_ulaw": Codec("wav", "WAV", "ULAW"),
    "wav_alaw": Codec("wav", "WAV", "ALAW"),
    "wav_pcm16": Codec("wav", "WAV", "PCM_16"),
    "wav_pcm8": Codec("wav", "WAV", "PCM_U8"),
    "wav_gsm": Codec("wav", "WAV", "GSM610", mono_only=True),
    "mp3": Codec("mp3", "MP3", "MPEG_LAYER_III", compression=0.6),
    "ogg_opus": Codec("ogg", "ogg", "libopus", bit_rate=34000),
    "flac": Codec("flac", "FLAC", "PCM_16", compression=1.0),
    "m4a_aac": Codec("m4a", "ipod", "aac", rate_hz=16000, bit_rate=32000),
}


def write_call(path: Path, frames: Frames, codec: Codec) -> None:
    """Write ``frames`` (samples x channels, -1 to 1, 8 kHz) to ``path``.

    Raises
    ------
    ValueError
        If the codec holds one channel and two were given.
    """
    if codec.mono_only and frames.shape[1] != 1:
        raise ValueError(f"{path.name}: {codec.subtype} holds one channel, got {frames.shape[1]}; set layout: mono")
    write = _write_with_libsndfile if codec.bit_rate is None else _write_with_ffmpeg
    write(path, _resample(frames, codec.rate_hz), codec)


def _resample(frames: Frames, rate_hz: int) -> Frames:
    if rate_hz == RATE_HZ:
        return frames
    import soxr

    return np.clip(soxr.resample(frames, RATE_HZ, rate_hz, quality="HQ"), -1, 1).astype(np.float32)


def _write_with_libsndfile(path: Path, frames: Frames, codec: Codec) -> None:
    import soundfile as sf

    options = {} if codec.compression is None else {"compression_level": codec.compression}
    if codec.container == "MP3":
        options["bitrate_mode"] = "CONSTANT"
    with sf.SoundFile(path, "w", codec.rate_hz, frames.shape[1], codec.subtype, format=codec.container, **options) as file:
        for start in range(0, len(frames), codec.rate_hz):  # in one piece, long Ogg writes overrun libsndfile's stack
            file.write(frames[start : start + codec.rate_hz])


def _write_with_ffmpeg(path: Path, frames: Frames, codec: Codec) -> None:
    import av

    layout = "stereo" if frames.shape[1] == 2 else "mono"
    with av.open(str(path), "w", format=codec.container, container_options={"fflags": "+bitexact"}) as container:
        # Opus for music leaks one party into the other's channel at these rates (-52 dB); for speech it does not (-66 dB).
        options = {"application": "voip"} if codec.subtype == "libopus" else {}
        stream = container.add_stream(codec.subtype, rate=codec.rate_hz, layout=layout, options=options)
        stream.bit_rate = codec.bit_rate
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for start in range(0, len(frames), 1024):
            block = np.ascontiguousarray(frames[start : start + 1024].reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
            frame.sample_rate, frame.pts = codec.rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
