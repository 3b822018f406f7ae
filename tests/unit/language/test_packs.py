"""The shipped phrase packs, and what a draft that does not fit gets told."""

import pytest

from app.errors import InvalidInput
from app.language.packs import load_packs, parse_packs
from app.vocabulary import PackKind, Severity, Speaker

# Phrases that are too short or too innocent to carry a finding.
NEVER_ALONE = {
    "hello", "i'm ten", "i'm twelve", "i'm sixteen", "expires", "expiring", "i was born", "i'm with", "i work with",
    "we sell", "this is * with", "i thought this was", "is this not", "i was promised", "i was trying to call", "my doctor is",
    "i'm scared", "it's sunday", "we're almost out", "it's a discover", "ship",
}  # fmt: skip
QUESTIONS = {"are you recording this", "is this being recorded without", "who is this calling"}


def draft(**changes: object) -> dict[str, object]:
    pack = {
        "id": "PH-X",
        "rule": "X",
        "kind": "violation",
        "speaker": "caller",
        "severity": "low",
        "phrases": ["you called me"],
    }
    return {"version": 1, "packs": [{**pack, **changes}]}


def test_all_sixty_seven_packs_are_there_with_rule_kind_and_phrases() -> None:
    packs = load_packs().packs
    assert len(packs) == 67
    assert len({pack.id for pack in packs}) == 67
    assert all(pack.rule and pack.phrases for pack in packs)
    assert sum(len(pack.phrases) for pack in packs) >= 1198 - 1  # of the first list, one phrase of which lost its second home


def test_innocent_phrases_never_stand_alone_and_questions_are_context() -> None:
    phrases = [phrase for pack in load_packs().packs for phrase in pack.phrases]
    assert {phrase.say for phrase in phrases if phrase.never_alone} >= NEVER_ALONE
    assert {phrase.say for phrase in phrases if phrase.question} >= QUESTIONS


def test_the_flex_card_belongs_to_government_money_alone() -> None:
    homes = [pack.id for pack in load_packs().packs if any(phrase.say == "the flex card" for phrase in pack.phrases)]
    assert homes == ["PH-CLAIM-GOVMONEY"]


def test_asking_for_the_promised_card_is_decisive() -> None:
    pack = load_packs().get("PH-CHAN-INCENT")
    assert {phrase.say for phrase in pack.phrases if phrase.decisive} == {"when do i get my gift card", "where's my gift card"}


def test_a_pack_keeps_its_facts() -> None:
    pack = load_packs().get("PH-REC-NOTICE")
    assert (pack.kind, pack.speaker, pack.severity, pack.window_s) == (
        PackKind.REQUIRED,
        Speaker.AGENT,
        Severity.CRITICAL,
        (0.0, 30.0),
    )
    assert load_packs().get("PH-TPMO-DISCLAIMER").groups == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "crime"}, "PH-X: kind: expected one of violation, required, context, counter; got 'crime'"),
        ({"speaker": "robot"}, "PH-X: speaker: expected one of caller, agent, unknown, any; got 'robot'"),
        ({"severity": None}, "PH-X: severity: expected one of info"),
        ({"phrases": []}, "PH-X: phrases: expected a list of phrases"),
        ({"phrases": ["* called me"]}, "'* called me': expected a word at both ends"),
        ({"phrases": ["you * {n} me"]}, "expected a word between two of * and {n}"),
        ({"phrases": ["you (called|rang me"]}, "both parentheses"),
        ({"phrases": ["you ca*ed me"]}, "expected * and {n} as words of their own, got 'ca*ed'"),
        ({"phrases": [{"say": "you called me", "loud": True}]}, "expected marks among"),
        ({"phrases": ["you called me", "you called me"]}, "expected each phrase once"),
        ({"phrases": [7]}, "phrase 1: expected words"),
        ({"window_s": [30, 0]}, "window_s: expected [from, to] in seconds with 0 <= from < to, got [30, 0]"),
        ({"needs_digits_s": "soon"}, "needs_digits_s: expected seconds above 0, got 'soon'"),
        ({"colour": "red"}, "PH-X: expected only"),
        ({"rule": None}, "PH-X: expected a rule id"),
    ],
)
def test_a_draft_that_does_not_fit_names_pack_phrase_and_expectation(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        parse_packs(draft(**changes))
    assert said in error.value.message


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(InvalidInput) as error:
        parse_packs(
            {"version": "one", "packs": [draft()["packs"][0], draft()["packs"][0], "x"], "meant_together": [["PH-X", "PH-Y"]]}
        )  # type: ignore[index]
    assert len(error.value.details["problems"]) == 4


@pytest.mark.parametrize("data", [None, [], {"packs": "many"}])
def test_a_document_without_packs_is_refused(data: object) -> None:
    with pytest.raises(InvalidInput, match="expected a mapping with a list `packs`"):
        parse_packs(data)
