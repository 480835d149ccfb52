"""Buses, rules, targets and archives as JSON, so that they outlive the process."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from windfall_local.events.patterns import compile_pattern
from windfall_local.events.schedules import parse_schedule
from windfall_local.events.state import Archive, Bus, EventState, Rule

_RULE = (
    "name",
    "arn",
    "bus",
    "state",
    "pattern_text",
    "schedule_text",
    "description",
    "role_arn",
    "targets",
)
_BUS = ("name", "arn", "settings", "statements")
_ARCHIVE = ("name", "arn", "bus_arn", "description", "pattern_text", "retention_days")


def write_definitions(state: EventState) -> str:
    """Everything that was defined."""
    return json.dumps(
        {
            "buses": [_write_bus(bus) for bus in state.buses.values()],
            "archives": [
                _members(archive, _ARCHIVE) | {"created": archive.created.isoformat()}
                for archive in state.archives.values()
            ],
            "tags": state.tags,
        }
    )


def read_definitions(state: EventState, text: str) -> None:
    """Take up what an earlier process defined; schedules count from now."""
    document = json.loads(text)
    for written in document["buses"]:
        rules = {rule["name"]: _read_rule(state, rule) for rule in written.pop("rules")}
        for key in ("created", "modified"):
            written[key] = datetime.fromisoformat(written[key])
        state.buses[written["name"]] = Bus(**written, rules=rules)
    for written in document["archives"]:
        created = datetime.fromisoformat(written.pop("created"))
        text = written["pattern_text"]
        pattern = compile_pattern(text) if text else None
        state.archives[written["name"]] = Archive(**written, created=created, pattern=pattern)
    state.tags = document["tags"]


def _write_bus(bus: Bus) -> dict[str, Any]:
    times = {"created": bus.created.isoformat(), "modified": bus.modified.isoformat()}
    rules = [_members(rule, _RULE) for rule in bus.rules.values()]
    return _members(bus, _BUS) | times | {"rules": rules}


def _read_rule(state: EventState, written: dict[str, Any]) -> Rule:
    rule = Rule(**written)
    if rule.pattern_text:
        rule.pattern = compile_pattern(rule.pattern_text)
    if rule.schedule_text:
        rule.schedule = parse_schedule(rule.schedule_text)
        if rule.is_enabled:
            rule.next_time = rule.schedule.next_after(state.clock.now())
    return rule


def _members(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}
