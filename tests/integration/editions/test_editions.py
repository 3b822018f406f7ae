"""Rules and phrases: kept whole, drafted, published, taken back."""

import copy

import pytest

from app.compliance.editions.document import apply_changes, compare, packaged_document
from app.compliance.editions.drafts import (
    add_example,
    bring_up_to_date,
    change_pack,
    change_rule,
    check_draft,
    discard_draft,
    get_draft,
    open_draft,
    publish_draft,
    take_out,
    undo_change,
)
from app.compliance.editions.judges import judge_in_force, judge_of_edition, judge_that_made
from app.compliance.editions.service import find_publication, keep_packaged, list_publications, roll_back
from app.compliance.packaged import load_judge
from app.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from app.unit_of_work import UnitOfWork
from app.vocabulary import DraftState, EditionPart, ExampleKind, Speaker

PACK = "PH-CHAN-SMS"


def a_pack(phrase: str) -> dict[str, object]:
    pack = next(pack for pack in packaged_document().packs["packs"] if pack["id"] == PACK)
    changed = copy.deepcopy(dict(pack))
    changed["phrases"] = [*changed["phrases"], phrase]
    return changed


def a_rule(rule_id: str) -> dict[str, object]:
    return dict(next(row for row in packaged_document().rules if row["id"] == rule_id))


def begin(uow: UnitOfWork, title: str = "Text wording") -> str:
    with uow.begin("user:o") as work:
        return open_draft(work, title)


def test_what_a_release_ships_is_in_force_and_named_like_the_packaged_judge(uow: UnitOfWork) -> None:
    with uow.begin("system") as work:
        assert keep_packaged(work) is not None
        assert keep_packaged(work) is None
    with uow.read() as session:
        publication = find_publication(session)
        assert publication is not None
        assert (publication.edition.number, publication.edition.rule_set) == (1, load_judge().rules.version)
        assert judge_in_force(session) is load_judge()


def test_nothing_is_judged_by_a_draft_until_it_is_published_and_going_back_restores(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with uow.begin("user:o") as work:
        change_pack(work, draft, a_pack("your text blast reached me"))
    with uow.read() as session:
        assert judge_in_force(session) is load_judge()
        check = check_draft(session, draft)
        assert check.is_ready
        assert [(d.subject, d.fields) for d in check.differences] == [(PACK, ("phrases",))]
    with uow.begin("user:o") as work:
        edition = publish_draft(work, draft, "heard on calls of June")
    with uow.read() as session:
        judge = judge_in_force(session)
        assert "your text blast reached me" in {p.say for p in judge.packs.source.get(PACK).phrases}
        assert judge is judge_of_edition(session, edition)
        assert judge.versions["phrase_packs"] != load_judge().versions["phrase_packs"]
        assert judge.versions["rule_set"] == load_judge().versions["rule_set"]
        assert judge_that_made(session, judge.versions) is judge
        assert judge_that_made(session, load_judge().versions) is load_judge()
        first = list_publications(session)[-1].edition.id
        assert get_draft(session, draft).state is DraftState.PUBLISHED
    with uow.begin("user:o") as work:
        roll_back(work, first, "too many hits")
    with uow.read() as session:
        assert judge_in_force(session) is load_judge()
        assert [p.is_roll_back for p in list_publications(session)] == [True, False, False]


def test_a_pack_that_does_not_fit_is_refused_and_the_draft_stays_as_it_was(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with pytest.raises(InvalidInput, match="regular expressions are not read"), uow.begin("user:o") as work:
        change_pack(work, draft, a_pack("(a+)+$"))
    with uow.read() as session:
        assert check_draft(session, draft).differences == ()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("function", "no_such_function", "no function"),
        ("severity", "awful", "awful"),
        ("effective_from", "soon", "expected days"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused(uow: UnitOfWork, field: str, value: str, said: str) -> None:
    draft = begin(uow)
    with pytest.raises(InvalidInput, match=said), uow.begin("user:o") as work:
        change_rule(work, draft, a_rule("TCPA-PEWC") | {field: value})


def test_a_rule_may_get_another_severity_and_be_undone(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with uow.begin("user:o") as work:
        change_rule(work, draft, a_rule("TCPA-PEWC") | {"severity": "low"})
    with uow.read() as session:
        (difference,) = check_draft(session, draft).differences
        assert (difference.part, difference.fields) == (EditionPart.RULE, ("severity",))
    with uow.begin("user:o") as work:
        undo_change(work, draft, EditionPart.RULE, difference.subject)
    with pytest.raises(InvalidInput, match="changes nothing"), uow.begin("user:o") as work:
        publish_draft(work, draft, "why not")


def test_a_failing_example_keeps_a_draft_from_being_published(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with uow.begin("user:o") as work:
        add_example(work, PACK, ExampleKind.MUST_NOT_FIRE, Speaker.CALLER, "I never got a text from anybody")
        add_example(work, PACK, ExampleKind.MUST_FIRE, Speaker.CALLER, "well your text blast reached me on Monday")
        change_rule(work, draft, a_rule("TCPA-PEWC") | {"severity": "low"})
    with uow.read() as session:
        assert [r.example.kind for r in check_draft(session, draft).failing] == [ExampleKind.MUST_FIRE]
    with pytest.raises(InvalidInput, match="1 of 2 examples fail"), uow.begin("user:o") as work:
        publish_draft(work, draft, "please")
    with uow.begin("user:o") as work:
        change_pack(work, draft, a_pack("your text blast reached me"))
        publish_draft(work, draft, "now it holds")


def test_a_draft_on_an_older_edition_is_brought_up_to_date_before_it_is_published(uow: UnitOfWork) -> None:
    mine, other = begin(uow, "mine"), begin(uow, "other")
    with uow.begin("user:o") as work:
        change_pack(work, mine, a_pack("your text blast reached me"))
        change_pack(work, other, a_pack("your texts keep coming"))
        publish_draft(work, other, "first")
    with pytest.raises(Conflict, match="bring the draft up to date"), uow.begin("user:o") as work:
        publish_draft(work, mine, "second")
    with uow.begin("user:o") as work:
        assert bring_up_to_date(work, mine) == (PACK,)
        publish_draft(work, mine, "second")


def test_a_pack_taken_out_takes_its_pairs_with_it(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with uow.begin("user:o") as work:
        take_out(work, draft, EditionPart.PACK, "PH-SENS-EXP")
    with uow.read() as session:
        assert check_draft(session, draft).problems == ()
    with pytest.raises(NotFound), uow.begin("user:o") as work:
        take_out(work, draft, EditionPart.PACK, "PH-NEVER-THERE")


def test_a_draft_that_is_over_is_not_changed(uow: UnitOfWork) -> None:
    draft = begin(uow)
    with uow.begin("user:o") as work:
        discard_draft(work, draft)
    with pytest.raises(InvalidTransition, match="discarded"), uow.begin("user:o") as work:
        change_pack(work, draft, a_pack("anything goes"))


def test_equal_content_has_an_equal_name_whatever_its_order() -> None:
    document = packaged_document()
    turned = type(document)(tuple(reversed(document.rules)), document.packs)
    assert turned.sha256 == document.sha256
    assert compare(document, turned) == ()
    assert apply_changes(document, ()) == document
    assert document.rule_set == load_judge().rules.version
