"""Documents: which texts of them are translated, and how the rest stays as it is."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any
from zipfile import BadZipFile

TEXT = "text/plain"
HTML = "text/html"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

LARGEST_UNPACKED = 50 * 1024 * 1024
"""A small archive can hold a very large document."""

_BLANK_LINES = re.compile(r"(\n[^\S\n]*\n\s*)")

Rebuild = Callable[[Sequence[str]], bytes]


class DocumentError(ValueError):
    """The document can't be read as what it was said to be."""


def take_apart(content: bytes, kind: str) -> tuple[list[str], Rebuild]:
    """The texts of a document, and what puts their translations in their places.

    Raises:
        DocumentError: It is no such document.
    """
    if kind == WORD:
        return _word(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"The document is not UTF-8: {error}") from error
    if kind == HTML:
        reader = _HtmlReader()
        reader.feed(text)
        reader.close()
        return reader.texts, reader.rebuild
    return _plain(text)


def _plain(text: str) -> tuple[list[str], Rebuild]:
    """Paragraph by paragraph: the engine does no more at once, however long the text is."""
    pieces = _BLANK_LINES.split(text)
    places = [number for number, piece in enumerate(pieces) if piece.strip()]

    def rebuild(translated: Sequence[str]) -> bytes:
        whole = list(pieces)
        for place, paragraph in zip(places, translated, strict=True):
            whole[place] = paragraph
        return "".join(whole).encode()

    return [pieces[place] for place in places], rebuild


class _HtmlReader(HTMLParser):
    """Keeps the mark-up as it is written; texts between tags are translated one by one."""

    _KEPT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "var", "textarea"})
    _VOID = frozenset(
        {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._pieces: list[str | int] = []
        self._kept: list[str] = []

    def rebuild(self, translated: Sequence[str]) -> bytes:
        """The document with these texts."""
        return "".join(
            piece if isinstance(piece, str) else html.escape(translated[piece], quote=False)
            for piece in self._pieces
        ).encode()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag stays; what is marked `translate="no"` does too."""
        self._pieces.append(self.get_starttag_text() or "")
        refused = dict(attrs).get("translate") == "no"
        inside = bool(self._kept) and tag == self._kept[-1]
        if tag not in self._VOID and (tag in self._KEPT or refused or inside):
            self._kept.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An empty element stays."""
        self._pieces.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """An end tag stays."""
        self._pieces.append(f"</{tag}>")
        if self._kept and self._kept[-1] == tag:
            self._kept.pop()

    def handle_data(self, data: str) -> None:
        """A text is translated, unless it is code or only blanks."""
        if self._kept or not data.strip():
            raw = self._kept and self._kept[-1] in ("script", "style")
            self._pieces.append(data if raw else html.escape(data, quote=False))
            return
        body = data.strip()
        begin = data.index(body)
        self._pieces += [data[:begin], len(self.texts), data[begin + len(body) :]]
        self.texts.append(body)

    def handle_comment(self, data: str) -> None:
        """A comment stays."""
        self._pieces.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        """A declaration stays."""
        self._pieces.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        """An instruction stays."""
        self._pieces.append(f"<?{data}>")


def _word(content: bytes) -> tuple[list[str], Rebuild]:
    import docx  # noqa: PLC0415 - slow to import, and seldom needed
    from docx.opc.exceptions import PackageNotFoundError  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise DocumentError("The document is too large when it is unpacked.")
        document = docx.Document(io.BytesIO(content))
    except (BadZipFile, KeyError, ValueError, PackageNotFoundError) as error:
        raise DocumentError(f"The document is no Word document: {error}") from error
    paragraphs = [paragraph for paragraph in _paragraphs(document) if paragraph.text.strip()]

    def rebuild(translated: Sequence[str]) -> bytes:
        for paragraph, text in zip(paragraphs, translated, strict=True):
            # Word order changes: a paragraph takes the form of its first run.
            first, *rest = paragraph.runs or [paragraph.add_run()]
            first.text = text
            for run in rest:
                run.text = ""
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()

    return [paragraph.text for paragraph in paragraphs], rebuild


def _paragraphs(part: Any) -> list[Any]:
    found = list(part.paragraphs)
    for table in part.tables:
        for row in table.rows:
            for cell in row.cells:
                found += _paragraphs(cell)
    # A merged cell is met once for each place it covers.
    return list({id(paragraph._p): paragraph for paragraph in found}.values())
