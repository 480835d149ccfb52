"""EventBridge: PutEvents, rules that match, schedules that fire."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from windfall_local.api import ACCOUNT, CallContext, Cloud, OperationService
from windfall_local.events.archives import ArchiveOperations
from windfall_local.events.buses import BusOperations
from windfall_local.events.clock import Clock, SystemClock, seconds_of, timestamp
from windfall_local.events.definitions import read_definitions, write_definitions
from windfall_local.events.deliveries import Deliverer
from windfall_local.events.journal import Journal
from windfall_local.events.rules import RuleOperations
from windfall_local.events.state import DEFAULT_BUS, Rule, compile_for_api, invalid
from windfall_local.events.targets import forwarded_event

MOST_ENTRIES = 10
MOST_BYTES = 1_048_576  # a request must stay below (PutEvents)

_DEFINE_NOTHING = ("PutEvents", "Describe", "List", "Test", "StartReplay", "CancelReplay")
_TIME_BYTES = 14  # what AWS counts for an entry's Time
_REQUIRED_TO_TEST = (
    "id",
    "account",
    "source",
    "time",
    "region",
    "resources",
    "detail-type",
)


class EventBridgeService(BusOperations, RuleOperations, ArchiveOperations, OperationService):
    """The API of EventBridge, and the bus that other services put their events on.

    Args:
        cloud: The cloud around; the journal lies in its data directory.
        clock: Tells the time.
        concurrency: How many deliveries may be under way at once.
    """

    name = "events"

    def __init__(self, cloud: Cloud, clock: Clock | None = None, *, concurrency: int = 32) -> None:
        clock = clock or SystemClock()
        journal = Journal(cloud.data_dir / "events.sqlite3")
        deliverer = Deliverer(cloud, journal, clock, concurrency=concurrency)
        super().__init__(cloud, clock, journal, deliverer)
        self._scheduler: asyncio.Task[None] | None = None
        definitions = journal.definitions()
        if definitions is not None:
            read_definitions(self, definitions)

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        """Answer one operation; what it defined is on disk before the answer."""
        answer = await super().call(operation, parameters, context)
        if not operation.startswith(_DEFINE_NOTHING):
            self.journal.write_definitions(write_definitions(self))
        return answer

    async def start(self) -> None:
        """Begin to deliver (first what an earlier process left) and to fire schedules."""
        await self.deliverer.start()
        self._scheduler = asyncio.create_task(self._fire_schedules(), name="eventbridge-scheduler")

    async def stop(self) -> None:
        """End; what is not delivered, or is put on a bus later, is delivered after a next start."""
        if self._scheduler is not None:
            self._scheduler.cancel()
            await asyncio.gather(self._scheduler, return_exceptions=True)
        await self.stop_replays()
        await self.deliverer.stop()

    # --- Events ------------------------------------------------------------------------------

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service on the default bus."""
        await self.accept(self._envelope(source, detail_type, detail, resources))

    async def accept(self, event: dict[str, Any]) -> None:
        """Put a whole event on the default bus."""
        self.route(DEFAULT_BUS, event)

    async def put_events(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Put events on buses; each entry is taken or refused by itself."""
        entries = parameters["Entries"]
        if not 1 <= len(entries) <= MOST_ENTRIES:
            raise invalid(
                f"1 validation error detected: Value at 'entries' failed to satisfy constraint: "
                f"Member must have length between 1 and {MOST_ENTRIES}"
            )
        if sum(map(_entry_size, entries)) >= MOST_BYTES:
            raise invalid("Total size of the entries in the request is over the limit.")
        results = [self._put_entry(entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _put_entry(self, entry: dict[str, Any]) -> dict[str, str]:
        event = forwarded_event.get()
        if event is None:
            problem = _refusal(entry)
            if problem:
                return {"ErrorCode": problem[0], "ErrorMessage": problem[1]}
            event = self._envelope(
                entry["Source"],
                entry["DetailType"],
                json.loads(entry["Detail"]),
                list(entry.get("Resources") or ()),
                entry.get("Time"),
            )
        bus = (entry.get("EventBusName") or DEFAULT_BUS).rsplit("event-bus/", 1)[-1]
        if bus not in self.buses:
            # AWS takes such an event and drops it; here nothing is lost in silence.
            return {
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": f"Event bus {bus} does not exist.",
            }
        self.route(bus, event)
        return {"EventId": event["id"]}

    async def test_event_pattern(
        self,
        parameters: dict[str, Any],
        _: CallContext,  # noqa: PT019 - an operation, not a test
    ) -> dict[str, Any]:
        """Say whether a pattern matches an event."""
        pattern = compile_for_api(parameters["EventPattern"])
        try:
            event = json.loads(parameters["Event"])
        except json.JSONDecodeError as error:
            raise invalid("Parameter Event is not valid.") from error
        if not isinstance(event, dict) or any(key not in event for key in _REQUIRED_TO_TEST):
            raise invalid(
                "Parameter Event is not valid. Reason: it must be an object with the fields "
                f"{', '.join(_REQUIRED_TO_TEST)}."
            )
        return {"Result": pattern.matches(event)}

    def _envelope(
        self,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        resources: list[str],
        time: Any = None,
    ) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": timestamp(self.clock.now() if time is None else seconds_of(time)),
            "region": self.cloud.region,
            "resources": resources,
            "detail": detail,
        }

    # --- Schedules ---------------------------------------------------------------------------

    async def _fire_schedules(self) -> None:
        while True:
            self.schedules_changed.clear()
            times = [rule.next_time for rule in self._scheduled() if rule.next_time is not None]
            changed = asyncio.create_task(self.schedules_changed.wait())
            waits = {changed}
            if times:
                pause = max(0.0, min(times) - self.clock.now())
                waits.add(asyncio.create_task(self._pause(pause)))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            self._fire_due()

    async def _pause(self, seconds: float) -> Any:
        await self.clock.sleep(seconds)

    def _scheduled(self) -> list[Rule]:
        return [rule for rule in self.buses[DEFAULT_BUS].rules.values() if rule.schedule]

    def _fire_due(self) -> None:
        now = self.clock.now()
        for rule in self._scheduled():
            if rule.next_time is None or rule.next_time > now or rule.schedule is None:
                continue
            event = self._envelope("aws.events", "Scheduled Event", {}, [rule.arn], rule.next_time)
            self.trigger(rule, event)
            following = rule.schedule.next_after(rule.next_time)
            if following is not None and following <= now:
                # The machine slept: what was missed is not made up for.
                following = rule.schedule.next_after(now)
            rule.next_time = following


def _entry_size(entry: dict[str, Any]) -> int:
    texts = [
        entry.get("Source"),
        entry.get("DetailType"),
        entry.get("Detail"),
        *(entry.get("Resources") or ()),
    ]
    size = sum(len(text.encode()) for text in texts if text)
    return size + (_TIME_BYTES if entry.get("Time") is not None else 0)


def _refusal(entry: dict[str, Any]) -> tuple[str, str] | None:
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            return (
                "InvalidArgument",
                f"Parameter {member} is not valid. Reason: {member} is a required argument.",
            )
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return "MalformedDetail", "Detail is malformed."
    return None
