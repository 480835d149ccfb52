r"""Plain text to Apertium's stream format and back.

The format has its own meaning for `[]{}^$/\@<>~`. Its escapes are not safe: after a lone `^`, be it
escaped or in brackets, the tagger waits for ever. So these signs travel as characters that no text
has (Unicode's noncharacters). Blanks other than a single space travel in brackets (superblanks),
which every stage hands on untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RESERVED = r"[]{}^$/\@<>~"
_STAND_INS = "".join(chr(0xFDD0 + index) for index in range(len(_RESERVED)))
_ASIDE = str.maketrans(_RESERVED, _STAND_INS)
_BACK = str.maketrans(_STAND_INS, _RESERVED)
_BLANK = re.compile(r"[\s\x00]+")
_TOKEN = re.compile(r"\[([^\]]*)\]| {2,}|\\(.)", re.DOTALL)
_PARAGRAPH_END = re.compile(r"((?:[ \t]*\r?\n){2,})")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")

LONGEST = 4000
"""Characters in one request: the pipes between the stages hold 64 KiB."""


def encode(text: str) -> bytes:
    """One request for a pipeline, without its closing zero byte."""

    def blank(match: re.Match[str]) -> str:
        found = match.group().replace("\0", " ")
        return found if found == " " else f"[{found}]"

    return (_BLANK.sub(blank, text.translate(_ASIDE)) + "[][\n]").encode()


def decode(answer: bytes) -> str:
    """The text of an answer."""

    def plain(match: re.Match[str]) -> str:
        if match.group(1) is not None:
            return match.group(1)
        # The text's own double spaces travel in brackets; these stand around a dropped word.
        return match.group(2) or " "

    text = answer.decode("utf-8", "replace").rstrip("\0")
    # What `encode` put at the end; a stage may have moved a blank before it.
    return _TOKEN.sub(plain, text.removesuffix("[][\n]")).translate(_BACK)


def is_whole(answer: bytes) -> bool:
    """Whether an answer holds the end that `encode` gave its request."""
    return b"[][\n]" in answer


def split(text: str) -> Iterator[tuple[str, str]]:
    """A text as (what to translate, the blanks that follow it), in order and without loss."""
    pieces = _PARAGRAPH_END.split(text)
    for paragraph, gap in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        *bodies, last = _shorten(paragraph)
        for body in bodies:
            yield _trim(body)
        body, blanks = _trim(last)
        yield body, blanks + gap


def _shorten(paragraph: str) -> list[str]:
    """A paragraph in parts of at most `LONGEST` characters, cut after sentences or words."""
    parts = []
    while len(paragraph) > LONGEST:
        window = paragraph[:LONGEST]
        ends = [match.end() for match in _SENTENCE_END.finditer(window)]
        cut = ends[-1] if ends else window.rfind(" ") + 1
        parts.append(paragraph[: cut or LONGEST])
        paragraph = paragraph[cut or LONGEST :]
    return [*parts, paragraph]


def _trim(body: str) -> tuple[str, str]:
    stripped = body.rstrip()
    return stripped, body[len(stripped) :]
