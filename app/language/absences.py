"""Which required words were not said in time? The other half of spotting: absence inside a window.

Reads hits, not speech. It says what is missing and what came late; whether that breaks a rule on this call is not decided here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.conversation import KeywordHit, Utterance
from app.language.matching import PackSet
from app.language.normalise import split_tokens, spoken_words
from app.language.packs import Pack
from app.timeline import Span
from app.vocabulary import PackKind, Severity, Speaker

MOST_HITS_NAMED = 200  # each is held against its utterances; nobody introduces themselves more often on one call
NAME_WITHIN_WORDS = 4  # how far behind an identity phrase its name may stand
LATEST_GROUP = -1  # the part of a required text that was asked for only until 2026-09-30


@dataclass(frozen=True, slots=True)
class Absence:
    """A required text that was not said, or not wholly, inside its window.

    ``missing_groups`` are the parts never heard in the window (-1: the part asked for until 2026-09-30); ``late`` is the first
    hit after the window; ``only_low_trust`` tells that words in the window would have counted, had they been heard surely.
    """

    pack: str
    rule: str
    severity: Severity
    window: Span
    missing_groups: tuple[int, ...] = ()
    late: KeywordHit | None = None
    only_low_trust: bool = False


def find_absences(
    hits: Iterable[KeywordHit],
    packs: PackSet,
    *,
    duration_s: float,
    origin_s: float = 0.0,
    utterances: Sequence[Utterance] = (),
    names: frozenset[str] = frozenset(),
    with_former_group: bool = False,
) -> tuple[Absence, ...]:
    """Return what each ``required`` pack asks for and nobody said in time.

    A pack's window counts from ``origin_s`` (the consumer's first words, where a rule says so); without a window the whole
    recording counts. A recording that ends inside a window is judged on what there is. Identity phrases count with a name
    behind or inside them: one of ``names`` (lower case: seller, publishers), or a word written with a capital;
    without ``utterances`` every identity phrase counts. ``with_former_group`` asks also for the part required until 2026-09-30.
    """
    heard = sorted((hit for hit in hits), key=lambda hit: hit.span)
    absences: list[Absence] = []
    for pack in packs.source.packs:
        if pack.kind is not PackKind.REQUIRED:
            continue
        low, high = pack.window_s or (0.0, max(duration_s - origin_s, 0.0))
        window = Span(origin_s + low, max(origin_s + low, min(origin_s + high, max(duration_s, origin_s + low))))
        own = [hit for hit in heard if hit.pack == pack.id and hit.kind is PackKind.REQUIRED]
        if pack.needs_name and utterances:
            own = [hit for hit in own[:MOST_HITS_NAMED] if _has_name(hit, utterances, names)]
        inside = [hit for hit in own if window.start_s <= hit.span.start_s < max(window.end_s, window.start_s + 1e-9)]
        sure = [hit for hit in inside if not hit.low_trust]
        missing = _missing_groups(pack, sure, with_former_group=with_former_group)
        if (pack.groups and missing) or (not pack.groups and not sure):
            late = next((hit for hit in own if hit.span.start_s >= window.end_s and not hit.low_trust), None)
            doubtful = bool(inside) and (
                not pack.groups or not _missing_groups(pack, inside, with_former_group=with_former_group)
            )
            absences.append(Absence(pack.id, pack.rule, pack.severity, window, missing, late, doubtful))
    return tuple(absences)


def find_groups(pack: Pack, hits: Iterable[KeywordHit]) -> dict[int, KeywordHit]:
    """Return the first trusted hit that says each part of a required text (-1: the part asked for until 2026-09-30)."""
    said: dict[int, KeywordHit] = {}
    for hit in sorted((hit for hit in hits if hit.pack == pack.id and not hit.low_trust), key=lambda hit: hit.span):
        for group in (*range(pack.groups), LATEST_GROUP):
            if group not in said and _proves(pack, hit.phrase, group):
                said[group] = hit
    return said


def _missing_groups(pack: Pack, hits: Iterable[KeywordHit], *, with_former_group: bool) -> tuple[int, ...]:
    said = {hit.phrase for hit in hits}
    wanted = [*range(pack.groups), *([LATEST_GROUP] if with_former_group and pack.groups else [])]
    return tuple(group for group in wanted if not any(_proves(pack, phrase, group) for phrase in said))


def _proves(pack: Pack, phrase: str, group: int) -> bool:
    """Say whether a phrase of the pack holds one of the group's phrases."""
    words = f" {' '.join(_plain(phrase))} "
    return any(f" {' '.join(_plain(part.say))} " in words for part in pack.phrases if part.group == group)


def _plain(phrase: str) -> list[str]:
    return [word for token in phrase.split() for word in spoken_words(token)]


def _has_name(hit: KeywordHit, utterances: Sequence[Utterance], names: frozenset[str]) -> bool:
    """Say whether a name stands in the hit's quote or just behind it."""
    spoken = split_tokens(hit.quote)
    for utterance in utterances:
        if utterance.span.overlaps(hit.span) and (utterance.speaker is hit.speaker or utterance.speaker is Speaker.UNKNOWN):
            tokens = split_tokens(utterance.text)
            at = _find(tokens, spoken[-1:])
            spoken += tokens[at + 1 : at + 1 + NAME_WITHIN_WORDS] if at >= 0 else []
    text = " ".join(word for token in spoken for word in spoken_words(token))
    if any(name in text for name in names):
        return True
    return any(token[:1].isupper() and spoken_words(token)[:1] != ("i",) for token in spoken[1:])


def _find(tokens: Sequence[str], last: Sequence[str]) -> int:
    return next((i for i in range(len(tokens) - 1, -1, -1) if last and tokens[i] == last[0]), -1)
