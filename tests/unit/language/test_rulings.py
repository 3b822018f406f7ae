"""The rulings on phrases, one test for each sentence of them."""

import pytest

from app.language.absences import find_absences
from app.language.matching import PackSet
from app.language.packs import load_packs
from app.language.spotting import spot
from app.vocabulary import PackKind
from tests.unit.language.said import Line, hear, utter

# Too short or too innocent: (what is said, by whom, the pack that records it).
INNOCENT = [
    ("hello", "c", "PH-IVR-DEADAIR"), ("i'm ten", "c", "PH-MINOR"), ("i'm twelve", "c", "PH-MINOR"),
    ("i'm sixteen", "c", "PH-MINOR"), ("it expires", "c", "PH-SENS-EXP"), ("it is expiring", "c", "PH-SENS-EXP"),
    ("i was born here", "c", "PH-SENS-DOB"), ("i'm with Acme", "a", "PH-ID-CALLER"), ("i work with Acme", "a", "PH-ID-CALLER"),
    ("we sell roofs", "a", "PH-ID-PURPOSE"), ("this is Dana with Acme", "a", "PH-ID-CALLER"),
    ("i thought this was free", "c", "PH-CHAN-DIRECTORY"), ("is this not your office", "c", "PH-CHAN-INTERCEPT"),
    ("i was promised a visit", "c", "PH-CHAN-INCENT"), ("i was trying to call my son", "c", "PH-CHAN-INTERCEPT"),
    ("my doctor is nice", "c", "PH-SENS-PHI"), ("i'm scared", "c", "PH-VULNERABLE"), ("it's sunday", "c", "PH-TIME-COMPLAINT"),
    ("we're almost out", "a", "PH-CLAIM-URGENCY"), ("it's a discover", "c", "PH-SENS-PAN"),
    ("they ship tomorrow", "a", "PH-TPMO-DISCLAIMER"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "who", "pack"), INNOCENT, ids=[said for said, _, _ in INNOCENT])
def test_ruling_20_innocent_words_are_recorded_and_carry_nothing(packs: PackSet, said: str, who: str, pack: str) -> None:
    hits = [hit for hit in hear(packs, (who, said)) if hit.pack == pack]
    assert hits
    assert {hit.kind for hit in hits} == {PackKind.CONTEXT}


@pytest.mark.parametrize("unit", ["minutes away", "miles from town", "blocks down", "days late", "percent sure"])
@pytest.mark.parametrize("number", ["ten", "twelve", "sixteen", "seventeen"])
def test_ruling_20_a_number_before_a_unit_is_no_age(packs: PackSet, number: str, unit: str) -> None:
    assert not [hit for hit in hear(packs, ("c", f"i'm {number} {unit}")) if hit.pack == "PH-MINOR"]


def test_ruling_20_no_one_else_on_the_line_is_no_transfer(packs: PackSet) -> None:
    for said in ("i have no one else on the line", "i have nobody on the line", "i've got no one on the line for you"):
        assert not [hit for hit in hear(packs, ("a", said)) if "TRANSFER" in hit.pack], said


@pytest.mark.parametrize(
    ("who", "said", "only"),
    [
        ("c", "sorry wrong number", "PH-MISDIAL"),
        ("a", "i'm with medicare", "PH-CLAIM-GOV-IMPERSONATION"),
        ("a", "the flex card", "PH-CLAIM-GOVMONEY"),
        ("c", "i dialed the wrong number", "PH-MISDIAL"),
    ],
)
def test_ruling_21_the_longer_phrase_wins(packs: PackSet, who: str, said: str, only: str) -> None:
    assert {hit.pack for hit in hear(packs, (who, said)) if hit.kind is not PackKind.CONTEXT} == {only}


def test_ruling_21_packs_meant_by_the_same_act_are_both_raised(packs: PackSet) -> None:
    raised = {hit.pack for hit in hear(packs, ("c", "you called me three times today"))}
    assert raised == {"PH-CHAN-OUTBOUND", "PH-FREQ-COMPLAINT"}


@pytest.mark.parametrize(("said", "is_missing"), [("my name is not important", True), ("my name is Susan", False)])
def test_ruling_21_identity_needs_a_name(packs: PackSet, said: str, is_missing: bool) -> None:
    utterances = utter(("a", said))
    hits = spot(utterances, packs, duration_s=60.0)
    absences = find_absences(hits, packs, duration_s=60.0, utterances=utterances)
    assert ("PH-ID-CALLER" in {absence.pack for absence in absences}) is is_missing


@pytest.mark.parametrize("said", ["are you recording this", "is this being recorded without my knowing", "who is this calling"])
def test_ruling_22_questions_are_context(packs: PackSet, said: str) -> None:
    hits = hear(packs, ("c", said))
    assert hits
    assert {hit.kind for hit in hits} == {PackKind.CONTEXT}


@pytest.mark.parametrize(
    ("said", "pack"),
    [
        ("i didn't sign up, you texted me", "PH-CHAN-SMS"),
        ("i didn't sign up you texted me", "PH-CHAN-SMS"),
        ("i'm not sure, you called me", "PH-CHAN-OUTBOUND"),
        ("not sure, i got a text", "PH-CHAN-SMS"),
    ],
)
def test_ruling_22_a_negator_stays_in_its_clause(packs: PackSet, said: str, pack: str) -> None:
    assert pack in {hit.pack for hit in hear(packs, ("c", said))}


@pytest.mark.parametrize("mail", ["email", "e mail", "e-mail", "E-Mail"])
def test_ruling_23_email_in_every_spelling(packs: PackSet, mail: str) -> None:
    assert "PH-CHAN-EMAIL" in {hit.pack for hit in hear(packs, ("c", f"I got an {mail} from you"))}


@pytest.mark.parametrize(
    "place", ["Medicare.gov", "medicare dot gov", "1-800-MEDICARE", "1 800 medicare", "one eight hundred medicare"]
)
def test_ruling_23_medicares_address_and_number_in_every_spelling(packs: PackSet, place: str) -> None:
    lines: list[Line] = [("a", f"Please contact {place} for more.")]
    assert "PH-TPMO-DISCLAIMER" in {hit.pack for hit in hear(packs, *lines)}


def test_ruling_20_every_innocent_phrase_is_marked() -> None:
    marked = {phrase.say for pack in load_packs().packs for phrase in pack.phrases if phrase.never_alone}
    assert {"hello", "expires", "expiring", "ship", "we're almost out", "it's a discover"} <= marked
