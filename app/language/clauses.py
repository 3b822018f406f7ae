"""Does the sentence really claim the phrase that stands in it? Denials, questions, conditions and reports of others.

A phrase is looked at with the written tokens around it. The rules are about scope: a negator turns a phrase round only inside
its own clause and only when the words between carry the negation on ("i did not say you called me", not "i did not sign up, you
called me"). Nothing here knows packs, times or speakers.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from app.language.normalise import ARTICLES, FILLERS, is_clause_end, is_sentence_end, spoken_words
from app.language.words import word_set

REACH = 4  # words before a phrase in which a negator counts (convention of the packs)
NEGATORS = word_set("not never no nobody none neither nor without hardly nothing")
AFFIRMATIVES = word_set("yes yeah yep yup uhhuh correct right sure absolutely definitely exactly ok mhm")
OPENINGS_OF_YES = (
    "yes", "yea", "yep", "yup", "uh", "um", "oh", "ah", "er", "well", "corr", "right", "sure", "abso", "defi", "exac", "ok",
    "mhm", "mm", "i d", "that", "of ", "they d", "you d",
)  # fmt: skip
UNITS_OF_TIME_OR_DISTANCE = word_set(
    "second seconds minute minutes min mins hour hours oclock am pm day days week weeks month months mile miles block "
    "blocks feet foot yards percent times thirty fifteen forty"
)

_SUBJECTS = word_set("i you he she they we it this that there somebody someone everybody everyone who nothing")
_NOMINATIVES = word_set("i he she they we there")
_STARTS_OF_ORDERS = word_set(
    "put take remove stop do quit lose delete unsubscribe opt tell say stay keep let go hold don give read use pay "
    "send buy wire mail download open turn confirm sign fire cut reduce settle try correct erase limit leave please "
    "call never start just spell verify get see hear find"
)
# A negation passes through these to an order or a verb behind them ("i did not ask you to ...").
_CARRIERS = word_set(
    "ask asked asking say said saying tell told telling want wanted need needed going to you me him her them us "
    "please just ever have has had be been being is are was were do did does will would could should can may might "
    "must i we they he she it trying supposed allowed allow let in any way such thing as of that any actually really "
    "yet two too 2"
)
_REPORTS = word_set(
    "say said saying says tell told telling think thought know knew believe believed mean meant recall remember claim "
    "claimed like true that sure because guess suggest suggested aware certain imply implying promise promised "
    "guarantee guaranteed"
)
_CLOSERS = word_set(
    "but because although though so and then when until since while yet except however interested worry worried "
    "listening hang forget home sure"
)
# "not sure", "no doubt": the negator turns round nothing that follows.
_IDLE = frozenset(
    {
        ("not", "sure"), ("not", "only"), ("not", "just"), ("not", "kidding"), ("not", "certain"), ("not", "worry"),
        ("not", "forget"), ("no", "doubt"), ("no", "problem"), ("no", "wonder"), ("no", "kidding"), ("no", "idea"),
        ("not", "lying"), ("no", "matter"), ("not", "understand"), ("not", "interested"), ("never", "mind"),
    }
)  # fmt: skip
_OPENING = 200  # letters in which an answer says yes or no
_SUPPOSING = word_set("if whether unless suppose supposing wish imagine pretend")
# What may stand between "if" and the verb of its own clause.
_THIN = word_set(
    "i you he she they we it this that somebody someone anybody anyone my your our just ever really actually had have "
    "has was were is are am did do does would will could can should might may well so like ever also still"
)
_POLITE = word_set("could can would will may might")
_PASSING = word_set("to two too 2 that you people them us me folks may will might always often just so please like well also")
_BEFORE_NO = word_set("is was are were there")
_FACTIVE = frozenset(["why", "how", "where", "who", "what"])  # "i do not know why you called me" grants the call
_INVERTED = word_set("did do does have has had are is was were am can could would will should might may")
_KNOWING = (("did", "you", "know"), ("did", "you", "hear"), ("do", "you", "realize"),
            ("did", "i", "mention"), ("would", "you", "like"),
            ("did", "i", "tell"), ("do", "not", "you"), ("is", "not", "it"), ("are", "not", "you"))  # fmt: skip
_TAGS = word_set("right ok okay correct yeah huh alright")
_OTHERS = word_set(
    "they anyone anybody someone somebody people who he she companies company scammers others ad ads commercial "
    "commercials caller callers you person places website websites everyone agents brokers telemarketers crooks thieves"
)
_SPEECH = word_set(
    "say says said saying tell tells told telling claim claims claimed claiming promise promises promised mention "
    "mentions mentioned heard hear offered offering called think thinks thought believe believes"
)
_REQUESTS = word_set("ask asks asked asking")
_WARNINGS = word_set("beware ignore fake false misleading avoid untrue scam")


def words_before(tokens: Sequence[str], start: int, *, whole_sentence: bool = False, limit: int = 12) -> list[str]:
    """Return the spoken words before token ``start`` in its clause or sentence, nearest first, without articles and fillers."""
    ends = is_sentence_end if whole_sentence else is_clause_end
    words: list[str] = []
    for i in range(start - 1, -1, -1):
        token = tokens[i]
        if len(words) >= limit or ends(token):
            break
        for word in reversed(spoken_words(token)):
            if word not in ARTICLES and word not in FILLERS:
                words.append(word)
    return words[:limit]


def words_after(tokens: Sequence[str], end: int, *, limit: int = 4) -> list[str]:
    """Return the spoken words from token ``end`` on in the clause, articles and fillers left out."""
    words: list[str] = []
    if end and end <= len(tokens) and is_clause_end(tokens[end - 1]):
        return words
    for i in range(end, len(tokens)):
        token = tokens[i]
        words += [word for word in spoken_words(token) if word not in ARTICLES and word not in FILLERS]
        if len(words) >= limit or is_clause_end(token):
            break
    return words[:limit]


def is_negated(  # noqa: PLR0911 - each way out is one exception of the rule
    before: Sequence[str], phrase: Sequence[str], negators: Iterable[str] = ()
) -> bool:
    """Say whether a negator in the clause before the phrase turns it round.

    ``before`` is nearest first; ``phrase`` are the phrase's own words; ``negators`` those of its pack, beside the general ones.
    """
    known = _all_negators(tuple(negators))
    first = phrase[0]
    for i, word in enumerate(before[: REACH + 2]):
        if word in _CLOSERS and not (word == "sure" and i + 1 < len(before)):
            return False
        if word == "know" and before[i + 1 : i + 2] and before[i + 1] in _BEFORE_NO:  # "there was know pop up"
            word = "no"  # noqa: PLW2901
        if word not in known:
            continue
        between = list(before[:i])
        if len([w for w in between if w not in ("do", "did", "does", "have", "been")]) > REACH:
            return False
        following = before[i - 1] if i else first
        if (word, following) in _IDLE:
            return False
        if word == "not" and following in _NOMINATIVES | {"you"}:  # "why don't you stop ...", "i did not, you called me"
            return False
        if any(a == "know" and b in _FACTIVE for a, b in zip(between[1:], between, strict=False)) or (
            between and between[-1] == "know" and first in _FACTIVE
        ):
            return False
        if first in _STARTS_OF_ORDERS and "if" in before[i + 1 : i + 4]:  # "if you don't stop calling me" asks for it
            return False
        return _reaches(word, between, first)
    return False


@lru_cache(maxsize=1024)
def _all_negators(own: tuple[str, ...]) -> frozenset[str]:
    said = {word for negator in own for word in spoken_words(negator)}
    return NEGATORS | said - word_set("did was is does do has had")


def is_denied_after(after: Sequence[str]) -> bool:
    """Say whether what follows a thing denies it: "free solar panels do not exist", "a government grant is never ..."."""
    return len(after) >= 2 and after[0] in _INVERTED and (after[1] in ("not", "never") or after[1] in _WARNINGS)


def is_question(tokens: Sequence[str], start: int, end: int) -> bool:
    """Say whether the sentence around tokens ``start`` to ``end`` asks whether the phrase is so.

    A tag behind a statement ("it's free, okay?") and a question that grants what it holds ("did you know ...") do not.
    """
    first, last = sentence_bounds(tokens, start, end)
    words = [word for token in tokens[first:last] for word in spoken_words(token) if word not in FILLERS]
    while words and words[0] in ("and", "so", "ok", "well", "now", "but", "or", "hi", "hello", "alright", "great"):
        words = words[1:]
    if tuple(words[:3]) in _KNOWING or not words:
        return False
    if words[-1] in _TAGS and last > end:
        return False
    if (
        words[0] in _INVERTED
        and len(words) > 1
        and words[1] in _SUBJECTS | {"anyone", "anybody", "your", "my", "any", "the", "we"}
    ):
        return True
    return tokens[last - 1].rstrip("\"')").endswith("?")


def is_inverted(tokens: Sequence[str], start: int, end: int) -> bool:
    """Say whether the sentence begins as a question does: with an auxiliary before its subject."""
    first, last = sentence_bounds(tokens, start, end)
    words = [word for token in tokens[first:last] for word in spoken_words(token) if word not in FILLERS]
    while words and words[0] in ("and", "so", "ok", "well", "now", "but", "or", "hi", "hello", "alright", "great"):
        words = words[1:]
    return (
        len(words) > 1
        and words[0] in _INVERTED
        and tuple(words[:3]) not in _KNOWING
        and words[1] in _SUBJECTS | {"anyone", "anybody"}
    )


def is_conditional(before: Sequence[str], *, is_claim: bool = True) -> bool:
    """Say whether the phrase is only supposed: "if you called me", "unless my card will be charged".

    What is no claim may be asked for with an if: "i was wondering if you could take me off your list", "if you don't stop
    calling me" ask all the same.
    """
    for i, word in enumerate(before[:5]):
        if word not in _SUPPOSING:
            if word in _THIN and (is_claim or word not in _POLITE):
                continue
            return False
        return is_claim or before[i + 1 : i + 2] not in (["see"], ["know"], ["wondering"], ["wonder"], ["ask"], ["asking"])
    return False


def is_passed_on(before: Sequence[str]) -> bool:
    """Say whether others say it, straight before the phrase: "scammers tell you to ...", "some companies say ..."."""
    words = [word for word in before if word not in _PASSING]
    if len(words) < 2 or words[1] not in _OTHERS - {"you"}:
        return False
    # "if anybody asks you to pay with ..." passes it on; "when they ask you, say ..." tells what to say
    return words[0] in _SPEECH | _WARNINGS or (words[0] in _REQUESTS and before[0] in ("to", "2"))


def is_reported(before: Sequence[str]) -> bool:
    """Say whether the speaker passes on, or warns of, what others say: "they may tell you ...", "beware of ..."."""
    for i, word in enumerate(before[:8]):
        if word in _WARNINGS and i < 4:
            return True
        if word in _SPEECH:
            subjects = [w for w in before[i + 1 : i + 5] if w in _OTHERS or w in ("i", "we")]
            return bool(subjects) and subjects[0] in _OTHERS
    return False


def is_refusal(text: str) -> bool:
    """Say whether an answer begins by denying: "no", "nope", "not at all"."""
    words = [word for token in text[:_OPENING].split()[:4] for word in spoken_words(token)]
    while words and words[0] in ("um", "uh", "oh", "well", "ah", "er"):
        words = words[1:]
    return bool(words) and words[0] in ("no", "nope", "nah", "not")


def is_affirmative(text: str) -> bool:
    """Say whether an answer begins by agreeing: "yes", "uh-huh", "i did"."""
    words = [word for token in text[:_OPENING].split()[:4] for word in spoken_words(token)]
    while words and words[0] in ("um", "uh", "oh", "well", "ah", "er"):
        words = words[1:]
    if not words or words[0] in ("no", "nope", "not"):
        return False
    if words[0] == "uh" or words[:2] in (
        ["i", "did"],
        ["i", "do"],
        ["that", "is"],
        ["of", "course"],
        ["they", "did"],
        ["you", "did"],
    ):
        return "not" not in words
    return (words[0] in AFFIRMATIVES or text.lower().startswith(("uh-huh", "mm-hmm", "mhm"))) and "not" not in words[:3]


def sentence_bounds(tokens: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Return the tokens (first, one past the last) of the sentence that holds ``start`` to ``end``."""
    first = start
    while first > 0 and start - first < 40 and not is_sentence_end(tokens[first - 1]):
        first -= 1
    last = max(end, start + 1)
    while last < len(tokens) and last - end < 40 and not is_sentence_end(tokens[last - 1]):
        last += 1
    return first, last


def _reaches(negator: str, between: Sequence[str], first: str) -> bool:
    if negator == "no" and any(word in _SUBJECTS for word in between):
        return False  # "no, i got ...": an answer, not a determiner
    if first in _SUBJECTS:
        return negator not in ("no", "none") and any(word in _REPORTS for word in between)
    if first in _STARTS_OF_ORDERS:
        return negator != "no" and all(word in _CARRIERS for word in between)
    return not any(word in _NOMINATIVES for word in between)
