"""In which other wordings is a phrase the same phrase? Turns of speech that anybody may exchange without meaning anything else.

Applied to the words of a phrase before the automata are built, so they cost nothing while searching. Each line is one turn and
what may stand for it; only exchanges that keep the sense in every phrase belong here. What one phrase alone may also say is
written in its pack.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.language.words import word_set

MOST_VARIANTS = 24  # of one phrase; the first are the nearest to its own words

_TURNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "have to": ("need to", "got to", "have got to"),
        "need to": ("have to", "got to", "have got to"),
        "i will": ("i am going to", "let me"),
        "we will": ("we are going to",),
        "you will": ("you are going to",),
        "i am going to": ("i will", "let me"),
        "let me": ("i will", "i am going to"),
        "do i get": ("will i get", "can i get", "am i going to get", "would i get"),
        "i want to": ("i would like to",),
        "i would like to": ("i want to",),
        "somebody": ("someone", "some body"),
        "someone": ("somebody", "some one"),
        "anybody": ("anyone", "any body"),
        "anyone": ("anybody", "any one"),
        "nobody": ("no one", "no body"),
        "that called": ("who called",),
        "who called": ("that called",),
        "connect you with": ("connect you to",),
        "place you on": ("put you on",),
        "it can take": ("it could take", "it may take"),
        "phone": ("telephone",),
        "no one": ("nobody",),
        "everybody": ("everyone",),
        "everyone": ("everybody",),
        "i got": ("i received", "i have gotten", "i have received"),
        "i have": ("i have got",),
        "you have": ("you have got", "you got"),
        "i saw": ("i seen", "i have seen"),
        "there is": ("there was",),
        "there was": ("there is",),
        "said to": ("told me to", "says to"),
        "told me to": ("said to",),
        "to be": ("to get",),
        "off": ("off of",),
        "thank you": ("thanks",),
        "thanks": ("thank you",),
        "my number": ("my phone number", "my cell number"),
        "this number": ("this phone number",),
        "calling about": ("calling you about",),
        "calling from": ("calling you from",),
        "calling on": ("calling you on",),
        "calling to": ("calling you to",),
        "calling with": ("calling you with",),
        "calling regarding": ("calling you regarding",),
        "and said": ("and it said",),
        "my call": ("call", "this call"),
        "t v": ("television",),
        "television": ("t v",),
        "percent": ("per cent",),
        # compounds that recognisers part, or join
        "online": ("on line",),
        "website": ("web site",),
        "any more": ("anymore",),
        "backdate": ("back date",),
        "today": ("to day",),
        "overnight": ("over night",),
        "upfront": ("up front",),
        "up front": ("upfront",),
        "copay": ("co pay",),
        "mastercard": ("master card",),
        "checking": ("check in",),
    }
)
# Behind these, "'s" is taken apart already, or cannot stand.
_NEVER_BEFORE_S = word_set(
    "it that what who where how there here he she when this why i you we they which everything everybody everyone nobody "
    "somebody someone who not and or but to of so"
)


def vary(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the wordings of a stretch of spoken words, its own first."""
    text = f" {' '.join(words)} "
    texts = [text]
    for turn, others in _TURNS.items():
        if f" {turn} " in text:
            texts += [known.replace(f" {turn} ", f" {other} ", 1) for other in others for known in tuple(texts)]
    if words[0] == "i" and " and " in text:  # "i was scrolling and [i] saw"
        texts += [known.replace(" and ", " and i ", 1) for known in tuple(texts)]
    texts += [shortened for known in texts[:4] for shortened in _with_short_is(known.split())]
    return tuple(tuple(known.split()) for known in dict.fromkeys(texts))[:MOST_VARIANTS]


def _with_short_is(words: list[str]) -> list[str]:
    """Write "the card is" as "the card's", which is heard as a plural."""
    short = []
    for i in range(1, len(words)):
        if words[i] in ("is", "has") and words[i - 1].isalpha() and words[i - 1] not in _NEVER_BEFORE_S:
            short.append(f" {' '.join([*words[: i - 1], words[i - 1] + 's', *words[i + 1 :]])} ")
    return short
