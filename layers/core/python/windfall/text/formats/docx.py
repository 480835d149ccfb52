"""The text of Word documents (Office Open XML), read as a stream and within limits.

A docx is a ZIP of XML from anywhere: sizes are checked before and while it is unpacked, and
entities are refused, so that neither a ZIP bomb nor an XML bomb goes off.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from windfall.errors import InvalidInputError
from windfall.text.extraction import Document

MOST_UNPACKED = 200 * 1024 * 1024
"""Bytes of XML in one part; the text of a thousand-page novel is about 20 MB of it."""

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_NOTES = ("footnotes.xml", "endnotes.xml")


def read(body: bytes) -> Document:
    """The paragraphs, tables and notes, in their order.

    Raises:
        InvalidInputError: It is no Word document, broken, protected or a bomb.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            return Document("".join(_parts(package)))
    except DefusedXmlException as error:
        raise InvalidInputError(
            "The Word document declares XML entities; it is refused."
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ParseError, NotImplementedError) as error:
        raise InvalidInputError("The file is no Word document, or it is broken.") from error
    except RuntimeError as error:  # zipfile's word for an encrypted member
        raise InvalidInputError("The Word document is protected by a password.") from error


def _parts(package: zipfile.ZipFile) -> Iterator[str]:
    names = set(package.namelist())
    main = _main_part(package, names)
    if main not in names:
        raise InvalidInputError("The ZIP file holds no Word document.")
    folder = posixpath.dirname(main)
    for name in (main, *(posixpath.join(folder, note) for note in _NOTES)):
        if name in names:
            with _limited(package, name) as part:
                yield from _text(part)
            yield "\n"


def _main_part(package: zipfile.ZipFile, names: set[str]) -> str:
    if "_rels/.rels" in names:
        with _limited(package, "_rels/.rels") as part:
            for _, element in iterparse(part):
                if element.tag == _RELATIONSHIP and element.get("Type", "").endswith(
                    "/officeDocument"
                ):
                    return str(element.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _limited(package: zipfile.ZipFile, name: str) -> IO[bytes]:
    if package.getinfo(name).file_size > MOST_UNPACKED:
        raise InvalidInputError("The Word document is too large when it is unpacked.")
    # A member never yields more than the size that the directory declares.
    return package.open(name)


def _text(part: IO[bytes]) -> Iterator[str]:
    """Text runs as they come; finished paragraphs are forgotten, so memory stays flat."""
    in_fallback = 0
    for event, element in iterparse(part, events=("start", "end")):
        if element.tag == _FALLBACK:
            # The same drawing once more, for older readers.
            in_fallback += 1 if event == "start" else -1
        if event == "end":
            if not in_fallback:
                yield from _piece(element)
            if _local(element) in {"p", "tbl"}:
                element.clear()


def _piece(element: Element) -> Iterator[str]:
    match _local(element):
        case "t":
            yield element.text or ""
        case "tab" | "tc":
            yield "\t"
        case "br" | "cr" | "tr":
            yield "\n"
        case "noBreakHyphen":
            yield "\u2011"
        case "p":
            yield "\n\n"


def _local(element: Element) -> str:
    """The name of one of Word's elements; empty for another vocabulary's."""
    namespace, _, name = str(element.tag).rpartition("}")
    return name if namespace[1:] in {_WORD, _STRICT} else ""
