"""JSONata as Step Functions has it: expressions, payload templates, `$states`.

Strings of the form `{% … %}` are expressions; templates without one are constants and cost
nothing. Compiled expressions are kept. The functions that Step Functions adds are in
`query_functions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from time import monotonic
from typing import Any

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from windfall_local.workflows.failures import QueryFailure
from windfall_local.workflows.query_functions import FUNCTIONS

MAX_SECONDS = 5.0
"""An expression that takes longer is taken for endless: it would hold up everything else."""

_CHECK_EVERY = 1024

_PATH = re.compile(r"\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)", re.ASCII)
"""What most expressions are: a variable and a path of names; see `_follow`."""

# What may run for long: functions that call themselves, and ranges.
_LONG = re.compile(r"\bfunction\b|λ|\.\.")

_VOLATILE = re.compile(r"\$(?:uuid|random|now|millis|shuffle)\b|EnteredTime")

_JSON_TYPES: dict[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    ),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "array or object": lambda value: isinstance(value, list | dict),
    "object": lambda value: isinstance(value, dict),
}


class QuerySyntaxError(Exception):
    """The text between `{%` and `%}` is not JSONata."""


def is_expression(text: str) -> bool:
    """Whether a string of a definition is an expression."""
    return text.startswith("{%") and text.endswith("%}") and len(text) >= 4


def type_name(value: Any) -> str:
    """A JSON value's type, as messages name it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _with_nulls(value: Any) -> Any:
    # The library takes Python's None for "nothing"; JSON's null has a value of its own there.
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: _with_nulls(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_nulls(item) for item in value]
    return value


def bindable(value: Any, text: str | None = None) -> Any:
    """A JSON value as expressions may see it.

    Args:
        value: The value.
        text: Its JSON text, if known: it tells cheaply whether a copy is needed. The library
            confuses null with nothing, and appends to empty arrays while it groups.
    """
    if text is not None and "null" not in text and "[]" not in text:
        return value
    return _with_nulls(value)


def _plain(value: Any) -> Any:
    # The library's own lists and its null must not leave it.
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("a number out of range")
        return value
    raise ValueError("a function")


_NOTHING = object()


def _follow(value: Any, names: tuple[str, ...]) -> Any:
    """Where a path of names leads through objects; `_NOTHING` where the library must say.

    It is what JSONata does for objects alone, thirty times as fast; arrays on the way, and names
    that are not there, are the library's.
    """
    for name in names:
        if type(value) is not dict or name not in value:
            return _NOTHING
        value = value[name]
    return value


def _watchdog() -> Callable[..., None]:
    deadline = monotonic() + MAX_SECONDS
    steps = 0

    def check(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps % _CHECK_EVERY == 0 and monotonic() > deadline:
            raise TimeoutError(f"it ran for more than {MAX_SECONDS:.0f} seconds")

    return check


class Expression:
    """One compiled expression.

    Args:
        source: The text between `{%` and `%}`.

    Raises:
        QuerySyntaxError: It is not JSONata.
    """

    __slots__ = ("_compiled", "_may_be_long", "_path", "source", "volatile")

    def __init__(self, source: str) -> None:
        self.source = source.strip()
        self.volatile = _VOLATILE.search(source) is not None
        self._may_be_long = _LONG.search(source) is not None
        path = _PATH.fullmatch(self.source)
        self._path = None if path is None else (path[1], tuple(path[2].split(".")[1:]))
        try:
            self._compiled = Jsonata(self.source)
        except JException as error:
            raise QuerySyntaxError(str(error)) from error
        except (RecursionError, LookupError, AttributeError, TypeError, ValueError) as error:
            raise QuerySyntaxError(f"it cannot be parsed ({error})") from error
        for name, function in FUNCTIONS.items():
            self._compiled.register_lambda(name, function)
        # `$eval` is the one function of JSONata that Step Functions leaves out.
        self._compiled.assign("eval", None)
        # Nulls are told from nothing by `_plain`.
        self._compiled.set_output_convert_nulls(False)

    def evaluate(self, bindings: Mapping[str, Any], location: str) -> Any:
        """Evaluate with these variables.

        Args:
            bindings: Variables by name, each made `bindable`; `states` is one of them.
            location: The field that the expression stands in.

        Raises:
            QueryFailure: It failed, or returned nothing.
        """
        if self._path is not None:
            found = _follow(bindings.get(self._path[0], _NOTHING), self._path[1])
            if found is not _NOTHING:
                return _plain(found)
        # Its clock and its call context belong to whichever expression was last made current.
        Jsonata.CURRENT.jsonata = self._compiled
        try:
            if self._may_be_long:
                bindings = {**bindings, "__evaluate_entry": _watchdog()}
            value = self._compiled.evaluate(None, bindings)
            if value is not None:
                return _plain(value)
        except JException as error:
            raise self._failed(str(error), location) from error
        except RecursionError as error:
            raise self._failed("it recurses too deeply", location) from error
        except Exception as error:  # the library raises Python's own errors for many bad arguments
            raise self._failed(str(error) or type(error).__name__, location) from error
        raise QueryFailure(
            f"The JSONata expression '{self.source}' specified for the field '{location}' "
            "returned nothing (undefined).",
            location,
        )

    def _failed(self, reason: str, location: str) -> QueryFailure:
        return QueryFailure(
            f"The JSONata expression '{self.source}' specified for the field '{location}' threw an "
            f"error during evaluation. {reason}",
            location,
        )


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """The expression of a `{% … %}` string, compiled once.

    Raises:
        QuerySyntaxError: It is not JSONata.
    """
    return Expression(text[2:-2])


_Node = Callable[[Mapping[str, Any]], Any]


class Template:
    """A field of a state that may hold expressions, at any depth.

    Args:
        value: The field's JSON.
        location: Its name within the state, such as `Output` or `Choices[0]/Condition`.

    Raises:
        QuerySyntaxError: An expression in it is not JSONata; the message names the place.
    """

    __slots__ = ("_node", "constant", "location", "source", "value", "volatile")

    def __init__(self, value: Any, location: str) -> None:
        self.value = value
        self.location = location
        self.volatile = False
        self.source = value if isinstance(value, str) else ""
        node = self._build(value, location)
        self.constant = node is None
        self._node = node

    def evaluate(self, bindings: Mapping[str, Any]) -> Any:
        """The field's value now.

        Raises:
            QueryFailure: An expression failed.
        """
        return self.value if self._node is None else self._node(bindings)

    def evaluate_as(self, expected: str, bindings: Mapping[str, Any]) -> Any:
        """The field's value now, of one JSON type (`boolean`, `integer`, `string`, …).

        Raises:
            QueryFailure: An expression failed, or the type is another.
        """
        value = self.evaluate(bindings)
        if not _JSON_TYPES[expected](value):
            source = self.source.removeprefix("{%").removesuffix("%}").strip()
            raise QueryFailure(
                f"The JSONata expression '{source}' "
                f"specified for the field '{self.location}' returned an unexpected result type. "
                f"Expected '{expected}', but was '{type_name(value)}'.",
                self.location,
            )
        return value

    def _build(self, value: Any, location: str) -> _Node | None:
        """A function that makes the value; None where it is a constant."""
        if isinstance(value, str) and is_expression(value):
            try:
                expression = compile_expression(value)
            except QuerySyntaxError as error:
                raise QuerySyntaxError(f"{location}: {error}") from error
            self.volatile = self.volatile or expression.volatile
            return lambda bindings: expression.evaluate(bindings, location)
        if isinstance(value, dict):
            return self._build_object(value, location)
        if isinstance(value, list):
            return self._build_array(value, location)
        return None

    def _build_object(self, value: dict[str, Any], location: str) -> _Node | None:
        nodes = {key: self._build(item, f"{location}/{key}") for key, item in value.items()}
        if not any(nodes.values()):
            return None
        members = [(key, node, value[key]) for key, node in nodes.items()]
        return lambda bindings: {
            key: constant if node is None else node(bindings) for key, node, constant in members
        }

    def _build_array(self, value: list[Any], location: str) -> _Node | None:
        nodes = [self._build(item, f"{location}[{index}]") for index, item in enumerate(value)]
        if not any(nodes):
            return None
        members = list(zip(nodes, value, strict=True))
        return lambda bindings: [
            constant if node is None else node(bindings) for node, constant in members
        ]
