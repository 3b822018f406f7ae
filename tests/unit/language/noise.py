"""What recognisers and hurried people do to a sentence: one disturbance of one kind, from a seed.

The kinds follow the errors that a small English model makes on telephone speech: a word taken for its homophone, a word
parted or joined, a small word lost or put in, a letter wrong; and what people do: fillers, stammers, contractions.
"""

import random
import re
from collections.abc import Callable

_HOMOPHONES = {
    "there": "their", "their": "there", "they're": "there", "you're": "your", "your": "you're", "to": "two", "for": "four",
    "no": "know", "one": "won", "won": "one", "two": "to", "four": "for", "by": "buy", "buy": "by", "here": "hear",
    "hear": "here", "mail": "male", "sale": "sell", "call": "coal", "been": "bin", "would": "wood", "sent": "cent",
    "right": "write", "need": "knead", "wait": "weight", "some": "sum", "our": "are", "real": "reel", "new": "knew",
    "its": "it's", "it's": "its", "through": "threw", "where": "wear", "check": "cheque", "cell": "sell", "whose": "who's",
    "wire": "why're", "we'll": "will", "i'll": "aisle", "free": "free", "pay": "pay", "credit": "credits", "plan": "plans",
    "signed": "sign", "filled": "fill", "licensed": "license", "recorded": "record", "texts": "text", "calls": "call",
    "based": "base", "insurance": "insurances", "address": "a dress", "policy": "policies", "write": "right",
    "great": "grate", "whole": "hole", "week": "weak", "road": "rode", "son": "sun", "phone": "phones", "rain": "reign",
}  # fmt: skip
_PARTED = {
    "somebody": "some body", "someone": "some one", "nobody": "no body", "anybody": "any body", "anyone": "any one",
    "online": "on line", "voicemail": "voice mail", "email": "e mail", "website": "web site", "cannot": "can not",
    "facebook": "face book", "robocall": "robo call", "popup": "pop up", "everyone": "every one", "copay": "co pay",
    "recorded": "re corded", "transfer": "trans fer", "insurance": "in surance", "medicare": "medi care", "without": "with out",

    "today": "to day", "number": "num ber", "computer": "compu ter", "information": "in formation", "youtube": "you tube",
    "overnight": "over night", "approved": "a proved", "permission": "per mission", "google": "goo gle",
}  # fmt: skip
_JOINED = (
    ("voice", "mail"), ("e", "mail"), ("pop", "up"), ("sign", "up"), ("text", "message"), ("gift", "card"), ("no", "one"),
    ("call", "back"), ("hang", "up"), ("phone", "number"), ("thank", "you"), ("of", "course"), ("all", "right"), ("a", "lot"),
    ("every", "day"), ("any", "more"), ("credit", "card"), ("social", "security"), ("opt", "out"), ("can", "not"),
    ("on", "line"),
    ("face", "book"), ("kind", "of"), ("going", "to"), ("want", "to"), ("put", "me"),
    ("take", "me"), ("call", "me"), ("got", "a"),
)  # fmt: skip
_SMALL = ("a", "an", "the", "to", "of", "that", "just", "is", "am")
_PUT_IN = ("um", "uh", "like", "just", "actually", "well", "so", "really", "the", "a", "please")
_SHORT = (
    ("i am", "i'm"), ("do not", "don't"),
    ("did not", "didn't"), ("going to", "gonna"), ("want to", "wanna"), ("got to", "gotta"),
    ("you are", "you're"), ("it is", "it's"),
    ("that is", "that's"), ("i will", "i'll"), ("cannot", "can't"), ("we are", "we're"),
)  # fmt: skip
_DIGITS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "thirty": "30", "twenty": "20", "fifty": "50", "hundred": "100",
}  # fmt: skip


def _at_random(words: list[str], rng: random.Random, fits: Callable[[str], bool]) -> int | None:
    places = [i for i, word in enumerate(words) if fits(_bare(word))]
    return rng.choice(places) if places else None


def _bare(word: str) -> str:
    return word.lower().strip(".,?!")


def lose_letter(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: len(word) >= 4 and word.isalpha())
    if at is None:
        return None
    word = words[at]
    cut = rng.randrange(1, len(_bare(word)))
    return [*words[:at], word[:cut] + word[cut + 1 :], *words[at + 1 :]]


def change_letters(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: len(word) >= 5 and word.isalpha())
    if at is None:
        return None
    word = words[at]
    cut = rng.randrange(1, len(_bare(word)) - 1)
    return [*words[:at], word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :], *words[at + 1 :]]


def take_homophone(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: _HOMOPHONES.get(word, word) != word)
    return None if at is None else [*words[:at], _HOMOPHONES[_bare(words[at])], *words[at + 1 :]]


def part_word(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: word in _PARTED)
    return None if at is None else [*words[:at], _PARTED[_bare(words[at])], *words[at + 1 :]]


def join_words(words: list[str], rng: random.Random) -> list[str] | None:
    places = [i for i in range(len(words) - 1) if (words[i].lower(), _bare(words[i + 1])) in _JOINED]
    if not places:
        return None
    at = rng.choice(places)
    return [*words[:at], words[at] + words[at + 1], *words[at + 2 :]]


def lose_small_word(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: word in _SMALL)
    return None if at is None else words[:at] + words[at + 1 :]


def put_in_small_word(words: list[str], rng: random.Random) -> list[str] | None:
    at = rng.randrange(1, len(words)) if len(words) > 1 else 1
    return [*words[:at], rng.choice(_PUT_IN), *words[at:]]


def stammer(words: list[str], rng: random.Random) -> list[str] | None:
    at, size = rng.randrange(len(words)), rng.choice((1, 1, 2))
    return [*words[: at + size], *words[at : at + size], *words[at + size :]]


def contract(words: list[str], _: random.Random) -> list[str] | None:
    text = " ".join(words).lower()
    for long, short in _SHORT:
        text = re.sub(rf"\b{long}\b", short, text) if long in text else text
    return text.split() if text != " ".join(words).lower() else None


def write_digits(words: list[str], rng: random.Random) -> list[str] | None:
    at = _at_random(words, rng, lambda word: word in _DIGITS)
    return None if at is None else [*words[:at], _DIGITS[_bare(words[at])], *words[at + 1 :]]


def lose_signs(words: list[str], _: random.Random) -> list[str] | None:
    """Write as recognisers without punctuation do: no capitals, no commas, no apostrophes."""
    return re.sub(r"[^a-z0-9$ ]", "", " ".join(words).lower().replace("-", " ")).split()


KINDS: dict[str, Callable[[list[str], random.Random], list[str] | None]] = {
    "no signs": lose_signs,
    "letter lost": lose_letter,
    "letters turned": change_letters,
    "homophone": take_homophone,
    "word parted": part_word,
    "words joined": join_words,
    "small word lost": lose_small_word,
    "small word put in": put_in_small_word,
    "stammer": stammer,
    "contracted": contract,
    "digits": write_digits,
}


def disturb(text: str, kind: str, seed: int) -> str | None:
    """Return the sentence with one disturbance of a kind, or None where it has no place for it."""
    rng = random.Random(f"{kind}/{seed}/{text}")
    words = KINDS[kind](text.split(), rng)
    return None if words is None else " ".join(words)
