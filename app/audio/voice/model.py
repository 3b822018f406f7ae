"""How likely is it that this is not a live person? The trained model: weights in a JSON file, read with numpy alone.

Two logistic regressions over the figures of a stretch: live person or not, and recorded person or synthetic voice where it is
not. Being linear, each says exactly how much every group of figures added. Nothing in the file is code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.audio.features import SIGNAL_FEATURES
from app.audio.voice.stretches import FEATURES_VERSION, GROUPS, Stretch, name_groups
from app.errors import InvalidInput
from app.timeline import Span

MODEL_FILE = "data/voice_model.json"

FURTHEST_LOG_ODDS = 4.0
"""No stretch counts for more (98 in 100): figures far from all training data are no better ground than those at its edge."""


@dataclass(frozen=True, slots=True)
class Head:
    """One logistic regression over standardised figures: shape (d,) and the value at the training data's mean."""

    weights: NDArray[np.float64]
    intercept: float

    def log_odds(self, standardised: NDArray[np.float64]) -> float:
        """Return the log-odds of the head's first class."""
        return float(standardised @ self.weights + self.intercept)


@dataclass(frozen=True, slots=True)
class StretchScore:
    """What the model says of one stretch.

    ``not_live`` and ``recorded`` are log-odds (the latter given that it is not live); ``groups`` adds up to ``not_live`` with
    the intercept, before the limit of :data:`FURTHEST_LOG_ODDS`.
    """

    spans: tuple[Span, ...]
    speech_s: float
    not_live: float
    recorded: float
    groups: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """The model in force: standardisation, heads, operating point, and the same head with each source left out."""

    version: str
    encoder_sha256: str
    center: NDArray[np.float64]
    scale: NDArray[np.float64]
    not_live: Head
    recorded: Head
    live_below: float
    not_live_above: float
    without: Mapping[str, Head]
    training: Mapping[str, Any]

    def standardise(self, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the figures (shape (..., d)) in deviations from the training data's mean."""
        return (figures - self.center) / self.scale

    def score(self, stretch: Stretch) -> StretchScore:
        """Return what the model says of a stretch, and how much each group of figures had a part in it."""
        standardised = self.standardise(stretch.figures)
        parts = standardised * self.not_live.weights
        names = np.array(name_groups((len(parts) - len(SIGNAL_FEATURES)) // 2))
        return StretchScore(
            spans=stretch.spans,
            speech_s=stretch.speech_s,
            not_live=_limit(self.not_live.log_odds(standardised)),
            recorded=_limit(self.recorded.log_odds(standardised)),
            groups={group: float(parts[names == group].sum()) for group in GROUPS},
        )


@cache
def load_voice_model() -> VoiceModel:
    """Return the model that came with this version of the product."""
    return read_voice_model(resources.files("app.audio").joinpath(MODEL_FILE).read_text("utf-8"))


def read_voice_model(text: str) -> VoiceModel:
    """Return the model written in a JSON text.

    Raises
    ------
    InvalidInput
        If it was made for other figures than those this version measures.
    """
    data = json.loads(text)
    made_for = (data["features_version"], tuple(data["signal_features"]))
    if made_for != (FEATURES_VERSION, SIGNAL_FEATURES):
        raise InvalidInput(
            f"voice model {data.get('version')}: expected figures of version {FEATURES_VERSION}, got {made_for[0]}; "
            "train it again with `earshot voice train`"
        )
    return VoiceModel(
        version=data["version"],
        encoder_sha256=data["encoder_sha256"],
        center=np.array(data["center"]),
        scale=np.array(data["scale"]),
        not_live=_head(data["not_live"]),
        recorded=_head(data["recorded"]),
        live_below=data["live_below"],
        not_live_above=data["not_live_above"],
        without={source: _head(head) for source, head in data["without"].items()},
        training=data["training"],
    )


def write_voice_model(model: VoiceModel) -> str:
    """Return the JSON text of a model; the same model gives the same text."""
    data = {
        "version": model.version,
        "features_version": FEATURES_VERSION,
        "encoder_sha256": model.encoder_sha256,
        "signal_features": list(SIGNAL_FEATURES),
        "live_below": model.live_below,
        "not_live_above": model.not_live_above,
        "training": dict(model.training),
        "center": _numbers(model.center),
        "scale": _numbers(model.scale),
        "not_live": _written(model.not_live),
        "recorded": _written(model.recorded),
        "without": {source: _written(head) for source, head in sorted(model.without.items())},
    }
    return json.dumps(data, indent=None, separators=(",", ":"), ensure_ascii=False).replace('],"', '],\n"') + "\n"


def _limit(log_odds: float) -> float:
    return max(-FURTHEST_LOG_ODDS, min(FURTHEST_LOG_ODDS, log_odds))


def _head(data: Mapping[str, Any]) -> Head:
    return Head(np.array(data["weights"]), float(data["intercept"]))


def _written(head: Head) -> dict[str, Any]:
    return {"intercept": float(f"{head.intercept:.6g}"), "weights": _numbers(head.weights)}


def _numbers(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
