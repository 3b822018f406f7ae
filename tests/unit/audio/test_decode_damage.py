"""What is broken gives what can still be read, with a note, or one clear error: never anything else."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from app.audio.decode import decode
from app.audio.pcm import DecodedAudio
from app.errors import AudioUnreadable
from tests.unit.audio.conftest import encode_with_ffmpeg, pcm16_wav, stereo_call, tune, wav_bytes

Write = Callable[..., Path]

CALL = stereo_call(8000)


def refusal(path: Path, **limits: float) -> AudioUnreadable:
    with pytest.raises(AudioUnreadable) as error:
        decode(path, **limits)
    assert path.name in error.value.message
    assert error.value.details == {"file": path.name}
    return error.value


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", "empty_file", "0 bytes"),
        (b"<html><body>403 Forbidden</body></html>", "not_audio", "403 Forbidden"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/x.ts\n", "not_audio", "#EXTM3U"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "not_audio", "ffconcat"),
        (bytes(5000), "not_audio", "zero bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_audio", "89 50 4e 47"),
        (b"RIFF\x00\x00\x00\x00WAVE", "damaged", "no fmt chunk"),
        (wav_bytes(1, 16, 8000, 1, b"")[:36], "damaged", "no data chunk"),
        (wav_bytes(1, 16, 8000, 1, b""), "too_short", "0.00 s"),
        (wav_bytes(1, 16, 8000, 1, bytes(1600)), "too_short", "0.10 s"),
        (wav_bytes(1, 12, 8000, 1, bytes(9000), block_align=2), "damaged", "12 bits"),
        (wav_bytes(1, 16, 3, 1, bytes(9000)), "damaged", "at 3 Hz"),
        (wav_bytes(1, 16, 8000, 0, bytes(9000)), "damaged", "0 channels"),
        (b"OggS" + bytes(3000), "damaged", "ogg"),
        (b"fLaC" + bytes(3000), "damaged", "send it again"),
        (b"\x00\x00\x00\x18ftypM4A " + bytes(3000), "damaged", "mp4"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_code(write: Write, content: bytes, code: str, says: str) -> None:
    error = refusal(write(content, "call.wav"))
    assert (error.code, says in error.message) == (code, True), error.message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.wav").code == "file_missing"
    assert refusal(tmp_path).code == "file_unreadable"


def test_a_film_without_sound_has_no_audio_stream(tmp_path: Path) -> None:
    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    assert refusal(path).code == "no_audio_stream"


def test_a_recording_beyond_the_limit_is_refused_without_reading_on(write: Write) -> None:
    error = refusal(write(pcm16_wav(CALL, 8000)), max_duration_s=1.5)
    assert error.code == "too_long"
    assert "1.5 s" in error.message


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_an_open_length_reads_all_that_is_there(write: Write, claimed: int) -> None:
    audio = decode(write(pcm16_wav(CALL, 8000, data_size=claimed)))
    assert audio.duration_s == 2.0
    assert "leaves its length open" in audio.notes[0]


def test_a_header_that_promises_too_much_reads_all_that_is_there(write: Write) -> None:
    audio = decode(write(pcm16_wav(CALL, 8000, data_size=64_000 * 3)))
    assert audio.duration_s == 2.0
    assert audio.notes == (
        "The WAV header promises 192000 bytes of sound, the file holds 64000: it was cut off or never finished.",
    )


def test_a_header_that_promises_too_little_reads_all_that_is_there(write: Write) -> None:
    audio = decode(write(pcm16_wav(CALL, 8000, data_size=16_000)))
    assert audio.duration_s == 2.0
    assert "claims 16000 bytes of sound but 64000 follow" in audio.notes[0]


def test_a_chunk_behind_the_sound_is_not_taken_for_sound(write: Write) -> None:
    wav = pcm16_wav(CALL, 8000)
    audio = decode(write(wav + b"LIST" + struct.pack("<I", 26) + b"INFOISFT\x0e\x00\x00\x00Lavf58.29.100\x00"))
    assert (audio.duration_s, audio.notes) == (2.0, ())


def test_an_odd_trailing_byte_is_left_out_and_said(write: Write) -> None:
    audio = decode(write(pcm16_wav(CALL, 8000, data_size=64_001) + b"\x55"))
    assert audio.duration_s == 2.0
    assert audio.notes == ("The last 1 byte(s) are not a whole sample and were left out.",)


def test_floats_that_are_no_numbers_become_silence(write: Write) -> None:
    floats = tune(16_000, 1.0, 440).astype("<f4")
    floats[100:103] = [np.nan, np.inf, -np.inf]
    floats[200] = 3.0
    audio = decode(write(wav_bytes(3, 32, 16_000, 1, floats.tobytes())))
    assert audio.samples[0, 100:103].tolist() == [0, 0, 0]
    assert audio.samples[0, 200] == 32_767
    assert audio.notes == (
        "3 samples were not numbers (NaN or infinite) and are silence now.",
        "1 samples were louder than full scale and were clipped.",
    )


def test_a_cut_mp3_keeps_what_is_there(tmp_path: Path, write: Write) -> None:
    whole = encode_with_ffmpeg(tmp_path / "whole", stereo_call(8000, 6.0), 8000, "libmp3lame", "mp3", 32_000).read_bytes()
    cut = decode(write(whole[: len(whole) // 2]))
    assert cut.duration_s == pytest.approx(3.0, abs=0.3)
    assert decode(write(whole[len(whole) // 2 :])).duration_s == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize(
    ("codec", "container", "rate_hz"), [("libmp3lame", "mp3", 8000), ("libopus", "ogg", 48_000), ("flac", "flac", 8000)]
)
def test_a_hole_in_the_middle_is_skipped_with_a_note_and_the_rest_is_kept(
    tmp_path: Path, write: Write, codec: str, container: str, rate_hz: int
) -> None:
    content = bytearray(
        encode_with_ffmpeg(tmp_path / "whole", stereo_call(rate_hz, 6.0), rate_hz, codec, container).read_bytes()
    )
    start = len(content) // 2
    content[start : start + 600] = np.random.default_rng(1).bytes(600)
    audio = decode(write(bytes(content)))
    assert audio.notes
    assert 5.0 < audio.duration_s < 6.5
    assert np.abs(audio.samples[:, -16_000:].astype(int)).max() > 3000


def test_a_pause_that_the_sender_left_out_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "call.webm"
    with av.open(str(path), "w", format="webm") as out:
        stream = out.add_stream("libopus", rate=48_000, layout="mono")
        for start_s in (0, 3):
            samples = tune(48_000, 0.24, 440).astype(np.float32).reshape(1, -1)
            for index in range(12):
                frame = av.AudioFrame.from_ndarray(samples[:, index * 960 : (index + 1) * 960], format="flt", layout="mono")
                frame.sample_rate, frame.pts = 48_000, start_s * 48_000 + index * 960
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    audio = decode(path)
    assert audio.duration_s == pytest.approx(3.24, abs=0.05)
    assert np.abs(audio.samples[0, 16_000:40_000]).max() < 50
    assert np.abs(audio.samples[0, 48_500:50_000].astype(int)).max() > 5000
    assert "filled with silence" in audio.notes[0]


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, insert, blank or splice, as bad disks, bad links and bad senders do."""
    broken = bytearray(content)
    position = rng.randrange(len(broken))
    match rng.randrange(6):
        case 0:
            del broken[position:]
        case 1:
            for _ in range(rng.choice([1, 5, 50, 300])):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        case 2:
            for _ in range(rng.choice([1, 2, 8])):
                broken[rng.randrange(min(200, len(broken)))] = rng.choice([0, 127, 128, 255])
        case 3:
            broken[position:position] = rng.randbytes(rng.randrange(1, 2000))
        case 4:
            broken[position : position + 1500] = bytes(len(broken[position : position + 1500]))
        case _:
            broken[position:] = content[rng.randrange(len(content)) :]
    return bytes(broken)


@pytest.mark.timeout(60)
def test_random_damage_gives_sound_or_a_refusal_and_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    originals = [pcm16_wav(stereo_call(8000, 0.6), 8000)]
    for codec, container, rate_hz in [
        ("pcm_mulaw", "wav", 8000),
        ("libmp3lame", "mp3", 8000),
        ("libopus", "ogg", 48_000),
        ("libopus", "webm", 48_000),
        ("flac", "flac", 8000),
        ("aac", "ipod", 16_000),
        ("aac", "adts", 16_000),
        ("pcm_s16be", "aiff", 8000),
    ]:
        originals.append(encode_with_ffmpeg(tmp_path / "x", stereo_call(rate_hz, 0.6), rate_hz, codec, container).read_bytes())
    soundfile.write(tmp_path / "gsm", tune(8000, 0.6, 440), 8000, subtype="GSM610", format="WAV")
    soundfile.write(tmp_path / "vorbis", stereo_call(16_000, 0.6).T, 16_000, subtype="VORBIS", format="OGG")
    originals += [(tmp_path / "gsm").read_bytes(), (tmp_path / "vorbis").read_bytes()]
    rng, path, codes = random.Random(20_240), tmp_path / "broken", set()
    for case in range(154):
        path.write_bytes(mutate(originals[case % len(originals)], rng))
        try:
            audio = decode(path)
        except AudioUnreadable as error:
            codes.add(error.code)
        else:
            assert isinstance(audio, DecodedAudio)
            assert 0.2 <= audio.duration_s < 130
            codes.add("sound")
    assert {"sound", "damaged", "too_short"} <= codes
    assert capfd.readouterr().err == ""
