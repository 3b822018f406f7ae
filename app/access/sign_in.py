"""May this person come in? E-mail and password against the account, slower after failures, every outcome on the audit trail.

The password is checked outside any transaction, since it takes a tenth of a second and writers wait for one another.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.access.passwords import Passwords
from app.access.sessions import open_session
from app.access.slow_down import SAME_ADDRESS, SAME_PERSON, SAME_PERSON_AND_ADDRESS, WINDOW, wait_needed
from app.errors import Forbidden, TooManyRequests
from app.models.users import SignInAttempt, User
from app.ports import Clock
from app.unit_of_work import UnitOfWork
from app.vocabulary import EventKind

LONGEST_EMAIL = 254  # RFC 5321 section 4.5.3.1.3, as amended by erratum 1690
REFUSAL = "E-mail address and password do not go together."


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a sign-in comes from, and the session token that the browser holds already, if any."""

    address: str
    user_agent: str = ""
    old_token: str | None = None


class Doorkeeper:
    """Lets people in; handed what it needs once, then asked for each attempt."""

    def __init__(self, uow: UnitOfWork, clock: Clock, passwords: Passwords, *, lasts: timedelta) -> None:
        self._uow = uow
        self._clock = clock
        self._passwords = passwords
        self._lasts = lasts

    def sign_in(self, email: str, password: str, visitor: Visitor) -> str:
        """Return the token for the browser's cookie.

        Raises
        ------
        TooManyRequests
            If there were too many failures; ``retry_after_s`` says when the next attempt is looked at.
        Forbidden
            If e-mail and password do not go together, or the user is disabled; the answer does not tell which.
        """
        email = normalise_email(email)[:LONGEST_EMAIL]
        with self._uow.read() as session:
            self._slow_down(session, email, visitor.address)
            user = session.scalar(select(User).where(User.email == email))
        is_known = user is not None and user.disabled_at is None
        outcome = self._passwords.check(password, user.password_hash if user is not None and is_known else None)
        if user is None or not outcome.is_right:
            self._record_refusal(email, user, visitor.address)
            raise Forbidden(REFUSAL, code="sign_in_refused")
        return self._let_in(user.id, outcome.new_hash, email, visitor)

    def _slow_down(self, session: Session, email: str, address: str) -> None:
        now = self._clock.now()
        rows = session.execute(
            select(SignInAttempt.email, SignInAttempt.address, SignInAttempt.at).where(
                or_(SignInAttempt.email == email, SignInAttempt.address == address), SignInAttempt.at > now - WINDOW
            )
        ).all()
        both = [row.at for row in rows if row.email == email and row.address == address]
        wait = max(
            wait_needed(both, now, SAME_PERSON_AND_ADDRESS),
            wait_needed([row.at for row in rows if row.email == email], now, SAME_PERSON),
            wait_needed([row.at for row in rows if row.address == address], now, SAME_ADDRESS),
        )
        if wait > timedelta(0):
            seconds = _whole_seconds(wait)
            raise TooManyRequests(
                f"Too many attempts did not succeed. Try again in {_say_wait(seconds)}.", retry_after_s=seconds
            )  # fmt: skip

    def _record_refusal(self, email: str, user: User | None, address: str) -> None:
        with self._uow.begin("system") as work:
            work.session.execute(delete(SignInAttempt).where(SignInAttempt.at <= work.now - WINDOW))
            work.session.add(SignInAttempt(id=work.new_id(), email=email, address=address, at=work.now))
            subject = ("user", user.id) if user else ("address", address)
            work.publish(EventKind.SIGN_IN_REFUSED, subject, {"address": address})

    def _let_in(self, user_id: str, new_hash: str | None, email: str, visitor: Visitor) -> str:
        with self._uow.begin(f"user:{user_id}") as work:
            user = work.session.get_one(User, user_id)
            if user.disabled_at is not None:
                raise Forbidden(REFUSAL, code="sign_in_refused")
            if new_hash is not None:
                user.password_hash = new_hash
            from_here = (SignInAttempt.email == email, SignInAttempt.address == visitor.address)
            work.session.execute(delete(SignInAttempt).where(*from_here))
            return open_session(
                work,
                user,
                lasts=self._lasts,
                user_agent=visitor.user_agent,
                address=visitor.address,
                replaces=visitor.old_token,
            )


def normalise_email(email: str) -> str:
    """Return the address as it is kept: without surrounding blanks, in lower case."""
    return email.strip().lower()


def _whole_seconds(wait: timedelta) -> int:
    return -(-wait // timedelta(seconds=1))


def _say_wait(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
