"""SSM Parameter Store: the profiles."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.errors import InvalidInputError, NotFoundError

_FRESH_SECONDS = 30.0
"""How long a profile is believed; a change takes effect within that time."""
_ABSENT_SECONDS = 5.0
"""How long its absence is: a new one is soon followed by files that are meant for it."""
_MOST_REMEMBERED = 256


class SsmProfiles:
    """Profiles below one path, remembered for half a minute; that there is none, for less.

    Args:
        path: `/<stack>/profiles`.
        clock: Seconds that never go back.
        client: An SSM client; the process's own by default.
    """

    def __init__(
        self, path: str, clock: Callable[[], float] = time.monotonic, client: Any = None
    ) -> None:
        self._given_client = client
        self._path = path.rstrip("/")
        self._clock = clock
        self._known: dict[str, tuple[float, str | None]] = {}

    def find(self, name: str) -> str | None:
        """A profile's document, or None."""
        read_at, document = self._known.get(name, (float("-inf"), None))
        if self._clock() - read_at < (_ABSENT_SECONDS if document is None else _FRESH_SECONDS):
            return document
        document = self._read(name)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[name] = (self._clock(), document)
        return document

    def forget(self, age: float) -> None:
        """Believe nothing that was read so many seconds ago, or earlier."""
        fresh = self._clock() - age
        self._known = {name: known for name, known in self._known.items() if known[0] > fresh}

    def _read(self, name: str) -> str | None:
        try:
            with translated_errors():
                client = self._given_client or store_client("ssm")
                answer = client.get_parameter(Name=f"{self._path}/{name}", WithDecryption=True)
        except NotFoundError:
            return None
        return str(answer["Parameter"]["Value"])


class SsmProfileWriter:
    """Saves the profiles that Windfall makes itself; those of people are never overwritten.

    Args:
        path: `/<stack>/profiles`.
    """

    def __init__(self, path: str) -> None:
        self._path = path.rstrip("/")

    def save(self, name: str, document: str, owned_by: str) -> None:
        """Save a profile, if there is none of that name or it is one of ours."""
        before = SsmProfiles(self._path).find(name)
        if before is not None and owned_by not in before:
            raise InvalidInputError(
                f"There is a profile named {name!r} that was not made by training, and it is left"
                " as it is: give the model another name (table.train.name)."
            )
        with translated_errors():
            store_client("ssm").put_parameter(
                Name=f"{self._path}/{name}",
                Value=document,
                Type="String",
                Overwrite=True,
                Description=f"Scores with the model {name}, which Windfall trained.",
            )
