"""How are moments, lengths and numbers written for people? One way each, on every page."""

from datetime import datetime


def write_moment(at: datetime) -> str:
    """Return a moment in words and UTC; the page's script turns it into the viewer's own zone."""
    return f"{at:%d %b %Y, %H:%M} UTC"


def write_length(seconds: float | None) -> str:
    """Return a length as minutes and seconds, 1:05; a dash when it is not known."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def write_age(seconds: float) -> str:
    """Return how long ago something was, in the largest fitting unit: 40 s, 12 min, 3 h, 5 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def write_count(number: int) -> str:
    """Return a number with its thousands apart: 12,345."""
    return f"{number:,}"


def write_word(term: str) -> str:
    """Return a word of the vocabulary as people write it: ``needs_evidence`` as needs evidence."""
    return str(term).split(".")[-1].replace("_", " ")


def write_title(term: str) -> str:
    """Return a word of the vocabulary with a capital: ``no_answer`` as No answer."""
    word = write_word(term)
    return word[:1].upper() + word[1:]
