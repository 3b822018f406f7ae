"""What was said, as a conversation? Utterances in order, cut into runs of plain, doubtful and marked words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from app.conversation import KeywordHit, Listening, Utterance, Word
from app.review import wording
from app.review.wording import say_clock
from app.vocabulary import PackKind, Speaker


@dataclass(frozen=True, slots=True)
class Run:
    """Words that look alike: plain, a phrase that was spotted, or words the recogniser was not sure of."""

    text: str
    hit: str = ""
    kind: str = ""
    is_low_trust: bool = False


@dataclass(frozen=True, slots=True)
class UtteranceView:
    """One turn of the conversation; ``seq`` is its place in the player's data."""

    seq: int
    side: str
    speaker: str
    start_s: float
    end_s: float
    clock: str
    runs: tuple[Run, ...]


def build_transcript(listening: Listening, hits: Sequence[KeywordHit]) -> tuple[UtteranceView, ...]:
    """Return the conversation; phrases are marked on the words they cover."""
    return tuple(_view(seq, utterance, hits) for seq, utterance in enumerate(listening.utterances))


def find_hit(word: Word, speaker: Speaker, hits: Sequence[KeywordHit]) -> int | None:
    """Return the index of the phrase that covers the middle of a word said by that speaker; the graver kind wins."""
    middle = (word.span.start_s + word.span.end_s) / 2
    covering = [
        index
        for index, hit in enumerate(hits)
        if hit.span.start_s <= middle < hit.span.end_s and (hit.speaker is speaker or Speaker.UNKNOWN in (hit.speaker, speaker))
    ]
    return min(covering, key=lambda index: list(PackKind).index(hits[index].kind), default=None)


def describe_hit(hit: KeywordHit) -> str:
    """Return what a marked phrase means, in a sentence."""
    trust = "; the words are doubtful, so no finding rests on them" if hit.low_trust else ""
    sound = ", found by its sound" if hit.match != "exact" else ""
    return f"{wording.KIND_WORDS[hit.kind]}: “{hit.phrase}”{sound}{trust}"


def _view(seq: int, utterance: Utterance, hits: Sequence[KeywordHit]) -> UtteranceView:
    near = [hit for hit in hits if hit.span.overlaps(utterance.span)]
    return UtteranceView(
        seq=seq,
        side=str(utterance.speaker),
        speaker=_name_speaker(utterance),
        start_s=utterance.span.start_s,
        end_s=utterance.span.end_s,
        clock=say_clock(utterance.span.start_s),
        runs=_runs(utterance, near),
    )


def _name_speaker(utterance: Utterance) -> str:
    """Return who speaks; a voice that was only told by its sound is said to be an estimate."""
    if utterance.speaker is Speaker.UNKNOWN and utterance.estimated_speaker:
        return f"Speaker {utterance.estimated_speaker} (estimated)"
    return wording.SPEAKER_WORDS[utterance.speaker]


def _runs(utterance: Utterance, hits: Sequence[KeywordHit]) -> tuple[Run, ...]:
    if not utterance.words:
        return (Run(utterance.text.strip()),)
    looks = [(find_hit(word, utterance.speaker, hits), word.low_trust, word.text.strip()) for word in utterance.words]
    runs = []
    for (hit, is_low_trust), group in groupby(looks, key=lambda look: look[:2]):
        text = " ".join(text for _, _, text in group)
        found = hits[hit] if hit is not None else None
        runs.append(
            Run(
                text=text,
                hit=describe_hit(found) if found else "",
                kind=str(found.kind) if found else "",
                is_low_trust=is_low_trust,
            )
        )
    return tuple(runs)
