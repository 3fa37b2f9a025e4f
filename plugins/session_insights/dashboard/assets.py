"""Stylesheet and script, behind the same door as the pages: nothing comes from outside."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

router = APIRouter()
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
# An address holds the version, so a browser may keep what it got.
_KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}


def load_assets(templates: Path) -> dict[str, str]:
    """Name → text; the dashboard's stylesheet goes on where the report's ends."""
    shared, own, script = (
        (templates / name).read_text(encoding="utf-8")
        for name in ("shared/style.css", "dashboard/dashboard.css", "dashboard/theme.js")
    )
    return {"dashboard.css": shared + own, "theme.js": script}


def version_assets(assets: dict[str, str]) -> str:
    """Another text has another version."""
    return hashlib.blake2b("\0".join(assets.values()).encode(), digest_size=6).hexdigest()


@router.get("/assets/{name}")
def show_asset(name: str, request: Request) -> Response:
    assets: dict[str, str] = request.app.state.assets
    if name not in assets:
        raise HTTPException(404)
    return Response(assets[name], media_type=_TYPES[name.rpartition(".")[2]], headers=_KEEP)
