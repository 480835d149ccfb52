"""Operations on archives, which keep events, and replays, which send them once more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.events.clock import seconds_of
from windfall_local.events.state import (
    Archive,
    EventState,
    Replay,
    already_exists,
    check_name,
    compile_for_api,
    invalid,
    not_found,
    page,
    without_none,
)

_DAY_SECONDS = 86_400


class ArchiveOperations(EventState):
    """Archives and replays."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._replaying: set[asyncio.Task[None]] = set()

    async def create_archive(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Begin to keep the events of a bus."""
        name = parameters["ArchiveName"]
        check_name(name, "archiveName", 48)
        if name in self.archives:
            raise already_exists(f"Archive {name} already exists.")
        bus = self.bus(parameters["EventSourceArn"])
        archive = Archive(name, self.arn(f"archive/{name}"), bus.arn, self.now())
        _settle(archive, parameters)
        self.archives[name] = archive
        return self._answer(archive)

    async def update_archive(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Change what an archive keeps, or for how long."""
        archive = self._archive(parameters["ArchiveName"])
        _settle(archive, parameters)
        return self._answer(archive)

    async def describe_archive(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Show an archive."""
        archive = self._archive(parameters["ArchiveName"])
        shown = {
            "ArchiveArn": archive.arn,
            "Description": archive.description,
            "EventPattern": archive.pattern_text,
        }
        return without_none({**self._listed(archive), **shown})

    async def list_archives(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """List archives."""
        prefix, source = parameters.get("NamePrefix") or "", parameters.get("EventSourceArn")
        archives = [
            self._listed(archive)
            for name, archive in sorted(self.archives.items())
            if name.startswith(prefix)
            and (not source or archive.bus_arn == source)
            and parameters.get("State", "ENABLED") == "ENABLED"
        ]
        return page(archives, parameters, "Archives")

    async def delete_archive(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Forget an archive and its events."""
        archive = self._archive(parameters["ArchiveName"])
        del self.archives[archive.name]
        self.journal.delete_archive(archive.name)
        return {}

    def _archive(self, name: str) -> Archive:
        if name not in self.archives:
            raise not_found(f"Archive {name} does not exist.")
        archive = self.archives[name]
        if archive.retention_days:
            oldest = self.clock.now() - archive.retention_days * _DAY_SECONDS
            self.journal.forget_before(name, oldest)
        return archive

    def _answer(self, archive: Archive) -> dict[str, Any]:
        return {"ArchiveArn": archive.arn, "State": "ENABLED", "CreationTime": archive.created}

    def _listed(self, archive: Archive) -> dict[str, Any]:
        self._archive(archive.name)
        count, size = self.journal.archive_size(archive.name)
        return {
            "ArchiveName": archive.name,
            "EventSourceArn": archive.bus_arn,
            "State": "ENABLED",
            "RetentionDays": archive.retention_days,
            "SizeBytes": size,
            "EventCount": count,
            "CreationTime": archive.created,
        }

    # --- Replays -----------------------------------------------------------------------------

    async def start_replay(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Send the archived events of a time once more, to the rules of their bus."""
        name = parameters["ReplayName"]
        check_name(name, "replayName", 64)
        if name in self.replays:
            raise already_exists(f"Replay {name} already exists.")
        archive = self._archive(parameters["EventSourceArn"].rsplit("archive/", 1)[-1])
        destination = parameters["Destination"]
        if destination["Arn"] != archive.bus_arn:
            raise invalid(
                "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not "
                "permitted."
            )
        start, end = (_moment(parameters[key]) for key in ("EventStartTime", "EventEndTime"))
        if end <= start:
            raise invalid(
                "Parameter EventEndTime is not valid. Reason: EventStartTime must be before "
                "EventEndTime."
            )
        replay = self.replays[name] = Replay(
            name,
            self.arn(f"replay/{name}"),
            archive,
            destination,
            start,
            end,
            self.now(),
            parameters.get("Description"),
        )
        task = asyncio.create_task(self._run_replay(replay))
        self._replaying.add(task)
        task.add_done_callback(self._replaying.discard)
        return {
            "ReplayArn": replay.arn,
            "State": replay.state,
            "ReplayStartTime": replay.begun,
        }

    async def _run_replay(self, replay: Replay) -> None:
        replay.state = "RUNNING"
        chosen = frozenset(replay.destination.get("FilterArns") or ())
        bus = self.bus(replay.archive.bus_arn)
        events = self.journal.archived(
            replay.archive.name, replay.start.timestamp(), replay.end.timestamp()
        )
        for time, event in events:
            await asyncio.sleep(0)
            if replay.state != "RUNNING":
                break
            again = {**event, "replay-name": replay.name}
            self.route(bus.name, again, rule_arns=chosen or None, is_replay=True)
            replay.last_event = datetime.fromtimestamp(time, UTC)
        replay.state = "COMPLETED" if replay.state == "RUNNING" else "CANCELLED"
        replay.ended = self.now()

    async def cancel_replay(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Stop a replay."""
        replay = self._replay(parameters["ReplayName"])
        if replay.state not in {"STARTING", "RUNNING"}:
            raise ServiceError(
                "IllegalStatusException", f"Replay {replay.name} is not in a valid state."
            )
        replay.state = "CANCELLING"
        return {"ReplayArn": replay.arn, "State": replay.state}

    async def describe_replay(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Show a replay."""
        replay = self._replay(parameters["ReplayName"])
        shown = {
            "ReplayArn": replay.arn,
            "Description": replay.description,
            "Destination": replay.destination,
        }
        return without_none({**_listed_replay(replay), **shown})

    async def list_replays(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """List replays."""
        prefix = parameters.get("NamePrefix") or ""
        replays = [
            _listed_replay(replay)
            for name, replay in sorted(self.replays.items())
            if name.startswith(prefix)
            and parameters.get("State") in (None, replay.state)
            and parameters.get("EventSourceArn") in (None, replay.archive.arn)
        ]
        return page(replays, parameters, "Replays")

    def _replay(self, name: str) -> Replay:
        if name not in self.replays:
            raise not_found(f"Replay {name} does not exist.")
        return self.replays[name]

    async def stop_replays(self) -> None:
        """End all replays where they are."""
        for task in self._replaying:
            task.cancel()
        await asyncio.gather(*self._replaying, return_exceptions=True)


def _settle(archive: Archive, parameters: dict[str, Any]) -> None:
    if "EventPattern" in parameters:
        text = parameters["EventPattern"]
        archive.pattern = compile_for_api(text) if text else None
        archive.pattern_text = text or None
    archive.description = parameters.get("Description", archive.description)
    archive.retention_days = parameters.get("RetentionDays", archive.retention_days)


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(seconds_of(value), UTC)


def _listed_replay(replay: Replay) -> dict[str, Any]:
    return without_none(
        {
            "ReplayName": replay.name,
            "EventSourceArn": replay.archive.arn,
            "State": replay.state,
            "EventStartTime": replay.start,
            "EventEndTime": replay.end,
            "EventLastReplayedTime": replay.last_event,
            "ReplayStartTime": replay.begun,
            "ReplayEndTime": replay.ended,
        }
    )
