"""What of a call may its outside parties not see? Numbers of consumers, and the other side's money."""

from app.access.identity import Identity
from app.vocabulary import Role

SHOWN_DIGITS = 4


def show_caller(number: str | None, identity: Identity) -> str:
    """Return the caller's number: whole for the network, the last four digits for advertisers and publishers."""
    if number is None:
        return "withheld"
    if not identity.is_outside:
        return format_number(number)
    return f"••• ••• {number[-SHOWN_DIGITS:]}"


def sees_revenue(identity: Identity) -> bool:
    """Say whether the identity may know what the advertiser pays; a publisher may not."""
    return identity.role is not Role.PUBLISHER


def sees_payout(identity: Identity) -> bool:
    """Say whether the identity may know what the publisher earns; an advertiser may not."""
    return identity.role is not Role.ADVERTISER


def sees_target(identity: Identity) -> bool:
    """Say whether the identity may know the call center's number; a publisher may not."""
    return identity.role is not Role.PUBLISHER


def format_number(number: str) -> str:
    """Return an E.164 number with the blanks people read by; North American numbers as +1 212 555 0123."""
    if number.startswith("+1") and len(number) == 12:
        return f"+1 {number[2:5]} {number[5:8]} {number[8:]}"
    return number
