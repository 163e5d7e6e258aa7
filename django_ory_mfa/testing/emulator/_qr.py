"""QR codes for authenticator apps."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

# A white picture of one pixel; the key stands beside it as text.
NO_CODE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
)


@lru_cache(maxsize=64)
def qr_code(text: str) -> str:
    """Return ``text`` as a picture that cameras read, as a ``data:`` URL; without segno, ``NO_CODE``."""
    try:
        segno = import_module("segno")
    except ImportError:
        return NO_CODE
    picture: str = segno.make(text, error="l", micro=False).png_data_uri(scale=4)
    return picture
