"""Every format that recorders write comes out as the same call: same parties, same times, same length.

The reference is the formula that the encoders were fed with, sampled at 16 kHz.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from app.audio.decode import decode
from app.audio.wav import a_law_table, mu_law_table
from app.errors import AudioUnreadable
from tests.unit.audio.conftest import encode_with_ffmpeg, pcm16_wav, stereo_call, tune, wav_bytes

Write = Callable[..., Path]


def noise_db(decoded: np.ndarray, reference: np.ndarray) -> list[float]:
    """Energy of the difference per channel in dB of the reference's."""
    count = min(decoded.shape[1], reference.shape[1])
    pairs = zip(decoded[:, :count] / 32768, reference[:, :count], strict=True)
    return [10 * np.log10(np.mean((got - want) ** 2) / np.mean(want**2)) for got, want in pairs]


@pytest.mark.parametrize(
    ("codec", "container", "rate_hz", "bit_rate", "worst_db"),
    [
        ("pcm_mulaw", "wav", 8000, None, -30),
        ("pcm_alaw", "wav", 8000, None, -30),
        ("libmp3lame", "mp3", 8000, 32_000, -20),
        ("libmp3lame", "mp3", 44_100, 128_000, -20),
        ("libopus", "ogg", 48_000, 48_000, -12),
        ("libopus", "webm", 48_000, 48_000, -12),
        ("flac", "flac", 8000, None, -40),
        ("aac", "ipod", 44_100, 96_000, -18),
        ("pcm_mulaw", "au", 8000, None, -30),
        ("pcm_s16be", "aiff", 8000, None, -40),
        ("pcm_s16le", "w64", 8000, None, -40),
    ],
)
def test_compressed_and_plain_formats_keep_parties_and_times(
    tmp_path: Path, codec: str, container: str, rate_hz: int, bit_rate: int | None, worst_db: float
) -> None:
    path = encode_with_ffmpeg(tmp_path / "call", stereo_call(rate_hz), rate_hz, codec, container, bit_rate)
    audio = decode(path)
    assert audio.duration_s == pytest.approx(2.0, abs=0.03)
    assert (audio.source_rate_hz, audio.source_channels, audio.is_dual_mono, audio.notes) == (rate_hz, 2, False, ())
    assert max(noise_db(audio.samples, stereo_call(16_000))) < worst_db
    assert audio.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("subtype", "container", "rate_hz", "codec", "worst_db"),
    [
        ("PCM_U8", "WAV", 8000, "pcm_u8", -28),
        ("PCM_24", "WAVEX", 48_000, "pcm_s24le", -50),
        ("PCM_32", "WAV", 96_000, "pcm_s32le", -50),
        ("FLOAT", "WAV", 16_000, "pcm_f32le", -80),
        ("DOUBLE", "RF64", 16_000, "pcm_f64le", -80),
        ("VORBIS", "OGG", 44_100, "vorbis", -25),
    ],
)
def test_formats_that_libsndfile_writes_keep_parties_and_times(
    tmp_path: Path, subtype: str, container: str, rate_hz: int, codec: str, worst_db: float
) -> None:
    path = tmp_path / "call"
    soundfile.write(path, stereo_call(rate_hz).T, rate_hz, subtype=subtype, format=container)
    audio = decode(path)
    assert (audio.codec, audio.source_rate_hz) == (codec, rate_hz)
    assert max(noise_db(audio.samples, stereo_call(16_000))) < worst_db


def test_gsm_wav_is_read(tmp_path: Path) -> None:
    path = tmp_path / "voicemail"
    soundfile.write(path, tune(8000, 2.0, 440), 8000, subtype="GSM610", format="WAV")
    audio = decode(path)
    assert audio.codec == "gsm_ms"
    assert noise_db(audio.samples, tune(16_000, 2.0, 440)[None])[0] < -12


def test_amr_is_read_with_its_codec_delay(tmp_path: Path) -> None:
    path = encode_with_ffmpeg(tmp_path / "voicemail", tune(8000, 2.0, 440)[None], 8000, "libopencore_amrnb", "amr", 12_200)
    audio = decode(path)
    assert (audio.codec, audio.container, audio.source_rate_hz) == ("amrnb", "amr", 8000)
    assert audio.duration_s == pytest.approx(2.0, abs=0.03)
    energy = np.square(audio.samples[0].astype(float)).reshape(-1, 320).mean(axis=1)
    loud = energy[:100] > energy.max() / 10
    switched_on = np.floor((np.arange(100) + 0.5) / 12.5) % 2 == 0
    assert np.mean(loud == switched_on) > 0.9


def test_pcm_at_the_house_rate_is_kept_bit_for_bit(write: Write) -> None:
    samples = stereo_call(16_000)
    assert np.array_equal(decode(write(pcm16_wav(samples, 16_000))).samples, np.round(samples * 32767).astype(np.int16))


@pytest.mark.parametrize(("codec", "table"), [("pcm_mulaw", mu_law_table), ("pcm_alaw", a_law_table)])
def test_g711_tables_agree_with_ffmpeg_for_every_octet(codec: str, table: Callable[[], np.ndarray]) -> None:
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = 8000, "mono"
    (frame,) = context.decode(av.Packet(bytes(range(256))))
    assert np.array_equal(frame.to_ndarray()[0], (table() * 32768).astype(np.int16))


def test_six_channels_stay_in_their_order(write: Write) -> None:
    pitches_hz = (300, 500, 800, 1200, 1700, 2300)
    audio = decode(write(pcm16_wav(np.stack([tune(8000, 1.0, pitch) for pitch in pitches_hz]), 8000)))
    spectrum = np.abs(np.fft.rfft(audio.samples, axis=1))
    assert audio.samples.shape == (6, 16_000)
    assert [int(peak) for peak in spectrum.argmax(axis=1)] == pytest.approx(pitches_hz, abs=3)


def test_nine_channels_are_refused(write: Write) -> None:
    with pytest.raises(AudioUnreadable, match=r"9 channels, at most 8") as error:
        decode(write(pcm16_wav(np.zeros((9, 8000)), 8000)))
    assert error.value.code == "too_many_channels"


def test_a_file_name_changes_nothing(write: Write, tmp_path: Path) -> None:
    path = encode_with_ffmpeg(tmp_path / "call.wav", stereo_call(8000), 8000, "libmp3lame", "mp3", 32_000)
    assert decode(path).container == "mp3"


@pytest.mark.parametrize(("gain", "bit_rate"), [(1.0, 24_000), (0.7, 24_000), (0.7, 64_000)])
def test_one_signal_on_both_channels_is_collapsed_even_through_mp3(tmp_path: Path, gain: float, bit_rate: int) -> None:
    rng = np.random.default_rng(7)
    voice = tune(16_000, 4.0, 300, 0.3) + rng.normal(0, 0.003, 64_000)
    path = encode_with_ffmpeg(tmp_path / "call", np.stack([voice, gain * voice]), 16_000, "libmp3lame", "mp3", bit_rate)
    audio = decode(path)
    assert (audio.is_dual_mono, audio.channels, audio.source_channels) == (True, 1, 2)
    assert "same signal" in audio.notes[0]


def test_copies_that_differ_by_two_steps_are_one_signal(write: Write) -> None:
    quiet = np.round(tune(16_000, 3.0, 440, 0.002) * 32767)
    wobble = np.random.default_rng(3).integers(-2, 3, quiet.size)
    assert decode(write(pcm16_wav(np.stack([quiet, quiet + wobble]) / 32767, 16_000))).is_dual_mono


def test_parties_that_leak_into_each_other_stay_two(write: Write) -> None:
    caller, agent = tune(16_000, 4.0, 440), np.roll(tune(16_000, 4.0, 1000), 4000)
    leaking = np.stack([caller + 0.3 * agent, agent + 0.3 * caller]) / 2
    assert not decode(write(pcm16_wav(leaking, 16_000))).is_dual_mono


def test_a_silent_party_keeps_its_channel_and_is_named(write: Write) -> None:
    audio = decode(write(pcm16_wav(np.stack([tune(8000, 1.0, 440), np.zeros(8000)]), 8000)))
    assert audio.samples.shape == (2, 16_000)
    assert audio.notes == ("Digital silence from start to end on channel(s) 1.",)


def test_silence_in_a_law_counts_as_silence(write: Write) -> None:
    audio = decode(write(wav_bytes(6, 8, 8000, 1, b"\xd5" * 8000)))
    assert audio.notes == ("Digital silence from start to end on channel(s) 0.",)
