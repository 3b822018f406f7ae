"""Which phrases of the packs were said, by whom, when, and how surely?

Utterances are laid end to end per party, so that a phrase may run over a pause; every match is then held against the sentence
around it (:mod:`app.language.clauses`) and against the longer phrases at the same words. The answer is data for rules and
people: nothing here makes a finding.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from app.conversation import KeywordHit, Utterance
from app.language.clauses import (
    NEGATORS,
    OPENINGS_OF_YES,
    UNITS_OF_TIME_OR_DISTANCE,
    is_affirmative,
    is_conditional,
    is_denied_after,
    is_inverted,
    is_negated,
    is_passed_on,
    is_question,
    is_refusal,
    is_reported,
    words_after,
    words_before,
)
from app.language.lexicon import BREAK, IS_NUMBER, Lexicon, Reading
from app.language.matching import Entry, Match, PackSet, compile_packs, find_matches
from app.language.mirroring import MAY_ASK, mirror_question
from app.language.normalise import ARTICLES, FILLERS, split_tokens, spoken_words
from app.language.numbers import find_digit_runs
from app.language.packs import Pack
from app.language.tokens import Tokens
from app.language.wording import Wording
from app.language.words import word_set
from app.timeline import Span
from app.vocabulary import PackKind, Speaker

__all__ = ["PackSet", "compile_packs", "spot"]

JOIN_GAP_S = 2.0  # ASSUMPTION: a phrase may run over a pause this long; a longer one ends what was being said
ANSWER_WITHIN_S = 6.0  # how soon the other party must say yes (convention of the packs)
LONGEST_UTTERANCE_S = 120.0  # how far back an utterance may begin that still goes on
LEAST_DIGITS = 3  # shorter runs are counts and prices, not numbers of a card or an account
# The first two letters of an answer of yes, in capitals and small ones: most utterances need no closer look.
_MAY_OPEN_YES = frozenset(
    first + second for opening in OPENINGS_OF_YES for first in (opening[0], opening[0].upper())
    for second in (opening[1], opening[1].upper())
)  # fmt: skip
_ASKING = word_set("what who why how when where which is are do does did can could would will am")


@dataclass(frozen=True, slots=True)
class _Stream:
    """What one party said, end to end: written tokens, and the utterance each belongs to."""

    speaker: Speaker
    tokens: Tokens
    starts: list[int]  # first token of each utterance
    members: list[int]  # their places in the transcript

    def member_at(self, token: int) -> int:
        return bisect_right(self.starts, token) - 1


@dataclass(frozen=True, slots=True)
class _Found:
    """A match that may stand: where it lies in its stream, and the hit it makes."""

    pack: Pack
    match: Match
    hit: KeywordHit
    has_its_article: bool


def spot(utterances: Sequence[Utterance], packs: PackSet, *, duration_s: float) -> tuple[KeywordHit, ...]:
    """Return what was said of the packs' phrases, in order of time.

    ``duration_s`` is the length of the recording; no hit reaches beyond it. A party that is not known may say the phrases of
    either; such hits keep the speaker ``unknown``.
    """
    ordered = sorted(utterances, key=attrgetter("span.start_s", "channel"))
    hits: list[KeywordHit] = []
    for stream in _lay_out(ordered):
        hits += _spot_stream(stream, ordered, packs)
    hits += _spot_agreed_questions(ordered, packs)
    hits = _settle_kinds(hits, packs, ordered)
    inside = [hit if hit.span.end_s <= duration_s else replace(hit, span=_clip(hit.span, duration_s)) for hit in hits]
    return tuple(sorted(dict.fromkeys(inside), key=lambda h: (h.span.start_s, h.span.end_s, h.pack, h.phrase)))


def _lay_out(ordered: Sequence[Utterance]) -> list[_Stream]:
    parties: dict[tuple[int, Speaker], list[int]] = {}
    for index, utterance in enumerate(ordered):
        parties.setdefault((utterance.channel, utterance.speaker), []).append(index)
    return [_put_end_to_end(ordered, speaker, members) for (_, speaker), members in parties.items()]


def _put_end_to_end(ordered: Sequence[Utterance], speaker: Speaker, members: list[int]) -> _Stream:
    texts: list[str] = []
    letters: list[int] = []  # where each utterance begins
    at, end_s = 0, ordered[members[0]].span.end_s
    for index in members:
        utterance = ordered[index]
        if utterance.span.start_s - end_s > JOIN_GAP_S:
            texts.append(BREAK)
            at += len(BREAK) + 1
        end_s = utterance.span.end_s
        letters.append(at)
        texts.append(utterance.text)
        at += len(utterance.text) + 1
    tokens = Tokens(" ".join(texts))
    return _Stream(speaker, tokens, tokens.places_of(letters), members)


def _spot_stream(stream: _Stream, ordered: Sequence[Utterance], packs: PackSet) -> list[KeywordHit]:
    reading = packs.lexicon.read(stream.tokens)
    if not reading.text:
        return []

    def words_between(start: int, end: int) -> list[str]:
        return _read_back(reading, stream.tokens, packs.lexicon, start, end)

    wording = Wording(ordered, stream.members, stream.starts)
    found: list[_Found] = []
    taken_back: dict[str, list[Match]] = {}
    for match in find_matches(packs, reading, words_between):
        entry = packs.entries[match.entry]
        if entry.pack.speaker in (None, stream.speaker) or stream.speaker is Speaker.UNKNOWN:
            candidate = _judge(match, entry, stream, reading, wording)
            if candidate is not None:
                found.append(candidate)
            else:
                taken_back.setdefault(entry.pack.id, []).append(match)
    standing = [item for item in found if not _is_part_of(item.match, taken_back.get(item.pack.id, ()))]
    return [item.hit for item in _keep_longest(standing, packs)]


def _is_part_of(match: Match, longer: Sequence[Match]) -> bool:
    """Say whether a match lies inside a longer one of its pack that was taken back: "i never said [we can [wipe out] ...]"."""
    return any(
        other.start <= match.start and match.end <= other.end and other.end - other.start > match.end - match.start
        for other in longer
    )


def _read_back(reading: Reading, tokens: Sequence[str], lexicon: Lexicon, start: int, end: int) -> list[str]:
    """Return the words that characters ``start`` to ``end`` stand for: mended, said once, without articles and fillers."""
    words: list[str] = []
    for place in range(start, end):
        word = lexicon.word_of.get(reading.text[place])
        if word is not None:
            words.append(word)
            continue
        first = int(reading.token_of[place])
        behind = int(reading.token_of[place + 1]) if place + 1 < len(reading.text) else len(tokens)
        for token in tokens[first : max(behind, first + 1)]:
            words += [w for w in spoken_words(token) if w not in lexicon.words and w not in ARTICLES and w not in FILLERS]
            if not IS_NUMBER.match(reading.text[place]):
                break
    return words


def _judge(  # noqa: PLR0911 - each way out is one reason why the sentence takes it back
    match: Match, entry: Entry, stream: _Stream, reading: Reading, wording: Wording
) -> _Found | None:
    """Return the hit of a match, or None when its sentence takes it back."""
    pack, phrase, tokens, ordered = entry.pack, entry.phrase, stream.tokens, wording.ordered
    first, last = int(reading.token_of[match.start]), int(reading.token_of[match.end - 1]) + 1
    article = tokens[first - 1].lower().strip("\"'") if first else ""
    if entry.article == "the" and article in ("a", "an"):  # "the gift card" is not "a gift card for my mom"
        return None
    said = [word for token in tokens[first:last] for word in spoken_words(token)]
    before = words_before(tokens, first)
    after = words_after(tokens, last)
    if is_negated(before, [word for word in said if word not in ARTICLES and word not in FILLERS], pack.negators) or (
        phrase.age and after and _is_no_age(after[0])
    ):
        return None
    if _is_negated_inside(entry, said):
        return None
    member = stream.member_at(first)
    utterance = ordered[stream.members[member]]
    if pack.statement and not _is_claimed(entry, stream, first, last, before, after, ordered):
        return None
    if is_conditional(before, is_claim=pack.statement) or (stream.speaker is not Speaker.CALLER and is_passed_on(before)):
        return None
    if pack.speaker is None and pack.needs_digits_s is None and _is_denied_by_other(stream, first, last, ordered):
        return None
    if phrase.needs_yes and not is_answered_yes(ordered, stream.members[stream.member_at(last - 1)]):
        return None
    has_article = bool(entry.article) and article == entry.article
    if entry.article and article in ARTICLES:
        first -= 1
    words = wording.words(first, last)
    similarity = match.likeness / 100.0
    hit = KeywordHit(
        pack=pack.id,
        rule=pack.rule,
        kind=PackKind.CONTEXT if phrase.never_alone or phrase.question else pack.kind,
        severity=pack.severity,
        phrase=phrase.say,
        speaker=utterance.speaker,
        span=wording.span(first, last),
        quote=" ".join(token for token in tokens[first:last] if token != BREAK),
        confidence=round(min((word.confidence for word in words), default=1.0) * similarity, 4),
        low_trust=any(word.low_trust for word in words),
        match="exact" if match.likeness >= 100.0 else "sound_alike",
        decisive=phrase.decisive,
    )
    return _Found(pack, match, hit, has_article)


def _is_negated_inside(entry: Entry, said: Sequence[str]) -> bool:
    """Say whether what stands for ``*`` holds a negator that is no part of the phrase: "i have [no one else] on the line"."""
    own = spoken_words(entry.phrase.say.replace("*", " ").replace("{n}", " ").replace(" ", "-"))
    negators = {spoken_words(negator)[0] for negator in entry.pack.negated_inside}
    if "*" in entry.phrase.say:
        negators |= NEGATORS
    return any(word in negators and word not in own for word in said)


def _is_no_age(word: str) -> bool:
    return word in UNITS_OF_TIME_OR_DISTANCE


def _is_claimed(
    entry: Entry, stream: _Stream, first: int, last: int, before: list[str], after: list[str], ordered: Sequence[Utterance]
) -> bool:
    """Say whether the sentence claims the phrase: no condition, no report of others, no question left without a yes."""
    own = entry.first_word
    is_ours = stream.speaker is not Speaker.CALLER and entry.pack.speaker is not Speaker.CALLER
    if is_ours and (is_reported(words_before(stream.tokens, first, whole_sentence=True)) or is_denied_after(after)):
        return False
    if own in _ASKING:
        return True
    if stream.speaker is Speaker.UNKNOWN or is_ours:
        asks = is_question if stream.speaker is Speaker.UNKNOWN else is_inverted
        if asks(stream.tokens, first, last):
            is_callers = entry.pack.speaker is Speaker.CALLER  # its agreed form is found by mirroring
            return not is_callers and is_answered_yes(ordered, stream.members[stream.member_at(last - 1)])
    return True


def _is_denied_by_other(stream: _Stream, first: int, last: int, ordered: Sequence[Utterance]) -> bool:
    """Say whether the phrase is asked, and the other party says no within 6 s: "is it a grant?" - "no, it's insurance"."""
    if not is_question(stream.tokens, first, last):
        return False
    answer = _find_answer(ordered, stream.members[stream.member_at(last - 1)])
    return answer is not None and is_refusal(answer.text)


def is_answered_yes(ordered: Sequence[Utterance], index: int) -> bool:
    """Say whether the other party agrees within 6 s of the end of an utterance."""
    answer = _find_answer(ordered, index)
    return answer is not None and is_affirmative(answer.text)


def _find_answer(ordered: Sequence[Utterance], index: int) -> Utterance | None:
    """Return what the other party says next, within 6 s of the end of an utterance."""
    asked = ordered[index]
    for answer in ordered[index + 1 : index + 6]:
        if answer.span.start_s - asked.span.end_s > ANSWER_WITHIN_S:
            return None
        if answer.speaker is not asked.speaker or answer.speaker is Speaker.UNKNOWN:
            return answer
    return None


def _keep_longest(found: list[_Found], packs: PackSet) -> list[_Found]:
    """Drop a phrase that lies inside a longer one at the same words, unless both packs are meant together."""
    together = packs.source.meant_together
    ordered = sorted(found, key=lambda f: (f.match.start, -f.match.end, -f.match.likeness, not f.has_its_article))
    kept: list[_Found] = []
    for item in ordered:
        loses = False
        for other in reversed(kept[-40:]):
            if other.match.end < item.match.end:
                continue
            is_equal = (other.match.start, other.match.end) == (item.match.start, item.match.end)
            if item.pack.id == other.pack.id:
                loses = not is_equal or other.match.likeness >= item.match.likeness
            elif is_equal:
                loses = other.has_its_article and not item.has_its_article and other.pack.speaker == item.pack.speaker
            else:
                loses = frozenset((item.pack.id, other.pack.id)) not in together
            if loses:
                break
        if not loses:
            kept.append(item)
    return kept


def _spot_agreed_questions(ordered: Sequence[Utterance], packs: PackSet) -> list[KeywordHit]:
    """Find what the caller says by answering yes: "did you get a text from us?" - "yeah" is "i got a text"."""
    hits: list[KeywordHit] = []
    for index in _before_a_yes(ordered):
        asked = ordered[index]
        if asked.speaker is Speaker.CALLER or not is_answered_yes(ordered, index) or not MAY_ASK.search(asked.text):
            continue
        claim = mirror_question(asked.text)
        if not claim:
            continue
        answer = next(u for u in ordered[index + 1 :] if u.speaker is not asked.speaker or u.speaker is Speaker.UNKNOWN)
        speaker = answer.speaker
        words = asked.words + answer.words
        said = Utterance(answer.channel, Speaker.CALLER, asked.span, claim)
        for hit in _spot_stream(_lay_out([said])[0], [said], packs):
            pack = packs.source.get(hit.pack)
            if pack.speaker is Speaker.CALLER and pack.statement:
                hits.append(
                    replace(
                        hit,
                        speaker=speaker,
                        span=Span(asked.span.start_s, max(asked.span.end_s, answer.span.end_s)),
                        quote=f"{asked.text.strip()} / {answer.text.strip()}",
                        confidence=round(hit.confidence * min((w.confidence for w in words), default=1.0), 4),
                        low_trust=any(word.low_trust for word in words),
                    )
                )
    return hits


def _before_a_yes(ordered: Sequence[Utterance]) -> list[int]:
    """Return the places just before an utterance that may be an answer of yes; cheap, and generous."""
    places: set[int] = set()
    for index, utterance in enumerate(ordered):
        text = utterance.text
        may_open = text[:2] in _MAY_OPEN_YES or not text[:1].isalpha()
        if may_open and text[:6].lstrip().lower().startswith(OPENINGS_OF_YES):
            places.update(range(max(0, index - 5), index))
    return sorted(places)


def _settle_kinds(hits: Sequence[KeywordHit], packs: PackSet, ordered: Sequence[Utterance]) -> list[KeywordHit]:
    """Make the hits that need digits context where no digits follow."""
    has_digits: dict[tuple[int, ...], bool] = {}  # by the utterances that were searched
    settled = []
    for hit in hits:
        pack = packs.source.get(hit.pack)
        if pack.needs_digits_s is None or hit.kind is not PackKind.VIOLATION:
            settled.append(hit)
            continue
        near = _near(ordered, hit.span.start_s, hit.span.end_s + pack.needs_digits_s)
        if near not in has_digits:
            words = [word for i in near for token in split_tokens(ordered[i].text) for word in spoken_words(token)]
            has_digits[near] = bool(find_digit_runs(words, least=LEAST_DIGITS))
        settled.append(hit if has_digits[near] else replace(hit, kind=PackKind.CONTEXT))
    return settled


def _near(ordered: Sequence[Utterance], start_s: float, end_s: float) -> tuple[int, ...]:
    first = bisect_left(ordered, start_s - LONGEST_UTTERANCE_S, key=_start_of)
    last = bisect_left(ordered, end_s, key=_start_of)
    return tuple(i for i in range(first, last) if ordered[i].span.end_s > start_s)


def _start_of(utterance: Utterance) -> float:
    return utterance.span.start_s


def _clip(span: Span, duration_s: float) -> Span:
    end_s = min(span.end_s, max(duration_s, 0.0))
    return Span(min(span.start_s, end_s), end_s)
