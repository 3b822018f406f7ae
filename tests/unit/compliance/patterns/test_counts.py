"""Which counts are too many, and what is said of them."""

from datetime import UTC, datetime, timedelta

from app.compliance.patterns.counts import find_denied_sources, find_open_findings, find_reused_certificates
from app.compliance.patterns.rules import get_pattern_rule
from app.compliance.patterns.values import CertificateUse, Denials, OpenFindings, Subject, SubjectKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAM = Subject(SubjectKind.PUBLISHER, "pam", "Pam Company", "pam", "Pam Company")
SEARCH = Subject(SubjectKind.SOURCE, "s", "Search", "pam", "Pam Company")


def test_one_open_critical_finding_is_enough_and_its_age_is_told() -> None:
    row = OpenFindings(PAM, 1, 1, NOW - timedelta(days=20, hours=3), (("TCPA-PEWC", 1),))
    (found,) = find_open_findings([row], get_pattern_rule("TSR-ASSIST"), NOW)
    assert found.sentence == (
        "1 critical finding on 1 call of Pam Company has been open for more than 14 days, the oldest for 20. "
        "Nobody has agreed with or refused it: decide."
    )
    assert found.citations == ("16 CFR 310.3(b)",)
    assert found.evidence["rules"] == {"TCPA-PEWC": 1}


def test_the_publisher_with_most_open_findings_comes_first() -> None:
    quin = Subject(SubjectKind.PUBLISHER, "quin", "Quin", "quin", "Quin")
    rows = [OpenFindings(PAM, 2, 2, NOW, ()), OpenFindings(quin, 7, 5, NOW, ())]
    found = find_open_findings(rows, get_pattern_rule("TSR-ASSIST"), NOW)
    assert [pattern.subject for pattern in found] == [quin, PAM]
    assert found[0].sentence.startswith("7 critical findings on 5 calls of Quin have been open")


def test_a_certificate_of_two_numbers_is_borne_and_one_of_three_is_not() -> None:
    rule = get_pattern_rule("FRAUD-CERT-REUSE")
    rows = [CertificateUse("aa", 2, 5, 2, SEARCH), CertificateUse("bb", 3, 1, 4, SEARCH), CertificateUse("cc", 1, 6, 6, None)]
    found = find_reused_certificates(rows, rule)
    assert [pattern.evidence["certificate"] for pattern in found] == ["bb", "cc"]
    assert found[0].sentence == (
        "Certificate bb stands for 3 numbers and 1 buyer in 4 consents of Search of Pam Company. "
        "It records one visit of one person."
    )
    assert found[1].subject is None


def test_the_third_denied_consent_within_a_week_freezes_the_source() -> None:
    rule = get_pattern_rule("SOURCE-CONSENT-DENIED")
    assert find_denied_sources([Denials(SEARCH, ("c1", "c2"))], rule) == ()
    (found,) = find_denied_sources([Denials(SEARCH, ("c1", "c2", "c3"))], rule)
    assert found.sentence.startswith("3 callers of Search of Pam Company said within 7 days that they never agreed")
    assert found.call_ids == ("c1", "c2", "c3")
