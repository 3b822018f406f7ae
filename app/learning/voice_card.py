"""What should somebody know before relying on the voice model? Its card."""

from __future__ import annotations

from collections.abc import Sequence

from app.audio.features import SIGNAL_FEATURES
from app.audio.voice.model import VoiceModel
from app.audio.voice.stretches import FEATURES_VERSION
from app.learning.voice_breakdown import LineResult, VerdictShares
from app.learning.voice_evaluation import SourceResult, VoiceEvaluation


def render_card(model: VoiceModel, evaluation: VoiceEvaluation, left_out: Sequence[str]) -> str:
    """Return the model card as Markdown."""
    training = model.training
    sources = ", ".join(f"{source} ({count} files)" for source, count in training["sources"].items())
    live = evaluation.live
    met = "met" if live.called_not_live <= live.goal else "**not met**"
    return "\n".join(
        [
            "# Model card: the caller's voice",
            "",
            "Written by `earshot voice train`; do not edit.",
            "",
            f"- Version `{model.version}`, figures of version {FEATURES_VERSION}, made for the encoder with SHA-256 "
            f"`{model.encoder_sha256}`.",
            f"- Training data: {training['files_heard']} files, {training['rows']} files over lines, "
            f"{training['live_speakers']} live speakers; "
            f"{sources}. SHA-256 of the data `{training['data_sha256']}`.",
            f"- Further machine voices beside the manifest: {'yes' if training['more_manifest_sha256'] else 'no'}.",
            f"- Operating point: not live above log-odds {model.not_live_above:.2f}, live below {model.live_below:.2f}, "
            f"unknown between.",
            "",
            "## Each source left out in turn",
            "",
            "Judged by a model that never heard the engine (or the recorded speaker), against live people it never "
            "heard either. *AUC* compares",
            "over the same kind of line; *against readers* only with people who read aloud, the hardest to tell from machines.",
            "",
            "| Source | Kind | Files over lines | AUC (95 % interval) | Against readers | Called not live | Unknown | "
            "Called live | Goal |",
            "|---|---|---|---|---|---|---|---|---|",
            *(_row(result) for result in evaluation.sources),
            "",
            "## Live people",
            "",
            f"{live.rows} files over lines of {live.speakers} speakers the judging model never heard: called not live "
            f"{live.called_not_live:.1%} "
            f"({live.called_not_live_low:.1%} to {live.called_not_live_high:.1%}; goal at most {live.goal:.0%}, {met}), "
            f"unknown {live.unknown:.1%}, "
            f"called live {live.called_live:.1%}. Called not live by kind of recording: "
            + ", ".join(f"{kind} {share:.1%}" for kind, share in live.by_kind.items())
            + ".",
            "",
            _speakers_line(evaluation),
            "",
            "## Verdicts",
            "",
            "What the sound alone is called, by a model that never heard the engine or the person; behaviour comes on top in a "
            "call. A dash where the",
            "corpus leaves nothing to tell recorded from synthetic by.",
            "",
            "| Voice | Files over lines | Live | Unknown | Not live | of it recorded | of it synthetic |",
            "|---|---|---|---|---|---|---|",
            *(_verdict_row(shares) for shares in evaluation.verdicts),
            "",
            "## By line",
            "",
            "AUC is the mean over the sources heard over that line, each left out.",
            "",
            "| Line | Machines | People | AUC | People called not live |",
            "|---|---|---|---|---|",
            *(_line_row(result) for result in evaluation.lines),
            "",
            "## Further figures",
            "",
            f"- Speakers left out in five groups (engines known): AUC {evaluation.speakers_left_out_auc or 0.0:.3f}.",
            _matched_line(evaluation),
            f'- Brier score {evaluation.brier:.3f}. Said and true share of "not live", by fifths: '
            + "; ".join(f"{said:.2f} / {true:.2f} ({count})" for said, true, count in evaluation.calibration)
            + ".",
            "",
            "## What it cannot do",
            "",
            "- The operating point is set on people of this corpus; callers unlike them may be refused more often. The "
            "label is a reason to listen, "
            "never a verdict by itself.",
            "- The corpus has one recorded speaker. Whether an unknown recording of a person is called recorded or "
            "synthetic is not measured; that it is "
            "not live is measured with that speaker left out, and most of what is known about recordings comes from behaviour.",
            "- Weights of behaviour (monologue, no reaction, menu wording) are assumptions: there is no corpus of "
            "whole calls to measure them on.",
            "- English only; neural engines newer than those of the corpus may pass.",
            "",
            "## Figures it reads",
            "",
            "Mean and logarithmic deviation of each dimension of Whisper's encoder output over frames with speech, and: "
            + ", ".join(f"`{name}`" for name in SIGNAL_FEATURES)
            + ".",
            "",
            "## Left out of training",
            "",
            *(f"- {line}" for line in _summarise(left_out)),
            "",
        ]
    )


def _row(result: SourceResult) -> str:
    read = "" if result.auc_read is None else f"{result.auc_read:.3f}"
    goal = f"{result.goal:.2f} {'met' if result.is_met else '**not met**'}"
    return (
        f"| {result.source} | {result.kind} | {result.rows} | {result.auc:.3f} "
        f"({result.auc_low:.3f}-{result.auc_high:.3f}) | {read} "
        f"| {result.called_not_live:.0%} | {result.unknown:.0%} | {result.called_live:.0%} | {goal} |"
    )


def _verdict_row(shares: VerdictShares) -> str:
    recorded = "-" if shares.recorded is None else f"{shares.recorded:.0%}"
    synthetic = "-" if shares.synthetic is None else f"{shares.synthetic:.0%}"
    return (
        f"| {shares.source} | {shares.rows} | {shares.live:.0%} | {shares.unknown:.0%} | {shares.not_live:.0%} "
        f"| {recorded} | {synthetic} |"
    )


def _line_row(result: LineResult) -> str:
    auc = "-" if result.auc is None else f"{result.auc:.3f}"
    refused = "-" if result.live_called_not_live is None else f"{result.live_called_not_live:.1%}"
    return f"| {result.line} | {result.machine_rows} | {result.live_rows} | {auc} | {refused} |"


def _speakers_line(evaluation: VoiceEvaluation) -> str:
    speakers = evaluation.speakers
    worst = ", ".join(f"{name} ({share:.0%} of {rows})" for name, share, rows in speakers.worst)
    return (
        f"By speaker: {speakers.mean_called_not_live:.1%} in the mean; {speakers.with_any_called_not_live} of "
        f"{speakers.speakers} in any recording, {speakers.with_most_called_not_live} in most of theirs"
        + (f"; worst: {worst}." if worst else ".")
    )


def _matched_line(evaluation: VoiceEvaluation) -> str:
    if evaluation.matched_auc is None:
        return "- Same sentences by people and machines: none in the training data."
    each = ", ".join(f"{source} {auc:.3f}" for source, auc in evaluation.matched_auc_by_source.items())
    said = f"{evaluation.matched_sentences} sentences, engine left out"
    return f"- Same sentences by people and machines ({said}): AUC {evaluation.matched_auc:.3f} ({each})."


def _summarise(left_out: Sequence[str]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for line in left_out:
        name, _, why = line.partition(": ")
        reasons.setdefault(why, []).append(name.split("/")[-1])
    return [
        f"{why}: {len(names)} ({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})" for why, names in reasons.items()
    ]
