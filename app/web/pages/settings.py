"""The settings in force; they are changed in the environment, not here."""

from flask import Blueprint, render_template

from app.access.guard import require
from app.access.permissions import Permission
from app.settings import Settings, describe_settings


def make_blueprint(settings: Settings) -> Blueprint:
    """Return the blueprint of /admin/settings."""
    bp = Blueprint("settings", __name__)

    @bp.get("/admin/settings")
    @require(Permission.SETTINGS_VIEW)
    def show() -> str:
        return render_template("settings.html", page=describe_settings(settings))

    return bp
