"""What does an outside party get to see of a call in which numbers were given away? The same call with the numbers masked.

One place for the page, the player and the API: everything they show comes from a CallScreen. The network's own people see and
hear the whole call; it is they who must judge it.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.access.identity import Identity
from app.compliance.masking import mask_told
from app.language.keypad import mask_tones
from app.language.redact_text import find_all_sensitive, redact_quote, redact_text
from app.language.sensitive import SensitiveSpan
from app.models.analysis import AnalysisResult
from app.review.screen import CallScreen, ScreenedFinding

OF_OTHER_CALLS = frozenset({"earlier", "calls", "counted_at", "other_subjects"})
"""Evidence that names other calls of the same number, which may be another party's."""


def redact_screen(screen: CallScreen, identity: Identity) -> CallScreen:
    """Return the call as the asker may see it.

    What a number was asked for is known once the phrases are found: an outside party sees no words before the screening.
    """
    return mask_numbers(_keep_to_this_call(screen)) if identity.is_outside else screen


def _keep_to_this_call(screen: CallScreen) -> CallScreen:
    """Return the call without what its evidence tells of other calls, which are not the asker's to see."""
    if screen.screened is None:
        return screen
    findings = tuple(
        replace(finding, evidence={name: told for name, told in finding.evidence.items() if name not in OF_OTHER_CALLS})
        for finding in screen.screened.findings
    )
    return replace(screen, screened=replace(screen.screened, findings=findings))


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
    reason, evidence = mask_told(finding.reason, finding.evidence, sensitive)
    return replace(finding, reason=reason, evidence=evidence)
