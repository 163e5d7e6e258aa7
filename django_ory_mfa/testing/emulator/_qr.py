"""QR codes for authenticator apps."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module


@lru_cache(maxsize=64)
def qr_code(text: str) -> str:
    """Return ``text`` as a picture that cameras read, as a ``data:`` URL; without segno, an empty string."""
    try:
        segno = import_module("segno")
    except ImportError:
        return ""
    picture: str = segno.make(text, error="l", micro=False).png_data_uri(scale=4)
    return picture
