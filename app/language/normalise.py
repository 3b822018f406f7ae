"""How is a written word said? One spelling for every way in which people and recognisers write the same speech.

from app.language.words import word_set

Both sides, phrases and transcripts, go through :func:`spoken_words`, token by token, so that a written token always knows which
words it became and a found phrase can be led back to its words, times and probabilities. It does not decide what matters.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from app.language.words import word_set

# Left out before phrases are compared: recognisers drop and invent them, and they carry no meaning here.
ARTICLES = frozenset({"a", "an", "the"})
FILLERS = frozenset({"um", "uh", "er", "erm", "ah", "hmm", "mm", "uhm", "mmhmm", "huh"})

_PRONOUNS_WITH_IS = word_set(
    "it that what who where how there here he she when everything everybody everyone nobody somebody someone this why"
)
_WHOLE: Mapping[str, str] = MappingProxyType(
    {
        "im": "i am",
        "ive": "i have",
        "youre": "you are",
        "youve": "you have",
        "youll": "you will",
        "youd": "you would",
        "theyre": "they are",
        "theyve": "they have",
        "theyll": "they will",
        "weve": "we have",
        "its": "it is",
        "thats": "that is",
        "whats": "what is",
        "wheres": "where is",
        "whos": "who is",
        "hows": "how is",
        "theres": "there is",
        "hes": "he is",
        "shes": "she is",
        "nobodys": "nobody is",
        "whered": "where did",
        "howd": "how did",
        "dont": "do not",
        "didnt": "did not",
        "doesnt": "does not",
        "isnt": "is not",
        "arent": "are not",
        "wasnt": "was not",
        "werent": "were not",
        "havent": "have not",
        "hasnt": "has not",
        "hadnt": "had not",
        "couldnt": "could not",
        "wouldnt": "would not",
        "shouldnt": "should not",
        "cant": "can not",
        "can't": "can not",
        "cannot": "can not",
        "wont": "will not",
        "won't": "will not",
        "ain't": "is not",
        "aint": "is not",
        "let's": "lets",
        "o'clock": "oclock",
        "y'all": "you all",
        "gonna": "going to",
        "wanna": "want to",
        "gotta": "got to",
        "gimme": "give me",
        "lemme": "let me",
        "cause": "because",
        "'cause": "because",
        "cuz": "because",
        "okay": "ok",
        "mum": "mom",
        # written together or apart
        "email": "e mail",
        "emails": "e mails",
        "emailed": "e mailed",
        "emailing": "e mailing",
        "voicemail": "voice mail",
        "voicemails": "voice mails",
        "popup": "pop up",
        "popups": "pop ups",
        "robocall": "robo call",
        "robocalls": "robo calls",
        "robocalled": "robo called",
        "prerecorded": "pre recorded",
        "preapproved": "pre approved",
        "preexisting": "pre existing",
        "anymore": "any more",
        "maybe": "may be",
        "healthcare": "health care",
        "giftcard": "gift card",
        "giftcards": "gift cards",
        "nontoxic": "non toxic",
        "nonprofit": "non profit",
        "moneygram": "money gram",
        "teamviewer": "team viewer",
        "anydesk": "any desk",
        "cashapp": "cash app",
        "goodbye": "good bye",
        "tiktok": "tik tok",
        "youtube": "you tube",
        "facebook": "face book",
        "nextdoor": "next door",
        "snapchat": "snap chat",
        "dob": "d o b",
        "callback": "call back",
        "giveback": "give back",
        "tv": "t v",
    }
)
# Written forms that are said as other words, for those who look for misspelt ones.
JOINED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {form: tuple(said.split()) for form, said in _WHOLE.items() if form.isalpha() and len(form) >= 5}
)
_SUFFIXES = (
    ("n't", "not"),
    ("'m", "am"),
    ("'re", "are"),
    ("'ve", "have"),
    ("'ll", "will"),
    ("'d", "would"),
)
_DID = frozenset({"where'd", "how'd", "why'd", "what'd", "when'd"})  # "where'd you get my number"
_LONG_PAUSE = "\x01"  # stands among tokens where nobody spoke for long; see `app.language.lexicon.BREAK`
_SITES = frozenset({"gov", "com", "org", "net"})
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_MONEY = re.compile(r"\$\s?(\d[\d,]*)(?:\.\d+)?")
_PIECE = re.compile(r"[a-z0-9']+|%")
_ABBREVIATION = re.compile(r"^(?:[a-z]\.){2,}[a-z]?$|^[a-z](?:\.[a-z])+$")


@lru_cache(maxsize=65_536)
def spoken_words(token: str) -> tuple[str, ...]:
    """Say the words of one written token: ``"I'm,"`` is ("i", "am"), ``"$6,400"`` is ("6400", "dollars")."""
    text = token.translate(_QUOTES).lower()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = text.strip("\"'.,;:?!()[]{}-<>…*_~")
    if not text:
        return ()
    if text.isalpha() and text not in _WHOLE:
        return (text,)
    if _ABBREVIATION.match(text):
        text = text.replace(".", "")
    text = _MONEY.sub(r"\1 dollars ", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    words: list[str] = []
    for piece in _PIECE.findall(_split_sites(text)):
        words.extend(_expand(piece))
    return tuple(words)


def is_clause_end(token: str) -> bool:
    """Say whether a clause ends behind this written token."""
    if token[-1:].isalnum():  # most words: no need to look closer
        return False
    return token.rstrip("\"')”’").endswith((",", ".", ";", ":", "?", "!", "…", "-", "—", _LONG_PAUSE))


def is_sentence_end(token: str) -> bool:
    """Say whether a sentence ends behind this written token."""
    if token[-1:].isalnum():
        return False
    return token.rstrip("\"')”’").endswith((".", "?", "!", "…", _LONG_PAUSE))


def split_tokens(text: str) -> list[str]:
    """Cut a transcript into written tokens, punctuation left on."""
    return text.split()


def apostrophe_variants(phrase: str) -> tuple[str, ...]:
    """Spell a phrase as recognisers do when they mistake its contractions: "you're" for "your", "we're" for "were"."""
    variants = [phrase]
    for right, wrongs in _MISTAKEN.items():
        pattern = re.compile(rf"(?<![\w']){re.escape(right)}(?![\w'])")
        for wrong in wrongs:
            variants += [pattern.sub(wrong, known) for known in variants if pattern.search(known)][:8]
    possessive = re.compile(r"(?<![\w'])(\w+)'s(?!\w)")
    for match in possessive.finditer(phrase):
        if match[1] not in _PRONOUNS_WITH_IS and match[1] != "let":
            variants.append(phrase.replace(match[0], f"{match[1]} is"))
    return tuple(dict.fromkeys(variants))[:16]


_MISTAKEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "you're": ("your",),
        "your": ("you're",),
        "they're": ("their", "there"),
        "we're": ("were",),
        "we'll": ("well",),
        "i'll": ("ill",),
        "i'd": ("id",),
        "they'd": ("they",),
        "who's": ("whose",),
        "there's": ("theirs",),
        "won't": ("want",),
    }
)


def _split_sites(text: str) -> str:
    head, dot, tail = text.rpartition(".")
    return f"{head} dot {tail}" if dot and tail in _SITES else text


def _expand(piece: str) -> tuple[str, ...]:  # noqa: PLR0911 - one way of writing after the other
    if piece == "%":
        return ("percent",)
    piece = piece.strip("'")
    if piece in _WHOLE:
        return tuple(_WHOLE[piece].split())
    if "'" not in piece:
        return _split_ordinal_units(piece)
    if piece in _DID:
        return (piece[:-2], "did")
    for suffix, word in _SUFFIXES:
        if piece.endswith(suffix):
            return (piece.removesuffix(suffix), word)
    stem, _, rest = piece.partition("'")
    if rest == "s" and stem in _PRONOUNS_WITH_IS:
        return (stem, "is")
    return ((stem + rest).replace("'", ""),)


def _split_ordinal_units(piece: str) -> tuple[str, ...]:
    """Part digits from letters written against them ("10pm", "4th" stays, "1eg4" stays: it is a number of its own)."""
    match = re.fullmatch(r"(\d+)(am|pm|k)", piece)
    if match:
        return (match[1], match[2]) if match[2] != "k" else (match[1], "thousand")
    return (piece,) if piece else ()
