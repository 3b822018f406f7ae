"""Are machines told from people by their voice? The figures of ``earshot voice evaluate``, each engine and speaker left out."""

from collections.abc import Iterable

from app.audio.voice.model import load_voice_model
from app.cli.voice import _build_encoder, _cache_dir
from app.learning.voice_training import evaluate_voice
from app.settings import load_settings
from tests.bench.surroundings import find_corpus
from tests.bench.table import Line, Row, Tell


def voices(tell: Tell) -> Iterable[Line]:
    """Measure each source by a model that never heard it, and live people by one that never heard them."""
    # Where docs/voice.md has them made; without them nobody says what machines of the corpus say.
    spoken = load_settings().data_dir / "training-voices" / "manifest.csv"
    evaluation, left_out = evaluate_voice(
        find_corpus() / "manifest.csv",
        _build_encoder(),
        load_voice_model(),
        more=spoken if spoken.is_file() else None,
        cache_dir=_cache_dir(),
        on_progress=tell,
    )
    for source in evaluation.sources:
        yield Line(
            f"Voice of {source.source} ({source.kind}), never heard: AUC over the same line",
            f"{source.auc:.3f}; called live {source.called_live:.0%}, unknown {source.unknown:.0%}",
            f"at least {source.goal:.2f}",
            source.is_met,
            spread=f"{source.auc_low:.3f}-{source.auc_high:.3f} (95 %)",
            on=f"{source.rows} recordings over lines",
        )
    live = evaluation.live
    yield Line(
        "Live people, never heard, called not live",
        f"{live.called_not_live:.1%}; unknown {live.unknown:.1%}",
        f"at most {live.goal:.0%}",
        live.called_not_live <= live.goal,
        spread=f"{live.called_not_live_low:.1%}-{live.called_not_live_high:.1%} (95 %)",
        on=f"{live.rows} recordings over lines, {live.speakers} speakers; {len(left_out)} lines of the manifest left out",
    )
    if evaluation.matched_auc is None:
        yield Line(
            "The same sentences by people and machines: AUC, engine left out",
            "not at hand: DATA_DIR/training-voices, made by scripts/speak_training_voices.py",
            "reported",
        )
    else:
        each = ", ".join(f"{source} {auc:.3f}" for source, auc in evaluation.matched_auc_by_source.items())
        yield Line(
            "The same sentences by people and machines: AUC, engine left out",
            f"{evaluation.matched_auc:.3f} ({each})",
            "reported",
            on=f"{evaluation.matched_sentences} sentences",
        )


ROWS = (
    Row("listening.voice", "Machines told from people by their voice", "AUC at least 0.90 and 0.85; live at most 3 %", voices),
)
