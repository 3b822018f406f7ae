"""One measured process of the listening benchmark: ours, or bare faster-whisper, over the files named on the command line."""

import json
import os
import sys
import time
from pathlib import Path


def listen_ours(files: list[Path]) -> None:
    """Analyse the files as one audio worker among several does, and print when it began and ended, loading left out."""
    from app.adapters.transcribers import build_transcriber
    from app.compliance.packaged import load_judge
    from app.reports.analyze import analyze_file, report_to_json
    from app.settings import Settings

    transcriber = build_transcriber(Settings(asr_threads=1))
    judge = load_judge()
    analyze_file(files[0], transcriber=transcriber, judge=judge)
    started = time.time()
    for path in files:
        report_to_json(analyze_file(path, transcriber=transcriber, judge=judge))
    print(json.dumps({"started": started, "ended": time.time()}))


def listen_bare(files: list[Path], way: str, beam_size: int) -> None:
    """Transcribe the files with faster-whisper alone, as its own page shows it: its threads, and no word times."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    from app.adapters.whisper_weights import find_weights

    weights = str(find_weights("tiny.en").folder)
    if way == "nothing-set":
        model = WhisperModel(weights)
        for path in files:
            list(model.transcribe(str(path))[0])
        return
    model = WhisperModel(weights, device="cpu", compute_type="int8")
    for path in files:
        if way == "batched":
            segments, _ = BatchedInferencePipeline(model).transcribe(
                str(path), beam_size=beam_size, language="en", batch_size=8
            )
        else:
            segments, _ = model.transcribe(str(path), beam_size=beam_size, language="en")
        list(segments)


def main(way: str, *arguments: str) -> None:
    """Run one way over the files."""
    if way == "ours-loaded":
        os.environ["OMP_NUM_THREADS"] = "1"  # as for the audio workers of the house
        listen_ours([Path(name) for name in arguments])
    else:
        listen_bare([Path(name) for name in arguments[1:]], way, int(arguments[0]))


main(*sys.argv[1:])
