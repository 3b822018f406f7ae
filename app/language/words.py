"""A set of words, written as a sentence: the one notation for the word lists of this package."""


def word_set(*lines: str) -> frozenset[str]:
    """Return the words of the lines."""
    return frozenset(" ".join(lines).split())
