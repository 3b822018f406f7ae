"""One measured process of the listening benchmark: ours, or bare faster-whisper, over the files named on the command line."""

import json
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"


def listen_ours(files: list[Path], *, load_first: bool = False) -> None:
    """Analyse the files as ``earshot analyze`` does, and print when it began and ended."""
    from app.adapters.transcribers import build_transcriber
    from app.language.matching import compile_packs
    from app.language.packs import load_packs
    from app.reports.analyze import analyze_file, report_to_json
    from app.settings import Settings

    transcriber = build_transcriber(Settings())
    packs = compile_packs(load_packs())
    if load_first:
        analyze_file(files[0], transcriber=transcriber, packs=packs)
    started = time.time()
    for path in files:
        report_to_json(analyze_file(path, transcriber=transcriber, packs=packs))
    print(json.dumps({"started": started, "ended": time.time()}))


def listen_bare(files: list[Path], way: str, beam_size: int) -> None:
    """Transcribe the files with faster-whisper alone, word times included."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    from app.adapters.whisper_weights import find_weights

    model = WhisperModel(str(find_weights("tiny.en").folder), device="cpu", compute_type="int8", cpu_threads=1)
    for path in files:
        if way == "batched":
            segments, _ = BatchedInferencePipeline(model).transcribe(
                str(path), beam_size=beam_size, word_timestamps=True, language="en", batch_size=8
            )
        else:
            segments, _ = model.transcribe(str(path), beam_size=beam_size, word_timestamps=True, language="en")
        list(segments)


def main(way: str, *arguments: str) -> None:
    """Run one way over the files."""
    if way.startswith("ours"):
        listen_ours([Path(name) for name in arguments], load_first=way == "ours-loaded")
    else:
        listen_bare([Path(name) for name in arguments[1:]], way, int(arguments[0]))


main(*sys.argv[1:])
