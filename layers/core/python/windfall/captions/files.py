"""Cues as WebVTT and as SubRip, in the form that players agree on.

WebVTT (W3C, 2019): `&`, `<` and `>` are written as entities, so a transcript can hold no tags and
no arrow. SubRip has no standard and no escape: a tag or an arrow is broken by an invisible WORD
JOINER, and braces, in which players look for commands, become parentheses. Lines of a language
that is written from right to left stand between two RIGHT-TO-LEFT MARKs, so that marks and numbers
at their ends are shown at the right side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from windfall.captions.lines import layout
from windfall.captions.validation import srt_faults, vtt_faults

if TYPE_CHECKING:
    from windfall.captions.cues import Cue, CueList

VTT_TYPE = "text/vtt; charset=utf-8"
SRT_TYPE = "application/x-subrip; charset=utf-8"

_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "iw", "ku", "ps", "sd", "ug", "ur", "yi", "dv"})
_RIGHT_TO_LEFT_MARK = "\u200f"
_WORD_JOINER = "\u2060"
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SRT_MARKUP = re.compile(r"<(?=[/a-zA-Z])|--(?=>)")
_BRACES = str.maketrans("{}", "()")
_SPEAKER = re.compile(r"^(spk|ch)_(\d+)$")
_KINDS = {"spk": "Speaker", "ch": "Channel"}


def write_vtt(captions: CueList) -> bytes:
    """A WebVTT file; speakers are told by voice tags."""
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(captions.cues, 1):
        lines = "\n".join(_lines(cue, captions.language, _escaped))
        if cue.speaker is not None:
            lines = f"<v {_escaped(speaker_name(cue.speaker))}>{lines}</v>"
        times = f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}"
        blocks.append(f"{number}\n{times}\n{lines}\n")
    return _checked("\n".join(blocks), vtt_faults)


def write_srt(captions: CueList) -> bytes:
    """A SubRip file."""
    blocks = []
    for number, cue in enumerate(captions.cues, 1):
        lines = "\n".join(_lines(cue, captions.language, _defused))
        times = f"{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}"
        blocks.append(f"{number}\n{times}\n{lines}\n")
    return _checked("\n".join(blocks), srt_faults)


def speaker_name(label: str) -> str:
    """`spk_0` as a person says it: Speaker 1."""
    match = _SPEAKER.match(label)
    return f"{_KINDS[match[1]]} {int(match[2]) + 1}" if match else label


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from right to left."""
    return language.split("-", 1)[0] in _RIGHT_TO_LEFT


def _lines(cue: Cue, language: str, written: Callable[[str], str]) -> Sequence[str]:
    mark = _RIGHT_TO_LEFT_MARK if is_right_to_left(language) else ""
    text = _UNWRITABLE.sub("", cue.text)
    return [f"{mark}{written(line)}{mark}" for line in layout(text)] or ["\u2026"]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _defused(text: str) -> str:
    return _SRT_MARKUP.sub(lambda match: match[0] + _WORD_JOINER, text.translate(_BRACES))


def _clock(milliseconds: int, point: str) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _checked(text: str, find_faults: Callable[[str], list[str]]) -> bytes:
    faults = find_faults(text)
    if faults:
        # No data may do this: it is a bug, and must not become somebody's broken file.
        raise AssertionError(f"captions are not well-formed: {'; '.join(faults[:3])}")
    return text.encode()
