"""What of a finding in a list may an outside party see? Not who else took part, who decided, or numbers that were said."""

from __future__ import annotations

from dataclasses import replace

from app.access.identity import Identity
from app.compliance.findings.board import FindingLine
from app.compliance.masking import mask_quotes, mask_words


def as_seen_by(line: FindingLine, identity: Identity) -> FindingLine:
    """Return the line as the asker may see it; in a list every number in a quote is masked, the call page looks closer."""
    if not identity.is_outside:
        return line
    decision = line.decision and replace(line.decision, reason="", decided_by="")
    return replace(
        line,
        quote=mask_words(line.quote),
        reason=mask_quotes(line.reason),
        publisher=None,
        advertiser=None,
        decision=decision,
    )
