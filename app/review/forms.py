"""What did the reviewer send? Reads the review form, and keeps what was typed so that a mistake costs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.errors import InvalidInput
from app.review.service import FindingChoice, ReviewInput
from app.vocabulary import FindingDecision, Verdict

DECISION, REASON = "decision_", "reason_"


@dataclass(frozen=True, slots=True)
class TypedReview:
    """The review form as it was typed, with what does not fit by field; empty for a form not sent yet."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.values.get(name, "")

    def problem(self, name: str) -> str:
        """Return what does not fit about a field."""
        return self.problems.get(name, "")


def parse_review(values: Mapping[str, str]) -> ReviewInput:
    """Return the review that a form holds; findings without a choice are left out.

    Raises
    ------
    InvalidInput
        Naming the field: verdict, heard_s or ``finding_<id>``.
    """
    return ReviewInput(
        verdict=_verdict(values.get("verdict", "")),
        notes=values.get("notes", "").replace("\r\n", "\n"),
        findings={
            name.removeprefix(DECISION): FindingChoice(
                _decision(name.removeprefix(DECISION), value), values.get(REASON + name.removeprefix(DECISION), "")
            )
            for name, value in values.items()
            if name.startswith(DECISION) and value
        },
        heard_s=_seconds(values.get("heard_s", "")),
    )


def _verdict(text: str) -> Verdict:
    if not text:
        raise InvalidInput("choose a verdict for the whole call", field="verdict")
    try:
        return Verdict(text)
    except ValueError:
        raise InvalidInput(f"expected one of {', '.join(Verdict)}, got {text!r}", field="verdict") from None


def _decision(finding_id: str, text: str) -> FindingDecision:
    try:
        return FindingDecision(text)
    except ValueError:
        expected = ", ".join(FindingDecision)
        raise InvalidInput(f"expected one of {expected}, got {text!r}", field=f"finding_{finding_id}") from None


def _seconds(text: str) -> float:
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise InvalidInput(f"expected seconds, got {text!r}", field="heard_s") from None
