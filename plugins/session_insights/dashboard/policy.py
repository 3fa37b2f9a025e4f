"""What a browser may do with an answer of ours."""

from __future__ import annotations

from fastapi.responses import Response

# Transcripts are strangers' text: nothing is run or fetched but our own files. Charts use style attributes.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def apply_policy(response: Response) -> Response:
    """Add the headers that a route has not set for itself."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
