"""JSON as it moves between states: the value and its text, made once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from windfall_local.workflows.failures import DATA_LIMIT, StateFailure

MAX_BYTES = 262_144
"""A state's, task's or execution's input or output (Step Functions quotas), UTF-8."""


def dump(value: Any) -> str:
    """JSON text without spaces, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def load(text: str | bytes) -> Any:
    """Parse JSON, strictly: no NaN, no Infinity.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def is_within(text: str, limit: int = MAX_BYTES) -> bool:
    """Whether the text's UTF-8 has at most so many bytes."""
    if len(text) > limit:
        return False
    return len(text) * 4 <= limit or len(text.encode("utf-8", "surrogatepass")) <= limit


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value that nobody changes any more, with its text."""

    value: Any
    text: str

    @classmethod
    def of(cls, value: Any, state: str) -> Document:
        """Take a value as it enters or leaves a state.

        Raises:
            StateFailure: `States.DataLimitExceeded`, it is larger than 256 KiB.
        """
        return cls(value, check_size(dump(value), state))

    @classmethod
    def join(cls, documents: list[Document], state: str) -> Document:
        """The array of these documents, without writing them again.

        Raises:
            StateFailure: `States.DataLimitExceeded`, it is larger than 256 KiB.
        """
        text = f"[{','.join([document.text for document in documents])}]"
        return cls([document.value for document in documents], check_size(text, state))

    @classmethod
    def parse(cls, text: str) -> Document:
        """Take a text that is JSON.

        Raises:
            ValueError: It is not.
        """
        return cls(load(text), text)


def check_size(text: str, state: str) -> str:
    """The text, if a state may hand it on.

    Raises:
        StateFailure: `States.DataLimitExceeded`, it is larger than 256 KiB.
    """
    if is_within(text):
        return text
    raise StateFailure(
        DATA_LIMIT,
        f"The state/task '{state}' returned a result with a size exceeding the maximum number of "
        f"bytes service limit, {MAX_BYTES}.",
    )
