"""How is a call score shown? Its number and, for the colour of the bar, a band."""

from dataclasses import dataclass

# ASSUMPTION: the bands are for the eye only, a third each and a little; no decision hangs on them.
POOR_BELOW, FAIR_BELOW = 40, 70


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A score from 0 to 100 and its band: poor, fair or good."""

    value: int
    band: str


def present_score(value: int | None) -> ScoreView | None:
    """Return the score as it is shown; None when the call has none."""
    if value is None:
        return None
    return ScoreView(value, "poor" if value < POOR_BELOW else "fair" if value < FAIR_BELOW else "good")
