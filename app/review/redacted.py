"""What does an outside party get to see of a call in which numbers were given away? The same call with the numbers masked.

One place for the page, the player and the API: everything they show comes from a CallScreen. The network's own people see and
hear the whole call; it is they who must judge it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.access.identity import Identity
from app.language.keypad import mask_tones
from app.language.redact_text import MASK, find_all_sensitive, holds_number, redact_quote, redact_text
from app.language.sensitive import SensitiveSpan
from app.models.analysis import AnalysisResult
from app.review.screen import CallScreen, ScreenedFinding
from app.timeline import Span

_QUOTED = re.compile(r"“[^”]*”")


def redact_screen(screen: CallScreen, identity: Identity) -> CallScreen:
    """Return the call as the asker may see it.

    What a number was asked for is known once the phrases are found: an outside party sees no words before the screening.
    """
    return mask_numbers(screen) if identity.is_outside else screen


def mask_numbers(screen: CallScreen) -> CallScreen:
    """Return the call with the numbers of people masked, whoever asks: for what leaves the house as a file."""
    if screen.heard is None:
        return screen
    if screen.screened is None:
        return replace(screen, heard=None)
    listening = screen.heard.listening
    sensitive = find_all_sensitive(listening.utterances, listening.tones, screen.screened.hits)
    if not sensitive:
        return screen
    told = replace(
        listening,
        utterances=redact_text(listening.utterances, sensitive),
        tones=mask_tones(listening.tones, [item.span for item in sensitive]),
    )
    return replace(
        screen,
        heard=replace(screen.heard, listening=told),
        screened=replace(
            screen.screened,
            hits=tuple(redact_quote(hit, sensitive) for hit in screen.screened.hits),
            findings=tuple(_redact_finding(finding, sensitive) for finding in screen.screened.findings),
        ),
    )


def choose_copy(result: AnalysisResult, identity: Identity) -> str:
    """Return the key of the listening copy that the asker may hear: outside parties hear tones in place of numbers."""
    if identity.is_outside and result.redacted_blob_key is not None:
        return result.redacted_blob_key
    return result.listening_blob_key


def _redact_finding(finding: ScreenedFinding, sensitive: Sequence[SensitiveSpan]) -> ScreenedFinding:
    evidence = dict(finding.evidence)
    hits = [dict(hit) for hit in evidence.get("hits", ())]
    is_near = [_is_near(hit, sensitive) for hit in hits]
    if not any(is_near):
        return finding
    for hit, is_masked in zip(hits, is_near, strict=True):
        if is_masked:
            hit["quote"] = _mask_numbers(str(hit.get("quote", "")))
    evidence["hits"] = hits
    reason = _QUOTED.sub(lambda quote: _mask_numbers(quote[0]), finding.reason)
    return replace(finding, reason=reason, evidence=evidence)


def _is_near(hit: Mapping[str, Any], sensitive: Sequence[SensitiveSpan]) -> bool:
    start_s, end_s = hit.get("start_s"), hit.get("end_s")
    if start_s is None or end_s is None:
        return True
    reach = Span(max(0.0, start_s - 2.0), end_s + 2.0)
    return any(reach.overlaps(item.span) for item in sensitive)


def _mask_numbers(text: str) -> str:
    return " ".join(MASK if holds_number(token.strip("“”.,?!")) else token for token in text.split(" "))
