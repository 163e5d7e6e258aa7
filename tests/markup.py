"""Pages as they are read: without the elements that only say how words stand on them."""

from __future__ import annotations

import re

# Without others in it, so that those inside go first.
ONLY_LOOKS = re.compile(
    r'<(span|strong) class="ory-mfa-(?:address|four|heard|named|port|words)">((?:(?!<(?:span|strong)).)*?)</\1>',
    re.DOTALL,
)

SIGN = re.compile(r'<svg class="ory-mfa-glyph".*?</svg> ?', re.DOTALL)


def as_read(html: str) -> str:
    """A page without signs, whose messages, addresses, hosts and keys are in one piece."""
    found, html = 1, SIGN.sub("", html.replace("<wbr>", ""))
    while found:
        html, found = ONLY_LOOKS.subn(r"\2", html)
    return html
