"""How is a vendor asked about a consent's certificate? Read, ask, keep; no transaction is open while the vendor is asked."""

from __future__ import annotations

from collections.abc import Mapping

from app.compliance.consent_records.service import ASKED, KeptAnswer, get_consent, keep_answer
from app.errors import InvalidInput
from app.models.campaigns import CallSource
from app.ports import CertificateQuestion, CertificateVendor
from app.unit_of_work import UnitOfWork

NEEDED_SETTINGS: Mapping[str, str] = {
    "trustedform": "EARSHOT_TRUSTEDFORM_API_KEY",
    "leadid": "EARSHOT_LEADID_ACCOUNT_CODE and EARSHOT_LEADID_AUDIT_KEY",
}
"""Which settings hold the credentials for each vendor."""


def ask_vendor(
    uow: UnitOfWork, vendors: Mapping[str, CertificateVendor], actor: str, consent_id: str, *, is_kept: bool
) -> KeptAnswer:
    """Ask the vendor of a consent's certificate, keep the answer whole, and join what it says to the consent.

    Raises
    ------
    NotFound
    InvalidInput
        When there is no certificate, no credentials are set for its vendor, or the vendor may not be asked (a look-alike host,
        an id of another shape); nobody was asked then.
    ConnectionError
        When the vendor gives no answer in time.
    """
    with uow.read() as session:
        consent = get_consent(session, consent_id)
        source = session.get(CallSource, consent.source_id) if consent.source_id else None
        question = CertificateQuestion(
            certificate=dict(consent.certificate or {}),
            number=consent.number,
            seller=consent.seller,
            is_kept=is_kept,
            reference=consent.external_id,
            source=source.external_id if source else "",
        )
    kind = str(question.certificate.get("kind"))
    if kind not in NEEDED_SETTINGS:
        raise InvalidInput("expected a consent with a certificate of TrustedForm or LeadiD; this one has none", field="vendor")
    if kind not in vendors:
        raise InvalidInput(f"nobody can be asked: set {NEEDED_SETTINGS[kind]} first", code="no_credentials")
    answer = vendors[kind].look_up(question)
    with uow.begin(actor) as work:
        return keep_answer(work, consent_id, answer.content, how=ASKED, status=answer.status)
