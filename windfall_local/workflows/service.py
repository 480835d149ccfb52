"""The Step Functions API: state machines, executions, their histories and task tokens."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from windfall_local.api import (
    ACCOUNT,
    CallContext,
    Cloud,
    OperationService,
    ServiceError,
    UnsupportedOperationError,
)
from windfall_local.workflows.answers import (
    execution_details,
    execution_summary,
    machine_details,
    machine_summary,
    moment,
)
from windfall_local.workflows.definition import Machine
from windfall_local.workflows.documents import Document, is_within
from windfall_local.workflows.engine import Authorize, Engine
from windfall_local.workflows.executions import MAX_ENDED, Execution, StateMachine
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.jobs import check_rules
from windfall_local.workflows.journal import Journal
from windfall_local.workflows.map_runs import MapRun
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition
from windfall_local.workflows.requests import check_arn, check_name, page

_SETTINGS = ("loggingConfiguration", "tracingConfiguration")
_MAX_TAGS = 50


class StepFunctionsService(OperationService):
    """Step Functions, Standard workflows in JSONata.

    Args:
        cloud: What tasks call, and where status changes are announced.
        journal: Keeps machines and executions beyond the process; None for no longer than it.
        now: The time, in seconds of the epoch.
        max_ended: How many executions that have ended can still be listed.
        authorize: Checks what a task needs beyond its own call; None allows it.
    """

    name = "stepfunctions"

    def __init__(
        self,
        cloud: Cloud,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time.time,
        max_ended: int = MAX_ENDED,
        authorize: Authorize | None = None,
    ) -> None:
        self._cloud = cloud
        self._engine = Engine(cloud, journal, now, max_ended, authorize)
        self._authorize = authorize
        self._stopped = False
        self._ready = asyncio.Event()
        if journal is None:
            self._ready.set()

    async def start(self) -> None:
        """Bring back what the journal kept; executions that were running go on."""
        self._engine.start()
        self._ready.set()

    async def stop(self) -> None:
        """Lay down what is running; with a journal it goes on at the next start."""
        self._stopped = True
        await self._engine.stop()

    def stop_execution_named(self, role_arn: str, name: str) -> bool:
        """Stop an execution of a machine with this role; whether it ran."""
        for execution in self._engine.executions.running():
            if (execution.name, execution.state_machine.role_arn) == (name, role_arn):
                return self._engine.abort(execution.arn, "Stopped", "It was stopped on its way.")
        return False

    async def call(self, operation: str, parameters: dict[str, Any], context: CallContext) -> Any:
        """Answer one operation, once what the journal kept is back.

        Raises:
            ServiceError: The answer is an error; after `stop` it is always one.
        """
        if self._stopped:
            raise ServiceError("ServiceUnavailable", "Step Functions has stopped", status=503)
        if not self._ready.is_set():
            await self._ready.wait()
        return await super().call(operation, parameters, context)

    # State machines

    async def create_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Create a machine, or find the same one there already."""
        _refuse(parameters, "publish", "versionDescription", "encryptionConfiguration")
        name = check_name(parameters["name"])
        if parameters.get("type", "STANDARD") != "STANDARD":
            raise UnsupportedOperationError(
                "The local Step Functions runs STANDARD machines; EXPRESS ones work on AWS only."
            )
        machine = _parse(parameters["definition"])
        await self._check_rules(machine, parameters["roleArn"])
        arn = f"arn:aws:states:{self._cloud.region}:{ACCOUNT}:stateMachine:{name}"
        settings = {key: parameters[key] for key in _SETTINGS if key in parameters}
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
        _refuse(parameters, "publish", "versionDescription", "encryptionConfiguration")
        old = self._machine(parameters["stateMachineArn"])
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
        await self._check_rules(new.machine, new.role_arn)
        await self._engine.save_machine(new)
        return {"updateDate": moment(new.updated), "revisionId": new.revision}

    async def _check_rules(self, machine: Machine, role_arn: str) -> None:
        if self._authorize is not None:
            await check_rules(machine.block, role_arn, self._cloud.region, self._authorize)

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
        machine = self._machine(parameters["stateMachineArn"])
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
        machine = self._execution(parameters["executionArn"]).state_machine
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
        return _with_token({"stateMachines": [machine_summary(item) for item in found]}, token)

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

    # Executions

    async def start_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Start an execution; under a name that runs with the same input, find that one."""
        machine = self._machine(parameters["stateMachineArn"])
        name = check_name(parameters.get("name") or str(uuid.uuid4()))
        document = _input(parameters.get("input", "{}"))
        arn = f"arn:aws:states:{self._cloud.region}:{ACCOUNT}:execution:{machine.name}:{name}"
        existing = self._engine.executions.get(arn)
        if existing is not None:
            # Whoever hears that it exists counts on it, also after a kill.
            await self._engine.flush()
            if not existing.running or existing.input.text != document.text:
                raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
            return {"executionArn": arn, "startDate": moment(existing.started)}
        await self._engine.begin(machine, name, arn, document)
        return {"executionArn": arn, "startDate": moment(self._execution(arn).started)}

    async def stop_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End an execution as aborted; one that has ended stays as it is."""
        execution = self._execution(parameters["executionArn"])
        if execution.running:
            self._engine.abort(execution.arn, parameters.get("error"), parameters.get("cause"))
            await self._engine.watch(execution.arn)
            await self._engine.flush()
        return {"stopDate": moment(execution.stopped or self._engine.now())}

    async def describe_execution(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Everything about an execution but its history."""
        execution = self._execution(parameters["executionArn"])
        return execution_details(execution, data=parameters.get("includedData") != "METADATA_ONLY")

    async def list_executions(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """A machine's executions, the newest first."""
        _refuse(parameters, "redriveFilter")
        if ("stateMachineArn" in parameters) == ("mapRunArn" in parameters):
            raise ServiceError(
                "ValidationException", "Either a state machine ARN or a map run ARN must be given"
            )
        run = self._map_run(parameters["mapRunArn"]) if "mapRunArn" in parameters else None
        machine = run.machine if run else self._machine(parameters["stateMachineArn"]).arn
        status = parameters.get("statusFilter")
        matching = (
            execution
            for execution in self._engine.executions.newest_first(machine)
            if status in (None, execution.status) and (run is None or execution.map_run == run.arn)
        )
        scope = run.arn if run else machine
        found, token = page(matching, parameters, f"executions {scope} {status}")
        return _with_token({"executions": [execution_summary(item) for item in found]}, token)

    async def get_execution_history(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """An execution's events, with those of its branches and iterations."""
        execution = self._execution(parameters["executionArn"])
        history = self._engine.executions.history(execution)
        is_reverse = bool(parameters.get("reverseOrder"))
        ids: Iterable[int] = range(1, len(history.events) + 1)
        if is_reverse:
            ids = reversed(range(1, len(history.events) + 1))
        found, token = page(ids, parameters, f"history {execution.arn} {is_reverse}")
        data = parameters.get("includeExecutionData", True)
        return _with_token(
            {"events": [history.render(event_id, data=data) for event_id in found]}, token
        )

    # Map runs

    async def list_map_runs(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """The runs of an execution's distributed Maps, the newest first."""
        execution = self._execution(parameters["executionArn"])
        runs = self._engine.map_runs.of_execution(execution.arn)
        found, token = page(runs, parameters, f"map runs {execution.arn}")
        return _with_token({"mapRuns": [run.summary() for run in found]}, token)

    async def describe_map_run(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Everything about a run of a distributed Map, with its counts."""
        return self._map_run(parameters["mapRunArn"]).details()

    async def update_map_run(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Change how many children run at once, and how many may fail."""
        run = self._map_run(parameters["mapRunArn"])
        run.limit = parameters.get("maxConcurrency", run.limit)
        run.tolerated_count = parameters.get("toleratedFailureCount", run.tolerated_count)
        run.tolerated_percentage = parameters.get(
            "toleratedFailurePercentage", run.tolerated_percentage
        )
        return {}

    # Task tokens

    async def send_task_success(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task well."""
        if not is_within(parameters["output"]):
            raise ServiceError("InvalidOutput", "Invalid Output: 'Output exceeds 262144 bytes'")
        try:
            document = Document.parse(parameters["output"])
        except ValueError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        await self._engine.resolve(parameters["taskToken"], document)
        return {}

    async def send_task_failure(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task as failed."""
        failure = StateFailure(parameters.get("error") or "", parameters.get("cause"))
        await self._engine.resolve(parameters["taskToken"], failure)
        return {}

    async def send_task_heartbeat(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Keep a waiting task alive."""
        self._engine.beat(parameters["taskToken"])
        return {}

    # Tags

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

    def _machine(self, arn: str) -> StateMachine:
        machine = self._engine.machines.get(check_arn(arn, "stateMachine"))
        if machine is None:
            raise ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return machine

    def _execution(self, arn: str) -> Execution:
        execution = self._engine.executions.get(check_arn(arn, "execution"))
        if execution is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def _map_run(self, arn: str) -> MapRun:
        run = self._engine.map_runs.get(check_arn(arn, "mapRun"))
        if run is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
        return run

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


def _input(text: str) -> Document:
    if not is_within(text):
        raise ServiceError(
            "InvalidExecutionInput",
            "Invalid State Machine Execution Input: 'Input exceeds 262144 bytes'",
        )
    try:
        return Document.parse(text)
    except (ValueError, RecursionError) as error:
        raise ServiceError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
        ) from error


def _tags(new: Iterable[dict[str, str]], old: dict[str, str] | None = None) -> dict[str, str]:
    tags = {**(old or {}), **{tag["key"]: tag.get("value", "") for tag in new}}
    if len(tags) > _MAX_TAGS:
        raise ServiceError("TooManyTags", f"A resource has at most {_MAX_TAGS} tags")
    return tags


def _refuse(parameters: dict[str, Any], *names: str) -> None:
    for name in names:
        if parameters.get(name):
            raise UnsupportedOperationError(
                f"The local Step Functions does not do '{name}'; it works on AWS only."
            )


def _with_token(answer: dict[str, Any], token: str | None) -> dict[str, Any]:
    return answer if token is None else {**answer, "nextToken": token}
