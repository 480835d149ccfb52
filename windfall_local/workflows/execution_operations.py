"""The operations on executions, on their histories, and on the runs of their distributed Maps."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from windfall_local.api import ACCOUNT, CallContext, Cloud, ServiceError
from windfall_local.workflows.answers import execution_details, execution_summary, moment
from windfall_local.workflows.documents import Document, is_within
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.requests import (
    check_name,
    find_execution,
    find_machine,
    find_map_run,
    page,
    with_token,
)


class ExecutionOperations:
    """StartExecution, GetExecutionHistory, DescribeMapRun and their kin."""

    _cloud: Cloud
    _engine: Engine

    async def start_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Start an execution; under a name that runs with the same input, find that one."""
        machine = find_machine(self._engine, parameters["stateMachineArn"])
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
        trace = self._engine.traces.begin(machine, parameters.get("traceHeader", ""))
        await self._engine.begin(machine, name, arn, document, trace=trace)
        return {"executionArn": arn, "startDate": moment(find_execution(self._engine, arn).started)}

    async def stop_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End an execution as aborted; one that has ended stays as it is."""
        execution = find_execution(self._engine, parameters["executionArn"])
        if execution.running:
            self._engine.abort(execution.arn, parameters.get("error"), parameters.get("cause"))
            await self._engine.watch(execution.arn)
            await self._engine.flush()
        return {"stopDate": moment(execution.stopped or self._engine.now())}

    async def describe_execution(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Everything about an execution but its history."""
        execution = find_execution(self._engine, parameters["executionArn"])
        return execution_details(
            execution,
            self._engine.redrivability(execution),
            data=parameters.get("includedData") != "METADATA_ONLY",
        )

    async def redrive_execution(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Let an execution that did not succeed go on from where it stands."""
        execution = find_execution(self._engine, parameters["executionArn"])
        at = None
        if execution.map_run is None:
            token = parameters.get("clientToken") or str(uuid.uuid4())
            at = await self._engine.redrive(execution, token)
        if at is None:
            reason = self._engine.redrivability(execution).reason
            raise ServiceError(
                "ExecutionNotRedrivable",
                reason or "Executions of a Map Run are redriven with the execution it belongs to",
            )
        return {"redriveDate": moment(at)}

    async def list_executions(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """A machine's executions, the newest first."""
        if ("stateMachineArn" in parameters) == ("mapRunArn" in parameters):
            raise ServiceError(
                "ValidationException", "Either a state machine ARN or a map run ARN must be given"
            )
        run = (
            find_map_run(self._engine, parameters["mapRunArn"])
            if "mapRunArn" in parameters
            else None
        )
        machine = (
            run.machine if run else find_machine(self._engine, parameters["stateMachineArn"]).arn
        )
        status, redriven = parameters.get("statusFilter"), parameters.get("redriveFilter")
        if redriven is not None and run is None:
            raise ServiceError(
                "ValidationException", "A redrive filter is for the executions of a map run"
            )
        matching = (
            execution
            for execution in self._engine.executions.newest_first(machine)
            if status in (None, execution.status)
            and (run is None or execution.map_run == run.arn)
            and redriven in (None, "REDRIVEN" if execution.redrives else "NOT_REDRIVEN")
        )
        scope = run.arn if run else machine
        found, token = page(matching, parameters, f"executions {scope} {status} {redriven}")
        return with_token({"executions": [execution_summary(item) for item in found]}, token)

    async def get_execution_history(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """An execution's events, with those of its branches and iterations."""
        execution = find_execution(self._engine, parameters["executionArn"])
        history = self._engine.executions.history(execution)
        is_reverse = bool(parameters.get("reverseOrder"))
        ids: Iterable[int] = range(1, len(history.events) + 1)
        if is_reverse:
            ids = reversed(range(1, len(history.events) + 1))
        found, token = page(ids, parameters, f"history {execution.arn} {is_reverse}")
        data = parameters.get("includeExecutionData", True)
        return with_token(
            {"events": [history.render(event_id, data=data) for event_id in found]}, token
        )

    async def list_map_runs(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """The runs of an execution's distributed Maps, the newest first."""
        execution = find_execution(self._engine, parameters["executionArn"])
        runs = self._engine.map_runs.of_execution(execution.arn)
        found, token = page(runs, parameters, f"map runs {execution.arn}")
        return with_token({"mapRuns": [run.summary() for run in found]}, token)

    async def describe_map_run(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Everything about a run of a distributed Map, with its counts."""
        return find_map_run(self._engine, parameters["mapRunArn"]).details()

    async def update_map_run(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Change how many children run at once, and how many may fail."""
        run = find_map_run(self._engine, parameters["mapRunArn"])
        run.limit = parameters.get("maxConcurrency", run.limit)
        run.tolerated_count = parameters.get("toleratedFailureCount", run.tolerated_count)
        run.tolerated_percentage = parameters.get(
            "toleratedFailurePercentage", run.tolerated_percentage
        )
        return {}


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
