"""Several windows, channels and files at a time: the same words, clear failures, and an end when asked for one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters.whisper import (
    CPU_BATCH_WINDOWS,
    GPU_BATCH_WINDOWS,
    WhisperTranscriber,
    default_batch_windows,
    is_part,
    share_out,
)
from app.audio.decode import decode
from app.audio.pcm import FloatView, as_float
from app.audio.pipeline import listen
from app.audio.segmentation import CLIP_S
from app.errors import EarshotError
from app.timeline import Span

CALLS = Path(__file__).parents[3] / "sample_audio" / "calls"
STEREO = CALLS / "debt-coached.ogg"


def windows(count: int) -> tuple[tuple[Span, ...], ...]:
    return tuple((Span(30.0 * at, 30.0 * at + 29.0),) for at in range(count))


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (2, [1, 1]), (5, [2, 3]), (8, [4, 4]), (9, [2, 2, 3, 2]), (10, [2, 3, 3, 2])]
)
def test_windows_are_shared_out_evenly_in_order(count: int, sizes: Sequence[int]) -> None:
    batches = share_out(windows(count), 4)
    assert sorted(len(batch) for batch in batches) == sorted(sizes)
    assert [window for batch in batches for window in batch] == list(windows(count))


def test_the_batch_fits_the_device_unless_it_is_given() -> None:
    assert default_batch_windows("cpu") == CPU_BATCH_WINDOWS
    assert default_batch_windows("cuda") == GPU_BATCH_WINDOWS


def test_only_windows_filled_up_to_the_limit_are_encoded_in_part() -> None:
    # Longer clips come from elsewhere: of a window of 28 s nothing may be cut off, nor of a recording that is one window.
    minute = np.zeros(60 * 16_000, dtype=np.float32)
    filled = (Span(0.0, CLIP_S - 5.0), Span(30.0, 35.0))
    assert is_part(minute, [filled])
    assert not is_part(minute, [filled, (Span(0.0, CLIP_S + 0.1),)])
    assert not is_part(minute[: round(CLIP_S * 16_000)], [(Span(0.0, 5.0),)])


def test_a_part_of_the_float_view_is_what_the_whole_copy_holds() -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 1000).astype(np.int16)
    view = FloatView(samples)
    assert len(view) == 1000
    assert np.array_equal(view[10:500], as_float(samples)[10:500])
    assert view[10:500].dtype == np.float32


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_what_is_heard() -> None:
    decoded = decode(STEREO)
    one = listen(decoded, WhisperTranscriber(threads=1, beam_size=1), threads=1)
    two = listen(decoded, WhisperTranscriber(threads=2, beam_size=1), threads=2)
    assert decoded.channels == 2
    assert one.utterances
    assert one == two


@pytest.mark.slow
def test_a_failure_in_one_window_names_its_time_and_leaves_the_recogniser_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    import app.adapters.whisper as whisper

    transcriber = WhisperTranscriber(threads=2, beam_size=1)
    samples = np.zeros(70 * 16_000, dtype=np.float32)
    real = whisper.decode_batch

    def breaks_in_the_second(engine: Any, samples: Any, batch: Any, **options: Any) -> Any:
        if batch[0][0].start_s >= 30:
            raise RuntimeError("out of memory")
        return real(engine, samples, batch, **options)

    monkeypatch.setattr(whisper, "decode_batch", breaks_in_the_second)
    with pytest.raises(EarshotError, match=r"between 30\.0 s and 59\.0 s \(out of memory\)") as caught:
        transcriber.transcribe(samples, [Span(0.0, 29.0), Span(30.0, 59.0)])
    assert caught.value.code == "recognition_failed"
    monkeypatch.undo()
    assert transcriber.transcribe(samples, [Span(0.0, 29.0)]) is not None


def analyze(*paths: Path, data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "analyze", *map(str, paths), "--json"],
        env=os.environ | {"EARSHOT_DATA_DIR": str(data_dir), "EARSHOT_ASR_THREADS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_answers_come_in_the_order_of_the_input_and_a_bad_file_stops_nobody(tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound at all")
    files = [STEREO, bad, CALLS / "plumbing-misdial.wav", tmp_path / "missing.wav"]
    process = analyze(*files, data_dir=tmp_path)
    lines = [json.loads(line) for line in process.communicate()[0].splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in files]
    assert ["error" in line for line in lines] == [False, True, False, True]
    assert process.returncode == 3


@pytest.mark.slow
def test_ctrl_c_ends_the_command_though_windows_are_being_decoded(tmp_path: Path) -> None:
    process = analyze(*sorted(CALLS.iterdir()), data_dir=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("{")  # at work
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - asked < 10
