"""Words are cut as ``str.split`` cuts them, and a memory of words never takes one for another."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.language import tokens as module
from app.language.tokens import Memory, Tokens

LETTERS = st.sampled_from(list("abcdeABC',.?0123 \t\n\x00\x01\x1c\x85\u00a0\u2003\u3000éß😀ⅳ")) | st.characters()
TEXTS = st.text(LETTERS, max_size=120)


def spell(token: str) -> str:
    """Stands for an alphabet: the letters of a word, so that every word has its own writing; those of a's have none."""
    return "" if set(token) == {"a"} else token


@given(TEXTS)
@example("\u00a0")
@example("")
@example("a\x00 a \x00 a")
def test_words_are_those_of_split(text: str) -> None:
    tokens = Tokens(text)
    assert list(tokens) == text.split()
    assert tokens[:] == text.split()
    assert len(tokens) == len(text.split())


@given(st.lists(st.text(LETTERS, max_size=20), min_size=1, max_size=8))
def test_a_place_in_the_text_leads_to_the_first_word_behind_it(texts: list[str]) -> None:
    letters = [sum(len(text) + 1 for text in texts[:i]) for i in range(len(texts))]
    words = [sum(len(text.split()) for text in texts[:i]) for i in range(len(texts))]
    assert Tokens(" ".join(texts)).places_of(letters) == words


@given(st.lists(TEXTS.filter(lambda text: text.encode("utf-8", "ignore").decode() == text), min_size=1, max_size=4))
@example(["abcdefgh abcdefghi abcdefghijklmnop abcdefghijklmnopq abcdefghijklmnopr"])
@example(["a\x00 a", "a a\x00", "é\x80 \x80é"])
def test_each_word_is_read_as_itself_however_often_and_in_whatever_order(texts: list[str]) -> None:
    memory = Memory(spell)
    for text in [*texts, *reversed(texts)]:
        codes, token_of, numbers = memory.read(Tokens(text))
        words = text.split()
        wanted = [(letter, place) for place, word in enumerate(words) for letter in spell(word)]
        assert list(zip(map(chr, codes.tolist()), token_of.tolist(), strict=True)) == wanted
        assert all((words[i] == words[j]) == (numbers[i] == numbers[j]) for i in range(len(words)) for j in range(i))


def test_words_that_share_a_slot_are_kept_apart(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "_slots_of", lambda low, high, turn: (low * 0).astype("int64"))
    memory = Memory(spell)
    text = "we sent you a text about the roof and you called"
    for _ in range(2):
        codes, _, _ = memory.read(Tokens(text))
        assert "".join(map(chr, codes.tolist())) == "".join(word for word in text.split() if word != "a")


def test_a_full_memory_starts_anew_and_reads_the_same(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "_MOST_KEPT", 5)
    memory = Memory(spell)
    for text in ("one two three four five six seven", "eight nine one two ten", "one two three"):
        codes, token_of, _ = memory.read(Tokens(text))
        assert "".join(map(chr, codes.tolist())) == text.replace(" ", "")
        assert token_of.tolist() == [place for place, word in enumerate(text.split()) for _ in word]


def test_each_word_is_asked_for_once() -> None:
    asked: list[str] = []

    def write(token: str) -> str:
        asked.append(token)
        return token

    memory = Memory(write)
    for _ in range(3):
        memory.read(Tokens("stop calling me stop calling extraordinarily-long-words"))
    assert asked == ["stop", "calling", "me", "extraordinarily-long-words"]
