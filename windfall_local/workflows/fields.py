"""Reading a definition's objects field by field, noting every problem with its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from windfall_local.workflows.queries import (
    QuerySyntaxError,
    Template,
    is_expression,
    type_name,
)

MAX_SECONDS = 99_999_999
"""What times in a definition can be at most, more than three years."""

_ANY = ("Type", "Comment", "QueryLanguage")
_FLOW = (*_ANY, "Next", "End", "Output", "Assign")
_WORK = (*_FLOW, "Retry", "Catch")

STATE_FIELDS: dict[str, tuple[str, ...]] = {
    "Pass": _FLOW,
    "Succeed": (*_ANY, "Output"),
    "Fail": (*_ANY, "Error", "Cause"),
    "Wait": (*_FLOW, "Seconds", "Timestamp"),
    "Choice": (*_ANY, "Choices", "Default", "Output", "Assign"),
    "Task": (
        *_WORK, "Resource", "Arguments", "TimeoutSeconds", "HeartbeatSeconds", "Credentials",
    ),
    "Parallel": (*_WORK, "Branches", "Arguments"),
    "Map": (
        *_WORK, "Items", "ItemSelector", "ItemProcessor", "MaxConcurrency",
        "ToleratedFailureCount", "ToleratedFailurePercentage",
        "ItemReader", "ItemBatcher", "ResultWriter", "Label",
    ),
}  # fmt: skip
"""The fields of each type of state under JSONata, as far as they are done here."""

_NOT_YET = {
    "Iterator": "the old name of 'ItemProcessor'",
    "InputPath": "of JSONPath",
    "OutputPath": "of JSONPath",
    "Parameters": "of JSONPath",
    "Result": "of JSONPath",
    "ResultPath": "of JSONPath",
    "ResultSelector": "of JSONPath",
    "ItemsPath": "of JSONPath",
    "SecondsPath": "of JSONPath",
    "TimestampPath": "of JSONPath",
    "TimeoutSecondsPath": "of JSONPath",
    "HeartbeatSecondsPath": "of JSONPath",
    "MaxConcurrencyPath": "of JSONPath",
    "ErrorPath": "of JSONPath",
    "CausePath": "of JSONPath",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a definition."""

    code: str
    message: str
    location: str | None

    def __str__(self) -> str:
        place = f" at {self.location}" if self.location else ""
        return f"{self.code}: {self.message}{place}"


class Problems:
    """The problems found so far, in order."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, location: str, message: str, code: str = "SCHEMA_VALIDATION_FAILED") -> None:
        """Note a problem."""
        self.found.append(Problem(code, message, location or "/"))

    def raise_any(self, error: Callable[[list[Problem]], Exception]) -> None:
        """Raise if there are any."""
        if self.found:
            raise error(self.found)


class Fields:
    """The fields of one object of a definition.

    Args:
        document: The object; anything else is noted and read as empty.
        path: Its place, as a JSON pointer.
        problems: Where problems are noted.
        root: The place of the state that it belongs to; locations of expressions begin there.
    """

    def __init__(
        self, document: Any, path: str, problems: Problems, root: str | None = None
    ) -> None:
        self.valid = isinstance(document, dict)
        self.document: dict[str, Any] = document if isinstance(document, dict) else {}
        self.path = path
        self.problems = problems
        self._root = path if root is None else root
        if not self.valid:
            problems.add(path, f"The value must be an object; it is {type_name(document)}")

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return name in self.document

    def allow(self, *names: str) -> None:
        """Note every field that is not one of these."""
        for name in self.document:
            if name not in names:
                kind = _NOT_YET.get(name)
                reason = f", {kind}, is not supported here" if kind else " is not supported"
                self.problems.add(self.path, f"The field '{name}'{reason}")

    def require(self, *names: str) -> bool:
        """Note the fields that are missing; whether all are there."""
        missing = [name for name in names if name not in self.document]
        if missing:
            self.problems.add(self.path, f"These fields are required: [{', '.join(missing)}]")
        return not missing

    def inner(self, name: str) -> Fields:
        """The fields of an object within."""
        return Fields(self.document.get(name), f"{self.path}/{name}", self.problems, self._root)

    def entries(self, name: str) -> list[Fields]:
        """The fields of each object of an array within."""
        return [
            Fields(item, f"{self.path}/{name}[{index}]", self.problems, self._root)
            for index, item in enumerate(self.array(name))
        ]

    def string(self, name: str, *, default: str = "") -> str:
        """A text."""
        return str(self._plain(name, str, default))

    def boolean(self, name: str) -> bool | None:
        """True or false."""
        value: bool | None = self._plain(name, bool, None)
        return value

    def object(self, name: str) -> dict[str, Any]:
        """An object."""
        value: dict[str, Any] = self._plain(name, dict, {})
        return value

    def array(self, name: str) -> list[Any]:
        """An array; empty where the field is not there."""
        value: list[Any] = self._plain(name, list, [])
        return value

    def integer(
        self, name: str, *, minimum: int | None = None, maximum: int | None = None
    ) -> int | None:
        """A whole number."""
        value = self.number(name, minimum=minimum, maximum=maximum)
        if value is not None and value != int(value):
            self.problems.add(f"{self.path}/{name}", "The value must be an integer")
            return None
        return None if value is None else int(value)

    def number(
        self, name: str, *, minimum: float | None = None, maximum: float | None = None
    ) -> float | None:
        """A number."""
        value = self.document.get(name)
        if name not in self.document:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._mistyped(name, "a number", value)
            return None
        if minimum is not None and value < minimum:
            self.problems.add(f"{self.path}/{name}", f"The value must not be less than {minimum}")
        if maximum is not None and value > maximum:
            self.problems.add(f"{self.path}/{name}", f"The value must not be more than {maximum}")
        return value

    def template(self, name: str) -> Template | None:
        """A field that may hold expressions; None where it is not there."""
        if name not in self.document:
            return None
        location = f"{self.path}/{name}"[len(self._root) :].lstrip("/")
        try:
            return Template(self.document[name], location)
        except QuerySyntaxError as error:
            self.problems.add(f"{self.path}/{name}", f"Invalid JSONata expression: {error}")
            return None

    def typed_template(
        self,
        name: str,
        kind: type,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> Template | None:
        """A constant of one type, or an expression for it."""
        value = self.document.get(name)
        if isinstance(value, str) and is_expression(value):
            return self.template(name)
        if kind is int:
            self.integer(
                name,
                minimum=None if minimum is None else int(minimum),
                maximum=None if maximum is None else int(maximum),
            )
        elif kind is float:
            self.number(name, minimum=minimum, maximum=maximum)
        else:
            self._plain(name, kind, None)
        return self.template(name)

    def _plain(self, name: str, kind: type, default: Any) -> Any:
        value = self.document.get(name, default)
        if name in self.document and not isinstance(value, kind):
            self._mistyped(name, f"a {_KINDS[kind]}", value)
            return default
        return value

    def _mistyped(self, name: str, wanted: str, value: Any) -> None:
        self.problems.add(
            f"{self.path}/{name}", f"The value must be {wanted}; it is {type_name(value)}"
        )


_KINDS = {str: "string", bool: "boolean", dict: "JSON object", list: "list"}
