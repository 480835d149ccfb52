"""The text of an HTML page: what a reader sees, not its scripts or styles."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator

from windfall.text.extraction import Document
from windfall.text.formats.plain import decode

_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "select"}
    | {"textarea", "canvas", "audio", "video"}
)
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "aside", "header", "footer", "main", "nav", "figure"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "pre", "table"}
    | {"form", "fieldset", "hr", "address", "figcaption", "details", "summary", "title"}
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "option", "caption"})
_CELLS = frozenset({"td", "th"})
_RAW = {
    name: re.compile(f"</{name}[\\s/>]", re.I)
    for name in ("script", "style", "textarea", "iframe", "noembed", "noframes")
}
"""Elements whose content is no mark-up: it ends only at their own end tag."""
_OPENING = re.compile(r"<!--|<[!?]|</?(?P<name>[a-zA-Z][^\s/>]*+)")
_REST_OF_TAG = re.compile(r"""(?:=\s*+"[^"]*+"|=\s*+'[^']*+'|[^>])*+>""")
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{1,40})", re.I)
_NOT_FOR_PAGES = frozenset({"punycode", "idna", "unicode_escape", "raw-unicode-escape", "utf-7"})
"""Encodings that Python knows but no page is in; some take quadratic time."""
_SPACE = re.compile(r"\s+")
_LINE_EDGES = re.compile(r"(?<! ) *+\n *+")
_HEAD = 4_096


def read(body: bytes) -> Document:
    """The visible text, a blank line between blocks."""
    return Document(text_of(_decode(body)))


def text_of(markup: str) -> str:
    """The visible text of mark-up, however broken."""
    reader = _Reader()
    for token in _tokens(markup):
        reader.take(*token)
    return _LINE_EDGES.sub("\n", "".join(reader.pieces))


def _decode(body: bytes) -> str:
    declared = _DECLARED.search(body[:_HEAD])
    if declared:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
            if name not in _NOT_FOR_PAGES:
                return body.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass  # The declaration is wrong; the bytes tell more.
    return decode(body)


def _tokens(markup: str) -> Iterator[tuple[str, str]]:
    """Text, start tags and end tags as (kind, what), in one pass.

    Python's own parser takes quadratic time over mark-up that is never closed; here, as the HTML
    standard has it, what is not closed goes on to the end.
    """
    position = 0
    while position < len(markup):
        opening = _OPENING.search(markup, position)
        if opening is None:
            yield "text", markup[position:]
            return
        if opening.start() > position:
            yield "text", markup[position : opening.start()]
        mark, name = opening[0], opening["name"]
        end = _end_of_markup(markup, opening)
        if end < 0:
            return
        position = end
        if not name:
            continue
        name = name.lower()
        yield ("end" if mark.startswith("</") else "start"), name
        if name in _RAW and mark[1] != "/":
            closing = _RAW[name].search(markup, position)
            if closing is None:
                return
            position = closing.start()


def _end_of_markup(markup: str, opening: re.Match[str]) -> int:
    """Where the tag, comment or declaration ends; negative when it never does."""
    if opening["name"]:
        rest = _REST_OF_TAG.match(markup, opening.end())
        return rest.end() if rest else -1
    closer = "-->" if opening[0] == "<!--" else ">"
    # "<!-->" is a whole comment.
    start = opening.end() - 2 if closer == "-->" else opening.end()
    found = markup.find(closer, start)
    return found + len(closer) if found >= 0 else -1


class _Reader:
    """Collects the text that is seen."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._hidden: str | None = None
        self._hidden_depth = 0

    def take(self, kind: str, what: str) -> None:
        """Take notice of the next token."""
        if self._hidden:
            if what == self._hidden and kind != "text":
                self._hidden_depth += 1 if kind == "start" else -1
            if self._hidden_depth == 0:
                self._hidden = None
        elif kind == "text":
            self.pieces.append(_SPACE.sub(" ", html.unescape(what)))
        elif kind == "start" and what in _UNSEEN:
            self._hidden, self._hidden_depth = what, 1
        elif what in _BLOCKS:
            self.pieces.append("\n\n")
        elif what in _LINES and kind == "start":
            self.pieces.append("\n")
        elif what in _CELLS and kind == "end":
            self.pieces.append("\t")
