"""MP3 files as what they are: a stream of frames, each of known length and duration.

Frames of several files may follow each other in one. What stands around them (ID3 tags, the
header frame with the length of its own file) is left out, and a header frame for the whole is put
in front, so that players tell its right length and can seek. ISO/IEC 11172-3 and 13818-3; the
header frame is the one that Xing's encoder introduced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from windfall.errors import InvalidInputError

_KILOBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KILOBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""By the version's two bits: MPEG-1, MPEG-2, MPEG-2.5."""
_LAYER_3 = 1
_MONO = 3
_HEADER = 4
_INAUDIBLE = 28
"""Steps of 1.5 dB: 42 dB below the loudest frame."""
_HEADER_FRAME_KILOBITS = 64
"""Makes a frame of 144 bytes at least: room for the side information and 16 bytes of ours."""


class _Frame(NamedTuple):
    version: int
    rate: int
    length: int
    samples: int
    mono: bool

    @property
    def side_information(self) -> int:
        """Bytes between the header and the data; a header frame's own data follows them."""
        if self.version == 3:
            return 17 if self.mono else 32
        return 9 if self.mono else 17


class Audio(NamedTuple):
    """The sound of an MP3 file and nothing else.

    Attributes:
        frames: How many frames `data` holds.
        duration: In seconds, exact.
    """

    data: bytes
    frames: int
    duration: Fraction


def sound(file: bytes) -> Audio:
    """The frames of a file that hold sound.

    Raises:
        InvalidInputError: There are none.
    """
    kept: list[bytes] = []
    samples: Counter[int] = Counter()
    for number, (position, frame) in enumerate(_frames(file)):
        data = file[position : position + frame.length]
        if number == 0 and _is_header_frame(data, frame):
            continue
        kept.append(data)
        samples[frame.rate] += frame.samples
    if not kept:
        raise InvalidInputError("The speech that was made is no MP3.")
    duration = sum((Fraction(count, rate) for rate, count in samples.items()), Fraction(0))
    return Audio(b"".join(kept), len(kept), duration)


def header_frame(first: bytes, frames: int, size: int) -> bytes:
    """A frame that tells players how long the whole is.

    Args:
        first: The beginning of the sound that follows; the frame is made like its first frame.
        frames: How many frames follow.
        size: How many bytes they have.
    """
    frame = _frame_at(first, 0)
    if frame is None:
        raise InvalidInputError("The speech that was made is no MP3.")
    table = _KILOBITS_1 if frame.version == 3 else _KILOBITS_2
    kilobits = table.index(_HEADER_FRAME_KILOBITS)
    rate_bits = first[2] & 0b0000_1100
    # No checksum, no padding: the length is that of the table.
    header = bytes([0xFF, first[1] | 1, kilobits << 4 | rate_bits, first[3]])
    length = _length(frame.version, _HEADER_FRAME_KILOBITS, frame.rate, padding=0)
    whole = size + length
    body = b"Xing" + (3).to_bytes(4, "big") + frames.to_bytes(4, "big") + whole.to_bytes(4, "big")
    return (header + bytes(frame.side_information) + body).ljust(length, b"\0")


def silent_frame(like: bytes) -> bytes:
    """A frame without sound that may stand anywhere between frames like these.

    Its side information says that no data follows and that none before is needed, so it is the
    same in any place. It is as long as the shortest frame of `like`: among frames of one length,
    the whole keeps that length, by which players find a place in it.

    Args:
        like: Frames of the sound that it goes with.
    """
    shortest = min(_frames(like), key=lambda found: found[1].length, default=None)
    if shortest is None:
        raise InvalidInputError("The speech that was made is no MP3.")
    position, frame = shortest
    first = like[position : position + _HEADER]
    # No checksum, no padding.
    header = bytes([0xFF, first[1] | 1, first[2] & 0b1111_1101, first[3]])
    return header.ljust(frame.length - (first[2] >> 1 & 1), b"\0")


def audible(data: bytes) -> range:
    """Which frames of a sound can be heard, from the first to the last of them.

    Nothing is decoded: a frame's side information has its quantizer's step, and what is far below
    the loudest frame's is silence or a breath.
    """
    steps = [
        _loudness(data[position : position + frame.length], frame)
        for position, frame in _frames(data)
    ]
    loudest = max(steps, default=0)
    heard = [number for number, step in enumerate(steps) if step >= max(1, loudest - _INAUDIBLE)]
    return range(heard[0], heard[-1] + 1) if heard else range(0)


def first_frames(data: bytes, count: int) -> bytes:
    """So many frames from the beginning."""
    for number, (position, _) in enumerate(_frames(data)):
        if number == count:
            return data[:position]
    return data


def _loudness(data: bytes, frame: _Frame) -> int:
    """The first granule's global gain (steps of 1.5 dB); nothing coded is silence."""
    start = _HEADER + (0 if data[1] & 1 else 2)
    side = data[start : start + frame.side_information]
    # Where the first granule begins: behind the reservoir's size, private and sharing bits.
    if frame.version == 3:
        begin = 9 + (5 if frame.mono else 3) + (4 if frame.mono else 8)
    else:
        begin = 8 + (1 if frame.mono else 2)
    bits = int.from_bytes(side, "big") >> (len(side) * 8 - begin - 29) & (1 << 29) - 1
    length, gain = bits >> 17, bits & 0xFF
    return gain if length else 0


def _frames(file: bytes) -> Iterator[tuple[int, _Frame]]:
    position = _behind_id3(file)
    while position + _HEADER <= len(file):
        frame = _frame_at(file, position)
        if frame is None:
            # Not a frame: look for the next one that another follows, or that ends the file.
            position = _next_frame(file, position + 1)
            continue
        if position + frame.length > len(file):
            return
        yield position, frame
        position += frame.length


def _next_frame(file: bytes, position: int) -> int:
    while (position := file.find(b"\xff", position)) >= 0:
        frame = _frame_at(file, position)
        if frame is not None:
            end = position + frame.length
            if end == len(file) or _frame_at(file, end) is not None:
                return position
        position += 1
    return len(file)


def _frame_at(file: bytes, position: int) -> _Frame | None:
    return _frame_of(file[position : position + _HEADER])


@lru_cache(maxsize=1024)
def _frame_of(header: bytes) -> _Frame | None:
    """What a header says; a file's frames have the same few headers, so it is read once for all."""
    if len(header) < _HEADER or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kilobits, rate = header[2] >> 4, header[2] >> 2 & 3
    if version not in _RATES or layer != _LAYER_3 or kilobits in {0, 15} or rate == 3:
        return None
    table = _KILOBITS_1 if version == 3 else _KILOBITS_2
    hertz = _RATES[version][rate]
    length = _length(version, table[kilobits], hertz, padding=header[2] >> 1 & 1)
    samples = 1152 if version == 3 else 576
    return _Frame(version, hertz, length, samples, mono=header[3] >> 6 == _MONO)


def _length(version: int, kilobits: int, rate: int, *, padding: int) -> int:
    return (144 if version == 3 else 72) * kilobits * 1000 // rate + padding


def _behind_id3(file: bytes) -> int:
    if file[:3] != b"ID3" or len(file) < 10:
        return 0
    size = 0
    for byte in file[6:10]:
        size = size << 7 | byte & 0x7F
    has_footer = file[5] & 0x10
    return 10 + size + (10 if has_footer else 0)


def _is_header_frame(data: bytes, frame: _Frame) -> bool:
    mark = _HEADER + frame.side_information
    # With a checksum the mark stands two bytes on; Fraunhofer's VBRI always at the same place.
    return (
        data[mark : mark + 4] in {b"Xing", b"Info"}
        or data[mark + 2 : mark + 6] in {b"Xing", b"Info"}
        or data[36:40] == b"VBRI"
    )
