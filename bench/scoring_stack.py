"""The project's template in a local cloud of its own, and a model that scores dropped tables."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from bench.inference import COLUMNS, IMAGE, model_archive
from windfall import identity, keys
from windfall.contracts.manifest import Manifest

NAMES = [f"c{number}" for number in range(COLUMNS)]
PATIENCE = 3_600
FUNCTIONS = ("PrepareTable", "SubmitInference", "JoinPredictions")
_SHIPPED = 10
"""Seconds until the last lines of a log are there."""
_REPORT = re.compile(r"Duration: ([\d.]+) ms\t.*Max Memory Used: (\d+) MB", re.S)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Stack:
    """The template in a cloud of its own, and a model behind an endpoint.

    Args:
        address: Of the local cloud, as `windfall up` writes it down.
        pid: Its process.
        scratch: The folder in which each of its functions has its own /tmp.
    """

    def __init__(self, address: dict[str, Any], pid: int, scratch: Path) -> None:
        self.pid = pid
        self.scratch = scratch
        self._session = boto3.Session(
            aws_access_key_id=address["access_key"],
            aws_secret_access_key=address["secret_key"],
            region_name=address["region"],
        )
        self._endpoint = address["endpoint"]
        described = self.client("cloudformation").describe_stacks(StackName=address["stack"])
        outputs = described["Stacks"][0]["Outputs"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
        resources = self.client("cloudformation").get_paginator("list_stack_resources")
        self.resources = {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in resources.paginate(StackName=address["stack"])
            for one in page["StackResourceSummaries"]
        }
        self.inbox, self.results = (
            self.outputs[name] for name in ("InboxBucketName", "ResultsBucketName")
        )

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self._session.client(service, endpoint_url=self._endpoint)

    def deploy(self, folder: Path) -> None:
        """A model, its contract, an asynchronous endpoint and two profiles."""
        s3, sagemaker = self.client("s3"), self.client("sagemaker")
        columns = [{"name": name, "type": "number"} for name in NAMES]
        contract = {"task": "binary", "classes": ["no", "yes"], "columns": columns}
        s3.put_object(
            Bucket=self.results, Key="models/contract.json", Body=json.dumps(contract).encode()
        )
        s3.put_object(Bucket=self.results, Key="models/model.tar.gz", Body=model_archive(folder))
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{self.results}/models/model.tar.gz"}
        sagemaker.create_model(
            ModelName="windfall-bench", ExecutionRoleArn=self._role(), PrimaryContainer=container
        )
        topic = self.outputs["JobsTopicArn"]
        sagemaker.create_endpoint_config(
            EndpointConfigName="windfall-bench",
            ProductionVariants=[
                {
                    "VariantName": "main",
                    "ModelName": "windfall-bench",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
            ],
            AsyncInferenceConfig={
                "OutputConfig": {
                    "S3OutputPath": f"s3://{self.results}/scoring/answers/",
                    "S3FailurePath": f"s3://{self.results}/scoring/failures/",
                    "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
                }
            },
        )
        sagemaker.create_endpoint(
            EndpointName="windfall-bench", EndpointConfigName="windfall-bench"
        )
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName="windfall-bench", WaiterConfig={"Delay": 1, "MaxAttempts": 100}
        )
        shared = {"contract": f"s3://{self.results}/models/contract.json", "id_column": "id"}
        self.save_profile("asynchronous", {**shared, "endpoint": "windfall-bench"})
        job = {"mode": "batch_transform", "model": "windfall-bench"}
        self.save_profile("batch_transform", {**shared, **job})

    def _role(self) -> str:
        iam = self.client("iam")
        role = iam.create_role(RoleName="hosting", AssumeRolePolicyDocument=json.dumps(TRUST))
        actions = ["s3:*", "logs:*", "sns:Publish", "ecr:*"]
        allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName="hosting", PolicyName="hosting", PolicyDocument=policy)
        return str(role["Role"]["Arn"])

    def save_profile(self, name: str, table: dict[str, Any]) -> None:
        """What becomes of tables in the inbox's folder of that name."""
        self.client("ssm").put_parameter(
            Name=f"{self.outputs['ProfilesPath']}/{name}",
            Value=json.dumps({"table": table}),
            Type="String",
            Overwrite=True,
        )

    def drop(self, key: str, path: Path) -> str:
        """Put a file into the inbox; its id."""
        with path.open("rb") as body:
            answer = self.client("s3").put_object(Bucket=self.inbox, Key=key, Body=body)
        return identity.file_id(self.inbox, key, answer["VersionId"])

    def manifests(self, files: Sequence[str]) -> list[Manifest]:
        """The manifests of files, once they are there."""
        s3, waiting = self.client("s3"), dict.fromkeys(files)
        found: dict[str, Manifest] = {}
        deadline = time.monotonic() + PATIENCE
        while waiting:
            assert time.monotonic() < deadline, f"{len(waiting)} files did not end"
            for file_id in list(waiting):
                key = keys.manifest_key(file_id)
                if s3.list_objects_v2(Bucket=self.results, Prefix=key)["KeyCount"]:
                    body = s3.get_object(Bucket=self.results, Key=key)["Body"].read()
                    found[file_id] = Manifest.model_validate_json(body)
                    del waiting[file_id]
            time.sleep(0.1)
        return [found[file_id] for file_id in files]

    def predictions(self, manifest: Manifest) -> Iterator[list[str]]:
        """The rows of `predictions.csv`, without its header."""
        (file,) = (one for one in manifest.files if one.name == "predictions.csv")
        body = self.client("s3").get_object(Bucket=file.bucket, Key=file.key)["Body"]
        rows = csv.reader(io.TextIOWrapper(body, "utf-8", newline=""))
        next(rows)
        return rows

    def limits(self, functions: Iterable[str]) -> dict[str, dict[str, int]]:
        """What each function may take: seconds, and megabytes of memory and of /tmp."""
        found = {}
        for name in sorted(functions):
            settings = self.client("lambda").get_function_configuration(
                FunctionName=self.resources[f"{name}Function"]
            )
            found[name] = {
                "seconds": settings["Timeout"],
                "memory_mb": settings["MemorySize"],
                "tmp_mb": settings["EphemeralStorage"]["Size"],
            }
        return found

    def function_runs(
        self,
        since: float,
        functions: Sequence[str] = FUNCTIONS,
        awaited: Iterable[str] = ("PrepareTable", "JoinPredictions"),
    ) -> dict[str, dict[str, float]]:
        """What each function's REPORT lines say since a moment: runs, longest seconds, peak in MB.

        Logs are shipped a moment after the run; those of the awaited ones are waited for.
        """
        wanted = set(awaited)
        deadline = time.monotonic() + _SHIPPED
        while True:
            found = {name: self._reports(name, since) for name in functions}
            known = {name: _summed(reports) for name, reports in found.items() if reports}
            if wanted <= known.keys() or time.monotonic() > deadline:
                return known
            time.sleep(0.2)

    def _reports(self, function: str, since: float) -> list[tuple[float, int]]:
        logs = self.client("logs").get_paginator("filter_log_events")
        group = self.resources[f"{function}LogGroup"]
        pages = logs.paginate(logGroupName=group, startTime=int(since * 1000))
        messages = [event["message"] for page in pages for event in page["events"]]
        found = [match for text in messages if (match := _REPORT.search(text))]
        return [(float(match[1]) / 1000, int(match[2])) for match in found]


def _summed(reports: list[tuple[float, int]]) -> dict[str, float]:
    return {
        "runs": len(reports),
        "longest_seconds": round(max(seconds for seconds, _ in reports), 1),
        "peak_mb": max(peak for _, peak in reports),
    }


@contextmanager
def local_stack(home: Path) -> Iterator[Stack]:
    """`windfall up` in a process of its own."""
    log = (home / "bench.log").open("wb")
    scratch = home / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "windfall_cli", "up", "--port", "0"],
        env={**os.environ, "WINDFALL_HOME": str(home), "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    address = home / "address.json"
    try:
        while not address.is_file():
            assert process.poll() is None, (home / "bench.log").read_text()[-2000:]
            time.sleep(0.05)
        yield Stack(json.loads(address.read_text()), process.pid, scratch)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        log.close()
