"""What is wrong with a WebVTT or SubRip file, by the strictest reading of it.

Players are lenient and so are the libraries that read these files; a file that leaves Windfall
must not count on that. These checks know nothing of how the files are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_CLOCK = r"(\d{2,}):([0-5]\d):([0-5]\d)[.,](\d{3})"
_TIMES = re.compile(f"^{_CLOCK} --> {_CLOCK}$")
_VOICE = re.compile(r"^<v [^\n<>&]*(?:&(?:amp|lt|gt);[^\n<>&]*)*>(.*)</v>$", re.S)
_ENTITY = re.compile(r"&(?:amp|lt|gt|lrm|rlm|nbsp);")


def vtt_faults(text: str) -> list[str]:
    """What is wrong with a WebVTT file whose only tag is the voice around a whole cue."""
    if "\0" in text or "\r" in text:
        return ["a character that WebVTT can not hold"]
    header, _, body = text.partition("\n")
    if header != "WEBVTT":
        return ["the first line is not WEBVTT"]
    if body and not body.startswith("\n"):
        return ["no blank line behind the first"]
    return list(_faults(body[1:], ".", _vtt_text_fault))


def srt_faults(text: str) -> list[str]:
    """What is wrong with a SubRip file without mark-up."""
    if "\0" in text or "\r" in text:
        return ["a character that SubRip can not hold"]
    return list(_faults(text, ",", _srt_text_fault))


def _faults(body: str, point: str, text_fault: Callable[[str], str | None]) -> Iterator[str]:
    if not body:
        return
    if not body.endswith("\n"):
        yield "the last line has no end"
    latest = 0
    for number, block in enumerate(body.removesuffix("\n").split("\n\n"), 1):
        lines = block.split("\n")
        match = _TIMES.match(lines[1]) if len(lines) > 2 else None
        if lines[0] != str(number) or match is None or lines[1].count(point) != 2:
            yield f"cue {number} does not begin with its number and times"
            continue
        clocks = [int(group) for group in match.groups()]
        start, end = _milliseconds(clocks[:4]), _milliseconds(clocks[4:])
        if not latest <= start < end:
            yield f"cue {number} is out of time"
        latest = start
        fault = text_fault("\n".join(lines[2:]))
        if fault is not None or not all(line.strip() for line in lines[2:]):
            yield f"cue {number} has {fault or 'an empty line'}"


def _vtt_text_fault(text: str) -> str | None:
    voice = _VOICE.match(text)
    bare = _ENTITY.sub("", voice[1] if voice else text)
    return "mark-up in its text" if re.search("[&<>]", bare) else None


def _srt_text_fault(text: str) -> str | None:
    found = "-->" in text or re.search(r"</?[a-zA-Z]|[{}]", text)
    return "mark-up in its text" if found else None


def _milliseconds(clock: list[int]) -> int:
    hours, minutes, seconds, thousandths = clock
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
