"""Functions as they run: in processes of their own, under the Runtime API."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import pytest

from windfall_cli.home import is_running
from windfall_local.api import Principal, ServiceError

ECHO = "def handler(event, context):\n    return event\n"


def error_of(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["FunctionError"] == "Unhandled"
    error: dict[str, Any] = json.loads(answer["Payload"])
    return error


async def test_a_function_answers_with_what_its_handler_returns(functions: Any) -> None:
    await functions.create(
        "hello", "def handler(event, context):\n    return {'to': event['name']}\n"
    )

    answer = await functions.invoke("hello", b'{"name": "world"}')

    assert answer["StatusCode"] == 200
    assert json.loads(answer["Payload"]) == {"to": "world"}
    assert "FunctionError" not in answer


async def test_a_function_has_its_own_environment_and_nothing_else(
    functions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
import os, sys, tempfile

def handler(event, context):
    return {
        "environment": dict(os.environ),
        "path": sys.path,
        "directory": os.getcwd(),
        "temporary": tempfile.gettempdir(),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "request": context.aws_request_id,
        "ours": [name for name in sys.modules if name.startswith("windfall_local")],
    }
"""
    monkeypatch.setenv("WINDFALL_TEST_SECRET", "not for functions")
    directory = await functions.create("env", source, Environment={"Variables": {"STAGE": "test"}})
    seen = json.loads((await functions.invoke("env"))["Payload"])

    environment = seen["environment"]
    assert environment["STAGE"] == "test"
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAenv"
    assert environment["AWS_ENDPOINT_URL"] == functions.cloud.endpoint
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "env"
    assert environment["LAMBDA_TASK_ROOT"] == str(directory)
    assert "WINDFALL_TEST_SECRET" not in environment
    assert seen["directory"] == seen["path"][0] == str(directory)
    assert seen["temporary"] == environment["TMPDIR"] != "/tmp"
    assert seen["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:env"
    assert 0 < seen["remaining"] <= 30_000
    assert seen["ours"] == []


async def test_layers_are_on_the_import_path(functions: Any) -> None:
    layer = functions.code / "layer"
    (layer / "python" / "shared").mkdir(parents=True)
    (layer / "python" / "shared" / "__init__.py").write_text("VALUE = 7\n")
    published = await functions.call(
        "PublishLayerVersion",
        LayerName="shared",
        Content={"S3Bucket": "local-directory", "S3Key": str(layer)},
    )
    await functions.create(
        "layered",
        "import shared\n\ndef handler(event, context):\n    return shared.VALUE\n",
        Layers=[published["LayerVersionArn"]],
    )
    assert (await functions.invoke("layered"))["Payload"] == b"7"


async def test_an_error_of_the_handler_is_told_with_its_trace(functions: Any) -> None:
    await functions.create("fails", "def handler(event, context):\n    raise KeyError('lost')\n")
    error = error_of(await functions.invoke("fails"))
    assert error["errorType"] == "KeyError"
    assert error["errorMessage"] == "'lost'"
    assert "main.py" in error["stackTrace"][-1]


async def test_an_import_that_fails_is_told_by_lambdas_name(functions: Any) -> None:
    await functions.create("broken", "import no_such_module\n")
    error = error_of(await functions.invoke("broken"))
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "no_such_module" in error["errorMessage"]


async def test_a_handler_that_is_missing_is_told_by_lambdas_name(functions: Any) -> None:
    await functions.create("nothing", "x = 1\n")
    assert error_of(await functions.invoke("nothing"))["errorType"] == "Runtime.HandlerNotFound"


async def test_a_function_that_takes_too_long_is_ended(functions: Any) -> None:
    await functions.create(
        "slow", "import time\n\ndef handler(event, context):\n    time.sleep(event)\n", Timeout=1
    )
    answer = await functions.invoke("slow", b"60", LogType="Tail")
    error = error_of(answer)
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert b"Task timed out after 1.00 seconds" in base64.b64decode(answer["LogResult"])
    await functions.call("UpdateFunctionConfiguration", FunctionName="slow", Timeout=30)
    assert (await functions.invoke("slow", b"0"))["Payload"] == b"null"


async def test_a_process_that_exits_is_told_with_its_status(functions: Any) -> None:
    await functions.create(
        "exits",
        "import os, signal\n\ndef handler(event, context):\n"
        "    os._exit(event) if event else os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    first = error_of(await functions.invoke("exits", b"3"))
    second = error_of(await functions.invoke("exits", b"0"))
    assert first["errorType"] == second["errorType"] == "Runtime.ExitError"
    assert first["errorMessage"].endswith("exit status 3")
    assert second["errorMessage"].endswith("signal: killed")


async def test_a_function_that_takes_too_much_memory_is_ended(functions: Any) -> None:
    source = """
import time

def handler(event, context):
    held = []
    while True:
        held.append(bytearray(b"x" * 10_000_000))
        time.sleep(0.01)
"""
    await functions.create("greedy", source, MemorySize=128)
    error = error_of(await functions.invoke("greedy"))
    assert error["errorType"] == "Runtime.OutOfMemory"


async def test_a_response_that_is_too_large_is_an_error(functions: Any) -> None:
    await functions.create("large", "def handler(event, context):\n    return 'x' * event\n")
    assert len((await functions.invoke("large", b"6000000"))["Payload"]) == 6_000_002
    error = error_of(await functions.invoke("large", b"7000000"))
    assert error["errorType"] == "Function.ResponseSizeTooLarge"


async def test_a_large_event_arrives_whole(functions: Any) -> None:
    await functions.create("length", "def handler(event, context):\n    return len(event)\n")
    payload = json.dumps("x" * 6_000_000).encode()
    assert (await functions.invoke("length", payload))["Payload"] == b"6000000"


async def test_the_log_is_written_as_the_function(functions: Any) -> None:
    source = """
import logging

def handler(event, context):
    print("printed")
    logging.getLogger().warning("logged")
    print("no newline", end="")
"""
    await functions.create("talks", source, LoggingConfig={"LogGroup": "/my/group"})
    answer = await functions.invoke("talks", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    await functions.service.stop()

    lines = functions.cloud.lines()
    assert lines[0].startswith("START RequestId: request-")
    assert "printed" in lines
    assert any("logged" in line for line in lines)
    assert "no newline" in lines
    assert lines[-2].startswith("END RequestId")
    assert lines[-1].startswith("REPORT RequestId")
    assert "Init Duration" in lines[-1]
    assert tail.splitlines() == lines
    [principal] = {call[3] for call in functions.cloud.calls if call[0] == "logs"}
    assert principal == Principal.role("arn:aws:iam::000000000000:role/talks-role", "talks")
    assert {call[2]["logGroupName"] for call in functions.cloud.calls if call[0] == "logs"} == {
        "/my/group"
    }


async def test_a_role_that_may_not_log_loses_its_log_and_nothing_else(functions: Any) -> None:
    functions.cloud.refused["logs", "CreateLogStream"] = ServiceError("AccessDeniedException", "no")
    await functions.create("mute", ECHO)
    assert (await functions.invoke("mute", b"1"))["Payload"] == b"1"
    await functions.service.stop()
    assert functions.cloud.lines() == []


async def test_an_environment_is_used_again_until_its_code_changes(functions: Any) -> None:
    source = "import os\n\ndef handler(event, context):\n    return [os.getpid(), {}]\n"
    directory = await functions.create("warm", source.format(1))

    async def invoke() -> Any:
        return json.loads((await functions.invoke("warm"))["Payload"])

    first = await invoke()
    assert await invoke() == first
    (directory / "main.py").write_text(source.format(22))
    changed = await invoke()
    while changed[1] == 1:  # An edit is seen within a second.
        await asyncio.sleep(0.05)
        changed = await invoke()
    assert changed[0] != first[0]


async def test_a_changed_setting_gets_a_new_environment(functions: Any) -> None:
    await functions.create(
        "set", "import os\n\ndef handler(event, context):\n    return os.environ.get('A')\n"
    )
    assert (await functions.invoke("set"))["Payload"] == b"null"
    await functions.call(
        "UpdateFunctionConfiguration", FunctionName="set", Environment={"Variables": {"A": "b"}}
    )
    assert (await functions.invoke("set"))["Payload"] == b'"b"'


async def test_many_invocations_of_many_functions_all_end(functions: Any) -> None:
    for number in range(4):
        await functions.create(f"f{number}", ECHO)
    answers = await asyncio.gather(
        *(functions.invoke(f"f{number % 4}", str(number).encode()) for number in range(60))
    )
    assert [json.loads(answer["Payload"]) for answer in answers] == list(range(60))


async def test_a_throttled_function_says_so(functions: Any) -> None:
    await functions.create(
        "one", "import time\n\ndef handler(event, context):\n    time.sleep(event)\n"
    )
    await functions.call(
        "PutFunctionConcurrency", FunctionName="one", ReservedConcurrentExecutions=1
    )
    answers = await asyncio.gather(
        *(functions.invoke("one", b"0.2") for _ in range(3)), return_exceptions=True
    )
    codes = [answer.code for answer in answers if isinstance(answer, ServiceError)]
    assert codes == ["TooManyRequestsException"] * 2


async def test_functions_that_call_functions_do_not_wait_for_each_other(functions: Any) -> None:
    # Every place is held by a function; what such a function calls still gets its answer.
    await functions.create("inner", ECHO)
    await functions.create(
        "outer", "import time\n\ndef handler(event, context):\n    time.sleep(event)\n"
    )
    outers = [asyncio.create_task(functions.invoke("outer", b"25")) for _ in range(2)]
    caller = Principal.role("arn:aws:iam::000000000000:role/outer-role", "outer")
    while not functions.service.pool.is_running(caller.arn):
        await asyncio.sleep(0.01)

    answer = await functions.call("Invoke", caller, FunctionName="inner", Payload=b"5")

    assert answer["Payload"] == b"5"
    assert not any(outer.done() for outer in outers)
    for outer in outers:
        outer.cancel()


async def test_workers_end_with_the_zygote_and_a_new_one_takes_over(functions: Any) -> None:
    await functions.create(
        "pid", "import os\n\ndef handler(event, context):\n    return os.getpid()\n"
    )
    worker = int((await functions.invoke("pid"))["Payload"])
    zygote = functions.service._zygote._process.pid
    os.kill(zygote, 9)
    while is_running(worker):
        await asyncio.sleep(0.01)
    other = int((await functions.invoke("pid"))["Payload"])
    assert other != worker


async def test_stopping_leaves_no_process(functions: Any) -> None:
    await functions.create(
        "pid", "import os\n\ndef handler(event, context):\n    return os.getpid()\n"
    )
    worker = int((await functions.invoke("pid"))["Payload"])
    await functions.service.stop()
    while is_running(worker):
        await asyncio.sleep(0.01)


async def test_an_event_is_tried_three_times_and_handed_to_its_destination(functions: Any) -> None:
    await functions.create("event", "def handler(event, context):\n    raise ValueError(event)\n")
    await functions.call(
        "PutFunctionEventInvokeConfig",
        FunctionName="event",
        DestinationConfig={
            "OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failed"}
        },
    )
    answer = await functions.invoke("event", b'"x"', InvocationType="Event")
    assert answer["StatusCode"] == 202
    while not (sent := [call for call in functions.cloud.calls if call[1] == "SendMessage"]):
        await asyncio.sleep(0.01)
    record = json.loads(sent[0][2]["MessageBody"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "ValueError"
