"""The operations on state machines, and on their tags."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from windfall_local.api import (
    ACCOUNT,
    CallContext,
    Cloud,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.workflows.answers import machine_details, machine_summary, moment
from windfall_local.workflows.definition import Machine
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.executions import StateMachine
from windfall_local.workflows.machine_roles import Authorize, check_logs, check_rules
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition
from windfall_local.workflows.requests import (
    check_arn,
    check_name,
    find_execution,
    find_machine,
    page,
    refuse,
    with_token,
)

_SETTINGS = ("loggingConfiguration", "tracingConfiguration")
_MAX_TAGS = 50


class MachineOperations:
    """CreateStateMachine, ValidateStateMachineDefinition, TagResource and their kin."""

    _cloud: Cloud
    _engine: Engine
    _authorize: Authorize | None

    async def create_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Create a machine, or find the same one there already."""
        refuse(parameters, "publish", "versionDescription", "encryptionConfiguration")
        name = check_name(parameters["name"])
        if parameters.get("type", "STANDARD") != "STANDARD":
            raise UnsupportedOperationError(
                "The local Step Functions runs STANDARD machines; EXPRESS ones work on AWS only."
            )
        machine = _parse(parameters["definition"])
        settings = {key: parameters[key] for key in _SETTINGS if key in parameters}
        await self._check_role(machine, parameters["roleArn"], settings)
        arn = f"arn:aws:states:{self._cloud.region}:{ACCOUNT}:stateMachine:{name}"
        existing = self._engine.machines.get(arn)
        if existing is not None:
            if existing.definition != parameters["definition"] or existing.settings != settings:
                raise ServiceError(
                    "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'"
                )
            return {"stateMachineArn": arn, "creationDate": moment(existing.created)}
        created = self._engine.now()
        new = StateMachine(
            arn,
            name,
            parameters["definition"],
            parameters["roleArn"],
            created,
            machine,
            created,
            str(uuid.uuid4()),
            settings,
            _tags(parameters.get("tags", ())),
        )
        await self._engine.save_machine(new)
        return {"stateMachineArn": arn, "creationDate": moment(created)}

    async def update_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Change a machine; executions that run keep the one they began with."""
        refuse(parameters, "publish", "versionDescription", "encryptionConfiguration")
        old = find_machine(self._engine, parameters["stateMachineArn"])
        changed = {*parameters} & {"definition", "roleArn", *_SETTINGS}
        if not changed:
            raise ServiceError(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the "
                "TracingConfiguration must be specified",
            )
        definition = parameters.get("definition", old.definition)
        new = StateMachine(
            old.arn,
            old.name,
            definition,
            parameters.get("roleArn", old.role_arn),
            old.created,
            old.machine if definition == old.definition else _parse(definition),
            self._engine.now(),
            str(uuid.uuid4()),
            {**old.settings, **{key: parameters[key] for key in _SETTINGS if key in parameters}},
            old.tags,
        )
        await self._check_role(new.machine, new.role_arn, new.settings)
        await self._engine.save_machine(new)
        return {"updateDate": moment(new.updated), "revisionId": new.revision}

    async def _check_role(self, machine: Machine, role_arn: str, settings: dict[str, Any]) -> None:
        if self._authorize is not None:
            await check_rules(machine.block, role_arn, self._cloud.region, self._authorize)
            await check_logs(settings, role_arn, self._authorize)

    async def delete_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Forget a machine; executions that run go on to their end."""
        arn = check_arn(parameters["stateMachineArn"], "stateMachine")
        await self._engine.drop_machine(arn)
        return {}

    async def describe_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Everything about a machine."""
        machine = find_machine(self._engine, parameters["stateMachineArn"])
        return {
            **machine_details(machine, data=parameters.get("includedData") != "METADATA_ONLY"),
            "status": "ACTIVE",
            "type": "STANDARD",
            "creationDate": moment(machine.created),
        }

    async def describe_state_machine_for_execution(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """The machine as it was when the execution started."""
        machine = find_execution(self._engine, parameters["executionArn"]).state_machine
        return {
            **machine_details(machine, data=parameters.get("includedData") != "METADATA_ONLY"),
            "updateDate": moment(machine.updated),
        }

    async def list_state_machines(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """The machines, by name."""
        machines = sorted(self._engine.machines.values(), key=lambda machine: machine.name)
        found, token = page(machines, parameters, "machines")
        return with_token({"stateMachines": [machine_summary(item) for item in found]}, token)

    async def validate_state_machine_definition(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Whether a definition would be accepted, and if not, why."""
        diagnostics: list[dict[str, Any]] = []
        try:
            parse_definition(parameters["definition"])
        except InvalidDefinitionError as error:
            for problem in error.problems:
                diagnostic = {
                    "severity": "ERROR", "code": problem.code, "message": problem.message,
                }  # fmt: skip
                if problem.location is not None:
                    diagnostic["location"] = problem.location
                diagnostics.append(diagnostic)
        limit = parameters.get("maxResults") or 100
        return {
            "result": "FAIL" if diagnostics else "OK",
            "diagnostics": diagnostics[:limit],
            "truncated": len(diagnostics) > limit,
        }

    async def tag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Set tags of a machine."""
        machine = self._tagged(parameters["resourceArn"])
        machine.tags = _tags(parameters["tags"], machine.tags)
        await self._engine.save_machine(machine)
        return {}

    async def untag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Take tags off a machine."""
        machine = self._tagged(parameters["resourceArn"])
        machine.tags = {
            key: value for key, value in machine.tags.items() if key not in parameters["tagKeys"]
        }
        await self._engine.save_machine(machine)
        return {}

    async def list_tags_for_resource(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """A machine's tags."""
        machine = self._tagged(parameters["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in machine.tags.items()]}

    def _tagged(self, arn: str) -> StateMachine:
        machine = self._engine.machines.get(check_arn(arn, "stateMachine"))
        if machine is None:
            raise ServiceError(
                "ResourceNotFound", f"Resource not found: '{arn}'", fields={"resourceName": arn}
            )
        return machine


def _parse(definition: str) -> Machine:
    try:
        return parse_definition(definition)
    except InvalidDefinitionError as error:
        raise ServiceError(
            "InvalidDefinition", f"Invalid State Machine Definition: '{error}'"
        ) from error


def _tags(new: Iterable[dict[str, str]], old: dict[str, str] | None = None) -> dict[str, str]:
    tags = {**(old or {}), **{tag["key"]: tag.get("value", "") for tag in new}}
    if len(tags) > _MAX_TAGS:
        raise ServiceError("TooManyTags", f"A resource has at most {_MAX_TAGS} tags")
    return tags
