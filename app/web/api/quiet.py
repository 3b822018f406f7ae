"""May this error be told to a program? Takes the values that were sent out of errors before they become answers.

Answers end up in other systems' logs, and call logs hold consumers' numbers. The page of rejected items shows the full text to
people of the network.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import AudioUnreadable, InvalidInput, StorageFull
from app.intake.recordings import tidy_filename


@contextmanager
def without_input(filename: str | None = None) -> Iterator[None]:
    """Raise the same kind of error with its code, the fields and what was expected, and nothing that was sent."""
    try:
        yield
    except (InvalidInput, AudioUnreadable, StorageFull) as error:
        problems = [
            {name: text for name, text in problem.items() if name in ("field", "expected")}
            for problem in error.details.get("problems", ())
        ]
        message = "; ".join(f"{problem['field']}: expected {_strip(problem['expected'])}" for problem in problems)
        if not message:
            message = error.message.replace(tidy_filename(filename), "recording") if filename else "the row does not fit"
        raise type(error)(message, code=error.code, problems=problems) from None


def _strip(expected: str) -> str:
    return expected.removeprefix("expected ")
