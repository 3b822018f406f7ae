"""What does the intake page show? Refused items and batches, ready to print."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.intake.rejections import Rejection, RejectionPage
from app.web.batches import BatchLine
from app.web.formatting import write_title


@dataclass(frozen=True, slots=True)
class RejectionView:
    """One refused item."""

    entry: Rejection
    kind: str
    call_url: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class IntakePage:
    """The whole page."""

    rejections: tuple[RejectionView, ...]
    batches: tuple[BatchLine, ...]
    is_open_only: bool
    older_url: str | None


def present_intake(rejections: RejectionPage, batches: Sequence[BatchLine], *, is_open: bool) -> IntakePage:
    """Return the page."""
    show = "" if is_open else "show=all&"
    return IntakePage(
        rejections=tuple(
            RejectionView(
                entry, write_title(entry.kind), f"/calls/{entry.call_id}" if entry.call_id else None, entry.resolved_at is None
            )
            for entry in rejections.items
        ),
        batches=tuple(batches),
        is_open_only=is_open,
        older_url=f"/intake?{show}before={rejections.next_cursor}" if rejections.next_cursor else None,
    )
