"""Files that are asked for again: which, what for, and the asking."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from windfall.adapters.dynamodb import DynamoInsightsIndex
from windfall.adapters.ssm import SsmProfiles
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.subject import Asked
from windfall.errors import InvalidInputError
from windfall.planning.profiles import InvalidProfileError
from windfall.ports.insights import ANALYZING, FileRow
from windfall_cli.errors import CommandError
from windfall_cli.files import read_manifest, reader
from windfall_cli.settings_now import SettingsNow
from windfall_cli.stack import Stack

UNFINISHED = frozenset({FileStatus.PARTIAL.value, FileStatus.FAILED.value})
"""The statuses of files of which something failed."""

ANALYZED = UNFINISHED | {FileStatus.ANALYZED.value}
"""Those of files that some service took; a rejected one is asked for again by its name only."""

_READERS = 8
_ENTRIES = 10
"""PutEvents takes so many."""
_TRIES = 6
_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Again(NamedTuple):
    """A file that is asked for again.

    Attributes:
        asked: What was asked for before, instead of what the profile says.
        features: What is found again or for the first time, as far as that is known here.
        cost: US dollars that its features cost when they were paid for; None where one is unknown.
    """

    row: FileRow
    asked: Asked | None
    features: list[str]
    cost: float | None


class LeftOut(NamedTuple):
    """A file that is not asked for, and why."""

    row: FileRow
    reason: str


def moment_since(when: str, now: datetime) -> datetime:
    """The moment that `2h`, `3d`, `2026-11-01` or `2026-11-01T14:00` means; dates are UTC.

    Raises:
        CommandError: It means none.
    """
    match = _AGO.fullmatch(when)
    if match is not None:
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        raise CommandError(
            f"{when!r} is no time.", "Write 30m, 2h, 7d or 4w, or a date: 2026-11-01"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Choosing:
    """Chooses files of a stack.

    Args:
        stack: Whose files they are.
        force: Everything is to be paid for anew.
        by_settings: Only files that other settings hold for now.
    """

    def __init__(self, stack: Stack, *, force: bool = False, by_settings: bool = False) -> None:
        self._stack = stack
        self._force, self._by_settings = force, by_settings
        self._settings = SettingsNow(
            SsmProfiles(stack.output("ProfilesPath"), client=stack.client("ssm")),
            DynamoInsightsIndex(stack.output("InsightsTableName"), stack.client("dynamodb")),
            stack.client("s3"),
        )

    def of(
        self, file_ids: Iterable[str], statuses: Iterable[str] = ()
    ) -> Iterator[Again | LeftOut]:
        """What becomes of files, by how they stand now; with statuses, of those that have one."""
        wanted = set(statuses)
        rows = reader(self._stack).files(file_ids).values()
        chosen = [row for row in rows if not wanted or row.status in wanted]
        with ThreadPoolExecutor(_READERS) as pool:
            for found in pool.map(self._look, chosen):
                if found is not None:
                    yield found

    def _look(self, row: FileRow) -> Again | LeftOut | None:
        if row.status == ANALYZING:
            return LeftOut(row, "It is being analyzed.")
        try:
            manifest = read_manifest(self._stack, row.file_id)
        except CommandError as error:
            return LeftOut(row, error.message)
        features = _unfinished(manifest)
        if self._by_settings:
            try:
                added = self._settings.added(row, manifest.asked)
            except (InvalidInputError, InvalidProfileError) as error:
                return LeftOut(row, str(error))
            if added is None:
                return None
            features = list(dict.fromkeys([*added, *features]))
        if self._force:
            features = [outcome.feature for outcome in manifest.outcomes]
        return Again(row, manifest.asked, features, _cost(manifest, features))


def _unfinished(manifest: Manifest) -> list[str]:
    return [one.feature for one in manifest.outcomes if one.status is not OutcomeStatus.OK]


def _cost(manifest: Manifest, features: Sequence[str]) -> float | None:
    """What these features cost when they were paid for; None when that is not known of one."""
    known = {one.feature: one.cost for one in manifest.outcomes if one.status is OutcomeStatus.OK}
    costs = [known.get(feature) for feature in features]
    return None if None in costs else sum(cost or 0.0 for cost in costs)


def request_of(again: Again, *, force: bool, rerun: bool) -> dict[str, Any]:
    """The `AnalysisRequested` that asks for a file as it was asked for before."""
    row, asked = again.row, again.asked
    request: dict[str, Any] = {
        "version": "1",
        "bucket": row.bucket,
        "key": row.key,
        "rerun": rerun,
        "force": force,
        "revision": row.revision,
    }
    if row.version_id is not None:
        request["version_id"] = row.version_id
    if asked is not None:
        request |= asked.model_dump(mode="json", exclude_none=True)
    return request


def ask(
    stack: Stack,
    requests: Sequence[dict[str, Any]],
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Put requests on the bus, ten at a time; yields how many were put.

    What was put stays asked for, whatever becomes of the rest; asking for it again is harmless.

    Raises:
        CommandError: The bus does not take them.
    """
    events, bus = stack.client("events"), stack.output("EventBusName")
    for start in range(0, len(requests), _ENTRIES):
        entries = [
            {
                "EventBusName": bus,
                "Source": "windfall.cli",
                "DetailType": "AnalysisRequested",
                "Detail": json.dumps(request),
            }
            for request in requests[start : start + _ENTRIES]
        ]
        _put(events, entries, pause)
        yield len(entries)


def _put(events: Any, entries: list[dict[str, Any]], pause: Callable[[float], None]) -> None:
    """Put entries, and again those that the bus did not take."""
    refused: list[str] = []
    for attempt in range(_TRIES):
        if attempt:
            pause(0.1 * 2**attempt)
        told = events.put_events(Entries=entries)["Entries"]
        refused = [str(one["ErrorCode"]) for one in told if "ErrorCode" in one]
        entries = [entry for entry, one in zip(entries, told, strict=True) if "ErrorCode" in one]
        if not entries:
            return
    raise CommandError(
        f"The bus does not take {len(entries)} requests: {refused[0]}.",
        "Run it again: what was asked for is not asked for twice.",
    )
