"""Packs and rules as fields: nothing is lost on the way there and back, and what cannot be read is named by field."""

from typing import Any

import pytest

from app.compliance.editions.attempt import try_sentence
from app.compliance.editions.counts import rule_of_finding
from app.compliance.editions.document import packaged_document
from app.compliance.editions.notation import compare_phrases, read_pack_phrases, write_pack_phrases
from app.compliance.editions.pack_form import read_pack, read_pack_id, write_pack
from app.compliance.editions.rule_form import read_rule, read_table, write_rule
from app.compliance.packaged import load_judge
from app.errors import InvalidInput
from app.language.packs import parse_packs
from app.vocabulary import PackKind, Speaker

PACKS = {pack["id"]: pack for pack in packaged_document().packs["packs"]}
RULES = {f"{row['id']}@{row['version']}": row for row in packaged_document().rules}


@pytest.mark.parametrize("pack_id", PACKS)
def test_a_pack_written_out_and_read_back_is_the_same_pack(pack_id: str) -> None:
    assert read_pack(write_pack(PACKS[pack_id]), pack_id) == PACKS[pack_id]


@pytest.mark.parametrize("subject", RULES)
def test_a_rule_written_out_and_read_back_is_the_same_rule(subject: str) -> None:
    assert read_rule(write_rule(RULES[subject]), RULES[subject]) == RULES[subject]


def test_marks_stand_behind_the_bar_and_alternatives_keep_theirs() -> None:
    written = read_pack_phrases(
        "i got a text | Never  alone, question\n\n(a|the) card is | decisive"
        "\nplain words\n[part 1]\none\n[until 2026-09-30]\nship"
    )
    assert written.phrases == [
        {"say": "i got a text", "never_alone": True, "question": True},
        {"say": "(a|the) card is", "decisive": True},
        "plain words",
    ]
    assert (written.groups, written.until) == ([["one"]], ["ship"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello | loudly", "line 1: expected words, and behind the bar marks among never alone"),
        ("ok\nhello |", "line 2"),
        ("| question", "no words"),
        ("[part 2]\nhello", r"expected \[part 1\]"),
        ("[group]", r"expected \[part 1\]"),
        ("x" * 200_001, "at most 200,000"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refusal:
        read_pack_phrases(text)
    assert refusal.value.details["field"] == "phrases"


def test_a_phrase_whose_marks_changed_went_and_came() -> None:
    gone, came = compare_phrases({"phrases": ["a b", "c d"]}, {"phrases": ["a b", {"say": "c d", "age": True}, "e"]})
    assert (gone, came) == (("c d",), ("c d | age", "e"))
    assert "c d" in write_pack_phrases({"phrases": ["a b", "c d"]})


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("needs_digits_s", "soon", "expected seconds"),
        ("window_to_s", "", "until when"),
        ("note", "n" * 2001, "at most 2,000"),
        ("rule", " ", "expected the id of the rule"),
    ],
)
def test_a_pack_field_that_cannot_be_read_is_named(field: str, typed: str, said: str) -> None:
    fields = write_pack(PACKS["PH-REC-NOTICE"]) | {"window_from_s": "5", field: typed}
    with pytest.raises(InvalidInput, match=said) as refusal:
        read_pack(fields, "PH-REC-NOTICE")
    assert refusal.value.details["field"] == field


@pytest.mark.parametrize("typed", ["", "RAFFLE", "PH-", "PH-a b", "PH-CHAN-SMS", "PH-" + "A" * 60])
def test_a_new_pack_needs_an_id_of_its_own(typed: str) -> None:
    with pytest.raises(InvalidInput):
        read_pack_id({"id": typed}, frozenset(PACKS))


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "in a few words"),
        ("citations", " \n", "at least one"),
        ("effective_from", "soon", "expected a day"),
        ("stake_least", "lots", "US dollars"),
        ("stake_least", "2000", "the least first"),
        ("param-days", "a week", "whole number"),
    ],
)
def test_a_rule_field_that_cannot_be_read_is_named(field: str, typed: str, said: str) -> None:
    row = dict(RULES["FRAUD-REPEAT@1"]) | {"stake_minor": [50000, 150000]}
    with pytest.raises(InvalidInput, match=said) as refusal:
        read_rule(write_rule(row) | {field: typed}, row)
    assert refusal.value.details["field"] == field


def test_what_is_typed_into_a_rule_is_what_the_row_says() -> None:
    row = RULES["STATE-HOURS@1"]
    typed = write_rule(row) | {
        "severity": "low", "status": "stayed", "effective_from": "2027-01-01", "stake_least": "$500", "stake_most": "1,500.50",
        "param-exempt": "UT: {express_consent: false}",
    }  # fmt: skip
    new = read_rule(typed, row)
    changed: dict[str, Any] = {name: value for name, value in new.items() if row.get(name) != value}
    assert changed == {
        "severity": "low", "status": "stayed", "effective_from": "2027-01-01", "stake_minor": [50000, 150050],
        "params": row["params"] | {"exempt": {"UT": {"express_consent": False}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "without & \\* or !"),
        ("!!python/object:os.system x", "without"),
        ("{a: 1", "line 1: expected YAML or JSON: expected ','"),
        ("[" * 3000, "expected YAML or JSON"),
        ("[[[[[[[[[[1]]]]]]]]]]", "at most 8 levels"),
        ("x" * 9000, "at most 8,000"),
    ],
)
def test_a_table_that_could_do_harm_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_table(text, "param-x")


def test_json_is_read_as_well_and_days_stay_text() -> None:
    assert read_table('{"LA": ["2023-12-26"], "n": 2}', "param-x") == {"LA": ["2023-12-26"], "n": 2}
    assert read_table("LA: [2023-12-26]", "param-x") == {"LA": ["2023-12-26"]}


def test_a_sentence_is_heard_with_its_words_marked() -> None:
    attempt = try_sentence(load_judge().packs, Speaker.CALLER, "Hello, well  i got a text from you")
    (heard,) = [heard for heard in attempt.heard if heard.hit.pack == "PH-CHAN-SMS"]
    assert [(piece.text, piece.is_heard) for piece in heard.pieces] == [
        ("Hello, well", False), ("i got a text", True), ("from you", False),
    ]  # fmt: skip


def test_an_answer_makes_a_question_count() -> None:
    packs = load_judge().packs
    asked = Speaker.AGENT, "did you get a text from us?"
    assert "PH-CHAN-SMS" not in {heard.hit.pack for heard in try_sentence(packs, *asked).heard}
    agreed = [heard.hit for heard in try_sentence(packs, *asked, "yes i did").heard if heard.hit.pack == "PH-CHAN-SMS"]
    assert [hit.kind for hit in agreed] == [PackKind.VIOLATION]


@pytest.mark.parametrize(("text", "answer"), [("", ""), ("a " * 1500, ""), ("hello", "b " * 1500)])
def test_nothing_or_too_much_to_try_is_refused(text: str, answer: str) -> None:
    with pytest.raises(InvalidInput):
        try_sentence(load_judge().packs, Speaker.CALLER, text, answer)


def test_alternatives_of_all_phrases_together_have_a_bound() -> None:
    phrases = [f"(a|b) (c|d) (e|f) (g|h) (i|j) word{number}" for number in range(251)]
    pack = {"id": "PH-X", "rule": "R", "kind": "violation", "speaker": "any", "severity": "low", "phrases": phrases}
    with pytest.raises(InvalidInput, match="at most 8,000 wordings in all, got 8,032"):
        parse_packs({"version": 1, "packs": [pack]})


@pytest.mark.parametrize(
    ("finding", "rule"), [("STATE-HOURS-FL", "STATE-HOURS"), ("STATE-HOURS", "STATE-HOURS"), ("GONE-RULE", None)]
)
def test_a_finding_of_one_state_belongs_to_its_rule(finding: str, rule: str | None) -> None:
    assert rule_of_finding(finding, frozenset({"STATE-HOURS", "TCPA-HOURS"})) == rule
