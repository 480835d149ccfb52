"""`windfall rerun`: which files, what for, and asking for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from tests.fakes.films import film
from tests.fakes.world import INBOX, World, analysis_requested
from windfall.contracts.arrivals import AnalysisRequested
from windfall.contracts.manifest import Manifest
from windfall.errors import InvalidInputError
from windfall.planning.profiles import InvalidProfileError
from windfall.ports.insights import FileRow
from windfall_cli.errors import CommandError
from windfall_cli.files import count_outcomes
from windfall_cli.follow import Patience
from windfall_cli.reruns import Again, ask, moment_since, request_of
from windfall_cli.settings_now import SettingsNow
from windfall_cli.stack import Stack

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
TEXT = b"Windfall reads this letter."


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        ("30m", "2026-11-23T13:30:00+00:00"),
        ("2h", "2026-11-23T12:00:00+00:00"),
        ("7d", "2026-11-16T14:00:00+00:00"),
        ("1w", "2026-11-16T14:00:00+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T14:30", "2026-11-01T14:30:00+00:00"),
        ("2026-11-01T14:30+02:00", "2026-11-01T12:30:00+00:00"),
    ],
)
def test_a_time_is_so_long_ago_or_a_date(when: str, moment: str) -> None:
    assert moment_since(when, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("when", ["", "yesterday", "2", "-2h", "2y", "2026-13-01"])
def test_what_is_no_time_is_said_to_be_none(when: str) -> None:
    with pytest.raises(CommandError, match="is no time"):
        moment_since(when, NOW)


class FakeEvents:
    """An event bus that refuses some entries, so many times."""

    def __init__(self, refusals: int = 0) -> None:
        self.put: list[dict[str, Any]] = []
        self._refusals = refusals

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """As EventBridge does: some may fail, whatever becomes of the others."""
        assert len(Entries) <= 10
        told: list[dict[str, str]] = []
        for place, entry in enumerate(Entries):
            if place == 0 and self._refusals:
                self._refusals -= 1
                told.append({"ErrorCode": "ThrottlingException"})
            else:
                self.put.append(json.loads(entry["Detail"]))
                told.append({"EventId": "e"})
        return {"Entries": told}


class FakeStack:
    """A stack with a bus."""

    def __init__(self, events: FakeEvents) -> None:
        self._events = events

    def client(self, _: str) -> FakeEvents:
        """The bus."""
        return self._events

    def output(self, name: str) -> str:
        """Any output."""
        return name


@pytest.mark.parametrize("refusals", [0, 2])
def test_every_request_is_put_once(refusals: int) -> None:
    events = FakeEvents(refusals)
    requests = [{"number": number} for number in range(23)]
    pauses: list[float] = []
    put = list(ask(cast(Stack, FakeStack(events)), requests, pauses.append))

    assert put == [10, 10, 3]
    assert len(pauses) == refusals
    assert sorted(one["number"] for one in events.put) == list(range(23))


def analyzed(metadata: Mapping[str, str] | None = None, **asked: Any) -> World:
    """A letter that was analyzed, and perhaps asked for again."""
    world = World()
    world.admit_all(world.drop("a.txt", TEXT, dict(metadata or {})))
    world.finish_all()
    if asked:
        world.admit_all(analysis_requested(bucket=INBOX, key="a.txt", **asked))
        (*_, plan) = world.workflows.started.values()
        world.finish(plan)
    return world


def row_of(world: World) -> FileRow:
    (row,) = world.index.files.values()
    return row


def test_a_file_is_asked_for_as_it_was_asked_for_before() -> None:
    world = analyzed(features=["pii"], targets=["fr"])
    row = row_of(world)
    again = Again(row, world.only_manifest().asked, [], None)
    request = request_of(again, force=False, rerun=True)

    assert AnalysisRequested.model_validate(request)
    assert (request["features"], request["targets"]) == (["pii"], ["fr"])
    assert (request["version_id"], request["revision"]) == (row.version_id, 2)
    assert "profile" not in request


class FakeHeads:
    """Metadata of objects; None where the object is gone."""

    def __init__(self, metadata: Mapping[str, str] | None) -> None:
        self._metadata = metadata

    def head_object(self, **_: str) -> dict[str, Any]:
        """As S3 answers."""
        if self._metadata is None:
            missing = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(cast(Any, missing), "HeadObject")
        return {"Metadata": dict(self._metadata)}


def added(world: World, metadata: Mapping[str, str] | None = None, gone: bool = False) -> Any:
    """What the profiles of now add to the file there is."""
    heads = FakeHeads(None if gone else metadata or {})
    settings = SettingsNow(world.profiles, world.index, heads)
    manifest: Manifest = world.only_manifest()
    return settings.added(row_of(world), manifest.asked)


def test_a_profile_that_is_as_it_was_changes_nothing() -> None:
    world = analyzed()
    assert added(world) is None
    world.profiles.documents["default"] = '{"image": {"min_confidence": 99}}'
    assert added(world) is None


def test_a_profile_that_changed_says_what_it_adds() -> None:
    world = analyzed()
    features = ["sentiment", "entities", "key_phrases", "pii", "syntax"]
    world.profiles.documents["default"] = json.dumps({"text": {"features": features}})
    assert "syntax" in added(world)


def test_a_profile_that_only_takes_away_adds_nothing_and_yet_changed() -> None:
    world = analyzed()
    world.profiles.documents["default"] = '{"text": {"features": ["sentiment"]}}'
    assert added(world) == []


def test_what_was_asked_for_holds_against_the_profile() -> None:
    world = analyzed(features=["pii"], targets=[])
    world.profiles.documents["default"] = '{"text": {"features": ["syntax"]}}'
    assert added(world) is None


def test_the_metadata_of_the_object_hold_against_the_profile() -> None:
    metadata = {"windfall-features": "sentiment", "windfall-targets": ""}
    world = analyzed(metadata)
    world.profiles.documents["default"] = '{"text": {"features": ["syntax"]}}'
    assert added(world, metadata) is None


def test_a_video_without_sound_is_not_taken_for_changed() -> None:
    world = World()
    world.admit_all(world.drop("a.mp4", film()))
    world.finish_all()
    assert added(world) is None
    world.profiles.documents["default"] = '{"audio": {"redact": true}}'
    assert added(world) is None


def test_what_can_not_be_told_is_left_alone() -> None:
    world = analyzed()
    world.profiles.documents["default"] = '{"text": {"features": ["sentiment"]}}'
    assert added(world, gone=True) is None
    world.index.analyses.clear()
    assert added(world) is None


def test_a_profile_that_is_wrong_or_gone_is_said() -> None:
    world = analyzed()
    world.profiles.documents["default"] = "{"
    with pytest.raises(InvalidProfileError):
        added(world)
    with pytest.raises(InvalidInputError, match="missing"):
        added(world, {"windfall-profile": "missing"})


def test_patience_ends_when_nothing_moves_and_nothing_is_under_way() -> None:
    now = [0.0]
    patience = Patience(60, clock=lambda: now[0])
    now[0] = 50
    assert not patience.is_over(1, is_under_way=False)
    now[0] = 100
    assert not patience.is_over(1, is_under_way=True)
    now[0] = 150
    assert not patience.is_over(1, is_under_way=False)
    now[0] = 170
    assert patience.is_over(1, is_under_way=False)


class FakeListing:
    """A results bucket that can be listed."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def client(self, _: str) -> FakeListing:
        """Itself."""
        return self

    def output(self, _: str) -> str:
        """The bucket."""
        return "results"

    def list_objects_v2(self, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803
        """As S3 answers; nothing at all is left out."""
        found = [{"Key": key} for key in self._keys if Bucket and key.startswith(Prefix)]
        return {"Contents": found} if found else {}


@pytest.mark.parametrize(
    ("keys", "revision", "count"),
    [
        ([], 1, 0),
        (["outcomes/a.json", "outcomes/b.json", "a.json"], 1, 2),
        (["outcomes/a.json", "outcomes/b.json"], 2, 2),
        (["outcomes/a.json", "outcomes/b.json", "{own}/outcomes/c.json"], 2, 1),
        (["{own}/outcomes/c.json", "{own}.2/outcomes/c.json", "{own}.2/outcomes/d.json"], 3, 2),
    ],
)
def test_what_is_done_is_counted_where_the_analysis_writes(
    keys: list[str], revision: int, count: int
) -> None:
    row = row_of(analyzed())._replace(revision=revision)
    own = str(row.analysis_id)[:12]
    listing = FakeListing(*(f"results/{row.file_id}/{key.format(own=own)}" for key in keys))
    assert count_outcomes(cast(Stack, listing), row) == count
