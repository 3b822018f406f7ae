"""What do the pages of phrase packs show? Phrases with their marks in words, what they raised lately, and tried sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.compliance.editions.attempt import Attempt
from app.compliance.editions.counts import PackCounts
from app.compliance.editions.document import EditionDocument
from app.compliance.editions.drafts import DraftFacts, ExampleResult
from app.compliance.editions.history import Step
from app.compliance.editions.notation import UNTIL, WHAT_MARKS_MEAN, write_phrase
from app.errors import NotFound
from app.vocabulary import PackKind, Speaker
from app.web.formatting import write_title
from app.web.presenters.call_list import Choice
from app.web.presenters.differences import write_field
from app.web.presenters.rules import DAYS_COUNTED, StepView, count_phrases, present_steps

FILTERS = ("q", "kind", "speaker")
SPEAKERS = {"caller": "the caller", "agent": "our side", "any": "either party"}
KINDS = {
    PackKind.VIOLATION: "a hit supports a finding",
    PackKind.REQUIRED: "its absence supports a finding",
    PackKind.CONTEXT: "noted beside others, never a finding alone",
    PackKind.COUNTER: "a hit weakens a finding",
}
WHAT_HITS_MEAN = {
    PackKind.VIOLATION: "speaks for the rule",
    PackKind.REQUIRED: "what must be said was said",
    PackKind.CONTEXT: "noted, no finding rests on it",
    PackKind.COUNTER: "speaks against the rule",
}


@dataclass(frozen=True, slots=True)
class HeardView:
    """What a pack heard in a tried sentence."""

    pack: str
    rule: str
    meaning: str
    kind: str
    severity: str
    phrase: str
    how: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class TryView:
    """The box to try a sentence in, with what was typed and what came of it; ``heard`` None: nothing was tried yet."""

    speakers: tuple[Choice, ...]
    text: str
    answer: str
    problem: str | None
    heard: tuple[HeardView, ...] | None


@dataclass(frozen=True, slots=True)
class PackLine:
    """A pack in the list."""

    id: str
    rule: str
    rule_title: str
    kind: str
    speaker: str
    severity: str
    phrases: int
    counts: PackCounts


@dataclass(frozen=True, slots=True)
class PacksPage:
    """The list of packs."""

    packs: tuple[PackLine, ...]
    shown: int
    total: int
    phrases: int
    text: str
    kinds: tuple[Choice, ...]
    speakers: tuple[Choice, ...]
    is_narrowed: bool
    trial: TryView
    days: int = DAYS_COUNTED


@dataclass(frozen=True, slots=True)
class PhraseView:
    """A phrase and what its marks mean."""

    say: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """Phrases of a pack, or of one part of a required text."""

    title: str
    phrases: tuple[PhraseView, ...]


@dataclass(frozen=True, slots=True)
class ExampleView:
    """An example with what the pack does at it."""

    id: str
    asks: str
    speaker: str
    text: str
    holds: bool
    said: str


@dataclass(frozen=True, slots=True)
class PackPage:
    """One pack with everything about it."""

    line: PackLine
    note: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[PartView, ...]
    examples: tuple[ExampleView, ...]
    steps: tuple[StepView, ...]
    drafts: tuple[DraftFacts, ...]
    trial: TryView
    days: int = DAYS_COUNTED


def present_packs(
    document: EditionDocument, typed: Mapping[str, str], counts: Mapping[str, PackCounts], trial: TryView
) -> PacksPage:
    """Return the page of packs that fit the filter."""
    packs = sorted(document.packs["packs"], key=lambda pack: str(pack["id"]))
    titles = titles_of_rules(document)
    fitting = [pack for pack in packs if _fits(pack, titles, typed)]
    return PacksPage(
        packs=tuple(_present_line(pack, titles, counts) for pack in fitting),
        shown=len(fitting),
        total=len(packs),
        phrases=sum(map(count_phrases, packs)),
        text=typed.get("q", ""),
        kinds=tuple(Choice(str(kind), write_title(kind), str(kind) == typed.get("kind")) for kind in PackKind),
        speakers=tuple(Choice(word, said, word == typed.get("speaker")) for word, said in SPEAKERS.items()),
        is_narrowed=any(typed.values()),
        trial=trial,
    )


def present_pack(
    document: EditionDocument,
    pack_id: str,
    counts: Mapping[str, PackCounts],
    examples: Sequence[ExampleResult],
    steps: Sequence[Step],
    names: Mapping[str, str],
    drafts: Sequence[DraftFacts],
    trial: TryView,
) -> PackPage:
    """Return the page of one pack. Raises NotFound."""
    pack = find_pack(document, pack_id)
    return PackPage(
        line=_present_line(pack, titles_of_rules(document), counts),
        note=str(pack.get("note", "")),
        facts=tuple(_facts_of(pack)),
        parts=tuple(_parts_of(pack)),
        examples=present_examples(examples),
        steps=present_steps(steps, names),
        drafts=tuple(drafts),
        trial=trial,
    )


def present_try(
    speaker: str = "caller", text: str = "", answer: str = "", attempt: Attempt | None = None, problem: str | None = None
) -> TryView:
    """Return the box to try a sentence in."""
    spoken = {Speaker.CALLER: "the caller", Speaker.AGENT: "our side", Speaker.UNKNOWN: "nobody knows who"}
    return TryView(
        speakers=tuple(Choice(str(word), said, str(word) == speaker) for word, said in spoken.items()),
        text=text,
        answer=answer,
        problem=problem,
        heard=None if attempt is None else tuple(
            HeardView(
                pack=heard.hit.pack,
                rule=heard.hit.rule,
                meaning=WHAT_HITS_MEAN[heard.hit.kind],
                kind=str(heard.hit.kind),
                severity=str(heard.hit.severity),
                phrase=heard.hit.phrase,
                how="word for word" if heard.hit.match == "exact" else "by sound",
                pieces=tuple((piece.text, piece.is_heard) for piece in heard.pieces),
            )
            for heard in attempt.heard
        ),
    )  # fmt: skip


def present_examples(results: Sequence[ExampleResult]) -> tuple[ExampleView, ...]:
    """Return examples, those that fail first."""
    views = [
        ExampleView(
            id=result.example.id,
            asks=write_title(result.example.kind),
            speaker=SPEAKERS.get(str(result.example.speaker), "nobody knows who"),
            text=result.example.text,
            holds=result.holds,
            said=f"fires by “{'”, “'.join(result.said)}”" if result.said else "keeps quiet",
        )
        for result in results
    ]
    return tuple(sorted(views, key=lambda view: view.holds))


def find_pack(document: EditionDocument, pack_id: str) -> Mapping[str, Any]:
    """Return a pack. Raises NotFound."""
    for pack in document.packs["packs"]:
        if pack["id"] == pack_id:
            found: Mapping[str, Any] = pack
            return found
    raise NotFound(f"there is no phrase pack {pack_id}", pack=pack_id)


def titles_of_rules(document: EditionDocument) -> dict[str, str]:
    """Return the title of each rule."""
    return {str(row["id"]): str(row.get("title", "")) for row in document.rules}


def _present_line(pack: Mapping[str, Any], titles: Mapping[str, str], counts: Mapping[str, PackCounts]) -> PackLine:
    return PackLine(
        id=str(pack["id"]),
        rule=str(pack["rule"]),
        rule_title=titles.get(str(pack["rule"]), ""),
        kind=str(pack["kind"]),
        speaker=SPEAKERS.get(str(pack["speaker"]), "nobody knows who"),
        severity=str(pack["severity"]),
        phrases=count_phrases(pack),
        counts=counts.get(str(pack["id"]), PackCounts()),
    )


def _facts_of(pack: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("What a hit means", KINDS[PackKind(pack["kind"])])]
    if pack.get("window_s"):
        facts.append(("Must be said within", write_field("window_s", pack)))
    if pack.get("negators"):
        facts.append(("Turned round by", f"{write_field('negators', pack)}, besides those known to every pack"))
    if pack.get("negated_inside"):
        facts.append(("May not stand for *", write_field("negated_inside", pack)))
    if pack.get("statement"):
        facts.append(("Claims only", "a question, a condition or a report of what others say is no evidence"))
    if pack.get("needs_digits_s"):
        facts.append(("Needs digits within", f"{write_field('needs_digits_s', pack)}; without them a hit is only noted"))
    if pack.get("needs_name"):
        facts.append(("Needs a name", "the phrase counts with a name behind it"))
    return facts


def _parts_of(pack: Mapping[str, Any]) -> list[PartView]:
    parts = [PartView("", _present_phrases(pack.get("phrases") or ()))]
    for number, group in enumerate(pack.get("groups") or (), start=1):
        parts.append(PartView(f"Part {number}: one of these must be said", _present_phrases(group)))
    if pack.get("group_until_2026_09_30"):
        parts.append(PartView(f"Part asked {UNTIL}", _present_phrases(pack["group_until_2026_09_30"])))
    return parts


def _present_phrases(phrases: Sequence[Any]) -> tuple[PhraseView, ...]:
    views = []
    for phrase in phrases:
        marks = [name for name, is_set in phrase.items() if name != "say" and is_set] if isinstance(phrase, Mapping) else []
        say = str(phrase.get("say")) if isinstance(phrase, Mapping) else str(phrase)
        views.append(PhraseView(say, tuple(WHAT_MARKS_MEAN.get(mark, mark) for mark in marks)))
    return tuple(views)


def _fits(pack: Mapping[str, Any], titles: Mapping[str, str], typed: Mapping[str, str]) -> bool:
    phrases = [*(pack.get("phrases") or ()), *(phrase for group in pack.get("groups") or () for phrase in group)]
    said = " ".join([str(pack["id"]), str(pack["rule"]), titles.get(str(pack["rule"]), ""), *map(write_phrase, phrases)])
    if typed.get("q", "").casefold().strip() not in said.casefold():
        return False
    is_kind = not typed.get("kind") or typed["kind"] == pack["kind"]
    return is_kind and (not typed.get("speaker") or typed["speaker"] == pack["speaker"])
