"""The page from which recordings are sent; ``app.web.upload`` takes them in."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from sqlalchemy import select

from app.access.guard import require
from app.access.permissions import Permission
from app.models.campaigns import CallSource, Campaign
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class UploadPage:
    """The form: which campaigns and sources can be chosen, by the id under which other systems know them."""

    campaigns: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    max_upload_mb: int


def make_blueprint(uow: UnitOfWork, *, max_upload_mb: int) -> Blueprint:
    """Return the blueprint of GET /upload."""
    bp = Blueprint("upload_page", __name__)

    @bp.get("/upload")
    @require(Permission.CALLS_SEND)
    def show() -> str:
        with uow.read() as session:
            campaigns = session.execute(select(Campaign.external_id, Campaign.name).order_by(Campaign.name, Campaign.id)).all()
            sources = session.execute(select(CallSource.external_id, CallSource.name).order_by(CallSource.name)).all()
        page = UploadPage(tuple((r[0], r[1]) for r in campaigns), tuple((r[0], r[1]) for r in sources), max_upload_mb)
        return render_template("upload.html", page=page)

    return bp
