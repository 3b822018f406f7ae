"""Which word of the phrases is meant by a word that none of them holds? Letters lost or turned, words joined or parted.

Knows only the vocabulary of the phrases, so what it mends is a proposal: a passage counts once :mod:`app.language.likeness` has
held all of it against a phrase. Candidates come from an index of the vocabulary with one letter left out (symmetric deletion,
Garbe 2012), a few look-ups a word however large the vocabulary is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.language.normalise import ARTICLES
from app.language.words import word_set

LEAST_LETTERS = 3  # of a word of the vocabulary that may be misspelt; shorter ones are too near to one another
LEAST_FOR_TWO = 9  # letters from which two of them may be wrong
LEAST_TO_JOIN = 5  # letters of a word that may be heard in two parts
# Short words that are themselves, whether a phrase holds them or not.
_THEMSELVES = word_set(
    "i a an as at be by do he hi if in is it me my no of oh ok on or so to up us we am go the and but can did for had has her "
    "him his how its let may new nor not now off old one our out own say see she six ten too try two use was way who why yes "
    "yet you all any are ask bad big boy buy car cat day dad dog eat end far few fit fun gas get god got guy hit hot ice job "
    "kid law led leg lot low mad man men met mom net oil pay per pet put ran red rid run sad sat saw sea set sir sit son sun "
    "tax tea test tests tall toll till tell ball bell fall fell full hall hill mall pull wall well will cold bold gold sold "
    "hers ours rest best west next near neck nice mine line lane late gate date rate rent sent bent tent went want wait"
)

# Homophones that are no words of the phrases themselves.
_HEARD_FOR = MappingProxyType(
    {
        "bin": "been", "wood": "would", "sum": "some", "threw": "through", "knead": "need", "aloud": "allowed", "wear": "where",
        "cheque": "check", "hole": "whole", "weak": "week", "reel": "real", "coal": "call", "male": "mail", "weight": "wait",
        "grate": "great", "sun": "son", "wright": "right",
        "cole": "call", "collar": "caller", "prise": "prize",
        "aisle": "i will", "isle": "i will", "weal": "we will", "yule": "you will", "heel": "he will",
    }
)  # fmt: skip


class Mender:
    """The vocabulary of one set of phrases, indexed; words in more phrases are preferred."""

    def __init__(self, phrases: Iterable[Iterable[str]], forms: Mapping[str, tuple[str, ...]] | None = None) -> None:
        counts = Counter(word for words in phrases for word in words if word.isalpha())
        self._forms = dict(forms or {})  # written forms, as "email", and the words they are
        counts.update(dict.fromkeys(self._forms, 0))
        self._words = frozenset(counts)
        self._shortened: dict[str, list[str]] = {}
        self._by_initial: dict[str, list[str]] = {}
        self._lefts: set[str] = set()
        self._rights: set[str] = set()
        for word, _ in counts.most_common():
            if len(word) >= LEAST_LETTERS:
                for shorter in _shorten(word):
                    self._shortened.setdefault(shorter, []).append(word)
            if len(word) >= LEAST_FOR_TWO:
                self._by_initial.setdefault(word[0], []).append(word)
            if len(word) >= LEAST_TO_JOIN:
                self._lefts.update(word[:i] for i in range(2, len(word) - 1))
                self._rights.update(word[i:] for i in range(2, len(word) - 1))
        self._lefts -= self._words
        self._rights -= self._words

    def mend(self, word: str) -> tuple[str, ...]:
        """Return the words of the vocabulary that a word may be; itself when it is one, or none is near."""
        if word in self._words or word in _THEMSELVES or not word.isalpha() or len(word) < LEAST_LETTERS:
            return (word,)
        if word in _HEARD_FOR:
            return tuple(_HEARD_FOR[word].split())
        nearest = self._find_nearest(word)
        if nearest:
            return self._forms.get(nearest, (nearest,))
        for i in range(len(word) - 1, 1, -1):
            if word[:i] in self._words and (word[i:] in self._words or word[i:] in ARTICLES):
                return (*self._forms.get(word[:i], (word[:i],)), *self._forms.get(word[i:], (word[i:],)))
        return (word,)

    def may_begin(self, word: str) -> bool:
        """Say whether a word of the vocabulary may begin with this, which is none itself: "medi care"."""
        return word in self._lefts

    def may_end(self, word: str) -> bool:
        """Say whether a word of the vocabulary may end with this, which is none itself: "in formation"."""
        return word in self._rights

    def join(self, first: str, second: str) -> str:
        """Return the word of the vocabulary that was heard in two, or an empty text."""
        joined = first + second
        if len(joined) < LEAST_TO_JOIN or joined not in self._words or not (first in self._lefts or second in self._rights):
            return ""
        return joined

    def _find_nearest(self, word: str) -> str:
        found = list(self._shortened.get(word, ()))  # a letter of it was lost
        if not found and len(word) >= LEAST_LETTERS + 1:
            for shorter in _shorten(word):
                if shorter in self._words and len(shorter) >= LEAST_LETTERS + 1:  # a letter too many
                    found.append(shorter)
                # one letter for another, or two turned; in short words only turned ones, for there one letter makes the word
                found += [
                    near
                    for near in self._shortened.get(shorter, ())
                    if len(near) == len(word)
                    and near[0] == word[0]
                    and (len(word) >= 6 or sorted(near) == sorted(word))
                    and OSA.distance(near, word) == 1
                ]
        if found:
            return next((near for near in found if near[0] == word[0]), found[0])
        best = None
        if len(word) >= LEAST_FOR_TWO - 1:
            best = process.extractOne(word, self._by_initial.get(word[0], ()), scorer=OSA.distance, score_cutoff=2)
        return str(best[0]) if best else ""


def _shorten(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word)) if i == 0 or word[i] != word[i - 1]]
