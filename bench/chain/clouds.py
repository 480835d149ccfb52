"""The two clouds of the bench, each a process tree of its own, and the chain in each of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

PEER_VERSION = "1.5.33"
PATIENCE = 180
"""Seconds without a word after which the rest counts as lost."""
ROOT = Path(__file__).parents[2]
PEER_ENVIRONMENT = ROOT / ".venv-bench"
FUNCTION = Path(__file__).with_name("function.py")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {
                    "Service": [
                        "lambda.amazonaws.com",
                        "states.amazonaws.com",
                        "events.amazonaws.com",
                    ]
                },
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
RIGHTS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["lambda:InvokeFunction", "states:StartExecution", "dynamodb:PutItem"],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
            },
        ],
    }
)


@dataclass(frozen=True)
class CloudProcess:
    """A running cloud: where it answers, and the process that all its others descend from."""

    name: str
    endpoint: str
    pid: int
    key: str = "test"
    secret: str = field(default="test", repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(max_pool_connections=32),
        )

    def memory(self) -> int:
        """Bytes of all its processes together (proportional set size: shared pages count once)."""
        return sum(_proportional(pid) for pid in _family(self.pid))

    def kill(self) -> None:
        """End its first process with `kill -9`; the others end by themselves."""
        os.kill(self.pid, signal.SIGKILL)

    def processes(self) -> int:
        """How many processes it consists of."""
        return len(_family(self.pid))


@contextmanager
def windfall(folder: Path | None = None) -> Iterator[CloudProcess]:
    """Windfall's local cloud, on a folder that stays where one is given."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.chain.local_cloud", *([str(folder)] if folder else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        yield CloudProcess(
            "windfall", address["endpoint"], process.pid, address["key"], address["secret"]
        )
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


@contextmanager
def ministack() -> Iterator[CloudProcess]:
    """MiniStack, in an environment of its own."""
    port = free_port()
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1"}
    command = [str(peer_environment() / "bin" / "ministack")]
    with peer_process(command, settings, port) as pid:
        yield CloudProcess("ministack", f"http://127.0.0.1:{port}", pid)


@contextmanager
def peer_process(command: list[str], settings: dict[str, str], port: int) -> Iterator[int]:
    """A peer that listens on a port, in a folder of its own; its process id."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command,
            env={
                "PATH": f"{PEER_ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
                "HOME": folder,
                "TMPDIR": folder,
                **settings,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        try:
            wait_for(port)
            yield process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def chain(cloud: CloudProcess, bucket: str = "inbox") -> Iterator[socket.socket]:
    """The chain, built by the same calls in either cloud; yields where its function reports."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
    ):
        path = str(Path(folder) / "listener")
        listener.bind(path)
        listener.settimeout(PATIENCE)
        role = _make_role(cloud)
        cloud.client("dynamodb").create_table(
            TableName="rows",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        function = _make_function(cloud, role, path)
        machine = cloud.client("stepfunctions").create_state_machine(
            name="chain", roleArn=role, definition=json.dumps(_definition(function))
        )["stateMachineArn"]
        _wire(cloud, bucket, role, machine)
        yield listener


def _make_role(cloud: CloudProcess) -> str:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="chain", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="chain", PolicyName="chain", PolicyDocument=RIGHTS)
    return str(role)


def _make_function(cloud: CloudProcess, role: str, listener: str) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.write(FUNCTION, "function.py")
    function = cloud.client("lambda").create_function(
        FunctionName="chain",
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role=role,
        Handler="function.lambda_handler",
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": {"TABLE": "rows", "LISTENER": listener}},
        Timeout=60,
        MemorySize=512,
    )
    return str(function["FunctionArn"])


def _definition(function: str) -> dict[str, Any]:
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Write",
        "States": {
            "Write": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": function, "Payload": "{% $states.input %}"},
                "Output": "{% $states.result.Payload %}",
                "End": True,
            }
        },
    }


def _wire(cloud: CloudProcess, bucket: str, role: str, machine: str) -> None:
    s3, events = cloud.client("s3"), cloud.client("events")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    events.put_rule(Name="chain", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="chain", Targets=[{"Id": "chain", "Arn": machine, "RoleArn": role}])


def peer_environment() -> Path:
    """Where MiniStack is installed; installs it the first time."""
    if not (PEER_ENVIRONMENT / "bin" / "ministack").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER_ENVIRONMENT)], check=True)
        python = str(PEER_ENVIRONMENT / "bin" / "python")
        # boto3 is in the Lambda runtime on AWS; the peer's functions find it here.
        wanted = [f"ministack=={PEER_VERSION}", "boto3"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return PEER_ENVIRONMENT


def wait_for(port: int) -> None:
    """Return once something listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _family(pid: int) -> list[int]:
    found = [pid]
    for member in found:
        try:
            tasks = Path(f"/proc/{member}/task").iterdir()
            for task in tasks:
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
