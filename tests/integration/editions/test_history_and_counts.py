"""What was counted and what changed when, on both databases."""

import copy
from datetime import timedelta

from app.compliance.editions.counts import PackCounts, count_by_pack, count_by_rule
from app.compliance.editions.document import Change, EditionDocument, packaged_document
from app.compliance.editions.drafts import open_draft, open_draft_from_release, publish_draft, save_change
from app.compliance.editions.history import find_release_news, load_history
from app.compliance.editions.second_look import take_second_look
from app.compliance.editions.service import keep_edition, keep_packaged, publish_edition
from app.models.screening import KeywordHitRow
from app.unit_of_work import UnitOfWork
from app.vocabulary import EditionPart, PackKind, Severity, Speaker
from tests.functional.world import add_calls, add_parties

PACK = "PH-CHAN-SMS"


def with_phrase(document: EditionDocument, phrase: str) -> EditionDocument:
    kept = copy.deepcopy(document.to_json())
    next(pack for pack in kept["packs"]["packs"] if pack["id"] == PACK)["phrases"].append(phrase)
    return EditionDocument(tuple(kept["rules"]), kept["packs"])


def test_findings_and_hits_of_the_last_days_are_counted_by_rule_and_pack(uow: UnitOfWork) -> None:
    with uow.begin("test") as work:
        add_parties(work)
        add_calls(work)
        for seq, kind in enumerate((PackKind.VIOLATION, PackKind.CONTEXT)):
            work.session.add(
                KeywordHitRow(
                    screening_id="scr-acme-flagged", seq=seq, pack=PACK, rule="CHAN-SPEECH-SMS", kind=kind,
                    severity=Severity.HIGH, phrase="p", speaker=Speaker.CALLER, start_s=1.0, end_s=2.0, quote="p",
                    confidence=1.0, is_low_trust=False, match="exact",
                )
            )  # fmt: skip
        now = work.now
    with uow.read() as session:
        counts = count_by_rule(session, ["INCENTIVE", "STATE-HOURS"], now - timedelta(days=30))
        assert {rule: (found.violation, found.total) for rule, found in counts.items()} == {"INCENTIVE": (2, 2)}
        assert count_by_pack(session, now - timedelta(days=30)) == {PACK: PackCounts(hits=2, context=1, calls=1)}
        assert count_by_rule(session, ["INCENTIVE"], now) == {}
        assert count_by_pack(session, now) == {}


def test_a_change_written_back_is_no_change_and_an_author_is_known(uow: UnitOfWork) -> None:
    with uow.begin("user:o") as work:
        draft = open_draft(work, "t")
        base = packaged_document().parts()[EditionPart.PACK, PACK]
        more = {**base, "phrases": [*base["phrases"], "your text blast reached me"]}
        assert save_change(work, draft, Change(EditionPart.PACK, PACK, more))
        assert not save_change(work, draft, Change(EditionPart.PACK, PACK, more))
        assert save_change(work, draft, Change(EditionPart.PACK, PACK, base))
        assert not save_change(work, draft, Change(EditionPart.PACK, PACK, base))
        assert save_change(work, draft, Change(EditionPart.PACK, PACK, more))
    with uow.read() as session:
        look = take_second_look(session, draft)
    assert look.authors == frozenset({"user:o"})
    assert look.back_test is None
    assert [look.is_missing_for(actor) for actor in ("user:o", "user:p")] == [True, False]
    with uow.begin("user:o") as work:
        publish_draft(work, draft, "heard in June")
    with uow.read() as session:
        steps = load_history(session, EditionPart.PACK, lambda subject: subject == PACK)
        assert (steps[0].publication.reason, len(steps[0].differences)) == ("heard in June", 1)
        assert [step.is_first for step in steps] == [False, True]
        assert len(load_history(session, EditionPart.RULE, lambda subject: subject == "TCPA-HOURS@1")) == 1
        assert find_release_news(session, packaged_document()) is None


def test_what_a_release_changed_is_news_and_what_was_changed_here_stays(uow: UnitOfWork) -> None:
    old = with_phrase(packaged_document(), "an old wording of ours")
    own = with_phrase(old, "your text blast reached me")
    with uow.begin("system") as work:
        first = keep_edition(work, old, "Rules of release 0.0.9", release="0.0.9")
        publish_edition(work, keep_edition(work, own, "Ours", base_id=first), "ours")
        keep_packaged(work)
    with uow.read() as session:
        news = find_release_news(session, packaged_document())
    assert news is not None
    assert (news.differences, news.changed_here_too) == ((), (PACK,))
    with uow.begin("user:o") as work:
        _, left = open_draft_from_release(work)
    assert left == (PACK,)
