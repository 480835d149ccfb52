"""DataProcessing of a transform job: which part of a record goes in, and what comes out of both.

The expressions are the part of JSONPath that SageMaker takes: `$`, members (`.name`, `['a','b']`),
elements (`[0]`, `[0,-1]`), ranges (`[1:]`) and `*`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from windfall_local.services.sagemaker.wording import invalid

_STEP = re.compile(
    r"\.(?P<name>[A-Za-z_][\w-]*)|\.\*|\[\*\]"
    r"|\[(?P<names>'[^']*'(?:\s*,\s*'[^']*')*)\]"
    r"|\[(?P<from>-?\d*):(?P<to>-?\d*)\]"
    r"|\[(?P<places>-?\d+(?:\s*,\s*-?\d+)*)\]"
)
_MISSING = object()


class Filter:
    """An InputFilter or an OutputFilter.

    Args:
        expression: `$` for the whole record.

    Raises:
        ServiceError: It is none.
    """

    def __init__(self, expression: str | None) -> None:
        text = (expression or "$").strip()
        if not text.startswith("$"):
            raise invalid(f"The filter {text!r} must begin with $.")
        self._steps: list[Callable[[Any], Any]] = []
        position = 1
        while position < len(text):
            match = _STEP.match(text, position)
            if match is None:
                raise invalid(f"The filter {text!r} can't be read from {text[position:]!r} on.")
            self._steps.append(_step(match))
            position = match.end()

    @property
    def is_whole(self) -> bool:
        """Whether it lets everything through."""
        return not self._steps

    def apply(self, record: Any) -> Any:
        """The part of a record.

        Raises:
            LookupError: The record has no such part.
        """
        for step in self._steps:
            record = step(record)
            if record is _MISSING:
                raise LookupError("The filter selects nothing of a record.")
        return record


def _step(match: re.Match[str]) -> Callable[[Any], Any]:
    if match["name"] is not None:
        return _members([match["name"]], single=True)
    if match["names"] is not None:
        names = re.findall(r"'([^']*)'", match["names"])
        return _members(names, single=len(names) == 1)
    if match["places"] is not None:
        places = [int(place) for place in match["places"].split(",")]
        return _elements(places, single=len(places) == 1)
    if match["from"] is not None:
        begin, end = (int(match[side]) if match[side] else None for side in ("from", "to"))
        return lambda record: record[begin:end] if isinstance(record, list) else _MISSING
    return lambda record: list(record.values()) if isinstance(record, dict) else record


def _members(names: list[str], *, single: bool) -> Callable[[Any], Any]:
    def select(record: Any) -> Any:
        if not isinstance(record, dict):
            return _MISSING
        if single:
            return record.get(names[0], _MISSING)
        return {name: record[name] for name in names if name in record}

    return select


def _elements(places: list[int], *, single: bool) -> Callable[[Any], Any]:
    def select(record: Any) -> Any:
        if not isinstance(record, list):
            return _MISSING
        found = [record[place] for place in places if -len(record) <= place < len(record)]
        if single:
            return found[0] if found else _MISSING
        return found

    return select


def joined(record: Any, prediction: Any) -> Any:
    """What JoinSource Input makes of a record and its prediction.

    Columns are appended; an object gets a member `SageMakerOutput`; anything else becomes a member
    `SageMakerInput` beside it.
    """
    if isinstance(record, list):
        more = prediction if isinstance(prediction, list) else [prediction]
        return [*record, *more]
    if isinstance(record, dict):
        return {**record, "SageMakerOutput": prediction}
    return {"SageMakerInput": record, "SageMakerOutput": prediction}


def as_json(record: Any) -> str:
    """A record as a line of JSON."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
