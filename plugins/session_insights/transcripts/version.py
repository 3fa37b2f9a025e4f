"""Which parser this is."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def parser_version() -> str:
    """A digest of the package's sources: what one version could not read, the next one tries again."""
    digest = hashlib.blake2b(digest_size=16)
    package = Path(__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
