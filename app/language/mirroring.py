"""What does a caller claim by answering yes? A question of ours, turned into the caller's own words.

"Did you get a text from us?" becomes "i got a text from you". Only yes-or-no questions to the caller are turned;
everything else gives an empty text.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from app.language.normalise import FILLERS, is_sentence_end, spoken_words
from app.language.words import word_set

_PAST: Mapping[str, str] = MappingProxyType(
    {
        "get": "got", "see": "saw", "find": "found", "hear": "heard", "have": "had", "fill": "filled", "send": "sent",
        "call": "called", "text": "texted", "mail": "mailed", "receive": "received", "click": "clicked", "apply": "applied",
        "search": "searched", "google": "googled", "enter": "entered", "put": "put", "do": "did", "tell": "told",
        "leave": "left",
        "miss": "missed", "press": "pressed", "transfer": "transferred", "come": "came", "say": "said", "open": "opened",
        "ask": "asked", "look": "looked", "win": "won", "sign": "signed", "give": "gave", "pop": "popped", "take": "took",
    }
)  # fmt: skip
_OTHERS = word_set("somebody someone we they it he she anybody anyone")
_TURNED: Mapping[str, str] = MappingProxyType(
    {"you": "me", "us": "you", "me": "you", "we": "you", "our": "your", "your": "my", "my": "your", "yours": "mine"}
)
# A cheap first look, before the sentence is taken apart.
MAY_ASK = re.compile(
    r"\?|\b(?:did|were|have|had|was|is|are|do|has) (?:you|we|they|some|any|it|this|that|there|he|she)", re.IGNORECASE
)
_OPENERS = word_set("and so ok well now but or hi hello alright great")


def mirror_question(text: str) -> str:
    """Return the caller's claim in a yes-or-no question to the caller, or an empty text."""
    sentences: list[list[str]] = [[]]
    for token in text.split():
        sentences[-1].append(token)
        if is_sentence_end(token):
            sentences.append([])
    asked = [sentence for sentence in sentences if sentence][-1:]  # an answer belongs to the last sentence
    if not asked:
        return ""
    words = [word for token in asked[0] for word in spoken_words(token) if word not in FILLERS]
    is_marked = asked[0][-1].rstrip("\"')").endswith("?")
    while words and words[0] in _OPENERS:
        words = words[1:]
    if len(words) < 3:
        return ""
    return _turn(words, is_marked=is_marked)


def _turn(words: list[str], *, is_marked: bool) -> str:  # noqa: PLR0911 - one return per form of question
    first, second, rest = words[0], words[1], words[2:]
    if first == "did" and second == "you":
        return " ".join(["i", *_in_past(rest)])
    if first == "did" and second in _OTHERS:
        subject = {"we": "you", "anybody": "somebody", "anyone": "someone"}.get(second, second)
        return " ".join([subject, *_in_past(rest)])
    if first in ("are", "were", "have", "do", "had") and second == "you":
        verb = {"are": ["am"], "were": ["was"], "do": []}.get(first, [first])
        return " ".join(["i", *verb, *_turn_pronouns(rest)])
    if first in ("was", "is") and second in ("it", "this", "that", "there"):
        return " ".join([second, first, *_turn_pronouns(rest)])
    if first in ("has", "have") and second in _OTHERS:
        return " ".join([second, first, *_turn_pronouns(rest)])
    if is_marked and first == "you":
        return " ".join(
            ["i", *["am" if word == "are" else "was" if word == "were" else word for word in [second]], *_turn_pronouns(rest)]
        )
    return ""


def _in_past(words: list[str]) -> list[str]:
    if words and words[0] == "e" and len(words) > 1:  # "did we e mail you"
        return ["e", _PAST.get(words[1], words[1]), *_turn_pronouns(words[2:])]
    at = next((i for i, word in enumerate(words[:3]) if word in _PAST), None)
    if at is None:
        return _turn_pronouns(words)
    return [*words[:at], _PAST[words[at]], *_turn_pronouns(words[at + 1 :])]


def _turn_pronouns(words: list[str]) -> list[str]:
    return [_TURNED.get(word, word) for word in words]
