"""Signing in: who gets in, who waits, what is kept, what the audit trail says."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from app.access.passwords import Passwords
from app.access.sessions import find_session, hash_token, sign_out, slide_session
from app.access.sign_in import Doorkeeper, Visitor
from app.access.users import add_user, change_user, disable_user
from app.errors import Conflict, Forbidden, InvalidInput, InvalidTransition, TooManyRequests
from app.models.events import Event
from app.models.users import SignInAttempt, SignInSession, User
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind, Role
from tests.fakes import FrozenClock

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
STRONGER = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
RIGHT, WRONG = "correct horse battery", "wrong horse battery"
HOME = Visitor("192.0.2.1", "Firefox")


class CountingHasher(PasswordHasher):
    """Counts the checks it makes."""

    checks = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        type(self).checks += 1
        return super().verify(hash, password)


@pytest.fixture
def uow(sqlite_uow: UnitOfWork) -> UnitOfWork:
    with sqlite_uow.begin("cli") as work:
        add_user(work, Passwords(WEAK), email="Ana@Example.com ", name="Ana", role=Role.OPERATOR, password=RIGHT)
        add_user(work, Passwords(WEAK), email="ben@example.com", name="Ben", role=Role.REVIEWER, password=RIGHT)
    return sqlite_uow


def make_door(uow: UnitOfWork, clock: FrozenClock, hasher: PasswordHasher = WEAK) -> Doorkeeper:
    return Doorkeeper(uow, clock, Passwords(hasher), lasts=timedelta(hours=12))


def events(uow: UnitOfWork) -> list[EventKind]:
    with uow.read() as session:
        kinds = session.scalars(select(Event.kind).order_by(Event.seq))
        return [kind for kind in kinds if kind.startswith("access.")]


def test_the_right_password_opens_a_session_of_which_only_the_hash_is_kept(uow: UnitOfWork, clock: FrozenClock) -> None:
    token = make_door(uow, clock).sign_in(" ana@EXAMPLE.com", RIGHT, HOME)
    with uow.read() as session:
        found = find_session(session, token, clock.now())
        row = session.scalars(select(SignInSession)).one()
    assert found
    assert (found.identity.name, found.identity.role, found.identity.party_ids) == ("Ana", Role.OPERATOR, None)
    assert row.token_hash == hash_token(token) != token
    assert events(uow) == [EventKind.SIGNED_IN]


@pytest.mark.parametrize(("email", "password"), [("ana@example.com", WRONG), ("nobody@example.com", RIGHT), ("", "")])
def test_what_does_not_go_together_is_refused_and_noted(uow: UnitOfWork, clock: FrozenClock, email: str, password: str) -> None:
    with pytest.raises(Forbidden, match="do not go together"):
        make_door(uow, clock).sign_in(email, password, HOME)
    assert events(uow) == [EventKind.SIGN_IN_REFUSED]


def test_a_stranger_costs_as_many_password_checks_as_a_known_person(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock, CountingHasher(time_cost=1, memory_cost=8, parallelism=1))
    CountingHasher.checks = 0
    for email in ("ana@example.com", "nobody@example.com"):
        with pytest.raises(Forbidden):
            door.sign_in(email, WRONG, HOME)
    assert CountingHasher.checks == 2


def test_after_five_failures_even_the_right_password_has_to_wait(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock)
    for _ in range(5):
        with pytest.raises(Forbidden):
            door.sign_in("ana@example.com", WRONG, HOME)
    with pytest.raises(TooManyRequests) as caught:
        door.sign_in("ana@example.com", RIGHT, HOME)
    assert caught.value.details["retry_after_s"] == 1
    assert door.sign_in("ana@example.com", RIGHT, Visitor("198.51.100.7"))  # from home it goes on at once
    clock.advance(seconds=1)
    assert door.sign_in("ana@example.com", RIGHT, HOME)


def test_attempts_made_while_waiting_cost_no_check_and_leave_no_trace(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock)
    for _ in range(5):
        with pytest.raises(Forbidden):
            door.sign_in("ana@example.com", WRONG, HOME)
    for _ in range(20):
        with pytest.raises(TooManyRequests):
            door.sign_in("ana@example.com", WRONG, HOME)
    assert len(events(uow)) == 5


def test_success_forgets_the_failures_from_the_same_place(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock)
    for _ in range(4):
        with pytest.raises(Forbidden):
            door.sign_in("ana@example.com", WRONG, HOME)
    door.sign_in("ana@example.com", RIGHT, HOME)
    with uow.read() as session:
        assert session.scalars(select(SignInAttempt)).all() == []


def test_one_address_that_tries_many_names_is_slowed_down_too(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock)
    for number in range(50):
        with pytest.raises(Forbidden):
            door.sign_in(f"guess{number}@example.com", WRONG, HOME)
    with pytest.raises(TooManyRequests):
        door.sign_in("ben@example.com", RIGHT, HOME)


def test_signing_in_ends_the_session_that_the_browser_held(uow: UnitOfWork, clock: FrozenClock) -> None:
    door = make_door(uow, clock)
    old = door.sign_in("ben@example.com", RIGHT, HOME)
    new = door.sign_in("ana@example.com", RIGHT, Visitor("192.0.2.1", old_token=old))
    with uow.read() as session:
        assert find_session(session, old, clock.now()) is None
        assert find_session(session, new, clock.now())


def test_a_password_hash_of_outdated_strength_is_renewed(uow: UnitOfWork, clock: FrozenClock) -> None:
    make_door(uow, clock, STRONGER).sign_in("ana@example.com", RIGHT, HOME)
    with uow.read() as session:
        kept = session.scalars(select(User.password_hash).where(User.email == "ana@example.com")).one()
    assert "m=16,t=2" in kept
    assert make_door(uow, clock, STRONGER).sign_in("ana@example.com", RIGHT, HOME)


def test_use_moves_the_end_of_a_session_on_and_without_use_it_ends(uow: UnitOfWork, clock: FrozenClock) -> None:
    token = make_door(uow, clock).sign_in("ana@example.com", RIGHT, HOME)
    clock.advance(minutes=4)
    with uow.read() as session:
        found = find_session(session, token, clock.now())
    assert found
    assert not found.is_due_to_slide
    clock.advance(hours=11)
    with uow.begin("user:x") as work:
        found = find_session(work.session, token, clock.now())
        assert found
        assert found.is_due_to_slide
        slide_session(work, found.id, lasts=timedelta(hours=12))
    clock.advance(hours=11, minutes=59)
    with uow.read() as session:
        assert find_session(session, token, clock.now())
    clock.advance(minutes=1)
    with uow.read() as session:
        assert find_session(session, token, clock.now()) is None


def test_a_session_ends_by_signing_out_once(uow: UnitOfWork, clock: FrozenClock) -> None:
    token = make_door(uow, clock).sign_in("ana@example.com", RIGHT, HOME)
    for _ in range(2):
        with uow.begin("user:x") as work:
            sign_out(work, token)
    assert events(uow) == [EventKind.SIGNED_IN, EventKind.SIGNED_OUT]


def test_a_changed_role_or_password_ends_the_sessions_and_a_changed_name_does_not(uow: UnitOfWork, clock: FrozenClock) -> None:
    def change(**values: object) -> bool:
        token = make_door(uow, clock).sign_in("ben@example.com", RIGHT, HOME)
        with uow.begin("cli") as work:
            ben = work.session.scalars(select(User).where(User.email == "ben@example.com")).one()
            fields = {"name": ben.name, "role": ben.role, "party_id": None, "password": None} | values
            change_user(work, Passwords(WEAK), ben.id, **fields)  # type: ignore[arg-type]
        with uow.read() as session:
            return find_session(session, token, clock.now()) is not None

    assert change(name="Benjamin")
    assert not change(role=Role.TEAM_LEAD)
    assert not change(password=RIGHT)


def test_the_last_operator_stays(uow: UnitOfWork) -> None:
    with uow.read() as session:
        ana = session.scalars(select(User.id).where(User.role == Role.OPERATOR)).one()
    with pytest.raises(InvalidTransition, match="last operator"), uow.begin("cli") as work:
        disable_user(work, ana)
    with pytest.raises(InvalidTransition, match="last operator"), uow.begin("cli") as work:
        change_user(work, Passwords(WEAK), ana, name="Ana", role=Role.REVIEWER, party_id=None)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "no address"}),
        ("name", {"name": "  "}),
        ("password", {"password": "short"}),
        ("party_id", {"role": Role.ADVERTISER}),
        ("party_id", {"party_id": "some-party"}),
    ],
)
def test_what_does_not_fit_a_user_is_named_by_its_field(uow: UnitOfWork, field: str, values: dict[str, object]) -> None:
    fields = {"email": "new@example.com", "name": "New", "role": Role.REVIEWER, "password": RIGHT} | values
    with pytest.raises(InvalidInput) as caught, uow.begin("cli") as work:
        add_user(work, Passwords(WEAK), **fields)  # type: ignore[arg-type]
    assert caught.value.details["field"] == field


def test_an_address_has_one_account(uow: UnitOfWork) -> None:
    with pytest.raises(Conflict), uow.begin("cli") as work:
        add_user(work, Passwords(WEAK), email="ANA@example.com", name="Ana", role=Role.REVIEWER, password=RIGHT)


def test_password_checks_beyond_the_bound_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.passwords.PATIENCE_S", 0.01)
    passwords = Passwords(WEAK, at_once=1)
    passwords._places.acquire()
    with pytest.raises(TooManyRequests):
        passwords.check(RIGHT, None)
    passwords._places.release()
    assert not passwords.check(RIGHT, None).is_right
