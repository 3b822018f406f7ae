"""The API and the upload in an application of their own, on a real database, with tokens of several roles."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask import session
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect, generate_csrf
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app.access.sessions import open_session
from app.access.tokens import issue_token
from app.models.users import User
from app.vocabulary import Role
from app.web import upload
from app.web.api import make_api_blueprint
from app.web.errors import register_errors
from app.web.identify import COOKIE, register_identify
from tests.fakes import FrozenClock
from tests.integration.intake.house import SPRING, House, open_house

TEN_YEARS = timedelta(days=3650)


@dataclass
class Api:
    """A program that uses the API with one token at a time."""

    house: House
    app: APIFlask
    client: FlaskClient
    tokens: dict[str, str]

    def ask(self, method: str, path: str, *, role: str | None = "operator", **options: Any) -> TestResponse:
        """Send a request with the token of a role."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def send(self, **cells: Any) -> TestResponse:
        """Send a call."""
        return self.ask("POST", "/calls", json={"external_id": "c1", "started_at": "2026-11-23T13:00:00Z"} | cells)


MakeApi = Callable[..., Api]


@pytest.fixture
def make_api(sqlite_engine: Engine) -> MakeApi:
    """Make the application with other limits."""

    def make(*, rate_limit_per_minute: int = 10_000, max_upload_mb: int = 1) -> Api:
        house = open_house(sqlite_engine)
        app = APIFlask("app.web", spec_path="/api/v1/openapi.json", docs_path=None, json_errors=False)
        app.config.update(
            SECRET_KEY="test",
            TESTING=True,
            PROPAGATE_EXCEPTIONS=False,
            WTF_CSRF_CHECK_DEFAULT=False,
            OPENAPI_VERSION="3.1.0",
            MAX_CONTENT_LENGTH=2_000_000,
        )
        clock = FrozenClock()
        register_identify(app, house.uow, clock, CSRFProtect(app), lasts=TEN_YEARS)
        register_errors(app)
        app.register_blueprint(
            make_api_blueprint(house.uow, house.blobs, max_upload_mb=max_upload_mb, rate_limit_per_minute=rate_limit_per_minute)
        )
        app.register_blueprint(upload.make_blueprint(house.uow, house.blobs, clock, max_upload_mb=max_upload_mb))
        return Api(house, app, app.test_client(), _issue_tokens(house))

    return make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """The application with wide limits."""
    return make_api()


@pytest.fixture
def browser(api: Api) -> FlaskClient:
    """A browser in which an operator is signed in."""
    with api.house.uow.begin("test") as work:
        user = User(id="u", email="op@example.com", name="Op", role=Role.OPERATOR, password_hash="x", created_at=SPRING)
        work.session.add(user)
        work.session.flush()
        token = open_session(work, user, lasts=TEN_YEARS, user_agent="test", address="127.0.0.1", replaces=None)
    client = api.app.test_client()
    client.set_cookie(COOKIE, token)
    with api.app.test_request_context():
        form_token, kept = generate_csrf(), session["csrf_token"]
    with client.session_transaction() as form_session:
        form_session["csrf_token"] = kept
    client.environ_base["HTTP_X_CSRFTOKEN"] = form_token
    return client


def _issue_tokens(house: House) -> dict[str, str]:
    tokens = {}
    with house.uow.begin("test") as work:
        for role in (Role.OPERATOR, Role.REVIEWER):
            tokens[str(role)] = issue_token(work, name=role, role=role, party_id=None).token
        for role, party in ((Role.ADVERTISER, "adv"), (Role.PUBLISHER, "pub")):
            tokens[str(role)] = issue_token(work, name=role, role=role, party_id=party).token
    return tokens
