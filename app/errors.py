"""What can go wrong, in the words of the person who has to mend it.

Every error says what was expected, what came, which item, and what to do. The web, the CLI and the workers map these
classes once, each at its own boundary.
"""

from typing import Any


class EarshotError(Exception):
    """Base of all errors that Earshot raises on purpose; ``code`` is stable and machine-readable."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = details


class NotFound(EarshotError):
    """The thing named does not exist, or not for this user: the two are told apart to nobody."""

    code = "not_found"


class InvalidInput(EarshotError):
    """A value from outside does not fit; details name the field or the line."""

    code = "invalid_input"


class InvalidTransition(EarshotError):
    """The record is not in a state from which this step is allowed."""

    code = "invalid_transition"


class Conflict(EarshotError):
    """Somebody else changed or claimed the record, or the same key came with other content."""

    code = "conflict"


class Forbidden(EarshotError):
    """The user is known but may not do this."""

    code = "forbidden"


class SignInNeeded(EarshotError):
    """Nobody is signed in, or the token is not known."""

    code = "sign_in_needed"


class TooManyRequests(EarshotError):
    """Asked too often; ``retry_after_s`` in the details says when to come back."""

    code = "too_many_requests"


class AudioUnreadable(EarshotError):
    """The recording cannot be decoded; ``code`` tells why (empty_file, not_audio, truncated, too_short, too_long...)."""

    code = "audio_unreadable"


class StorageFull(EarshotError):
    """The disk or bucket refused the bytes; nothing was recorded and the item can be sent again."""

    code = "storage_full"


class BlobDamaged(EarshotError):
    """Stored bytes do not open: changed, cut off, put in another's place, or sealed by a key that is not given."""

    code = "blob_damaged"


class ListDamaged(EarshotError):
    """A file of a do-not-call list is not what was written: nothing may be answered from it."""

    code = "list_damaged"
