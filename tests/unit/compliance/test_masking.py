"""Numbers of people are masked in quotes near them and in longer texts; other quotes stay as they were said."""

from typing import Any

from app.compliance.masking import mask_told
from app.language.redact_text import MASK
from app.language.sensitive import SensitiveKind, SensitiveSpan
from app.timeline import Span
from app.vocabulary import Speaker

CARD = (SensitiveSpan(SensitiveKind.CARD, Speaker.CALLER, 0, Span(30.0, 36.0), 16, "asked for"),)


def hit(start_s: float, quote: str) -> dict[str, Any]:
    return {"start_s": start_s, "end_s": start_s + 1.0, "quote": quote}


def test_a_quote_near_the_number_and_the_reason_that_repeats_it_are_masked() -> None:
    reason, evidence = mask_told(
        "Heard: “it is 4111 today”.", {"hits": [hit(35.0, "it is 4111 today"), hit(60.0, "in 30 days")]}, CARD
    )
    assert reason == f"Heard: “it is {MASK} today”."
    assert [quote["quote"] for quote in evidence["hits"]] == [f"it is {MASK} today", "in 30 days"]


def test_texts_and_quotes_of_unknown_length_are_masked_wherever_they_are() -> None:
    told = {"opening": "my card is 4111", "quotes": [{"text": "a fee of 400", "start_s": 5.0}], "window_days": 30}
    evidence = mask_told("A fee.", told, CARD)[1]
    assert evidence == {
        "opening": f"my card is {MASK}",
        "quotes": [{"text": f"a fee of {MASK}", "start_s": 5.0}],
        "window_days": 30,
    }


def test_without_numbers_given_away_nothing_changes() -> None:
    told = {"hits": [hit(1.0, "in 30 days")]}
    assert mask_told("Heard: “in 30 days”.", told, ()) == ("Heard: “in 30 days”.", told)
