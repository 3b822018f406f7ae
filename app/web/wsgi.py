"""The entry of a web server process: ``gunicorn "app.web.wsgi:create()"``."""

from apiflask import APIFlask

from app.bootstrap import build
from app.settings import load_settings
from app.web.factory import create_app


def create() -> APIFlask:
    """Read the settings, build the services, and return the application."""
    return create_app(build(load_settings()))
