"""An HTTP request and its answer, as every step of the gateway sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from windfall_local.mirror.passing import Piece, Reading


@dataclass
class HttpRequest:
    """One HTTP request, exactly as it arrived.

    Attributes:
        method: `GET`, `PUT`, …
        path: Percent-encoded and not normalised: `/bucket/a%20b/../c` stays what it is.
        query: The raw query string, without `?`.
        headers: By lower-case name; repeated ones are joined by a comma.
        body: The whole body; an `aws-chunked` one is decoded by the gateway first.
        piece: The file of a large body that was written as it came; `body` is a view of it.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    piece: Piece | None = None

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The query string decoded; of a repeated name, the first value."""
        found: dict[str, str] = {}
        for name, value in self.argument_pairs:
            found.setdefault(name, value)
        return found

    @cached_property
    def argument_pairs(self) -> list[tuple[str, str]]:
        """The query string decoded, in order, with repetitions."""
        return split_query(self.query)


@dataclass
class HttpResponse:
    """One HTTP answer.

    Attributes:
        body: The whole body; empty where `reading` is it.
        reading: A large body, which is read as it is sent.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reading: Reading | None = None

    def whole(self) -> bytes:
        """The body, read if it must be."""
        return self.body if self.reading is None else b"".join(self.reading)


def split_query(query: str) -> list[tuple[str, str]]:
    """Decode a query string or a form; unlike `parse_qsl` it has no limit on fields."""
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((decode_form(name), decode_form(value)))
    return pairs


def decode_form(text: str) -> str:
    """Undo form encoding: `+` is a space, `%xx` a byte of UTF-8."""
    if "%" not in text and "+" not in text:
        return text
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "surrogateescape")
