"""Which stretches of a call must nobody hear or read? Card, code, social security, bank, Medicare numbers and birth dates.

Digits are collected per party, over the other party's murmured yes and over its read-back; a run is sensitive by its own
check (Luhn, ABA, shape) together with what was said around it. The answer holds kinds, lengths and spans, never the digits
themselves: it can be stored and logged. Muting and masking are done elsewhere.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.conversation import KeywordHit, Utterance, Word
from app.language.checksums import (
    has_issuer,
    is_card_number,
    is_medicare_number,
    is_routing_number,
    is_social_security_number,
    is_telephone_number,
)
from app.language.normalise import spoken_words
from app.language.numbers import FILLERS, DigitRun, find_digit_runs, may_begin_digits
from app.language.words import word_set
from app.timeline import Span
from app.vocabulary import Speaker

JOIN_WITHIN_S = 6.0  # fragments of one number stand at most this far apart
READ_BACK_WITHIN_S = 30.0  # how soon the other party's repetition of the digits follows
LEAST_READ_BACK = 4  # digits


class SensitiveKind(StrEnum):
    """What a stretch gives away; the value is the rule it speaks for, except expiry, which belongs to the card."""

    CARD = "SENS-PAN"
    CARD_PART = "SENS-PAN-PARTIAL"
    CARD_EXPIRY = "SENS-EXP"
    CARD_CODE = "SENS-CVV"
    SOCIAL_SECURITY = "SENS-SSN"
    BANK = "SENS-BANK"
    MEDICARE = "SENS-MBI"
    BIRTH_DATE = "SENS-DOB"


@dataclass(frozen=True, slots=True)
class SensitiveSpan:
    """A stretch that gives something away: what kind, who said it, when, how many digits; ``why`` tells what decided."""

    kind: SensitiveKind
    speaker: Speaker
    channel: int
    span: Span
    length: int
    why: str


@dataclass(frozen=True, slots=True)
class _Said:
    """One spoken word of a party with its time."""

    word: str
    span: Span


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits of one party, with the time of each."""

    speaker: Speaker
    channel: int
    digits: str
    spans: tuple[Span, ...]
    lead: str  # the words just before the first digit
    tail: str = ""  # the word just behind the last

    @property
    def span(self) -> Span:
        return Span(self.spans[0].start_s, max(span.end_s for span in self.spans))


_MONTHS = word_set("january february march april may june july august september october november december")
_AMOUNTS = word_set("dollar dollars buck bucks cents percent")
_NATO = {
    w: w[0]
    for w in word_set(
        "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra "
        "tango uniform victor whiskey xray yankee zulu"
    )
}


def find_sensitive(utterances: Sequence[Utterance], hits: Iterable[KeywordHit]) -> tuple[SensitiveSpan, ...]:
    """Return the stretches of a call that give numbers of people away, sorted by time.

    ``hits`` are those of :func:`app.language.spotting.spot`: the packs ``PH-SENS-*`` tell what a number was asked for.
    """
    context = [hit for hit in hits if hit.pack.startswith("PH-SENS-")]
    ordered = sorted(utterances, key=lambda u: (u.span.start_s, u.channel))
    parties = sorted({(u.channel, u.speaker) for u in ordered})
    runs: list[_Run] = []
    found: list[SensitiveSpan] = []
    said_by = {party: _say(u for u in ordered if (u.channel, u.speaker) == party) for party in parties}
    for channel, speaker in parties:
        said = said_by[channel, speaker]
        talk = [
            item for party, items in said_by.items() if party != (channel, speaker) for item in items if _is_talk(item.word)
        ]
        runs += _collect_runs(said, channel, speaker, sorted(item.span.start_s for item in talk))
        found += _find_medicare(said, channel, speaker, context)
        found += _find_birth_dates(said, channel, speaker, context)
    runs.sort(key=lambda run: run.span)
    taken = [item.span for item in found]
    cards: list[Span] = []
    judged: list[tuple[_Run, SensitiveSpan]] = []
    for run in runs:
        if any(span.overlaps(run.span) for span in taken):
            continue
        original = _find_original(run, judged)
        if original is not None:
            found.append(
                SensitiveSpan(
                    original.kind, run.speaker, run.channel, run.span, len(run.digits), f"repeats digits: {original.why}"
                )
            )
            continue
        verdict = _judge(run, context, cards)
        if verdict is None:
            continue
        kind, why = verdict
        if kind in (SensitiveKind.CARD, SensitiveKind.CARD_PART):
            cards.append(run.span)
        item = SensitiveSpan(kind, run.speaker, run.channel, run.span, len(run.digits), why)
        judged.append((run, item))
        found.append(item)
    for (channel, speaker), said in said_by.items():
        taken = [item.span for item in found if (item.channel, item.speaker) == (channel, speaker)]
        found += _find_expiries(said, channel, speaker, context, cards, taken)
    return tuple(sorted(set(found), key=lambda item: (item.span, item.channel, item.kind)))


def _judge(  # noqa: PLR0911 - one return per kind of number
    run: _Run, context: Sequence[KeywordHit], cards: Sequence[Span]
) -> tuple[SensitiveKind, str] | None:
    """Decide what a run of digits is; the surest reading first."""
    digits, size = run.digits, len(run.digits)
    is_amount = run.tail in _AMOUNTS

    def near(pack: str, before_s: float, phrase: str = "") -> bool:
        return any(
            hit.pack == pack
            and phrase in hit.phrase
            and -before_s <= hit.span.end_s - run.span.start_s <= 0.5 + run.span.duration_s
            for hit in context
        )

    after_card_s = min(
        (run.span.start_s - card.end_s for card in cards if card.end_s <= run.span.start_s), default=float("inf")
    )
    if is_card_number(digits):
        return SensitiveKind.CARD, f"{size} digits of a card issuer that pass the Luhn check"
    if 3 <= size <= 4 and not is_amount and (near("PH-SENS-CVV", 10.0) or "code" in run.lead):
        return SensitiveKind.CARD_CODE, f"{size} digits behind words for the card's code"
    if size == 4 and near("PH-SENS-SSN", 10.0, "last four"):
        return SensitiveKind.SOCIAL_SECURITY, "four digits behind words for the last four of the social"
    if size == 9 and is_routing_number(digits) and near("PH-SENS-BANK", 30.0):
        return SensitiveKind.BANK, "nine digits that pass the ABA check, behind words for a bank number"
    if is_social_security_number(digits) and (near("PH-SENS-SSN", 30.0) or _is_grouped_3_2_4(run)):
        return SensitiveKind.SOCIAL_SECURITY, "nine digits that can be issued, behind words for the social or grouped 3-2-4"
    if 5 <= size <= 17 and near("PH-SENS-BANK", 20.0, "account number"):
        return SensitiveKind.BANK, f"{size} digits behind words for an account number"
    if 3 <= size <= 6 and not is_amount and _is_expiry(digits) and (after_card_s <= 45.0 or near("PH-SENS-EXP", 15.0)):
        return SensitiveKind.CARD_EXPIRY, f"{size} digits, month and year, after a card number or words for its expiry"
    if 3 <= size <= 4 and not is_amount and after_card_s <= 60.0 and "last four" not in run.lead:
        return SensitiveKind.CARD_CODE, f"{size} digits within 60 s of a card number"
    if 8 <= size <= 19 and has_issuer(digits) and near("PH-SENS-PAN", 30.0) and not is_telephone_number(digits):
        return SensitiveKind.CARD_PART, f"{size} digits of a card issuer behind words for a card; to be reviewed"
    return None


def _is_expiry(digits: str) -> bool:
    padded = digits if len(digits) in (4, 6) else "0" + digits
    return 1 <= int(padded[:2]) <= 12 and (len(padded) == 4 or padded[2:4] == "20")


def _is_grouped_3_2_4(run: _Run) -> bool:
    """Say whether the longest pauses of nine digits stand behind the third and the fifth."""
    pauses = [later.start_s - earlier.end_s for earlier, later in zip(run.spans, run.spans[1:], strict=False)]
    if len(pauses) != 8:
        return False
    inside = max(pause for place, pause in enumerate(pauses) if place not in (2, 4))
    return min(pauses[2], pauses[4]) > inside + 0.15


def _find_original(run: _Run, judged: Sequence[tuple[_Run, SensitiveSpan]]) -> SensitiveSpan | None:
    """Return the sensitive digits of the other party that this run reads back."""
    for earlier, item in reversed(judged):
        is_other = (run.channel, run.speaker) != (earlier.channel, earlier.speaker)
        is_soon = run.span.start_s - earlier.span.end_s <= READ_BACK_WITHIN_S
        is_long = len(run.digits) >= min(LEAST_READ_BACK, len(earlier.digits))
        if is_other and is_soon and is_long and run.digits in earlier.digits:
            return item
    return None


def _is_talk(word: str) -> bool:
    """Say whether a word of the other party ends a number: neither a murmured yes nor a digit read back."""
    return word not in FILLERS and not (may_begin_digits(word) and find_digit_runs([word]))


def _say(utterances: Iterable[Utterance]) -> list[_Said]:
    """Return the spoken words of a party with their times."""
    said: list[_Said] = []
    for utterance in utterances:
        for word in utterance.words or _share_out(utterance):
            for token in word.text.split():
                said += [_Said(spoken, word.span) for spoken in spoken_words(token)]
    return said


def _share_out(utterance: Utterance) -> list[Word]:
    """Give each word of an utterance without word times its share by length."""
    tokens = utterance.text.split()
    whole = sum(len(token) + 1 for token in tokens)
    words = []
    start_s = utterance.span.start_s
    for token in tokens:
        end_s = min(utterance.span.end_s, start_s + utterance.span.duration_s * (len(token) + 1) / whole)
        words.append(Word(Span(start_s, max(start_s, end_s)), token, 1.0))
        start_s = max(start_s, end_s)
    return words


def _collect_runs(said: Sequence[_Said], channel: int, speaker: Speaker, talk_s: Sequence[float]) -> list[_Run]:
    """Return a party's runs of digits, fragments joined when less than 6 s of nothing but fillers lies between.

    ``talk_s`` are the sorted moments at which another party said anything else than fillers and digits.
    """
    said = _cut(said, talk_s)
    words = [item.word for item in said]
    joined: list[tuple[DigitRun, str, tuple[Span, ...]]] = []
    for run in find_digit_runs(words):
        spans = tuple(said[at].span for at in run.at)
        if joined:
            last, digits, before = joined[-1]
            between = words[last.end : run.start]
            if all(word in FILLERS for word in between):
                joined[-1] = (
                    DigitRun(digits + run.digits, last.start, run.end, last.at + run.at),
                    digits + run.digits,
                    before + spans,
                )
                continue
        joined.append((run, run.digits, spans))
    return [
        _Run(
            speaker,
            channel,
            digits,
            spans,
            " ".join(words[max(0, run.start - 5) : run.start]),
            words[run.end] if run.end < len(words) else "",
        )
        for run, digits, spans in joined
    ]


def _cut(said: Sequence[_Said], talk_s: Sequence[float]) -> list[_Said]:
    """Put an empty word where a number must end: before a long pause, or where the other party talked in between."""
    cut: list[_Said] = []
    for item in said:
        if cut:
            pause = Span(min(cut[-1].span.end_s, item.span.start_s), item.span.start_s)
            is_quiet = bisect_left(talk_s, pause.start_s) == bisect_left(talk_s, pause.end_s)
            if pause.duration_s > JOIN_WITHIN_S or not is_quiet:
                cut.append(_Said("", pause))
        cut.append(item)
    return cut


def _find_medicare(said: Sequence[_Said], channel: int, speaker: Speaker, context: Sequence[KeywordHit]) -> list[SensitiveSpan]:
    """Find Medicare numbers, spelled: letters, "b as in boy", NATO words, digits."""
    if not any(hit.pack == "PH-SENS-MBI" for hit in context):
        return []  # one counts only near words for it
    marks: list[tuple[str, Span]] = []
    found: list[SensitiveSpan] = []
    i = 0
    while i < len(said):
        text, taken = _read_mark(said, i)
        if text:
            marks += [(mark, said[i].span) for mark in text]
            i += taken
            for start in range(max(0, len(marks) - 16), len(marks) - 10):
                window = marks[start : start + 11]
                if is_medicare_number("".join(mark for mark, _ in window)):
                    span = Span(window[0][1].start_s, max(span.end_s for _, span in window))
                    if any(hit.pack == "PH-SENS-MBI" and abs(hit.span.end_s - span.start_s) <= 30.0 for hit in context):
                        found.append(
                            SensitiveSpan(SensitiveKind.MEDICARE, speaker, channel, span, 11, "the shape of a Medicare number")
                        )
                        marks = []
                        break
            continue
        if said[i].word not in FILLERS:
            marks = []
        i += 1
    return found


def _read_mark(said: Sequence[_Said], i: int) -> tuple[str, int]:
    """Return the letter or digits said at place ``i`` and how many words they take."""
    word = said[i].word
    if i + 3 < len(said) and len(word) == 1 and (said[i + 1].word, said[i + 2].word) == ("as", "in"):
        return word.upper(), 4
    if word in _NATO:
        return _NATO[word].upper(), 1
    runs = find_digit_runs([item.word for item in said[i : i + 2]]) if may_begin_digits(word) else ()
    if runs and runs[0].start == 0:
        single = find_digit_runs([word])
        return (single[0].digits, 1) if single else (runs[0].digits, runs[0].end)
    if len(word) == 1 and word.isalpha():
        return word.upper(), 1
    if 2 <= len(word) <= 11 and not word.isalpha() and any(c.isdigit() for c in word) and word.isalnum():
        return word.upper(), 1
    return "", 0


def _find_birth_dates(
    said: Sequence[_Said], channel: int, speaker: Speaker, context: Sequence[KeywordHit]
) -> list[SensitiveSpan]:
    """Find month, day and year behind words for a birth date (30 s)."""
    found: list[SensitiveSpan] = []
    words = [item.word for item in said]
    asked = [hit for hit in context if hit.pack == "PH-SENS-DOB"]
    if not asked:
        return []
    for i, item in enumerate(said):
        if not any(-1.0 <= item.span.start_s - hit.span.start_s <= 30.0 for hit in asked):
            continue
        end = _read_birth_date(words, i)
        if end and not (found and found[-1].span.overlaps(item.span)):
            span = Span(item.span.start_s, max(word.span.end_s for word in said[i:end]))
            found.append(
                SensitiveSpan(SensitiveKind.BIRTH_DATE, speaker, channel, span, end - i, "month, day and year of a birth")
            )
    return found


def _find_expiries(
    said: Sequence[_Said],
    channel: int,
    speaker: Speaker,
    context: Sequence[KeywordHit],
    cards: Sequence[Span],
    taken: Sequence[Span],
) -> list[SensitiveSpan]:
    """Find a month and a year with a word between them, or the month by name: "oh nine of twenty nine", "September 2029".

    They count within 15 s behind words for an expiry, or 45 s behind a card; digits alone are found as a run.
    """
    found: list[SensitiveSpan] = []
    words = [item.word for item in said]
    asked = [hit.span for hit in context if hit.pack == "PH-SENS-EXP"]
    if not asked and not cards:
        return []
    for i, item in enumerate(said):
        start_s = item.span.start_s
        is_asked = any(-1.0 <= start_s - span.start_s <= 15.0 + span.duration_s for span in asked)
        if not is_asked and not any(0 <= start_s - card.end_s <= 45.0 for card in cards):
            continue
        end = _read_expiry(words, i)
        if end:
            span = Span(start_s, max(word.span.end_s for word in said[i:end]))
            known = [*taken, *(earlier.span for earlier in found)]
            if not any(other.start_s <= span.start_s and span.end_s <= other.end_s for other in known):
                why = "month and year, after a card number or words for its expiry"
                found.append(SensitiveSpan(SensitiveKind.CARD_EXPIRY, speaker, channel, span, end - i, why))
    return found


def _read_expiry(words: Sequence[str], i: int) -> int:
    """Return one past the last word of a month and year that begin at word ``i``, or 0."""
    month, after = (1, i + 1) if words[i] in _MONTHS else _read_small(words, i, 12)
    if not month:
        return 0
    if after < len(words) and words[after] in ("of", "slash", "and", "the"):
        after += 1
    runs = find_digit_runs(words[after : after + 5])
    year = runs[0].digits if runs and runs[0].start == 0 else ""
    is_year = (len(year) == 4 and year[:2] == "20") or (len(year) == 2 and year >= "20")
    return after + runs[0].end if is_year else 0


_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
    "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17,
    "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip


def _read_birth_date(words: Sequence[str], i: int) -> int:
    """Return one past the last word of a date that begins at word ``i``, or 0."""
    if words[i] in _MONTHS:
        return _read_year_behind_day(words, i + 1)
    month, after = _read_small(words, i, 12)
    return _read_year_behind_day(words, after) if month else 0


def _read_year_behind_day(words: Sequence[str], i: int) -> int:
    if i < len(words) and words[i] == "the":
        i += 1
    day, after = _read_small(words, i, 31)
    if not day:
        return 0
    if after < len(words) and words[after] == "of":
        after += 1
    runs = find_digit_runs(words[after : after + 5])
    year = runs[0].digits if runs and runs[0].start == 0 else ""
    is_year = (len(year) == 4 and year[:2] in ("19", "20")) or len(year) == 2
    return after + runs[0].end if is_year else 0


def _read_small(words: Sequence[str], i: int, most: int) -> tuple[int, int]:
    """Return a number from 1 to ``most`` at word ``i`` and the place behind it; (0, i) when there is none."""
    if i >= len(words):
        return 0, i
    word = words[i]
    if word in _ORDINALS and _ORDINALS[word] <= most:
        return _ORDINALS[word], i + 1
    if word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th"):
        value = int(word[:-2])
        return (value, i + 1) if 1 <= value <= most else (0, i)
    if word in ("twenty", "thirty") and i + 1 < len(words) and _ORDINALS.get(words[i + 1], 99) < 10:
        value = (20 if word == "twenty" else 30) + _ORDINALS[words[i + 1]]
        return (value, i + 2) if value <= most else (0, i)
    for size in (3, 2, 1):  # "zero four", "twenty one", "12"
        runs = find_digit_runs(words[i : i + size])
        if len(runs) == 1 and (runs[0].start, runs[0].end) == (0, min(size, len(words) - i)) and len(runs[0].digits) <= 2:
            value = int(runs[0].digits)
            if 1 <= value <= most and not (size > 1 and words[i] not in ("zero", "oh", "o", "twenty", "thirty")):
                return value, i + size
    return 0, i
