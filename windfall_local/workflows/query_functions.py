"""The JSONata functions that Step Functions adds.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable
from typing import Any

from jsonata.utils import Utils

from windfall_local.workflows.documents import load

_MAX_RANGE = 1000

_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def _integer(value: Any, function: str, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"{what} of ${function} must be an integer")
    return int(value)


def partition(array: Any, size: Any) -> Any:
    """Cut an array into arrays of at most `size`."""
    if array is None:
        return None
    if not isinstance(array, list):
        array = [array]
    count = _integer(size, "partition", "the chunk size")
    if count < 1:
        raise ValueError("the chunk size of $partition must be positive")
    items = list(array)
    return [items[start : start + count] for start in range(0, len(items), count)]


def make_range(first: Any, last: Any, step: Any) -> list[int]:
    """The numbers from `first` to `last`, both included, `step` apart; at most 1,000."""
    start = _integer(first, "range", "the first argument")
    end = _integer(last, "range", "the second argument")
    by = _integer(step, "range", "the third argument")
    if by == 0:
        raise ValueError("the third argument of $range must not be 0")
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > _MAX_RANGE:
        raise ValueError(f"$range makes at most {_MAX_RANGE} numbers")
    return list(numbers)


def make_hash(data: Any, algorithm: Any) -> str | None:
    """The hexadecimal digest of a string by MD5, SHA-1, SHA-256, SHA-384 or SHA-512."""
    if data is None:
        return None
    if not isinstance(data, str):
        raise ValueError("the first argument of $hash must be a string")
    name = _ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
    if name is None:
        raise ValueError(f"$hash knows {', '.join(_ALGORITHMS)}")
    return hashlib.new(name, data.encode(), usedforsecurity=False).hexdigest()


def make_random(seed: Any = None) -> float:
    """A number from 0 up to, not including, 1; the same one for the same seed."""
    if seed is None:
        return random.random()  # JSONata's $random, no secret
    return random.Random(_integer(seed, "random", "the seed")).random()  # as above


def make_uuid() -> str:
    """A random version 4 UUID."""
    return str(uuid.uuid4())


def parse(text: Any) -> Any:
    """The value of a JSON text."""
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("the argument of $parse must be a string")
    value = load(text)
    return Utils.NULL_VALUE if value is None else value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": partition,
    "range": make_range,
    "hash": make_hash,
    "random": make_random,
    "uuid": make_uuid,
    "parse": parse,
}
