"""``earshot asr evaluate`` as scripts use it: exit codes, what is left out, what cannot be heard, in text and as JSON."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALL = sorted((ROOT / "sample_audio" / "calls").glob("*.wav"))[0]


def evaluate(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"EARSHOT_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-m", "app.cli", "asr", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def write_manifest(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "manifest.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, ["file", "reference_transcript", "reference_quality", "class", "speakers"], restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def test_a_recording_that_is_not_there_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    path = write_manifest(
        tmp_path,
        {"file": "gone.wav", "reference_transcript": "Hello", "class": "live"},
        {"file": "guess.wav", "reference_transcript": "Hello", "reference_quality": "silver"},
    )
    done = evaluate(tmp_path, path, "--json")
    assert done.returncode == 3, done.stderr
    figures = json.loads(done.stdout)
    assert figures["recordings"] == 0
    assert figures["left_out"] == {"with silver reference": 1}
    assert "gone.wav" in figures["failed"][0]["message"]
    assert figures["recognisers"]["Earshot"]["wer"] is None


def test_a_manifest_or_a_limit_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, {"file": "a.wav", "reference_transcript": ""})
    done = evaluate(tmp_path, path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "left out: 1 without reference" in done.stderr
    assert "expected a whole number from 1 on, got '0'" in evaluate(tmp_path, path, "--limit", 0).stderr


@pytest.mark.slow
def test_earshot_and_the_peer_hear_the_same_recordings(tmp_path: Path) -> None:
    path = write_manifest(
        tmp_path, {"file": str(CALL), "reference_transcript": "thank you for calling", "class": "sample", "speakers": "ann"}
    )
    done = evaluate(tmp_path, path, "--json", "--peer")
    assert done.returncode == 0, done.stderr
    recognisers = json.loads(done.stdout)["recognisers"]
    assert len(recognisers) == 2
    for of in recognisers.values():
        assert (of["recordings"], of["words"]) == (1, 4)
        assert of["real_time_factor"] > 0
        assert of["peak_memory_mb"] > 50
        assert list(of["groups"]) == ["sample"]
        assert of["worst_speakers"][0]["speaker"] == "ann"
