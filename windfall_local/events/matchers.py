"""What one value of an event is compared with: the leaves of an event pattern.

A matcher takes a JSON scalar (string, number, boolean, null). A negation (`anything-but`) holds
for every scalar that its positive form does not match, of whatever type.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from typing import Any

from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.wildcards import compile_wildcard

Matcher = Callable[[Any], bool]

_LARGEST_NUMBER = 5_000_000_000  # numeric matching is limited to ±5.0e9 (user guide)
_ONE_KEY = "Only one key allowed in match expression"


def is_number(value: object) -> bool:
    """Whether a JSON value is a number: `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compile_exact(values: list[Any]) -> Matcher:
    """Match any of some scalars; 300 is 300.0, but never a string or a boolean."""
    strings = frozenset(value for value in values if isinstance(value, str))
    numbers = frozenset(value for value in values if is_number(value))
    constants = [value for value in values if value is None or isinstance(value, bool)]
    addresses = {_address(value) for value in strings if ":" in value} - {None}

    def matches(value: Any) -> bool:
        if type(value) is str:
            return value in strings
        if type(value) is bool or value is None:
            return any(value is constant for constant in constants)
        return value in numbers

    if not addresses:
        return matches
    # An IPv6 address has many spellings; EventBridge compares the address.
    return lambda value: (
        matches(value) or (type(value) is str and ":" in value and _address(value) in addresses)
    )


def compile_matcher(expression: dict[str, Any]) -> Matcher:
    """Compile `{"prefix": …}`, `{"numeric": […]}` and the like; `exists` is the caller's.

    Raises:
        InvalidPatternError: EventBridge refuses it.
    """
    if not expression:
        raise InvalidPatternError("Match expression name not found")
    name, operand = next(iter(expression.items()))
    compiler = _COMPILERS.get(name)
    if compiler is None:
        raise InvalidPatternError(f"Unrecognized match type {name}")
    matcher = compiler(operand)
    if len(expression) > 1:
        raise InvalidPatternError(_ONE_KEY)
    return matcher


def on_text(test: Callable[[str], bool]) -> Matcher:
    """Match strings only."""
    return lambda value: type(value) is str and test(value)


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise InvalidPatternError(f"{name} match pattern must be a string")
    return operand


def _exactly(operand: Any) -> Matcher:
    return compile_exact([_text(operand, "exact")])


def _any_case(operand: dict[str, Any], name: str) -> str:
    key = next(iter(operand), None)
    if key is None:
        raise InvalidPatternError(f"{name.capitalize()} expression name not found")
    if key != "equals-ignore-case":
        raise InvalidPatternError(f"Unsupported {name} pattern: {key}")
    if len(operand) > 1:
        raise InvalidPatternError(_ONE_KEY)
    return _text(operand[key], "equals-ignore-case").lower()


def _prefix(operand: Any) -> Matcher:
    if isinstance(operand, dict):
        start = _any_case(operand, "prefix")
        return on_text(lambda value: value.lower().startswith(start))
    text = _text(operand, "prefix")
    return on_text(lambda value: value.startswith(text))


def _suffix(operand: Any) -> Matcher:
    if isinstance(operand, dict):
        end = _any_case(operand, "suffix")
        return on_text(lambda value: value.lower().endswith(end))
    text = _text(operand, "suffix")
    return on_text(lambda value: value.endswith(text))


def _equals_ignore_case(operand: Any) -> Matcher:
    text = _text(operand, "equals-ignore-case").lower()
    return on_text(lambda value: value.lower() == text)


def _wildcard(operand: Any) -> Matcher:
    return on_text(compile_wildcard(_text(operand, "wildcard")))


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(operand: Any) -> Matcher:
    if not isinstance(operand, list):
        raise InvalidPatternError("Value of numeric must be an array.")
    if not operand or not isinstance(operand[0], str):
        member = operand[0] if operand else "]"
        raise InvalidPatternError(f"Invalid member in numeric match: {member}")
    first = operand[0]
    if first not in _COMPARISONS:
        raise InvalidPatternError(f"Unrecognized numeric range operator: {first}")
    one = _bound(operand, 1, first)
    compare = _COMPARISONS[first]
    if len(operand) == 2:
        return lambda value: _is_comparable(value) and compare(value, one)
    if first not in {">", ">="}:
        raise InvalidPatternError("Too many elements in numeric expression")
    return _numeric_range(operand, one)


def _numeric_range(operand: list[Any], bottom: float) -> Matcher:
    second = operand[2]
    if not isinstance(second, str):
        raise InvalidPatternError(f"Bad value in numeric range: {second}")
    if second not in {"<", "<="}:
        raise InvalidPatternError(f"Bad numeric range operator: {second}")
    top = _bound(operand, 3, second)
    if len(operand) > 4:
        raise InvalidPatternError("Too many terms in numeric range expression")
    if bottom >= top:
        raise InvalidPatternError("Bottom must be less than top")
    above, below = _COMPARISONS[operand[0]], _COMPARISONS[second]
    return lambda value: _is_comparable(value) and above(value, bottom) and below(value, top)


def _bound(operand: list[Any], position: int, comparison: str) -> float:
    if len(operand) <= position or not is_number(operand[position]):
        name = "equals" if comparison == "=" else comparison
        raise InvalidPatternError(f"Value of {name} must be numeric")
    return _comparable(operand[position])


def _comparable(value: Any) -> float:
    if not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise InvalidPatternError("Value must be between -5.0E9 and 5.0E9, inclusive")
    if round(value, 6) != value:
        raise InvalidPatternError("Only values upto 6 decimals are supported")
    return float(value)


def _is_comparable(value: Any) -> bool:
    return (
        type(value) is int or type(value) is float
    ) and -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER


def _cidr(operand: Any) -> Matcher:
    text = _text(operand, "prefix")  # EventBridge says "prefix" here as well
    parts = text.split("/")
    if len(parts) != 2:
        raise InvalidPatternError("Malformed CIDR, one '/' required")
    if not parts[1].isascii() or not parts[1].lstrip("-").isdigit():
        raise InvalidPatternError("Malformed CIDR, mask bits must be an integer")
    address, bits = _address(parts[0]), int(parts[1])
    if bits < 0:
        raise InvalidPatternError("Malformed CIDR, mask bits must not be negative")
    if address is None:
        raise InvalidPatternError(f"Nonstandard IP address: {parts[0]}")
    if bits >= address.max_prefixlen:
        raise InvalidPatternError(
            f"IPv{address.version} mask bits must be < {address.max_prefixlen}"
        )
    # From the address as written, not from the network's first one: so EventBridge does it.
    top = int(address) | ((1 << (address.max_prefixlen - bits)) - 1)
    bottom, version = int(address), address.version

    def contains(value: str) -> bool:
        candidate = _address(value)
        return (
            candidate is not None
            and candidate.version == version
            and bottom <= int(candidate) <= top
        )

    return on_text(contains)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _anything_but(operand: Any) -> Matcher:
    positive = (
        _excluded_by(operand) if isinstance(operand, dict) else compile_exact(_excluded(operand))
    )
    return lambda value: not positive(value)


def _excluded(operand: Any) -> list[Any]:
    values = operand if isinstance(operand, list) else [operand]
    for value in values:
        if not isinstance(value, str) and not is_number(value):
            raise InvalidPatternError(
                "Inside anything but list, start|null|boolean is not supported."
                if isinstance(operand, list)
                else "Value of anything-but must be an array or single string/number value."
            )
    if len({isinstance(value, str) for value in values}) != 1:
        raise InvalidPatternError(
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported"
        )
    return [value if isinstance(value, str) else _comparable(value) for value in values]


def _excluded_by(operand: dict[str, Any]) -> Matcher:
    name = next(iter(operand), None)
    if name is None:
        raise InvalidPatternError("Anything-But expression name not found")
    if name not in {"equals-ignore-case", "prefix", "suffix", "wildcard"}:
        raise InvalidPatternError(f"Unsupported anything-but pattern: {name}")
    if len(operand) > 1:
        raise InvalidPatternError(_ONE_KEY)
    values = operand[name] if isinstance(operand[name], list) else [operand[name]]
    if not values:
        raise InvalidPatternError("Empty arrays are not allowed")
    for value in values:
        if name in {"prefix", "suffix"} and value == "":
            raise InvalidPatternError("Null prefix/suffix not allowed")
        if not isinstance(value, str):
            raise InvalidPatternError(f"{name} match pattern must be a string")
    positives = [_COMPILERS[name](value) for value in values]
    return lambda value: any(positive(value) for positive in positives)


_COMPILERS: dict[str, Callable[[Any], Matcher]] = {
    "exactly": _exactly,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}

RESERVED_IN_OR = frozenset(
    [
        *_COMPILERS,
        *_COMPARISONS,
        "exists",
        "regex",
        "not-wildcard",
        "not-equals-ignore-case",
        "date-after",
        "date-on-or-after",
        "date-before",
        "date-on-or-before",
        "in-date-range",
        "ip-address-in-range",
        "ip-address-not-in-range",
    ]
)
"""Names that make `$or` an ordinary field: its alternatives must name fields."""
