"""An HTTP request and its answer, as every step of the gateway sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote_to_bytes


@dataclass
class HttpRequest:
    """One HTTP request, exactly as it arrived.

    Attributes:
        method: `GET`, `PUT`, …
        path: Percent-encoded and not normalised: `/bucket/a%20b/../c` stays what it is.
        query: The raw query string, without `?`.
        headers: By lower-case name; repeated ones are joined by a comma.
        body: The whole body; an `aws-chunked` one is decoded by the gateway first.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

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
    """One HTTP answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


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
