"""What a target receives: the event, a part of it, a constant, or a template filled from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from windfall_local.events.clock import timestamp
from windfall_local.events.errors import InvalidInputError

MOST_VARIABLES = 100  # user guide, input transformation

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\*)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_PLACEHOLDER = re.compile(r"<([^<>\s\"]+)>")
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a delivery comes from: the values of the reserved `aws.events.*` variables."""

    rule_arn: str
    ingested: float

    @property
    def rule_name(self) -> str:
        """The rule's name, without its bus."""
        return self.rule_arn.rsplit("/", 1)[-1]


def to_json(value: Any) -> str:
    """JSON as services send it: compact, unicode as it is."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def render_input(target: Mapping[str, Any], event: dict[str, Any], origin: Origin) -> str:
    """Make the text that a target receives for an event.

    Raises:
        InvalidInputError: The filled template is no JSON, because EventBridge inserts text into
            strings as it is.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        value = select(event, target["InputPath"])
        return to_json(None if value is _MISSING else value)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return to_json(event)
    paths = transformer.get("InputPathsMap") or {}
    variables = {name: select(event, path) for name, path in paths.items()}
    text = _fill(transformer["InputTemplate"], variables, event, origin)
    if text.lstrip()[:1] in {"{", "["}:
        _refuse_broken_json(text, "The filled input template is not valid JSON")
    return text


def check_input(target: Mapping[str, Any]) -> None:
    """Refuse a target whose input settings EventBridge refuses.

    Raises:
        InvalidInputError: With the reason.
    """
    given = [name for name in ("Input", "InputPath", "InputTransformer") if target.get(name)]
    if len(given) > 1:
        raise InvalidInputError(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target "
            f"{target.get('Id')}."
        )
    if "Input" in target:
        _refuse_broken_json(
            target["Input"], f"JSON syntax error in input for target {target['Id']}"
        )
    if "InputPath" in target:
        parse_path(target["InputPath"])
    transformer = target.get("InputTransformer")
    if transformer:
        _check_transformer(transformer, target.get("Id", ""))


def _check_transformer(transformer: Mapping[str, Any], target_id: str) -> None:
    paths = transformer.get("InputPathsMap") or {}
    if len(paths) > MOST_VARIABLES:
        raise InvalidInputError(f"InputPathsMap may have at most {MOST_VARIABLES} entries.")
    for name, path in paths.items():
        if name.lower().startswith("aws."):
            raise InvalidInputError(f"InputPathsMap may not define {name}: AWS.* is reserved.")
        parse_path(path)
    # Each unquoted placeholder stands for one value; what remains must be JSON values.
    sample = "".join(
        literal + ("" if name is None or quoted else "0")
        for literal, name, quoted in _parse_template(transformer["InputTemplate"])
    ).strip()
    decoder = json.JSONDecoder(strict=False)
    while sample:
        try:
            _, end = decoder.raw_decode(sample)
        except json.JSONDecodeError as error:
            raise InvalidInputError(
                f"Invalid InputTemplate for target {target_id} : {error}"
            ) from error
        sample = sample[end:].lstrip()


def _refuse_broken_json(text: str, reason: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"{reason}: {error}") from error


# --- Paths -----------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def parse_path(path: str) -> tuple[str | int | None, ...]:
    """Split the JSON path that EventBridge takes into names, indices and `None` for `*`.

    Raises:
        InvalidInputError: It is none.
    """
    if not path.startswith("$"):
        raise InvalidInputError(f"Invalid JSON path {path}: it must begin with $")
    steps: list[str | int | None] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise InvalidInputError(f"Invalid JSON path {path} at position {position}")
        name, index, *quoted = match.groups()
        if "*" in (name, index):
            steps.append(None)
        elif index is not None:
            steps.append(int(index))
        else:
            steps.append(next(part for part in (name, *quoted) if part is not None))
        position = match.end()
    return tuple(steps)


def select(document: Any, path: str) -> Any:
    """What a path points to; with `*`, the list of all that it points to; else a marker."""
    steps = parse_path(path)
    found = [document]
    for step in steps:
        found = [value for node in found for value in _follow(node, step)]
    if None in steps:
        return found
    return found[0] if found else _MISSING


def _follow(node: Any, step: str | int | None) -> list[Any]:
    if step is None:
        if isinstance(node, dict):
            return list(node.values())
        return node if isinstance(node, list) else []
    if isinstance(step, int):
        return [node[step]] if isinstance(node, list) and step < len(node) else []
    return [node[step]] if isinstance(node, dict) and step in node else []


# --- Templates -------------------------------------------------------------------------------

_Part = tuple[str, str | None, bool]


@lru_cache(maxsize=1024)
def _parse_template(template: str) -> list[_Part]:
    """Literals, each with the placeholder behind it and whether that one is inside a string."""
    parts: list[_Part] = []
    position, in_string = 0, False
    for match in _PLACEHOLDER.finditer(template):
        literal = template[position : match.start()]
        in_string ^= len(re.findall(r'(?<!\\)"', literal)) % 2 == 1
        parts.append((literal, match[1], in_string))
        position = match.end()
    parts.append((template[position:], None, False))
    return parts


def _fill(template: str, variables: dict[str, Any], event: dict[str, Any], origin: Origin) -> str:
    pieces: list[str] = []
    for literal, name, quoted in _parse_template(template):
        pieces.append(literal)
        if name is not None:
            value = _reserved(name, event, origin)
            if value is _MISSING:
                value = variables.get(name, _MISSING)
            pieces.append(_inside_string(value) if quoted else _as_value(value))
    return "".join(pieces)


def _reserved(name: str, event: dict[str, Any], origin: Origin) -> Any:
    match name:
        case "aws.events.rule-arn":
            return origin.rule_arn
        case "aws.events.rule-name":
            return origin.rule_name
        case "aws.events.event.ingestion-time":
            return timestamp(origin.ingested)
        case "aws.events.event":
            return {key: value for key, value in event.items() if key != "detail"}
        case "aws.events.event.json":
            return event
    return _MISSING


def _as_value(value: Any) -> str:
    # A variable whose path finds nothing is not created: nothing of it shows.
    return '""' if value is _MISSING else to_json(value)


def _inside_string(value: Any) -> str:
    if value is _MISSING:
        return ""
    if isinstance(value, str):
        return value
    return to_json(value).replace('"', "")
