"""How databases compare text of a path: MySQL and MariaDB, by default, find ``secret`` for ``SÉCRET``."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from unicodedata import category, decimal, name, normalize

from django_ory_mfa.guard.regexes import PART, has_range, must_stay, without_escapes

# Letters that databases compare as these, and Unicode does not decompose.
LIKE = {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i", "ŀ": "l"}
LIKE |= dict(zip("\u0491\u05da\u05dd\u05df\u05e3\u05e5", "\u0433\u05db\u05de\u05e0\u05e4\u05e6", strict=True))
# Letters that they compare as one or as two, and what these are in each kind of collation: most of them by one letter,
# those of dictionaries, of German telephone books, and of Scandinavia.
KINDS = tuple(
    str.maketrans(dict(zip("ßẞäÄöÖüÜűŰåÅæÆ", (letter for letter in letters for _ in "aA"), strict=True)))
    for letters in (
        ("s", "a", "o", "u", "u", "a", "a"),
        ("ss", "a", "o", "u", "u", "a", "ae"),
        ("ss", "ae", "oe", "ue", "u", "a", "ae"),
        ("ss", "ae", "o", "y", "y", "aa", "ae"),
    )
)
# Signs that they tell apart: those of Latin-1, punctuation, currencies, Chinese and Japanese punctuation.
TOLD_APART = re.compile(
    "[\u00a1-\u00bf\u00d7\u00f7\u2010-\u2029\u2030-\u205e\u20a0-\u20c0\u3001-\u3006\u3008-\u3020\u3030-\u303f\u3099-\u30ff]"
)
# Letters that some overlook, or compare to others: Vedic signs, shapes of Arabic letters, old Cyrillic letters.
ODD = re.compile("[\u0870-\u089f\u1c80-\u1c8f\u1cd0-\u1cff\ua640-\ua69f\ufb50-\ufeff]")
# Latin letters of today's languages that they tell apart.
OF_LATIN = frozenset("ŋƒɓɖɗɛǝəɣɩɔʋƙƴʒ")


def folded(path: str) -> tuple[str, ...]:
    """Return ``path`` as databases compare it that ignore case, accents, control characters and spaces at an end.

    Several, if they differ. :func:`as_compared` does the same to a pattern.
    """
    if path.isascii():
        return (_shown(path),)
    text = normalize("NFC", path)
    return tuple(dict.fromkeys(_shown(text.translate(kind)) for kind in KINDS))


def is_unsure(path: str) -> bool:
    """Whether ``path`` has a sign of which no list says what databases compare it to.

    They compare a squared letter to a letter, all signs of one plane to each other, or overlook a sign.
    """
    return not path.isascii() and any(map(_is_unsure, normalize("NFC", path)))


@cache
def ignoring_case(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """Return ``pattern``, so that it ignores case; None if it cannot."""
    # SECURITY: a visitor chooses the path, and may choose one for which it would take minutes.
    return None if must_stay(pattern) else re.compile(pattern.pattern, pattern.flags | re.IGNORECASE)


@cache
def as_compared(pattern: re.Pattern[str]) -> re.Pattern[str] | None:
    """Return ``pattern`` for paths that are :func:`folded`; None if it cannot be changed to that."""
    if must_stay(pattern):
        return None
    parts = PART.findall(without_escapes(pattern))
    plain = "".join(_with_plain_members(part) if has_range(part) else "".join(map(_in_pattern, part)) for part in parts)
    try:
        return re.compile(plain, pattern.flags | re.IGNORECASE)
    except re.error:
        return ignoring_case(pattern)


def _shown(text: str) -> str:
    plain = "".join(map(_shown_sign, text))
    # Not by a regex, which would try every space of many.
    return "/".join(part.rstrip(" ") for part in plain.split("/"))


@lru_cache(maxsize=4096)
def _shown_sign(sign: str) -> str:
    return "" if category(sign) in ("Cc", "Cf") else _plain(sign).lower()


def _in_pattern(sign: str) -> str:
    plain, several = _plain(sign), dict.fromkeys(sign.translate(kind) for kind in KINDS)
    if len(several) > 1:
        return f"(?:{'|'.join(several)})"
    if sign.isascii() or (plain.isalnum() and len(plain) == 1):
        return plain
    # A wide bracket, for example, would mean something else in a pattern.
    return f"(?:{re.escape(plain)})"


@cache
def _samples() -> str:
    """Return letters that are compared as others, and digits, of which sets have ranges."""
    # Not at the start of the process: it takes milliseconds, and few sites have such sets.
    letters = (*range(0xC0, 0x530), *range(0x1E00, 0x2000), *range(0x3131, 0x318F))
    return "".join(map(chr, letters)) + "".join(sign for sign in map(chr, range(0x660, 0xFF20)) if sign.isdecimal())


def _with_plain_members(part: str) -> str:
    """Return a set with ranges of letters, and with what its letters and digits are compared as."""
    one = re.compile(part)
    added = {plain for plain in map(_plain, filter(one.match, _samples())) if len(plain) == 1 and not one.match(plain)}
    return part if part.startswith("[^") else f"{part[:-1]}{''.join(sorted(added))}]"


def _plain(sign: str) -> str:
    """Return plain letters and digits in the place of those with accents, of other shapes and of other scripts."""
    if sign.isascii() or "\uac00" <= sign <= "\ud7a3":
        # Hangul is compared by syllables.
        return sign
    digit = decimal(sign, None)
    if digit is not None:
        return str(digit)
    bare = "".join(part for part in normalize("NFKD", sign) if category(part)[0] != "M").casefold()
    return LIKE.get(sign.casefold()) or "".join(LIKE.get(letter, letter) for letter in bare)


def _is_unsure(sign: str) -> bool:
    plain, kind = _plain(sign), category(sign)
    if sign > "\uffff":
        return True
    if kind in ("Cc", "Cf") or (plain.isascii() and plain.strip()) or plain == " " == normalize("NFKD", sign):
        return False
    if kind[0] == "M":
        return " LETTER " in name(sign, "")
    if kind[0] == "L" and kind != "Lm":
        is_told_apart = sign.lower() in OF_LATIN or not name(sign, "").startswith("LATIN")
        return ODD.match(sign) is not None or not is_told_apart
    return not TOLD_APART.match(sign)
