"""How does an address come in from outside? Asked for in a transaction of its own, or listed with the reason and refused."""

from collections.abc import Sequence

from app.errors import InvalidInput, StorageFull
from app.intake.deliveries import Envelope
from app.intake.fetching_address import check_may_be_fetched, parse_address
from app.intake.fetching_requests import FetchStanding, request_fetch
from app.intake.rejections import RECORDING, reject
from app.ports import BlobStore
from app.unit_of_work import UnitOfWork
from app.vocabulary import ChannelRole


def deliver_address(
    uow: UnitOfWork,
    blobs: BlobStore,
    envelope: Envelope,
    call_id: str,
    text: str,
    filename: str | None = None,
    channel_roles: Sequence[ChannelRole] | None = None,
    *,
    allowed_hosts: frozenset[str] = frozenset(),
) -> tuple[FetchStanding, bool]:
    """Ask for a call's recording to be fetched from an address; say where that stands, and whether it is a new fetch.

    Parameters
    ----------
    allowed_hosts
        Hosts that may be inside and speak plain HTTP; the fetcher judges again with its own.

    Raises
    ------
    NotFound
        If there is no such call.
    InvalidInput, StorageFull
        If the address may not be fetched, or there is no room for it. It is listed; the address itself is not kept then.
    """
    try:
        address = parse_address(text.strip())
        check_may_be_fetched(address, allowed_hosts)
        with uow.begin(envelope.actor) as work:
            return request_fetch(
                work,
                blobs,
                call_id,
                address,
                sender=envelope.sender,
                item=envelope.item,
                filename=filename,
                channel_roles=channel_roles,
                open_batch=envelope.open_batch,
            )
    except (InvalidInput, StorageFull) as error:
        with uow.begin(envelope.actor) as work:
            reject(
                work,
                sender=envelope.sender,
                item=envelope.item,
                kind=RECORDING,
                error=error,
                call_id=call_id,
                filename=filename,
                open_batch=envelope.open_batch,
            )
        raise
