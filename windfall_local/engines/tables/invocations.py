"""What is asked of a model, and its answer. Bodies are files: they may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LINE_BASED = frozenset({"text/csv", "application/jsonlines", "application/jsonl", "text/libsvm"})
"""Media types of which each line is a record."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A POST to `/invocations`.

    Attributes:
        body: The file that holds it.
        content_type: As the caller has it; empty when it has none.
        accept: The same.
        attributes: CustomAttributes, handed through.
    """

    body: Path
    content_type: str = ""
    accept: str = ""
    attributes: str = ""

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in small letters."""
        return self.content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: Of HTTP.
        content_type: Of the body.
        body: In pieces, made while they are taken.
    """

    status: int
    content_type: str
    body: Iterable[bytes] = field(default=(), repr=False)


class RefusedError(Exception):
    """The container's answer is an error.

    Args:
        status: Of HTTP; 4xx when the caller is to blame.
        message: The body of the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Container(Protocol):
    """A container with a model in it."""

    def answer(self, invocation: Invocation) -> Reply:
        """Predict.

        Raises:
            RefusedError: Also while the body is taken.
        """
        ...
