"""How is the web application put together? One function, handed the services, that builds and joins all its parts."""

from datetime import timedelta

from apiflask import APIFlask
from flask import Flask
from flask_wtf.csrf import CSRFProtect

import app as earshot
from app.access.guard import find_identity, public
from app.access.passwords import Passwords
from app.access.sign_in import Doorkeeper
from app.adapters.embedded_valkey import queue_url_for
from app.bootstrap import Services
from app.intake.service import parse_allowed_hosts
from app.review import cluster_views
from app.review import views as call_page
from app.review.queue import views as queue_pages
from app.review.queue.order import sampling_of
from app.web import formatting, upload
from app.web.api import make_api_blueprint
from app.web.assets import register_assets
from app.web.errors import register_errors
from app.web.headers import register_headers
from app.web.identify import register_identify
from app.web.list_alarms import register_list_alarms
from app.web.navigation import build_navigation
from app.web.pages import (
    audit,
    backtests,
    calls,
    consent,
    consents,
    dashboard,
    drafts,
    editions,
    exports,
    findings,
    health,
    holds,
    intake,
    notices,
    number_lists,
    numbers,
    opt_outs,
    patterns,
    privacy,
    rules,
    scorecards,
    screenings,
    scrubs,
    sign_in,
    tasks,
    tokens,
    trade,
    upload_page,
    users,
    workers,
)
from app.web.pages import settings as settings_page
from app.web.request_log import register_request_log

BYTES_PER_MB = 1_000_000
# A multipart upload is larger than its file by the part's headers and boundaries.
FORM_OVERHEAD_BYTES = 100_000
SPEC_PATH = "/api/v1/openapi.json"


def create_app(services: Services, *, passwords: Passwords | None = None) -> APIFlask:
    """Return the application for one process.

    Parameters
    ----------
    passwords
        How passwords are hashed; tests hand in one that is fast.
    """
    settings = services.settings
    app = APIFlask(
        "app.web", title="Earshot", version=earshot.__version__, spec_path=SPEC_PATH, docs_path=None, json_errors=False
    )
    app.config.update(
        SECRET_KEY=services.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * BYTES_PER_MB + FORM_OVERHEAD_BYTES,
        SESSION_COOKIE_NAME="earshot_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        OPENAPI_VERSION="3.1.0",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    csrf = CSRFProtect(app)
    lasts = timedelta(hours=settings.session_hours)
    register_request_log(app, services.ids)
    register_identify(app, services.uow, services.clock, csrf, lasts=lasts)
    register_errors(app)
    register_assets(app)
    register_headers(app, is_https=settings.secure_cookies)
    _offer_to_templates(app)
    register_list_alarms(app, services.uow, services.number_lists)
    _register_pages(app, services, passwords or Passwords(), lasts)
    public(app.view_functions["openapi.spec"])
    return app


def _register_pages(app: APIFlask, services: Services, passwords: Passwords, lasts: timedelta) -> None:
    settings, uow, clock, blobs = services.settings, services.uow, services.clock, services.blobs
    doorkeeper = Doorkeeper(uow, clock, passwords, lasts=lasts)
    blueprints = (
        health.make_blueprint(services),
        sign_in.make_blueprint(uow, doorkeeper, lasts=lasts, is_https=settings.secure_cookies),
        dashboard.make_blueprint(uow, clock),
        calls.make_blueprint(uow),
        findings.make_blueprint(uow, clock),
        call_page.make_blueprint(uow, blobs, clock, sampling_of(settings)),
        queue_pages.make_blueprint(uow, clock, sampling_of(settings)),
        cluster_views.make_blueprint(uow),
        trade.make_campaigns_blueprint(uow, clock),
        trade.make_sources_blueprint(uow, clock),
        upload_page.make_blueprint(uow, max_upload_mb=settings.max_upload_mb),
        upload.make_blueprint(uow, blobs, clock, max_upload_mb=settings.max_upload_mb),
        intake.make_blueprint(uow, blobs),
        rules.make_rules_blueprint(uow, clock),
        rules.make_packs_blueprint(uow, clock),
        editions.make_blueprint(uow),
        drafts.make_blueprint(uow),
        backtests.make_blueprint(uow, blobs),
        patterns.make_blueprint(uow, clock),
        scorecards.make_blueprint(uow, clock),
        number_lists.make_blueprint(uow, blobs, services.number_lists, clock, max_upload_mb=settings.max_upload_mb),
        scrubs.make_blueprint(uow, blobs, services.number_lists, max_upload_mb=settings.max_upload_mb),
        numbers.make_blueprint(uow, services.number_lists, clock),
        opt_outs.make_blueprint(uow, clock),
        notices.make_blueprint(uow),
        privacy.make_blueprint(services),
        holds.make_blueprint(uow, clock),
        exports.make_blueprint(uow, blobs, services.signer, clock),
        screenings.make_blueprint(uow),
        tasks.make_blueprint(uow),
        consents.make_blueprint(uow, blobs, clock, max_upload_mb=settings.max_upload_mb),
        consent.make_blueprint(uow, clock, services.certificate_vendors),
        workers.make_blueprint(uow, services.queue, clock),
        users.make_blueprint(uow, passwords),
        tokens.make_blueprint(uow),
        settings_page.make_blueprint(settings),
        audit.make_blueprint(uow),
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_blueprint(
        make_api_blueprint(
            uow,
            blobs,
            max_upload_mb=settings.max_upload_mb,
            rate_limit_per_minute=settings.rate_limit_per_minute,
            queue_url=queue_url_for(settings),
            allowed_hosts=parse_allowed_hosts(settings.fetch_allow_hosts),
            lists=services.number_lists,
            clock=clock,
        )
    )


def _offer_to_templates(app: Flask) -> None:
    filters = {
        "moment": formatting.write_moment,
        "duration": formatting.write_length,
        "thousands": formatting.write_count,
        "word": formatting.write_word,
        "title_word": formatting.write_title,
    }
    app.jinja_env.filters.update(filters)

    @app.context_processor
    def _frame() -> dict[str, object]:
        return {"identity": find_identity(), "navigation": build_navigation(app), "version": earshot.__version__}
