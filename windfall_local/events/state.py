"""What EventBridge holds: buses, their rules and targets, archives, replays, tags."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import ACCOUNT, Cloud, ServiceError
from windfall_local.events.clock import Clock
from windfall_local.events.deliveries import Deliverer
from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.journal import Journal
from windfall_local.events.patterns import Pattern, compile_pattern
from windfall_local.events.schedules import Schedule

DEFAULT_BUS = "default"
LONGEST_PATTERN = 4_096  # botocore's model, EventPattern

_PAGE = 100
_NAME = re.compile(r"[.\-_A-Za-z0-9]+")


@dataclass(slots=True)
class Rule:
    """A rule with its targets."""

    name: str
    arn: str
    bus: str
    state: str = "ENABLED"
    pattern_text: str | None = None
    pattern: Pattern | None = None
    schedule_text: str | None = None
    schedule: Schedule | None = None
    next_time: float | None = None
    description: str | None = None
    role_arn: str | None = None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_enabled(self) -> bool:
        """Whether it works."""
        return self.state != "DISABLED"

    def described(self) -> dict[str, Any]:
        """As the API shows it."""
        shown = {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern_text,
            "ScheduleExpression": self.schedule_text,
            "State": self.state,
            "Description": self.description,
            "RoleArn": self.role_arn,
            "EventBusName": self.bus,
        }
        return without_none(shown)


@dataclass(slots=True)
class Bus:
    """An event bus with its rules."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    settings: dict[str, Any] = field(default_factory=dict)
    statements: list[dict[str, Any]] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)


@dataclass(slots=True)
class Archive:
    """What an archive keeps, and for how long; the events are in the journal."""

    name: str
    arn: str
    bus_arn: str
    created: datetime
    description: str | None = None
    pattern_text: str | None = None
    pattern: Pattern | None = None
    retention_days: int = 0


@dataclass(slots=True)
class Replay:
    """Events of an archive, sent once more."""

    name: str
    arn: str
    archive: Archive
    destination: dict[str, Any]
    start: datetime
    end: datetime
    begun: datetime
    description: str | None = None
    state: str = "STARTING"
    last_event: datetime | None = None
    ended: datetime | None = None


class EventState:
    """What all operations share.

    Args:
        cloud: The cloud around.
        clock: Tells the time.
        journal: Keeps deliveries and archives.
        deliverer: Delivers to targets.
    """

    def __init__(self, cloud: Cloud, clock: Clock, journal: Journal, deliverer: Deliverer) -> None:
        self.cloud = cloud
        self.clock = clock
        self.journal = journal
        self.deliverer = deliverer
        self.buses = {DEFAULT_BUS: self.new_bus(DEFAULT_BUS)}
        self.archives: dict[str, Archive] = {}
        self.replays: dict[str, Replay] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.schedules_changed = asyncio.Event()

    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def arn(self, resource: str) -> str:
        """The ARN of something of EventBridge."""
        return f"arn:aws:events:{self.cloud.region}:{ACCOUNT}:{resource}"

    def new_bus(self, name: str) -> Bus:
        """A bus without rules."""
        now = self.now()
        return Bus(name, self.arn(f"event-bus/{name}"), now, now)

    def bus(self, name_or_arn: str | None) -> Bus:
        """A bus by its name or ARN; the default one without.

        Raises:
            ServiceError: There is none.
        """
        name = (name_or_arn or DEFAULT_BUS).rsplit("event-bus/", 1)[-1]
        if name not in self.buses:
            raise not_found(f"Event bus {name} does not exist.")
        return self.buses[name]

    def rule(self, name: str, bus_name: str | None) -> Rule:
        """A rule by its name.

        Raises:
            ServiceError: There is none.
        """
        bus = self.bus(bus_name)
        if name not in bus.rules:
            raise not_found(f"Rule {name} does not exist on EventBus {bus.name}.")
        return bus.rules[name]

    def route(
        self,
        bus_name: str,
        event: dict[str, Any],
        *,
        rule_arns: frozenset[str] | None = None,
        is_replay: bool = False,
    ) -> None:
        """Give an event to the rules of a bus, or to some of them, and to its archives."""
        bus = self.buses[bus_name]
        if self.archives and not is_replay:
            self._keep(bus.arn, event)
        for rule in list(bus.rules.values()):
            if (
                rule.pattern is not None
                and rule.is_enabled
                and (rule_arns is None or rule.arn in rule_arns)
                and rule.pattern.matches(event)
            ):
                self.trigger(rule, event)

    def trigger(self, rule: Rule, event: dict[str, Any]) -> None:
        """Send an event to all targets of a rule."""
        ingested = self.clock.now()
        for target in rule.targets.values():
            self.deliverer.accept(rule.arn, target, event, ingested)

    def _keep(self, bus_arn: str, event: dict[str, Any]) -> None:
        for archive in self.archives.values():
            if archive.bus_arn == bus_arn and (
                archive.pattern is None or archive.pattern.matches(event)
            ):
                self.journal.archive(archive.name, self.clock.now(), event)


def without_none(shape: dict[str, Any]) -> dict[str, Any]:
    """An answer without the members that have no value."""
    return {name: value for name, value in shape.items() if value is not None}


def invalid(message: str) -> ServiceError:
    """A request that EventBridge does not take."""
    return ServiceError("ValidationException", message)


def not_found(message: str) -> ServiceError:
    """Something that is not there."""
    return ServiceError("ResourceNotFoundException", message)


def already_exists(message: str) -> ServiceError:
    """Something that is there already."""
    return ServiceError("ResourceAlreadyExistsException", message)


def check_name(name: str, member: str, longest: int) -> None:
    """Refuse a name that AWS's model refuses.

    Raises:
        ServiceError: With the constraint.
    """
    if not _NAME.fullmatch(name) or len(name) > longest:
        raise invalid(
            f"1 validation error detected: Value '{name}' at '{member}' failed to satisfy "
            f"constraint: Member must match [\\.\\-_A-Za-z0-9]+ and have at most {longest} "
            "characters"
        )


def compile_for_api(text: str) -> Pattern:
    """Compile a pattern that came with a request.

    Raises:
        ServiceError: EventBridge refuses it.
    """
    try:
        if len(text) > LONGEST_PATTERN:
            raise InvalidPatternError(f"Filter is longer than {LONGEST_PATTERN} characters")
        return compile_pattern(text)
    except InvalidPatternError as error:
        raise ServiceError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}"
        ) from error


def page(items: Sequence[Any], parameters: dict[str, Any], member: str) -> dict[str, Any]:
    """One page of a list: `Limit` items from where `NextToken` says."""
    try:
        start = int(parameters.get("NextToken") or 0)
    except ValueError as error:
        raise invalid("Parameter NextToken is not valid.") from error
    end = start + (parameters.get("Limit") or _PAGE)
    answer: dict[str, Any] = {member: list(items[start:end])}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer
