"""Pages as a browser would take them apart: elements, attributes, text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple


class Parsed(NamedTuple):
    """A page: its elements with the names of their attributes, and all that is text."""

    elements: list[tuple[str, tuple[str, ...]]]
    text: str
    addresses: list[str]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [
            value or "" for name, value in attrs if name in {"href", "src", "action", "srcset"}
        ]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parse(page: str) -> Parsed:
    """A page, taken apart."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return Parsed(parser.elements, "".join(parser.texts), parser.addresses)
