"""The page's own scripts and styles, by addresses that change with their contents, so that browsers keep them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, HTTPException, Response

from calsync_airflow.web.access import everybody

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served. `address`: its name with a digest of the contents in it."""

    address: str
    media_type: str
    content: bytes


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"{path.stem}.{digest}{path.suffix}", TYPES[path.suffix], content)


ASSETS = {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}
"""By the file's name, which templates know."""
_SERVED = {asset.address: asset for asset in ASSETS.values()}

router = APIRouter()


@router.get("/static/{address}", dependencies=[Depends(everybody)])
def asset(address: str) -> Response:
    """A script or stylesheet."""
    found = _SERVED.get(address)
    if found is None:
        raise HTTPException(404)
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": KEPT})
