"""Reads why mutants may survive."""

from __future__ import annotations

SEPARATOR = "  ## "


def read_explained(text: str) -> dict[str, str]:
    """The reasons in the text of ``explained.txt``, by the keys of their mutants; a line without one is an error."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    explained = {key: reason.strip() for key, _, reason in (line.partition(SEPARATOR) for line in lines)}
    for key, reason in explained.items():
        if not reason:
            raise SystemExit(f"explained.txt gives no reason{SEPARATOR.rstrip()} for: {key}")
    return explained
