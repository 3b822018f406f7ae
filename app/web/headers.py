"""Which headers keep a browser from being turned against its user? Set on every answer."""

from flask import Flask, Response, request

# data: images are the arrows and ticks that Tabler's style sheet draws; blob: media is the sound that the player has fetched.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TWO_YEARS_S = 2 * 365 * 24 * 3600


def register_headers(app: Flask, *, is_https: bool) -> None:
    """Set the headers on every answer; what is not static is never stored by caches unless the view says so."""

    @app.after_request
    def _set(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={TWO_YEARS_S}")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
