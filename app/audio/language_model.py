"""How likely is it that figures of recognition's doubt come from another language than English? Weights in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from app.errors import InvalidInput

MODEL_FILE = "data/language_model.json"
FIGURES = ("doubt", "doubtful_share", "wordless", "repeated_share")
FIGURES_VERSION = 1

FURTHEST_LOG_ODDS = 6.0
"""No stretch counts for more: figures far from all training data are no better ground than those at its edge."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Weights over standardised figures, and from which log-odds on a stretch is called not English, or is unsure.

    It holds for the doubts of one recogniser, whose weights ``asr_sha256`` names.
    """

    version: str
    asr_sha256: str
    center: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    unsure_above: float
    foreign_above: float
    training: Mapping[str, Any]

    def log_odds(self, figures: Sequence[float]) -> float:
        """Return the log-odds that figures are those of another language than English."""
        parts = zip(figures, self.center, self.scale, self.weights, strict=True)
        odds = self.intercept + sum((value - center) / scale * weight for value, center, scale, weight in parts)
        return max(-FURTHEST_LOG_ODDS, min(FURTHEST_LOG_ODDS, odds))


@cache
def load_language_model() -> LanguageModel:
    """Return the model that came with this version of the product."""
    return read_language_model(resources.files("app.audio").joinpath(MODEL_FILE).read_text("utf-8"))


def read_language_model(text: str) -> LanguageModel:
    """Return the model written in a JSON text.

    Raises
    ------
    InvalidInput
        If it was made for other figures than those this version measures.
    """
    data = json.loads(text)
    if (data["figures_version"], tuple(data["figures"])) != (FIGURES_VERSION, FIGURES):
        raise InvalidInput(
            f"language model {data.get('version')}: expected figures of version {FIGURES_VERSION} ({', '.join(FIGURES)}), "
            f"got {data['figures_version']}; train it again with `earshot language train`"
        )
    return LanguageModel(
        version=data["version"],
        asr_sha256=data["asr_sha256"],
        center=tuple(data["center"]),
        scale=tuple(data["scale"]),
        weights=tuple(data["weights"]),
        intercept=data["intercept"],
        unsure_above=data["unsure_above"],
        foreign_above=data["foreign_above"],
        training=data["training"],
    )


def write_language_model(model: LanguageModel) -> str:
    """Return the JSON text of a model; the same model gives the same text."""
    data = {"figures_version": FIGURES_VERSION, "figures": FIGURES, **asdict(model)}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"
