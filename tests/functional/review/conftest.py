"""The application over a real database with one call world, and browsers signed in with each role."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from app.access.sessions import open_session
from app.bootstrap import Services
from app.models.parties import Party
from app.settings import Settings
from app.unit_of_work import UnitOfWork
from app.vocabulary import Role
from app.web.factory import create_app
from app.web.identify import COOKIE
from tests.factories import calls as make
from tests.fakes import FrozenClock, ListQueue, MemoryBlobStore, SequentialIds

OUTSIDE = {Role.ADVERTISER, Role.PUBLISHER}


class Browser(FlaskClient):
    """A browser that sends forms as our pages do: with the token that the last page carried."""

    def post(self, *args: Any, **options: Any) -> Any:
        """Send a form."""
        page = self.get("/no-such-page").text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert token is not None
        options["data"] = {**options.get("data", {}), "csrf_token": token[1]}
        return super().post(*args, **options)


class House:
    """The services of one test, its world, and ways to put rows into it and to sign in."""

    def __init__(self, engine: Engine, clock: FrozenClock, queue: ListQueue, tmp_path: Path) -> None:
        self.clock, self.queue, self.ids = clock, queue, SequentialIds()
        self.blobs = MemoryBlobStore()
        self.uow = UnitOfWork(engine, clock, self.ids, queue)
        services = Services(
            settings=Settings(data_dir=tmp_path),
            clock=clock,
            ids=self.ids,
            engine=engine,
            uow=self.uow,
            blobs=self.blobs,
            queue=queue,
            transcriber=SimpleNamespace(),  # type: ignore[arg-type]
            stage_cache=SimpleNamespace(),  # type: ignore[arg-type]
            secret_key=b"k" * 32,
        )
        self.app: APIFlask = create_app(services)
        self.app.test_client_class = Browser
        self.world = self.put(lambda session: make.make_world(session, self.ids, clock.now()))

    def put(self, build: Callable[..., Any]) -> Any:
        """Run ``build(session)`` in a transaction and return its answer."""
        with self.uow.begin("test") as work:
            return build(work.session)

    def add_call(self, **changes: Any) -> Any:
        """Store a call of the world."""
        return self.put(lambda session: make.make_call(session, self.ids, self.clock.now(), self.world, **changes))

    def add_analysed_call(self, **options: Any) -> Any:
        """Store a call that was heard and screened; ``listening``, ``hits``, ``sound`` and call columns may be given."""
        listening, hits = options.pop("listening", None), options.pop("hits", make.usual_hits())
        sound = options.pop("sound", None)
        call = self.add_call(**options)

        def build(session: Any) -> None:
            now = self.clock.now()
            recording = make.make_recording(session, self.ids, now, call)
            run = make.make_analysis(session, self.ids, now, recording, self.blobs, listening, sound=sound)
            make.make_screening(session, self.ids, now, run, hits=hits)

        self.put(build)
        return call

    def sign_in(self, role: Role = Role.REVIEWER, party: Party | None = None) -> FlaskClient:
        """Return a browser in which a new person of the role is signed in."""
        if role in OUTSIDE and party is None:
            party = self.world.advertiser if role is Role.ADVERTISER else self.world.publisher
        token = self.token(role, party)
        client = self.app.test_client()
        client.set_cookie(COOKIE, token)
        return client

    def token(self, role: Role = Role.REVIEWER, party: Party | None = None) -> str:
        """Return the cookie of a new person of the role."""
        with self.uow.begin("test") as work:
            user = make.make_user(work.session, self.ids, work.now, role, party=party)
            return open_session(work, user, lasts=timedelta(hours=12), user_agent="test", address="127.0.0.1", replaces=None)


@pytest.fixture
def house(sqlite_engine: Engine, clock: FrozenClock, queue: ListQueue, tmp_path: Path) -> House:
    """The application with an empty world."""
    return House(sqlite_engine, clock, queue, tmp_path)
