"""The Step Functions API: state machines, executions, their histories and task tokens."""

from __future__ import annotations

import asyncio
import logging
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
    status_change,
)
from windfall_local.workflows.documents import Document, is_within
from windfall_local.workflows.executions import (
    MAX_ENDED,
    Execution,
    Executions,
    Ledger,
    StateMachine,
)
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.interpreter import Run
from windfall_local.workflows.journal import Journal, StoredExecution
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition
from windfall_local.workflows.requests import check_arn, check_name, page
from windfall_local.workflows.tokens import (
    InvalidTokenError,
    TaskTokens,
    outcome_record,
    read_token,
)

logger = logging.getLogger(__name__)

_STATUS_CHANGE = "Step Functions Execution Status Change"
_SETTINGS = ("loggingConfiguration", "tracingConfiguration")
_MAX_TAGS = 50


class StepFunctionsService(OperationService):
    """Step Functions, Standard workflows in JSONata.

    Args:
        cloud: What tasks call, and where status changes are announced.
        journal: Keeps machines and executions beyond the process; None for no longer than it.
        now: The time, in seconds of the epoch.
        max_ended: How many executions that have ended can still be listed.
    """

    name = "stepfunctions"

    def __init__(
        self,
        cloud: Cloud,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time.time,
        max_ended: int = MAX_ENDED,
    ) -> None:
        self.cloud = cloud
        self.now = now
        self.tokens = TaskTokens(now)
        self._journal = journal
        self._machines: dict[str, StateMachine] = {}
        self._executions = Executions(journal, max_ended)
        self._runs: dict[str, Run] = {}

    async def start(self) -> None:
        """Bring back what the journal kept; executions that were running go on."""
        if self._journal is None:
            return
        self._journal.open()
        for document in self._journal.machines():
            machine = _machine_of(document)
            self._machines[machine.arn] = machine
        restored = [self._restore(stored) for stored in self._journal.executions()]
        for execution in restored:
            self._executions.add(execution)
            if execution.running:
                self._run(execution, is_new=False)

    async def stop(self) -> None:
        """Lay down what is running; with a journal it goes on at the next start."""
        tasks = []
        for run in self._runs.values():
            run.suspending = True
            if run.execution.task is not None:
                run.execution.task.cancel()
                tasks.append(run.execution.task)
        await asyncio.gather(*tasks, return_exceptions=True)
        self._runs.clear()
        if self._journal is not None:
            await self._journal.close()

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
        arn = f"arn:aws:states:{self.cloud.region}:{ACCOUNT}:stateMachine:{name}"
        settings = {key: parameters[key] for key in _SETTINGS if key in parameters}
        existing = self._machines.get(arn)
        if existing is not None:
            if existing.definition != parameters["definition"] or existing.settings != settings:
                raise ServiceError(
                    "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'"
                )
            return {"stateMachineArn": arn, "creationDate": moment(existing.created)}
        created = self.now()
        self._machines[arn] = StateMachine(
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
        await self._save(self._machines[arn])
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
            self.now(),
            str(uuid.uuid4()),
            {**old.settings, **{key: parameters[key] for key in _SETTINGS if key in parameters}},
            old.tags,
        )
        self._machines[new.arn] = new
        await self._save(new)
        return {"updateDate": moment(new.updated), "revisionId": new.revision}

    async def delete_state_machine(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Forget a machine; executions that run go on to their end."""
        arn = check_arn(parameters["stateMachineArn"], "stateMachine")
        if self._machines.pop(arn, None) is not None and self._journal is not None:
            self._journal.drop_machine(arn)
            await self._journal.flush()
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
        machines = sorted(self._machines.values(), key=lambda machine: machine.name)
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
        arn = f"arn:aws:states:{self.cloud.region}:{ACCOUNT}:execution:{machine.name}:{name}"
        existing = self._executions.get(arn)
        if existing is not None:
            if not existing.running or existing.input.text != document.text:
                raise ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
            await self._flush()
            return {"executionArn": arn, "startDate": moment(existing.started)}
        ledger = Ledger(arn, journal=self._journal)
        execution = Execution(arn, name, machine, document, self.now(), ledger)
        self._executions.add(execution)
        if self._journal is not None:
            self._journal.save_execution(arn, execution.document())
        self._run(execution, is_new=True)
        await self._flush()
        return {"executionArn": arn, "startDate": moment(execution.started)}

    async def stop_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End an execution as aborted; one that has ended stays as it is."""
        execution = self._execution(parameters["executionArn"])
        if execution.running:
            self._abort(execution, parameters.get("error"), parameters.get("cause"))
            await self.watch(execution.arn)
            await self._flush()
        return {"stopDate": moment(execution.stopped or self.now())}

    async def describe_execution(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Everything about an execution but its history."""
        execution = self._execution(parameters["executionArn"])
        return execution_details(execution, data=parameters.get("includedData") != "METADATA_ONLY")

    async def list_executions(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """A machine's executions, the newest first."""
        _refuse(parameters, "mapRunArn", "redriveFilter")
        if "stateMachineArn" not in parameters:
            raise ServiceError("ValidationException", "A state machine ARN must be given")
        machine = self._machine(parameters["stateMachineArn"])
        status = parameters.get("statusFilter")
        matching = (
            execution
            for execution in self._executions.newest_first(machine.arn)
            if status in (None, execution.status)
        )
        found, token = page(matching, parameters, f"executions {machine.arn} {status}")
        return _with_token({"executions": [execution_summary(item) for item in found]}, token)

    async def get_execution_history(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """An execution's events, with those of its branches and iterations."""
        execution = self._execution(parameters["executionArn"])
        history = self._executions.history(execution)
        is_reverse = bool(parameters.get("reverseOrder"))
        ids: Iterable[int] = range(1, len(history.events) + 1)
        if is_reverse:
            ids = reversed(range(1, len(history.events) + 1))
        found, token = page(ids, parameters, f"history {execution.arn} {is_reverse}")
        data = parameters.get("includeExecutionData", True)
        return _with_token(
            {"events": [history.render(event_id, data=data) for event_id in found]}, token
        )

    # Task tokens

    async def send_task_success(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task well."""
        if not is_within(parameters["output"]):
            raise ServiceError("InvalidOutput", "Invalid Output: 'Output exceeds 262144 bytes'")
        try:
            document = Document.parse(parameters["output"])
        except ValueError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        await self._resolve(parameters["taskToken"], document)
        return {}

    async def send_task_failure(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task as failed."""
        failure = StateFailure(parameters.get("error") or "", parameters.get("cause"))
        await self._resolve(parameters["taskToken"], failure)
        return {}

    async def send_task_heartbeat(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Keep a waiting task alive."""
        execution, key = self._task(parameters["taskToken"])
        if not self.tokens.beat(parameters["taskToken"]):
            self._expect_late(execution, key)
        return {}

    # Tags

    async def tag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Set tags of a machine."""
        machine = self._tagged(parameters["resourceArn"])
        machine.tags = _tags(parameters["tags"], machine.tags)
        await self._save(machine)
        return {}

    async def untag_resource(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Take tags off a machine."""
        machine = self._tagged(parameters["resourceArn"])
        machine.tags = {
            key: value for key, value in machine.tags.items() if key not in parameters["tagKeys"]
        }
        await self._save(machine)
        return {}

    async def list_tags_for_resource(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """A machine's tags."""
        machine = self._tagged(parameters["resourceArn"])
        return {"tags": [{"key": key, "value": value} for key, value in machine.tags.items()]}

    # What runs need (`interpreter.Surroundings`)

    def watch(self, execution_arn: str) -> asyncio.Future[Execution]:
        """An execution, as soon as it has ended."""
        return asyncio.ensure_future(self._watch(self._execution(execution_arn)))

    def abort(self, execution_arn: str) -> None:
        """End an execution, if it still runs."""
        execution = self._executions.get(execution_arn)
        if execution is not None and execution.running:
            self._abort(execution, None, None)

    async def _watch(self, execution: Execution) -> Execution:
        if execution.running:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            execution.watchers.append(future)
            await future
        return execution

    def _abort(self, execution: Execution, error: str | None, cause: str | None) -> None:
        run = self._runs.get(execution.arn)
        if run is not None and run.stopping is None and execution.task is not None:
            run.stopping = StateFailure(error or "", cause)
            execution.task.cancel()

    def _run(self, execution: Execution, *, is_new: bool) -> None:
        run = Run(execution, self)
        self._runs[execution.arn] = run
        execution.task = asyncio.get_running_loop().create_task(
            self._run_to_end(run, is_new=is_new), name=execution.arn
        )

    async def _run_to_end(self, run: Run, *, is_new: bool) -> None:
        execution = run.execution
        if is_new:
            await self._announce(execution)
        await run.execute()
        # Announced before it is written down: after a kill in between it is announced twice.
        await asyncio.shield(self._finish(execution))

    async def _finish(self, execution: Execution) -> None:
        self._runs.pop(execution.arn, None)
        await self._announce(execution)
        if self._journal is not None and execution.history is not None:
            self._journal.end(execution.arn, execution.outcome(), execution.history.events)
        self._executions.retire(execution)
        execution.task = None
        for future in execution.watchers:
            if not future.done():
                future.set_result(None)
        execution.watchers.clear()

    async def _announce(self, execution: Execution) -> None:
        try:
            await self.cloud.emit(
                "aws.states", _STATUS_CHANGE, status_change(execution), [execution.arn]
            )
        except Exception:
            # Like AWS's, these events are best effort: the execution itself must go on.
            logger.exception("The status change of %s was not announced", execution.arn)

    def _restore(self, stored: StoredExecution) -> Execution:
        document, outcome = stored.document, stored.outcome
        arn = document["arn"]
        execution = Execution(
            arn,
            document["name"],
            _machine_of(document["machine"]),
            Document.parse(document["input"]),
            document["started"],
            Ledger(arn, stored.records, self._journal),
        )
        if outcome is not None:
            execution.history = None
            execution.status = outcome["status"]
            execution.stopped = outcome["stopped"]
            execution.output = outcome["output"]
            execution.error, execution.cause = outcome["error"], outcome["cause"]
        return execution

    async def _resolve(self, token: str, outcome: Document | StateFailure) -> None:
        execution, key = self._task(token)
        if self.tokens.resolve(token, outcome):
            execution.ledger.put(key, self.now(), outcome_record(outcome))
        else:
            self._expect_late(execution, key)
            execution.ledger.put_early(key, self.now(), outcome_record(outcome))
        await self._flush()

    def _expect_late(self, execution: Execution, key: str) -> None:
        # After a restart the execution may not have come to the task again yet.
        ledger = execution.ledger
        if ledger.get(key) is not None or ledger.get(f"{key}:submitted") is None:
            raise ServiceError(
                "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"
            )

    def _task(self, token: str) -> tuple[Execution, str]:
        try:
            arn, key = read_token(token)
        except InvalidTokenError as error:
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from error
        execution = self._executions.get(arn)
        if execution is None:
            raise ServiceError("TaskDoesNotExist", "Task Does Not Exist: 'Task does not exist'")
        if not execution.running:
            raise ServiceError(
                "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"
            )
        return execution, key

    def _machine(self, arn: str) -> StateMachine:
        machine = self._machines.get(check_arn(arn, "stateMachine"))
        if machine is None:
            raise ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return machine

    def _execution(self, arn: str) -> Execution:
        execution = self._executions.get(check_arn(arn, "execution"))
        if execution is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def _tagged(self, arn: str) -> StateMachine:
        machine = self._machines.get(check_arn(arn, "stateMachine"))
        if machine is None:
            raise ServiceError(
                "ResourceNotFound", f"Resource not found: '{arn}'", fields={"resourceName": arn}
            )
        return machine

    async def _save(self, machine: StateMachine) -> None:
        if self._journal is not None:
            self._journal.save_machine(machine.arn, machine.document())
            await self._journal.flush()

    async def _flush(self) -> None:
        if self._journal is not None:
            await self._journal.flush()


def _machine_of(document: dict[str, Any]) -> StateMachine:
    return StateMachine(
        document["arn"],
        document["name"],
        document["definition"],
        document["role_arn"],
        document["created"],
        parse_definition(document["definition"]),
        document["updated"],
        document["revision"],
        document["settings"],
        document["tags"],
    )


def _parse(definition: str) -> Any:
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
