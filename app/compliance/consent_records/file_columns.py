"""Under which names do files of consents carry each field? One table, so that a new sender is a few more words.

Names are compared without case, spaces and punctuation.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.compliance.consent_records.record import FIELDS
from app.intake.columns import Columns

MORE_NAMES: Mapping[str, tuple[str, ...]] = {
    "external_id": ("consent_id", "lead_id", "record_id", "id"),
    "number": ("phone", "phone_number", "telephone", "mobile", "cell", "phone1", "phone_1", "consumer_number"),
    "seller": ("seller_name", "brand", "advertiser", "company"),
    "given_at": (
        "consented_at", "consent_time", "consent_at", "timestamp", "submitted_at", "opt_in_at", "optin_time", "created_at",
    ),
    "source": ("source_id", "call_source", "source_external_id"),
    "person": ("name", "full_name", "consumer_name"),
    "text": ("consent_text", "disclosure", "disclosure_text", "tcpa_text", "language", "consent_language"),
    "page_url": ("url", "page", "landing_page", "landing_page_url", "source_url", "form_url"),
    "form_version": ("form", "form_id", "version", "disclosure_version"),
    "act": ("action", "method", "affirmative_act", "consent_method"),
    "ip": ("ip_address", "client_ip", "remote_addr"),
    "user_agent": ("useragent", "browser"),
    "session_id": ("session", "visit_id"),
    "purpose": ("consent_purpose",),
    "channels": ("consent_channels",),
    "rendering": ("screenshot", "screenshot_url", "snapshot"),
    "esign_basis": ("esign",),
    "written": ("in_writing",),
    "signed": ("signature", "e_signature"),
    "names_seller": ("seller_named",),
    "automated_calls": ("autodialer", "automated", "allows_automated"),
    "names_number": ("number_named", "states_number"),
    "conspicuous": ("clear_and_conspicuous",),
    "discloses_calls": ("authorizes_calls",),
    "not_condition": ("not_a_condition", "no_purchase_condition"),
    "certificate": (
        "certificate_url", "cert_url", "certificate_id", "cert_id", "trusted_form_cert_url", "trustedform_cert_url",
        "trustedform", "xx_trusted_form_cert_url", "leadid", "leadid_token", "jornaya_lead_id", "universal_leadid", "jornaya",
    ),
    "certificate_kind": ("certificate_vendor", "cert_vendor"),
    "certificate_created_at": ("cert_created_at",),
    "certificate_retained_at": ("cert_retained_at", "retained_at"),
    "certificate_expires_at": ("cert_expires_at", "expires_at"),
    "certificate_submission_detected": ("submission_detected",),
    "certificate_phone_match": ("phone_match", "phone_matched"),
}  # fmt: skip
"""Other names of each field; the first one known in a file counts, the field's own name before all."""

CONSENT_COLUMNS = Columns({name: (name, *MORE_NAMES.get(name, ())) for name in FIELDS}, ("external_id", "number", "given_at"))
