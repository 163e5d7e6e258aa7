"""QR codes (ISO/IEC 18004) for authenticator apps: bytes, error correction level L, versions 1 to 10, mask 0."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

# For each version: data bytes, correction bytes per block, blocks, centres of the alignment patterns.
_VERSIONS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (19, 7, 1, ()),
    (34, 10, 1, (6, 18)),
    (55, 15, 1, (6, 22)),
    (80, 20, 1, (6, 26)),
    (108, 26, 1, (6, 30)),
    (136, 18, 2, (6, 34)),
    (156, 20, 2, (6, 22, 38)),
    (194, 24, 2, (6, 24, 42)),
    (232, 30, 2, (6, 26, 46)),
    (274, 18, 4, (6, 28, 50)),
)
_FORMAT = 0b01_000  # level L, mask 0
_QUIET_ZONE = 4
_SCALE = 4


@lru_cache(maxsize=64)
def qr_code(text: str) -> str:
    """``text`` as the picture that a camera reads, as a ``data:`` URL."""
    return f"data:image/png;base64,{base64.b64encode(_png(qr_modules(text.encode()))).decode()}"


def qr_modules(data: bytes) -> list[list[bool]]:
    """The rows of the symbol; True is dark."""
    version = _smallest_version(data)
    symbol = _Symbol(version)
    symbol.draw_patterns()
    symbol.fill(_with_correction(_padded(data, version), version))
    return symbol.rows


def _smallest_version(data: bytes) -> int:
    for version, (capacity, *_) in enumerate(_VERSIONS, 1):
        if len(data) + (2 if version < 10 else 3) <= capacity:
            return version
    raise ValueError(f"{len(data)} bytes are too much for a QR code of version {len(_VERSIONS)}")


def _padded(data: bytes, version: int) -> bytes:
    """The mode, the length, the data, and filler up to the capacity."""
    width = 8 if version < 10 else 16
    bits = f"0100{len(data):0{width}b}" + "".join(f"{byte:08b}" for byte in data) + "0000"
    packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
    filler = b"\xec\x11" * _VERSIONS[version - 1][0]
    return (packed + filler)[: _VERSIONS[version - 1][0]]


def _with_correction(data: bytes, version: int) -> bytes:
    """Blocks of data and their correction, interleaved."""
    _, per_block, count, _ = _VERSIONS[version - 1]
    short, longer = divmod(len(data), count)
    sizes = [short + (number >= count - longer) for number in range(count)]
    starts = [sum(sizes[:number]) for number in range(count)]
    blocks = [data[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    corrections = [_remainder(block, per_block) for block in blocks]
    return bytes([*_interleaved(blocks), *_interleaved(corrections)])


def _interleaved(blocks: list[bytes]) -> Iterator[int]:
    for position in range(max(map(len, blocks))):
        yield from (block[position] for block in blocks if position < len(block))


def _remainder(block: bytes, length: int) -> bytes:
    """The Reed-Solomon correction of ``block``."""
    divisor = [0] * (length - 1) + [1]
    root = 1
    for _ in range(length):
        divisor = [
            _product(factor, root) ^ following for factor, following in zip(divisor, [*divisor[1:], 0], strict=True)
        ]
        root = _product(root, 2)
    rest = [0] * length
    for byte in block:
        factor = byte ^ rest[0]
        rest = [left ^ _product(right, factor) for left, right in zip([*rest[1:], 0], divisor, strict=True)]
    return bytes(rest)


def _product(left: int, right: int) -> int:
    """Multiplication in the field of 256 elements of QR codes, by logarithms."""
    return _POWERS[_LOGARITHMS[left] + _LOGARITHMS[right]] if left and right else 0


def _powers_of_two() -> list[int]:
    powers = [1]
    while len(powers) < 510:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0x11D if doubled > 255 else doubled)
    return powers


_POWERS = _powers_of_two()
_LOGARITHMS = {power: exponent for exponent, power in enumerate(_POWERS[:255])}


class _Symbol:
    def __init__(self, version: int) -> None:
        self.version = version
        self.size = 17 + 4 * version
        self.rows = [[False] * self.size for _ in range(self.size)]
        self._fixed = [[False] * self.size for _ in range(self.size)]

    def draw_patterns(self) -> None:
        """Everything that is not data."""
        last = self.size - 1
        for place in range(self.size):
            self._set(6, place, dark=place % 2 == 0)
            self._set(place, 6, dark=place % 2 == 0)
        for x, y in ((3, 3), (last - 3, 3), (3, last - 3)):
            self._square(x, y, 4, light=(2, 4))
        centres = _VERSIONS[self.version - 1][3]
        corners = {(6, 6), (6, last - 6), (last - 6, 6)}
        for x, y in ((x, y) for x in centres for y in centres if (x, y) not in corners):
            self._square(x, y, 2, light=(1,))
        self._draw_format()
        if self.version > 6:
            self._draw_version()

    def fill(self, codewords: bytes) -> None:
        """Writes data in pairs of columns, from the right, up and down in turns; what is left over is zero."""
        bits = [byte >> shift & 1 for byte in codewords for shift in range(7, -1, -1)]
        free = [(x, y) for x, y in self._zigzag() if not self._fixed[y][x]]
        for (x, y), bit in zip(free, [*bits, *[0] * (len(free) - len(bits))], strict=True):
            self.rows[y][x] = bool(bit) ^ ((x + y) % 2 == 0)

    def _zigzag(self) -> Iterator[tuple[int, int]]:
        upward = True
        for right in [*range(self.size - 1, 6, -2), 5, 3, 1]:
            lines: Iterable[int] = range(self.size - 1, -1, -1) if upward else range(self.size)
            yield from ((x, y) for y in lines for x in (right, right - 1))
            upward = not upward

    def _set(self, x: int, y: int, *, dark: bool) -> None:
        self.rows[y][x] = dark
        self._fixed[y][x] = True

    def _square(self, x: int, y: int, radius: int, light: tuple[int, ...]) -> None:
        """Rings around a centre, with those of the radii ``light`` light."""
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                if 0 <= x + dx < self.size and 0 <= y + dy < self.size:
                    self._set(x + dx, y + dy, dark=max(abs(dx), abs(dy)) not in light)

    def _draw_format(self) -> None:
        bits = (_FORMAT << 10 | _bch(_FORMAT, 10, 0x537)) ^ 0x5412
        last = self.size - 1
        around = [(8, 0), (8, 1), (8, 2), (8, 3), (8, 4), (8, 5), (8, 7), (8, 8), (7, 8)]
        around += [(5 - step, 8) for step in range(6)]
        apart = [(last - step, 8) for step in range(8)] + [(8, last - 6 + step) for step in range(7)]
        for places in (around, apart):
            for number, (x, y) in enumerate(places):
                self._set(x, y, dark=bool(bits >> number & 1))
        self._set(8, last - 7, dark=True)

    def _draw_version(self) -> None:
        bits = self.version << 12 | _bch(self.version, 12, 0x1F25)
        for number in range(18):
            long, short = self.size - 11 + number % 3, number // 3
            for x, y in ((long, short), (short, long)):
                self._set(x, y, dark=bool(bits >> number & 1))


def _bch(value: int, length: int, polynomial: int) -> int:
    rest = value
    for _ in range(length):
        rest = (rest << 1) ^ ((rest >> (length - 1)) * polynomial)
    return rest


def _png(rows: list[list[bool]]) -> bytes:
    """A picture of one bit per point, with a light edge around the symbol."""
    edge = [False] * _QUIET_ZONE
    width = len(rows) + 2 * _QUIET_ZONE
    framed = [[False] * width] * _QUIET_ZONE + [[*edge, *row, *edge] for row in rows] + [[False] * width] * _QUIET_ZONE
    side = width * _SCALE
    lines = b"".join(_line(row, side) * _SCALE for row in framed)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _line(row: list[bool], side: int) -> bytes:
    bits = "".join(("0" if dark else "1") * _SCALE for dark in row)
    return b"\0" + int(bits.ljust(-(-side // 8) * 8, "0"), 2).to_bytes(-(-side // 8), "big")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
