"""The text of Markdown, read by a CommonMark parser: mark-up is never read as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from windfall.text.extraction import Document
from windfall.text.formats import html
from windfall.text.formats.plain import decode

_FRONT_MATTER = re.compile(
    r"\A(?:---\n.*?\n(?:---|\.\.\.)(?:\n|\Z)|\+\+\+\n.*?\n\+\+\+(?:\n|\Z))", re.S
)
_BLOCK_ENDS = frozenset(
    {"paragraph_close", "heading_close", "blockquote_close", "bullet_list_close"}
    | {"ordered_list_close", "table_close", "hr"}
)
_LINE_ENDS = frozenset({"tr_close"})


def read(body: bytes) -> Document:
    """The text that a rendered page would show; code blocks are text, too."""
    source = decode(body).replace("\r\n", "\n")
    source = _FRONT_MATTER.sub("", source, count=1)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return Document(_joined(_pieces(parser.parse(source))))


def _joined(pieces: Iterable[str]) -> str:
    return "".join(pieces)


def _pieces(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _inline(token.children or ())
        elif token.type in {"fence", "code_block"}:
            yield f"{token.content}\n"
        elif token.type == "html_block":
            yield f"{html.text_of(token.content)}\n\n"
        elif token.type in _BLOCK_ENDS:
            # Inside a tight list the paragraphs are hidden and items stand line by line.
            yield "\n" if token.hidden else "\n\n"
        elif token.type in _LINE_ENDS:
            yield "\n"
        elif token.type in {"th_close", "td_close"}:
            yield "\t"


def _inline(tokens: Iterable[Token]) -> Iterator[str]:
    """The words of a line: of a link its text, of a picture its description."""
    for token in tokens:
        if token.type in {"text", "code_inline"}:
            yield token.content
        elif token.type == "image":
            yield from _inline(token.children or ())
        elif token.type in {"softbreak", "hardbreak"} or _is_html_break(token):
            yield "\n"


def _is_html_break(token: Token) -> bool:
    return token.type == "html_inline" and token.content.lower().startswith("<br")
