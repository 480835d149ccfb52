"""Operations on rules and their targets."""

from __future__ import annotations

import re
from typing import Any

from windfall_local.api import CallContext, ServiceError, UnsupportedOperationError
from windfall_local.events.deliveries import MOST_AGE_SECONDS, MOST_ATTEMPTS
from windfall_local.events.errors import InvalidInputError, InvalidScheduleError
from windfall_local.events.schedules import parse_schedule
from windfall_local.events.state import (
    DEFAULT_BUS,
    Bus,
    EventState,
    Rule,
    check_name,
    compile_for_api,
    invalid,
    page,
)
from windfall_local.events.targets import is_supported
from windfall_local.events.transformers import check_input

MOST_TARGETS = 5  # per rule, not adjustable

_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:.+")
_STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
_TARGET_MEMBERS = frozenset(
    [
        "Id",
        "Arn",
        "RoleArn",
        "Input",
        "InputPath",
        "InputTransformer",
        "SqsParameters",
        "DeadLetterConfig",
        "RetryPolicy",
    ]
)


class RuleOperations(EventState):
    """Rules and targets."""

    async def put_rule(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Make a rule, or give it other settings; its targets stay."""
        name = parameters["Name"]
        check_name(name, "name", 64)
        bus = self.bus(parameters.get("EventBusName"))
        rule = self._read_rule(name, bus, parameters)
        old = bus.rules.get(name)
        if old is not None:
            rule.targets = old.targets
        elif parameters.get("Tags"):
            self.tags[rule.arn] = {tag["Key"]: tag["Value"] for tag in parameters["Tags"]}
        bus.rules[name] = rule
        self._time(rule)
        return {"RuleArn": rule.arn}

    def _read_rule(self, name: str, bus: Bus, parameters: dict[str, Any]) -> Rule:
        pattern, schedule = parameters.get("EventPattern"), parameters.get("ScheduleExpression")
        if not pattern and not schedule:
            raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        if schedule and bus.name != DEFAULT_BUS:
            raise invalid("ScheduleExpression is supported only on the default event bus.")
        state = parameters.get("State") or "ENABLED"
        if state not in _STATES:
            raise invalid(f"Parameter State is not valid: {state}.")
        try:
            parsed = parse_schedule(schedule) if schedule else None
        except InvalidScheduleError as error:
            raise invalid("Parameter ScheduleExpression is not valid.") from error
        resource = f"rule/{name}" if bus.name == DEFAULT_BUS else f"rule/{bus.name}/{name}"
        return Rule(
            name=name,
            arn=self.arn(resource),
            bus=bus.name,
            state=state,
            pattern_text=pattern or None,
            pattern=compile_for_api(pattern) if pattern else None,
            schedule_text=schedule or None,
            schedule=parsed,
            description=parameters.get("Description"),
            role_arn=parameters.get("RoleArn"),
        )

    def _time(self, rule: Rule) -> None:
        """Count a schedule from now."""
        rule.next_time = None
        if rule.schedule and rule.is_enabled:
            rule.next_time = rule.schedule.next_after(self.clock.now())
        self.schedules_changed.set()

    async def describe_rule(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Show a rule."""
        return self.rule(parameters["Name"], parameters.get("EventBusName")).described()

    async def list_rules(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """List the rules of a bus."""
        bus, prefix = self.bus(parameters.get("EventBusName")), parameters.get("NamePrefix") or ""
        rules = [r.described() for n, r in sorted(bus.rules.items()) if n.startswith(prefix)]
        return page(rules, parameters, "Rules")

    async def delete_rule(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Remove a rule without targets; nothing happens when there is none."""
        bus = self.bus(parameters.get("EventBusName"))
        rule = bus.rules.get(parameters["Name"])
        if rule is not None:
            if rule.targets:
                raise invalid("Rule can't be deleted since it has targets.")
            del bus.rules[rule.name]
            self.tags.pop(rule.arn, None)
            self.schedules_changed.set()
        return {}

    async def enable_rule(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Let a rule work."""
        return self._switch(parameters, "ENABLED")

    async def disable_rule(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Keep a rule from working."""
        return self._switch(parameters, "DISABLED")

    def _switch(self, parameters: dict[str, Any], state: str) -> dict[str, Any]:
        rule = self.rule(parameters["Name"], parameters.get("EventBusName"))
        rule.state = state
        self._time(rule)
        return {}

    async def put_targets(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Add targets to a rule, or replace those with the same ids."""
        rule = self.rule(parameters["Rule"], parameters.get("EventBusName"))
        targets = {target["Id"]: target for target in parameters["Targets"]}
        for target in targets.values():
            _check_target(target)
        if len(rule.targets | targets) > MOST_TARGETS:
            raise ServiceError(
                "LimitExceededException",
                "The requested resource exceeds the maximum number allowed.",
            )
        rule.targets.update(targets)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def list_targets_by_rule(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """List the targets of a rule."""
        rule = self.rule(parameters["Rule"], parameters.get("EventBusName"))
        return page(list(rule.targets.values()), parameters, "Targets")

    async def remove_targets(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Take targets off a rule."""
        rule = self.rule(parameters["Rule"], parameters.get("EventBusName"))
        for target_id in parameters["Ids"]:
            rule.targets.pop(target_id, None)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def list_rule_names_by_target(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """List the rules of a bus that have a certain target."""
        bus, arn = self.bus(parameters.get("EventBusName")), parameters["TargetArn"]
        names = [
            name
            for name, rule in sorted(bus.rules.items())
            if any(target["Arn"] == arn for target in rule.targets.values())
        ]
        return page(names, parameters, "RuleNames")


def _check_target(target: dict[str, Any]) -> None:
    arn = target.get("Arn", "")
    check_name(target["Id"], "targets.member.id", 64)
    if not _ARN.fullmatch(arn):
        raise invalid(
            f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )
    further = target.keys() - _TARGET_MEMBERS
    if further or not is_supported(arn):
        what = f"the target parameters {', '.join(sorted(further))}" if further else arn
        raise UnsupportedOperationError(
            f"The local EventBridge does not deliver to {what}; targets here are SQS, SNS, Lambda, "
            "Step Functions, event buses and log groups."
        )
    if arn.split(":")[2] == "states" and not target.get("RoleArn"):
        raise invalid(f"RoleArn is required for target {arn}.")
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if arn.split(":")[2] == "sqs" and arn.endswith(".fifo") and not group:
        raise invalid(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    _check_reliability(target)
    try:
        check_input(target)
    except InvalidInputError as error:
        raise invalid(str(error)) from error


def _check_reliability(target: dict[str, Any]) -> None:
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters and (dead_letters.split(":")[2] != "sqs" or dead_letters.endswith(".fifo")):
        raise invalid("Parameter DeadLetterConfig is not valid: a standard SQS queue is needed.")
    policy = target.get("RetryPolicy") or {}
    if not 0 <= policy.get("MaximumRetryAttempts", 0) <= MOST_ATTEMPTS:
        raise invalid(f"MaximumRetryAttempts must be between 0 and {MOST_ATTEMPTS}.")
    if not 60 <= policy.get("MaximumEventAgeInSeconds", 60) <= MOST_AGE_SECONDS:
        raise invalid(f"MaximumEventAgeInSeconds must be between 60 and {MOST_AGE_SECONDS}.")
