"""Which family does a rule belong to? The first part of its id, in words."""

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "TCPA": "Telephone consumer protection (TCPA)",
    "DNC": "Do-not-call lists",
    "STATE": "Rules of the states",
    "CONSENT": "Proof of consent",
    "TSR": "Telemarketing sales rule",
    "REC": "Consent to recording",
    "RND": "Reassigned numbers",
    "LITIGATOR": "People who sue callers",
    "CHAN": "Channels and transfers",
    "CLAIM": "Claims and promises",
    "MED": "Medicare",
    "SENS": "Numbers of people",
    "COPPA": "Children",
    "PRIV": "Privacy requests",
    "QUAL": "Quality of the call",
    "FRAUD": "Fraud",
    "NUM": "Telephone numbers",
    "STIR": "Caller ID attestation",
    "EVID": "Evidence of the call",
}


def family_of(rule: str) -> str:
    """Return the family of a rule or finding: ``STATE`` of ``STATE-HOURS-FL``."""
    return rule.partition("-")[0]


def name_family(family: str) -> str:
    """Return a family in words; one that nobody named as it is written."""
    return FAMILIES.get(family, family)
