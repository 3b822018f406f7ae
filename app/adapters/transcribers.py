"""Which recogniser do the settings name? Built here and not in bootstrap, so that listening alone loads no database."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from app.errors import EarshotError
from app.settings import Settings

if TYPE_CHECKING:
    from app.adapters.whisper import WhisperTranscriber


def build_transcriber(settings: Settings, *, is_worker: bool = False) -> WhisperTranscriber:
    """Return the recogniser that the settings name; its weights are loaded by the first recording.

    A command at the shell has the machine for itself; a worker of the house (``is_worker``) shares its cores with the others.
    """
    from app.adapters.whisper import WhisperTranscriber

    return WhisperTranscriber(
        model=settings.asr_model,
        device=settings.asr_device,
        compute_type=settings.asr_compute_type,
        beam_size=settings.asr_beam_size,
        threads=settings.worker_asr_threads if is_worker else settings.command_asr_threads,
        batch_windows=settings.asr_batch_windows,
    )


def load_meanwhile(transcriber: WhisperTranscriber) -> None:
    """Load the weights while the first recording is read; where they cannot be loaded, the first recording says so."""

    def load() -> None:
        with suppress(EarshotError, RuntimeError, ValueError, OSError):
            transcriber.load()

    # Not a daemon: a process that ends while native code loads is aborted, and the load takes half a second.
    threading.Thread(target=load, name="load-weights").start()
