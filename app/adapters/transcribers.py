"""Which recogniser do the settings name? Built here and not in bootstrap, so that listening alone loads no database."""

from app.ports import Transcriber
from app.settings import Settings


def build_transcriber(settings: Settings, *, is_worker: bool = False) -> Transcriber:
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
