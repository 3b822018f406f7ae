"""Required words that were not said in time."""

from app.conversation import Utterance
from app.language.absences import Absence, find_absences
from app.language.matching import PackSet
from app.language.spotting import spot
from app.timeline import Span
from app.vocabulary import Speaker

DISCLAIMER = (
    "We do not offer every plan available in your area. Currently we represent 8 organizations which offer 40 products in your "
    "area. Please contact Medicare.gov or 1-800-MEDICARE to get information on all of your options."
)


def absences(packs: PackSet, *said: tuple[float, str], duration_s: float = 120.0, **options: object) -> dict[str, Absence]:
    utterances = [Utterance(1, Speaker.AGENT, Span(at_s, at_s + len(text) / 15), text) for at_s, text in said]
    hits = spot(utterances, packs, duration_s=duration_s)
    found = find_absences(hits, packs, duration_s=duration_s, utterances=utterances, **options)  # type: ignore[arg-type]
    return {absence.pack: absence for absence in found}


def test_a_notice_inside_its_window_is_not_missed(packs: PackSet) -> None:
    assert "PH-REC-NOTICE" not in absences(packs, (4.0, "this call may be recorded"))


def test_a_late_notice_is_missed_and_shown(packs: PackSet) -> None:
    absence = absences(packs, (95.0, "this call may be recorded"))["PH-REC-NOTICE"]
    assert absence.window == Span(0, 30)
    assert absence.late is not None
    assert absence.late.span.start_s == 95.0


def test_the_window_counts_from_the_given_moment(packs: PackSet) -> None:
    assert "PH-REC-NOTICE" not in absences(packs, (95.0, "this call may be recorded"), origin_s=80.0)


def test_a_recording_that_ends_inside_the_window_is_judged_on_what_there_is(packs: PackSet) -> None:
    assert absences(packs, (1.0, "hello"), duration_s=12.0)["PH-REC-NOTICE"].window == Span(0, 12)


def test_each_part_of_the_disclaimer_must_be_said(packs: PackSet) -> None:
    assert "PH-TPMO-DISCLAIMER" not in absences(packs, (5.0, DISCLAIMER))
    assert absences(packs, (5.0, DISCLAIMER), with_former_group=True)["PH-TPMO-DISCLAIMER"].missing_groups == (-1,)
    shortened = DISCLAIMER.partition(" Please")[0]
    assert absences(packs, (5.0, shortened))["PH-TPMO-DISCLAIMER"].missing_groups == (2,)


def test_identity_needs_a_name(packs: PackSet) -> None:
    assert "PH-ID-CALLER" in absences(packs, (2.0, "my name is not important"))
    assert "PH-ID-CALLER" not in absences(packs, (2.0, "Hello, my name is Susan."))
    assert "PH-ID-CALLER" not in absences(packs, (2.0, "thank you for calling brightway"), names=frozenset({"brightway"}))
