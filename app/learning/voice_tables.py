"""How are the figures of the voice model shown in a terminal? One table for each question somebody asks of them."""

from __future__ import annotations

from app.learning.voice_breakdown import LineResult, SpeakerResult, VerdictShares
from app.learning.voice_evaluation import LiveResult, SourceResult, VoiceEvaluation


def render_evaluation(evaluation: VoiceEvaluation) -> str:
    """Return the figures as tables for a terminal."""
    lines = [f"Judged by {evaluation.way} (model {evaluation.model_version}).", ""]
    lines += [
        *_sources(evaluation.sources),
        "",
        *_live(evaluation.live),
        *_speakers(evaluation.speakers),
        "",
        *_verdicts(evaluation.verdicts),
        "",
        *_lines(evaluation.lines),
        "",
    ]
    if evaluation.speakers_left_out_auc is not None:
        lines.append(f"speakers left out in five groups (engines known): AUC {evaluation.speakers_left_out_auc:.3f}")
    if evaluation.matched_auc is None:
        lines.append("same sentences by people and machines: there are none in the manifest")
    else:
        each = ", ".join(f"{source} {auc:.3f}" for source, auc in evaluation.matched_auc_by_source.items())
        lines.append(
            f"same sentences by people and machines ({evaluation.matched_sentences}): AUC {evaluation.matched_auc:.3f} ({each})"
        )
    fifths = "; ".join(f"{said:.2f}/{true:.2f} ({count})" for said, true, count in evaluation.calibration)
    lines.append(f"Brier score {evaluation.brier:.3f}; said and true share of not live, by fifths: {fifths}")
    return "\n".join(lines)


def _sources(sources: tuple[SourceResult, ...]) -> list[str]:
    lines = [
        f"{'source':16} {'kind':9} {'rows':>5} {'AUC':>6} {'95 % interval':>15} {'vs read':>8} {'not live':>9} "
        f"{'unknown':>8}  goal"
    ]
    for result in sources:
        read = "-" if result.auc_read is None else f"{result.auc_read:.3f}"
        interval = f"{result.auc_low:.3f}-{result.auc_high:.3f}"
        goal = f"{result.goal:.2f} {'met' if result.is_met else 'NOT MET'}"
        lines.append(
            f"{result.source:16} {result.kind:9} {result.rows:5} {result.auc:6.3f} {interval:>15} {read:>8} "
            f"{result.called_not_live:9.1%} {result.unknown:8.1%}  {goal}"
        )
    return lines


def _live(live: LiveResult) -> list[str]:
    met = "met" if live.called_not_live <= live.goal else "NOT MET"
    return [
        f"live people: {live.rows} rows, {live.speakers} speakers: called not live {live.called_not_live:.1%} "
        f"({live.called_not_live_low:.1%}-{live.called_not_live_high:.1%}), goal {live.goal:.0%} {met}; "
        f"unknown {live.unknown:.1%}; called live {live.called_live:.1%}",
        "  by kind of recording: " + ", ".join(f"{kind} {share:.1%}" for kind, share in live.by_kind.items()),
    ]


def _speakers(speakers: SpeakerResult) -> list[str]:
    worst = ", ".join(f"{name} {share:.0%} of {rows}" for name, share, rows in speakers.worst)
    return [
        f"  by speaker, each left out: called not live {speakers.mean_called_not_live:.1%} in the mean; "
        f"{speakers.with_any_called_not_live} of {speakers.speakers} in any recording, "
        f"{speakers.with_most_called_not_live} in most" + (f"; worst: {worst}" if worst else "")
    ]


def _verdicts(verdicts: tuple[VerdictShares, ...]) -> list[str]:
    lines = [f"{'verdict on':16} {'rows':>5} {'live':>6} {'unknown':>8} {'not live':>9} {'recorded':>9} {'synthetic':>10}"]
    for shares in verdicts:
        recorded = "-" if shares.recorded is None else f"{shares.recorded:.0%}"
        synthetic = "-" if shares.synthetic is None else f"{shares.synthetic:.0%}"
        lines.append(
            f"{shares.source:16} {shares.rows:5} {shares.live:6.0%} {shares.unknown:8.0%} {shares.not_live:9.0%} "
            f"{recorded:>9} {synthetic:>10}"
        )
    return lines


def _lines(results: tuple[LineResult, ...]) -> list[str]:
    lines = [f"{'line':16} {'machines':>8} {'people':>7} {'AUC':>6} {'people called not live':>23}"]
    for result in results:
        auc = "-" if result.auc is None else f"{result.auc:.3f}"
        refused = "-" if result.live_called_not_live is None else f"{result.live_called_not_live:.1%}"
        lines.append(f"{result.line:16} {result.machine_rows:8} {result.live_rows:7} {auc:>6} {refused:>23}")
    return lines
