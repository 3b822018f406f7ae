"""What of a call may its outside parties not see? Numbers of consumers, and the other side's money."""

from app.access.identity import Identity
from app.phone import describe, mask
from app.vocabulary import Role


def show_caller(number: str | None, identity: Identity) -> str:
    """Return the caller's number: whole for the network, the last four digits for advertisers and publishers."""
    if number is None:
        return "withheld"
    return mask(number) if identity.is_outside else describe(number)


def sees_revenue(identity: Identity) -> bool:
    """Say whether the identity may know what the advertiser pays; a publisher may not."""
    return identity.role is not Role.PUBLISHER


def sees_payout(identity: Identity) -> bool:
    """Say whether the identity may know what the publisher earns; an advertiser may not."""
    return identity.role is not Role.ADVERTISER


def sees_target(identity: Identity) -> bool:
    """Say whether the identity may know the call center's number; a publisher may not."""
    return identity.role is not Role.PUBLISHER
