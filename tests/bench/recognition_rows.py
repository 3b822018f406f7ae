"""How well and how fast is speech heard, beside bare faster-whisper on the same recordings in the same run?"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.adapters.transcribers import build_transcriber
from app.adapters.whisper_weights import find_weights
from app.cli.asr import _bare_hearer
from app.reports.asr_evaluation import Hear, evaluate, pipeline_hearer
from app.reports.asr_manifest import Manifest, load_manifest
from app.settings import Settings
from tests.bench import listening
from tests.bench.surroundings import default_threads, find_corpus, one_core_settings
from tests.bench.table import Line, NotAtHand, Row, Tell

OURS, SEQUENTIAL, BATCHED = "Earshot", "sequential beam 5", "batched"
POINTS_BELOW, MOST_DELETED, MOST_OF_A_SPEAKER, MOST_ON_MACHINES = 0.01, 0.025, 0.30, 0.06
TIMES_AS_FAST, AIMED_AT = 2.0, 3.0


def real_calls(tell: Tell) -> Iterable[Line]:
    """Measure word errors on real telephone sentences, each file by itself."""
    manifest = load_manifest(find_corpus() / "manifest.csv", group="prompted_call")
    figures = hear_all(manifest, tell)
    ours, bare = figures["recognisers"][OURS], figures["recognisers"][SEQUENTIAL]
    callers = len({item.speaker for item in manifest.items})
    on = f"{figures['recordings']} real calls of {callers} callers, {figures['audio_s']:.0f} s, each file by itself, one core"
    below = bare["wer"] - ours["wer"]
    yield Line(
        "Word error rate, real calls",
        f"{ours['wer']:.1%}, {100 * below:.1f} points below",
        "at least 1 point below sequential",
        below >= POINTS_BELOW,
        beside(figures, "wer"),
        "",
        on,
    )
    yield Line(
        "Words lost, real calls",
        f"{ours['deletions']:.1%}",
        "at most 2.5 %",
        ours["deletions"] <= MOST_DELETED,
        beside(figures, "deletions"),
        "",
        on,
    )
    most = ours["most_deleted_speaker"]
    peers = {name: figures["recognisers"][name]["most_deleted_speaker"] for name in (SEQUENTIAL, BATCHED)}
    yield Line(
        "Words lost by the caller who loses most",
        f"{most['deletions']:.0%} of {most['words']} ({most['speaker']})",
        "at most 30 %",
        most["deletions"] <= MOST_OF_A_SPEAKER,
        "; ".join(f"{name} {one['deletions']:.0%} of {one['words']}" for name, one in peers.items()),
        "",
        on,
    )
    yield speed_of(figures, "Speed on single sentences, loading included", on)


def machines_on_the_line(tell: Tell) -> Iterable[Line]:
    """Measure word errors on synthetic speech over telephone lines."""
    manifest = load_manifest(find_corpus() / "manifest.csv", group="tts / ")
    figures = hear_all(replace(manifest, items=tuple(item for item in manifest.items if "tel_" in item.group)), tell)
    ours = figures["recognisers"][OURS]
    yield Line(
        "Word error rate, synthetic speech over telephone lines",
        f"{ours['wer']:.1%}",
        "at most 6 %",
        ours["wer"] <= MOST_ON_MACHINES,
        beside(figures, "wer"),
        "",
        f"{figures['recordings']} files, {figures['audio_s']:.0f} s, each by itself, one core",
    )


def hear_all(manifest: Manifest, tell: Tell) -> dict[str, Any]:
    """Return the figures of ``earshot asr evaluate --peer``, with the batched way as a second peer, on one core."""
    settings = one_core_settings()
    hearers: dict[str, Hear] = {
        OURS: pipeline_hearer(build_transcriber(settings)),
        SEQUENTIAL: _bare_hearer(settings),
        BATCHED: _batched_hearer(settings),
    }
    figures = evaluate(manifest, hearers, on_progress=tell)
    if figures["failed"]:
        raise OSError(f"{len(figures['failed'])} recordings could not be heard, such as {figures['failed'][0]['message']}")
    return figures


def beside(figures: dict[str, Any], of: str) -> str:
    """Return one figure of both peers."""
    return "; ".join(f"{name} {figures['recognisers'][name][of]:.1%}" for name in (SEQUENTIAL, BATCHED))


def speed_of(figures: dict[str, Any], what: str, on: str) -> Line:
    """Return how many seconds of sound each hears in a second."""
    rates = {name: 1 / of["real_time_factor"] for name, of in figures["recognisers"].items()}
    peers = "; ".join(f"{name} {rates[name]:.1f}" for name in (SEQUENTIAL, BATCHED))
    return Line(what, f"{rates[OURS]:.1f} s of sound per s", "", None, peers, "once, not repeated", on)


def _batched_hearer(settings: Settings) -> Hear:
    """Return faster-whisper's batched pipeline as its page shows it: beam 5 and its own speech filter."""
    engines: list[Any] = []

    def hear(path: Path) -> str:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        if not engines:
            model = WhisperModel(
                str(find_weights(settings.asr_model).folder),
                device=settings.asr_device,
                compute_type=settings.asr_compute_type,
                cpu_threads=settings.asr_threads,
            )
            engines.append(BatchedInferencePipeline(model))
        segments, _ = engines[0].transcribe(str(path), beam_size=5, language="en", batch_size=8)
        return " ".join(segment.text for segment in segments)

    return hear


def throughput(kind: str) -> Row:
    """Return the row of whole conversations with one channel or with two."""

    def measure(tell: Tell) -> Iterable[Line]:
        files, where = listening.choose_files()
        files = [path for path in files if (listening.channels(path) > 1) == (kind == "stereo")]
        if not files:
            raise NotAtHand(f"a {kind} recording among {where}")
        ways: dict[str, list[str]] = {listening.OURS: [], **listening.PEERS}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        with default_threads():
            for number in range(listening.ROUNDS):
                for at, (name, arguments) in enumerate(ways.items()):
                    if listening.is_in_round(name, number):
                        tell(name, (number + at / len(ways)) / listening.ROUNDS)
                        seconds[name].append(listening.timed(arguments, files))
        sound_s = sum(map(listening.duration_s, files))
        ours = seconds.pop(listening.OURS)
        for name, times in seconds.items():
            rounds = f"{len(ours)} rounds in turn, {len(times)} of this peer"
            on = f"{len(files)} {kind} of {where}, {sound_s:.0f} s; {rounds}, start-up included"
            is_promised = ways[name][0] != "batched" and ways[name][1] == "5"  # sequential, with its default beam
            ratio = min(times) / min(ours)
            yield Line(
                f"Whole analysis, {kind}, against {name}",
                f"{ratio:.2f} x as fast ({sound_s / min(ours):.1f} s of sound per s)",
                f"at least {TIMES_AS_FAST:g} x, aim {AIMED_AT:g} x" if is_promised else "",
                ratio >= TIMES_AS_FAST if is_promised else None,
                f"{sound_s / min(times):.1f} s of sound per s",
                f"ours {min(ours):.1f}-{max(ours):.1f} s, peer {min(times):.1f}-{max(times):.1f} s",
                on,
            )

    promised = f"at least {TIMES_AS_FAST:g} x, aim {AIMED_AT:g} x"
    return Row(f"listening.throughput.{kind}", f"Whole analysis, {kind}, against bare faster-whisper", promised, measure)


def workers(tell: Tell) -> Iterable[Line]:
    """Measure what a second audio worker adds."""
    files, where = listening.choose_files()
    one = listening.workers_rate(files, 1)
    tell("two workers", 0.4)
    two = listening.workers_rate(files * 2, 2)
    yield Line(
        "Whole analysis by workers of one core each, weights loaded",
        f"one {one:.1f}, two {two:.1f} s of sound per s ({two / one:.2f} x)",
        on=f"{where}, {sum(map(listening.duration_s, files)):.0f} s, once",
    )


ROWS = (
    throughput("mono"),
    throughput("stereo"),
    Row("listening.workers", "Whole analysis by workers of one core each", "", workers),
    Row("listening.wer", "Word errors on real calls", "at least 1 point below sequential; lost at most 2.5 %", real_calls),
    Row("listening.wer_tts", "Word errors on synthetic telephone speech", "at most 6 %", machines_on_the_line),
)
