"""What time is it? The machine's clock, in UTC."""

from datetime import UTC, datetime


class SystemClock:
    """The real clock (``ports.Clock``)."""

    def now(self) -> datetime:
        """Return the current moment in UTC."""
        return datetime.now(UTC)
