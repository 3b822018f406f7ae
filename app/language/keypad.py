"""Which numbers were keyed in on the telephone? The tones of a card or its code give it away as speech does."""

from collections.abc import Iterable, Sequence

from app.conversation import KeywordHit, Tone
from app.language.checksums import is_card_number
from app.language.sensitive import SensitiveKind, SensitiveSpan
from app.timeline import Span
from app.vocabulary import Speaker, ToneKind

NEXT_KEY_WITHIN_S = 5.0
"""What interactive voice systems usually wait for the next key; a longer pause begins another number."""

ASKED_WITHIN_S = 60.0
LEAST_KEYS = 3
MASKED_KEY = "•"

_KINDS = {
    "PH-SENS-PAN": SensitiveKind.CARD,
    "PH-SENS-CVV": SensitiveKind.CARD_CODE,
    "PH-SENS-EXP": SensitiveKind.CARD_EXPIRY,
    "PH-SENS-SSN": SensitiveKind.SOCIAL_SECURITY,
    "PH-SENS-BANK": SensitiveKind.BANK,
    "PH-SENS-MBI": SensitiveKind.MEDICARE,
    "PH-SENS-DOB": SensitiveKind.BIRTH_DATE,
}


def find_keyed_numbers(
    tones: Iterable[Tone], hits: Iterable[KeywordHit], spoken: Iterable[SensitiveSpan]
) -> tuple[SensitiveSpan, ...]:
    """Return the runs of three keys or more that pass a card's check, or follow a card or words for a number within 60 s."""
    asked = [(hit.span.end_s, _KINDS[hit.pack]) for hit in hits if hit.pack in _KINDS]
    cards = [item.span.end_s for item in spoken if item.kind in (SensitiveKind.CARD, SensitiveKind.CARD_PART)]
    found = []
    for keys in _numbers(tones):
        digits = "".join(tone.detail for tone in keys if tone.detail.isdigit())
        if len(digits) < LEAST_KEYS:
            continue
        span = Span(keys[0].span.start_s, keys[-1].span.end_s)
        before = [kind for end_s, kind in asked if -1.0 <= span.start_s - end_s <= ASKED_WITHIN_S]
        if is_card_number(digits):
            kind, why = SensitiveKind.CARD, f"{len(digits)} keys of a card issuer that pass the Luhn check"
            cards.append(span.end_s)
        elif before:
            kind, why = before[-1], f"{len(digits)} keys behind words for a number"
        elif any(0 <= span.start_s - end_s <= ASKED_WITHIN_S for end_s in cards):
            kind, why = SensitiveKind.CARD_CODE, f"{len(digits)} keys within 60 s of a card number"
        else:
            continue
        found.append(SensitiveSpan(kind, Speaker.UNKNOWN, keys[0].channel, span, len(digits), why))
    return tuple(found)


def mask_tones(tones: Iterable[Tone], spans: Sequence[Span]) -> tuple[Tone, ...]:
    """Return the tones, the digit of each key inside a span replaced by a dot."""
    return tuple(
        Tone(tone.channel, tone.kind, MASKED_KEY, tone.span)
        if tone.kind is ToneKind.DTMF and any(span.overlaps(tone.span) for span in spans)
        else tone
        for tone in tones
    )


def _numbers(tones: Iterable[Tone]) -> list[list[Tone]]:
    """Return the keys pressed one after another on one channel."""
    numbers: list[list[Tone]] = []
    keys = sorted((t for t in tones if t.kind is ToneKind.DTMF), key=lambda tone: (tone.channel, tone.span))
    for tone in keys:
        last = numbers[-1][-1] if numbers else None
        if last and last.channel == tone.channel and tone.span.start_s - last.span.end_s <= NEXT_KEY_WITHIN_S:
            numbers[-1].append(tone)
        else:
            numbers.append([tone])
    return numbers
