"""The plain text of a document, whatever its format.

Each format has its module under `formats/`, imported only when a file of that format comes: the
parsers of PDF and Markdown cost more to import than a short text costs to read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from windfall.errors import InvalidInputError

MOST_CHARACTERS = 20_000_000
"""A text longer than this is cut off, and says so: 3 GB of memory hold its analysis no more."""

_MODULES = {
    "txt": "plain",
    "md": "markdown",
    "html": "html",
    "srt": "subtitles",
    "vtt": "subtitles",
    "docx": "docx",
    "pdf": "pdf",
}
FORMATS = frozenset(_MODULES)
"""The formats that have text."""

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028]")
# Everything of category Cc but tab and line feed, the byte order mark, what is no character.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_TRAILING_SPACE = re.compile("(?<![ \t\u00a0])[ \t\u00a0]++$", re.MULTILINE)
_BLANK_LINES = re.compile("\n{3,}")


class Document(NamedTuple):
    """A document's text as its format's module found it.

    Attributes:
        text: Not cleaned yet.
        pages: How many pages it has, where its format knows pages.
        pages_read: How many of them were read.
    """

    text: str
    pages: int | None = None
    pages_read: int | None = None


class Extracted(NamedTuple):
    """A clean text: composed (NFC), without control characters, lines ended by line feeds.

    Attributes:
        cut_off: Why not all of the document was read; None when all of it was.
    """

    text: str
    pages: int | None = None
    cut_off: str | None = None


def extract(body: bytes, format_name: str) -> Extracted:
    """Read a document of one of `FORMATS`.

    Raises:
        InvalidInputError: The document is broken, protected or of another format; the message
            says so to a person.
    """
    module_name = _MODULES.get(format_name)
    if module_name is None:
        raise InvalidInputError(f"Windfall reads no text from files of the format {format_name}.")
    module = import_module(f"windfall.text.formats.{module_name}")
    document = cast("Callable[[bytes], Document]", module.read)(body)
    return _within_limits(clean(document.text), document)


def clean(text: str) -> str:
    """A text that every service takes: see `Extracted`."""
    text = _LINE_BREAKS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    text = _TRAILING_SPACE.sub("", text)
    text = _BLANK_LINES.sub("\n\n", text).strip()
    return unicodedata.normalize("NFC", text)


def _within_limits(text: str, document: Document) -> Extracted:
    cut_off = None
    if len(text) > MOST_CHARACTERS:
        cut_off = f"Only the first {MOST_CHARACTERS:,} of {len(text):,} characters were read."
        text = text[:MOST_CHARACTERS]
    elif document.pages is not None and document.pages != document.pages_read:
        cut_off = f"Only {document.pages_read} of {document.pages} pages could be read."
    return Extracted(text, document.pages, cut_off)
