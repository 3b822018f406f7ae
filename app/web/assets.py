"""Under which address is a static file served? One that changes with its content, so that browsers may keep it for a year."""

import hashlib
from pathlib import Path

from flask import Flask, Response, request, url_for

STATIC = Path(__file__).parent / "static"
YEAR_S = 365 * 24 * 3600


class Assets:
    """Knows the version (start of the SHA-256) of each static file; read once per changed file."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._versions: dict[str, tuple[int, str]] = {}

    def version(self, filename: str) -> str:
        """Return the version of a file; empty when there is no such file."""
        path = self._folder / filename
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError:
            return ""
        known = self._versions.get(filename)
        if known is None or known[0] != changed_ns:
            known = (changed_ns, hashlib.sha256(path.read_bytes()).hexdigest()[:10])
            self._versions[filename] = known
        return known[1]

    def url(self, filename: str) -> str:
        """Return the address of a file, its version included."""
        return url_for("static", filename=filename, v=self.version(filename))

    def set_cache(self, response: Response) -> Response:
        """Let a static file be kept for a year when it was asked for by its version; anything else is asked for again."""
        filename = (request.view_args or {}).get("filename", "")
        if request.args.get("v") and request.args["v"] == self.version(filename):
            response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response


def register_assets(app: Flask) -> Assets:
    """Offer ``asset(filename)`` to templates and set the cache headers of static files."""
    assets = Assets()
    app.jinja_env.globals["asset"] = assets.url

    @app.after_request
    def _cache(response: Response) -> Response:
        return assets.set_cache(response) if request.endpoint == "static" else response

    return assets
