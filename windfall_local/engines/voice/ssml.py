"""The parser of SSML: tags and characters in order, each with its place in the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from windfall_local.engines import InvalidMediaError


class InvalidSsmlError(InvalidMediaError):
    """The SSML is malformed, or has something that the voice does not take, by name."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A start tag, from its `<` to behind its `>`."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Closed:
    """An end tag, or the end of an empty element."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Characters:
    """Text. `spans` has for each character where it begins and ends in the bytes."""

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)


Token = Opened | Closed | Characters


def parse_ssml(document: str) -> list[Token]:
    """The document's tokens in order.

    Raises:
        InvalidSsmlError: It is not well-formed, or its root is not `speak`.
    """
    content = document.encode("utf-8", "surrogatepass")
    reader = _Reader(content)
    try:
        reader.parse()
    except (expat.ExpatError, UnicodeError) as error:
        raise InvalidSsmlError(f"The SSML is not well-formed: {error}") from error
    tokens = list(reader.tokens())
    root = next((token for token in tokens if isinstance(token, Opened)), None)
    if root is None or root.name != "speak":
        raise InvalidSsmlError("The SSML has no speak element around it.")
    return tokens


class _Reader:
    """Gathers expat's events with their byte positions; an event ends where the next begins."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._events: list[tuple[int, str, str, dict[str, str]]] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = False
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = lambda name: self._note("close", name)
        self._parser.CharacterDataHandler = lambda text: self._note("text", text)
        self._parser.CommentHandler = lambda _text: self._note("other", "")
        self._parser.ProcessingInstructionHandler = lambda *_parts: self._note("other", "")
        self._parser.StartCdataSectionHandler = lambda: self._note("other", "")
        self._parser.EndCdataSectionHandler = lambda: self._note("other", "")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def parse(self) -> None:
        self._parser.Parse(self._content, True)

    def tokens(self) -> Iterator[Token]:
        following = [event[0] for event in self._events[1:]] + [len(self._content)]
        for (start, kind, value, attributes), after in zip(self._events, following, strict=True):
            if kind == "open":
                yield Opened(value, attributes, start, self._tag_end(start))
            elif kind == "close":
                # An empty element closes where it opened.
                empty = not self._content.startswith(b"</", start)
                yield Closed(value, start, start if empty else self._tag_end(start))
            elif kind == "text":
                yield Characters(value, self._spans(value, start, after))

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._note("open", name, attributes)

    def _note(self, kind: str, value: str, attributes: dict[str, str] | None = None) -> None:
        self._events.append((self._parser.CurrentByteIndex, kind, value, attributes or {}))

    def _refuse_doctype(self, *_parts: object) -> None:
        # Entities of a document's own could grow without bound.
        raise InvalidSsmlError("The SSML has a document type, which is not taken.")

    def _tag_end(self, start: int) -> int:
        """Behind the `>` that ends a tag; one in quotes does not."""
        quote = 0
        for position in range(start, len(self._content)):
            byte = self._content[position]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte in b"\"'":
                quote = byte
            elif byte == ord(">"):
                return position + 1
        return len(self._content)

    def _spans(self, text: str, start: int, after: int) -> list[tuple[int, int]]:
        if self._content.startswith(b"&", start):
            end = self._content.find(b";", start) + 1
            return [(start, end)] * len(text)
        spans = []
        position = start
        for character in text:
            size = len(character.encode())
            if character == "\n" and self._content.startswith(b"\r\n", position):
                size = 2
            spans.append((position, min(position + size, after)))
            position += size
        return spans
