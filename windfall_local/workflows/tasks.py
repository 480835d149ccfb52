"""A Task's call: its arguments, its events, its end by answer, by token or by another execution."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from windfall_local.api import Principal, ServiceError
from windfall_local.tracing import within
from windfall_local.workflows.calls import carried_out
from windfall_local.workflows.definition import TaskState
from windfall_local.workflows.documents import Document, check_size, dump, load
from windfall_local.workflows.failures import TIMEOUT, QueryFailure, StateFailure
from windfall_local.workflows.jobs import AwaitedJob, own_tags
from windfall_local.workflows.resources import Resource, service_model
from windfall_local.workflows.shapes import (
    from_response,
    payload_value,
    to_parameters,
)
from windfall_local.workflows.tokens import make_token, outcome_record, recorded_outcome
from windfall_local.workflows.traced import trace_of_call

if TYPE_CHECKING:
    from windfall_local.workflows.executions import Execution
    from windfall_local.workflows.visits import Visit

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """One attempt at a Task."""

    visit: Visit
    state: TaskState
    arguments: Document
    timeout: int | None
    heartbeat: int | None
    principal: Principal

    @property
    def resource(self) -> Resource:
        """What is called."""
        return self.state.resource


async def run_task(visit: Visit, state: TaskState) -> Document:
    """Make the call; its result.

    Raises:
        StateFailure: The call failed, or took too long.
    """
    visit.token = None
    key = visit.attempt_key
    if state.resource.pattern == "waitForTaskToken":
        visit.token = make_token(visit.run.execution.arn, key)
    call = _prepare(visit, state)
    _note_scheduled(call)
    ledger, run = visit.run.ledger, visit.run
    record = ledger.get(key)
    try:
        if record is not None:
            _replay_submission(call, key)
            visit.branch.replayed = max(record.at, run.time(visit.branch))
            result = recorded_outcome(record.value)
        else:
            result = await _make(call, key)
            ledger.put(key, run.surroundings.now(), outcome_record(result))
    except StateFailure as failure:
        if record is None and not isinstance(failure, QueryFailure):
            ledger.put(key, run.surroundings.now(), outcome_record(failure))
        _note_failed(call, failure)
        raise
    _note_succeeded(call, result)
    return result


def _prepare(visit: Visit, state: TaskState) -> _Call:
    bindings = visit.bindings()
    arguments = visit.input
    if state.arguments is not None:
        arguments = Document.of(visit.evaluate(state.arguments, bindings), state.name)
    timeout = heartbeat = None
    if state.timeout is not None:
        timeout = _seconds(visit.evaluate(state.timeout, bindings, "integer"), "TimeoutSeconds")
    if state.heartbeat is not None:
        heartbeat = _seconds(
            visit.evaluate(state.heartbeat, bindings, "integer"), "HeartbeatSeconds"
        )
    execution = visit.run.execution
    role = execution.state_machine.role_arn
    if state.role is not None:
        role = visit.evaluate(state.role, bindings, "string")
    principal = Principal.role(role, session=execution.name)
    return _Call(visit, state, arguments, timeout, heartbeat, principal)


def _seconds(value: float, field: str) -> int:
    if value <= 0:
        raise QueryFailure(f"The field '{field}' must be positive; it is {value}.", field)
    return int(value)


async def _make(call: _Call, key: str) -> Document:
    visit, run = call.visit, call.visit.run
    submitted = run.ledger.get(f"{key}:submitted")
    if submitted is not None:
        visit.branch.replayed = max(submitted.at, run.time(visit.branch))
        _note_submitted(call, str(submitted.value))
    since = run.time(visit.branch)
    visit.branch.replayed = None
    left = None if call.timeout is None else since + call.timeout - run.surroundings.now()
    try:
        async with asyncio.timeout(None if left is None else max(0.0, left)):
            if call.resource.pattern == "waitForTaskToken":
                return await _call_back(call, key, submitted is not None)
            if call.resource.pattern:
                text = None if submitted is None else str(submitted.value)
                run_on = _run_job if call.resource.service == "sagemaker" else _run_execution
                return await run_on(call, key, text)
            answer = await _send(call)
            return Document.of(answer, call.state.name)
    except TimeoutError as error:
        raise StateFailure(TIMEOUT) from error


async def _call_back(call: _Call, key: str, is_submitted: bool) -> Document:
    token = call.visit.token
    assert token is not None  # the pattern makes one
    tokens = call.visit.run.surroundings.tokens
    tokens.open(token)
    try:
        if not is_submitted:
            _submit(call, key, await _send(call))
        return await tokens.wait(token, call.heartbeat)
    finally:
        tokens.close(token)


async def _run_execution(call: _Call, key: str, submitted: str | None) -> Document:
    visit, surroundings = call.visit, call.visit.run.surroundings
    stop = surroundings.stop_nested
    if submitted is None:
        answer = await _send(call, undo=lambda begun: stop(begun["executionArn"], call.principal))
        submitted = _submit(call, key, answer)
    arn = load(submitted)["ExecutionArn"]
    try:
        child = await surroundings.watch(arn)
        # AWS asks with the role's permission; without it "may be unable to determine the status".
        await surroundings.check("DescribeExecution", {"executionArn": arn}, call.principal)
    except ServiceError as error:
        raise _service_failure(call.resource, error) from error
    except asyncio.CancelledError:
        if not visit.run.suspending:
            stop(arn, call.principal)
        raise
    answer = _execution_answer(child, is_parsed=call.resource.pattern == "sync:2")
    if child.status != "SUCCEEDED":
        raise StateFailure("States.TaskFailed", dump(answer))
    return Document.of(answer, call.state.name)


async def _run_job(call: _Call, key: str, submitted: str | None) -> Document:
    cloud = call.visit.run.surroundings.cloud
    job = AwaitedJob.of(call.resource, _parameters(call))
    if submitted is None:
        stop = partial(job.stop, cloud, call.principal)
        _submit(call, key, await _send(call, undo=lambda _: stop()))
    try:
        is_good, answer = await job.wait(cloud, call.principal)
    except ServiceError as error:
        raise _service_failure(call.resource, error) from error
    except asyncio.CancelledError:
        if not call.visit.run.suspending:
            job.stop(cloud, call.principal)
        raise
    if not is_good:
        raise StateFailure("States.TaskFailed", dump(answer))
    return Document.of(answer, call.state.name)


def _execution_answer(child: Execution, *, is_parsed: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ExecutionArn": child.arn,
        "Input": child.input.value if is_parsed else child.input.text,
        "InputDetails": {"Included": True},
        "Name": child.name,
        "RedriveCount": len(child.redrives),
        "StartDate": int(child.started * 1000),
        "StateMachineArn": child.state_machine.arn,
        "Status": child.status,
        "StopDate": int((child.stopped or 0) * 1000),
    }
    if child.output is not None:
        answer["Output"] = load(child.output) if is_parsed else child.output
        answer["OutputDetails"] = {"Included": True}
    if child.error is not None:
        answer["Error"] = child.error
    if child.cause is not None:
        answer["Cause"] = child.cause
    return answer


def _submit(call: _Call, key: str, answer: Any) -> str:
    text = check_size(dump(answer), call.state.name)
    run = call.visit.run
    run.ledger.put(f"{key}:submitted", run.surroundings.now(), text)
    _note_submitted(call, text)
    return text


def _replay_submission(call: _Call, key: str) -> None:
    submitted = call.visit.run.ledger.get(f"{key}:submitted")
    if submitted is not None:
        call.visit.branch.replayed = max(submitted.at, call.visit.run.time(call.visit.branch))
        _note_submitted(call, str(submitted.value))


async def _send(call: _Call, undo: Callable[[Any], Any] | None = None) -> Any:
    """Make the API call; its answer as the Task's result has it.

    Args:
        call: The Task's.
        undo: Cancels what was begun, should the Task not wait for the answer.
    """
    resource, run = call.resource, call.visit.run
    parameters = _parameters(call)
    sending = run.surroundings.cloud.call(
        resource.service, resource.operation, parameters, call.principal
    )
    if undo is not None:
        sending = carried_out(sending, undo, lambda: run.suspending)
    try:
        with within(trace_of_call(call.visit)):
            response = await sending
    except ServiceError as error:
        raise _service_failure(resource, error) from error
    except StateFailure:
        raise
    except Exception as error:
        # A service of ours has a bug; the state machine may still end in good order.
        logger.exception("%s failed", resource.arn)
        raise StateFailure("States.TaskFailed", repr(error)) from error
    return _answer(resource, response or {})


def _parameters(call: _Call) -> dict[str, Any]:
    resource, value = call.resource, call.arguments.value
    if resource.kind == "function":
        return {"FunctionName": resource.arn, "Payload": call.arguments.text.encode()}
    is_optimized = resource.kind == "optimized"
    shape = resource.model.input_shape
    if not (is_optimized and resource.service == "lambda"):
        parameters: dict[str, Any] = to_parameters(shape, value, json_text=is_optimized)
        if is_optimized and resource.service == "events":
            _name_source(call, parameters)
        if resource.service == "sagemaker" and resource.pattern == "sync":
            tags = own_tags(call.visit.run.execution.arn)
            parameters["Tags"] = [*parameters.get("Tags", ()), *tags]
        return parameters
    parameters = to_parameters(
        shape, {key: item for key, item in value.items() if key != "Payload"}, json_text=False
    )
    if "Payload" in value:
        parameters["Payload"] = dump(value["Payload"]).encode()
    return parameters


def _name_source(call: _Call, parameters: dict[str, Any]) -> None:
    # Step Functions adds the execution and its machine to what an event is about.
    execution = call.visit.run.execution
    for entry in parameters.get("Entries", ()):
        entry["Resources"] = [
            *entry.get("Resources", ()), execution.arn, execution.state_machine.arn,
        ]  # fmt: skip


def _answer(resource: Resource, response: dict[str, Any]) -> Any:
    if resource.service == "lambda" and resource.operation == "Invoke":
        return _function_answer(resource, response)
    result = from_response(resource.model.output_shape, response)
    if resource.kind == "sdk":
        return result
    if resource.service == "events" and result.get("FailedEntryCount"):
        raise StateFailure("EventBridge.FailedEntry", dump(result))
    if "StartDate" in result:
        result["StartDate"] = int(response["startDate"].timestamp() * 1000)
    return {**result, **_metadata()}


def _metadata() -> dict[str, Any]:
    return {
        "SdkHttpMetadata": {"AllHttpHeaders": {}, "HttpHeaders": {}, "HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": str(uuid.uuid4())},
    }


def _function_answer(resource: Resource, response: dict[str, Any]) -> Any:
    payload = payload_value(response.get("Payload"))
    if response.get("FunctionError") and resource.kind != "sdk":
        raise _function_failure(payload, response["Payload"])
    if resource.kind == "function":
        return payload
    answer = {"StatusCode": response.get("StatusCode", 200)}
    for name in ("ExecutedVersion", "FunctionError"):
        if name in response:
            answer[name] = response[name]
    if resource.kind == "sdk":
        return {**answer, "Payload": bytes(response.get("Payload") or b"").decode()}
    return {**answer, "Payload": payload, **_metadata()}


def _function_failure(payload: Any, raw: bytes) -> StateFailure:
    text = bytes(raw).decode("utf-8", "replace")
    if isinstance(payload, dict) and isinstance(payload.get("errorType"), str):
        return StateFailure(payload["errorType"], text[:32768])
    return StateFailure(
        "Lambda.Unknown",
        "The cause could not be determined because Lambda did not return an error type. Returned "
        f"payload: {text[:32000]}",
    )


def _service_failure(resource: Resource, error: ServiceError) -> StateFailure:
    prefix, code = resource.error_prefix, error.code
    name = code if code.endswith("Exception") else f"{code}Exception"
    model = service_model(resource.service)
    if resource.kind == "sdk":
        if code not in model.shape_names and name not in model.shape_names:
            name = f"{prefix}Exception"  # the SDK for Java has no class of its own for these
        cause = (
            f"{error.message} (Service: {prefix}, Status Code: {error.status}, Request ID: "
            f"{uuid.uuid4()})"
        )
        return StateFailure(f"{prefix}.{name}", cause)
    if resource.service == "lambda" and code.startswith("AccessDenied"):
        name = "AWSLambdaException"
    if resource.service == "sagemaker":
        prefix = "AmazonSageMaker"
        # The older SDK has classes for the errors of the model only; the rest is one.
        if code not in model.shape_names:
            name = f"{prefix}Exception"
    cause = (
        f"{error.message} (Service: {prefix}; Status Code: {error.status}; Error Code: {code}; "
        f"Request ID: {uuid.uuid4()}; Proxy: null)"
    )
    return StateFailure(f"{resource.error_prefix}.{name}", cause)


def _note_scheduled(call: _Call) -> None:
    visit, resource = call.visit, call.resource
    if resource.kind == "function":
        visit.note("LambdaFunctionScheduled", resource.arn, call.arguments.text, call.timeout)
        visit.note("LambdaFunctionStarted")
        return
    visit.note(
        "TaskScheduled",
        resource.resource_type,
        resource.action,
        visit.run.surroundings.cloud.region,
        call.arguments.text,
        call.timeout,
        call.heartbeat,
    )
    visit.note("TaskStarted", resource.resource_type, resource.action)


def _note_submitted(call: _Call, text: str) -> None:
    call.visit.note("TaskSubmitted", call.resource.resource_type, call.resource.action, text)


def _note_succeeded(call: _Call, result: Document) -> None:
    if call.resource.kind == "function":
        call.visit.note("LambdaFunctionSucceeded", result.text)
        return
    call.visit.note("TaskSucceeded", call.resource.resource_type, call.resource.action, result.text)


def _note_failed(call: _Call, failure: StateFailure) -> None:
    ending = "TimedOut" if failure.error == TIMEOUT else "Failed"
    if call.resource.kind == "function":
        call.visit.note(f"LambdaFunction{ending}", failure.error, failure.cause)
        return
    call.visit.note(
        f"Task{ending}",
        call.resource.resource_type,
        call.resource.action,
        failure.error,
        failure.cause,
    )
