"""What should somebody know before relying on the voice model? Its card, and the evaluation as text."""

from __future__ import annotations

from collections.abc import Sequence

from app.audio.features import SIGNAL_FEATURES
from app.audio.voice.model import VoiceModel
from app.audio.voice.stretches import FEATURES_VERSION
from app.learning.voice_evaluation import SourceResult, VoiceEvaluation


def render_evaluation(evaluation: VoiceEvaluation) -> str:
    """Return the figures as a table for a terminal."""
    lines = [f"Judged by {evaluation.way} (model {evaluation.model_version}).", ""]
    lines.append(
        f"{'source':16} {'kind':9} {'rows':>5} {'AUC':>6} {'95 % interval':>15} {'vs read':>8} {'not live':>9} "
        f"{'unknown':>8}  goal"
    )
    for result in evaluation.sources:
        read = "-" if result.auc_read is None else f"{result.auc_read:.3f}"
        interval = f"{result.auc_low:.3f}-{result.auc_high:.3f}"
        goal = f"{result.goal:.2f} {'met' if result.is_met else 'NOT MET'}"
        lines.append(
            f"{result.source:16} {result.kind:9} {result.rows:5} {result.auc:6.3f} {interval:>15} {read:>8} "
            f"{result.called_not_live:9.1%} {result.unknown:8.1%}  {goal}"
        )
    live = evaluation.live
    is_met = live.called_not_live <= live.goal
    lines += [
        "",
        f"live people: {live.rows} rows, {live.speakers} speakers: called not live {live.called_not_live:.1%} "
        f"({live.called_not_live_low:.1%}-{live.called_not_live_high:.1%}), goal {live.goal:.0%} "
        f"{'met' if is_met else 'NOT MET'}; "
        f"unknown {live.unknown:.1%}; called live {live.called_live:.1%}",
        "  by kind of recording: " + ", ".join(f"{kind} {share:.1%}" for kind, share in live.by_kind.items()),
    ]
    if evaluation.speakers_left_out_auc is not None:
        lines.append(f"speakers left out in five groups: AUC {evaluation.speakers_left_out_auc:.3f}")
    if evaluation.matched_auc is None:
        lines.append("same sentences by people and machines: there are none in the manifest")
    else:
        each = ", ".join(f"{source} {auc:.3f}" for source, auc in evaluation.matched_auc_by_source.items())
        lines.append(
            f"same sentences by people and machines ({evaluation.matched_sentences}): AUC {evaluation.matched_auc:.3f} ({each})"
        )
    lines.append(f"Brier score {evaluation.brier:.3f}")
    return "\n".join(lines)


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
